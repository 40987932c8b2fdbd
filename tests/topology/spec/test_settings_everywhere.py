"""A change for every node that says something about a parameter, and changes inside what a plain value stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

from topology.problems import PlaygroundError
from topology.spec import load_text

LINE = '198.51.100.9 - - [12/Jan/2026:10:00:{:02d} +0000] "GET / HTTP/1.1" 200 5\n'
FILE = """
playground: two
duration: 1m
nodes:
  web: {kind: producer, replay: own.log}
  api: {kind: producer, replay: {log: [own.log, own.log], faster: 2}}
  day: {kind: producer, rate: 1/s}
  app: {kind: service, takes: 1ms}
designs:
  first: {links: [web -> app, api -> app, day -> app]}
  second:
    nodes:
      web: {replay: {log: own.log, faster: 3}}
    links: [web -> app, api -> app, day -> app]
"""


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """Where a log lies, with one line that is none."""
    (tmp_path / "own.log").write_text(LINE.format(1) + "what?\n" + LINE.format(4))
    return str(tmp_path)


def test_every_replay_is_made_lenient(folder: str) -> None:
    with pytest.raises(PlaygroundError, match=r"own\.log:2: not a line"):
        load_text(FILE, folder=folder)
    made = load_text(FILE, folder=folder, settings=["*.replay.lenient=true"])
    replays = [design.node(name).values["replay"] for design in made.designs for name in ("web", "api")]  # type: ignore[union-attr]
    assert [(r.count, r.skipped, r.faster) for r in replays] == [(2, 1, 1.0), (4, 2, 2.0), (2, 1, 3.0), (4, 2, 2.0)]


def test_a_part_is_changed_of_what_a_plain_value_stands_for(folder: str) -> None:
    made = load_text(FILE, folder=folder, settings=["*.replay.lenient=true", "web.replay.faster=6"])
    web = made.designs[0].node("web")
    assert web is not None
    assert (web.values["replay"].faster, web.values["replay"].count) == (6.0, 2)


def test_nothing_has_it(folder: str) -> None:
    plain = FILE.replace("replay: {log: own.log, faster: 3}", "deadline: 1s").replace("replay: own.log", "rate: 1/s")
    plain = plain.replace("replay: {log: [own.log, own.log], faster: 2}", "rate: 1/s")
    made = load_text(plain, settings=["*.replay.lenient=true"])
    assert [node.values["replay"] for node in made.designs[0].nodes if node.kind == "producer"] == [None] * 3
