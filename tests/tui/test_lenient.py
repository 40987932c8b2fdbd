"""Malformed lines of a replayed log, on the command line: refused by number, or skipped, counted and said."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Knockon

LINE = '198.51.100.9 - - [12/Jan/2026:10:00:{:02d} +0000] "GET / HTTP/1.1" 200 5\n'
FILE = """
playground: replayed
duration: 30s
nodes:
  web: {kind: producer, replay: own.log}
  app: {kind: service, takes: 1ms}
designs:
  only: {links: [web -> app]}
"""


def test_lenient_counts_what_it_skips(knockon: Knockon, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(FILE)
    (tmp_path / "own.log").write_text(LINE.format(1) + "what?\n" + LINE.format(4) + "what else?\n")
    refused = knockon("run", "own.yaml")
    assert refused.returncode == 2
    assert "own.log:2: not a line of an access log" in refused.stderr
    done = knockon("run", "own.yaml", "--lenient")
    assert done.returncode == 0
    assert "web skips 2 lines of its log; the first is" in done.stderr
    assert done.stderr.strip().endswith("own.log:2")
    assert "offered" in done.stdout
