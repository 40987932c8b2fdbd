"""The shop driven by a web server's access log: one of our own making, and a real one where it is there."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chaos.command import Command, Refused
from chaos.experiment import perform
from chaos.registry import faults
from chaos.runner import Runner
from topology.plan import Playground
from topology.problems import PlaygroundError
from topology.spec import load_text

SECOND = 1_000_000_000
CASES = os.environ.get("KNOCKON_CASES", "")
FILE = """
playground: replayed
duration: {duration}
warmup: 0s
nodes:
  web: {{kind: producer, replay: {{log: {log}, faster: {faster}}}, deadline: 2s}}
  orders: {{kind: service, replicas: 2, takes: 15ms}}
  inventory: {{kind: service, replicas: 2, takes: 20ms}}
designs:
  coupled:
    links: [web -> orders -> inventory]
  decoupled:
    nodes:
      backlog: {{kind: sqs}}
    links: [web -> orders => backlog => inventory]
timeline:
  - {{at: {at}, inject: crash, on: inventory, for: {lasts}}}
"""


def line(at: datetime) -> str:
    """One line in the Combined Log Format."""
    return f'198.51.100.7 - - [{at.strftime("%d/%b/%Y:%H:%M:%S +0000")}] "GET /basket HTTP/1.1" 200 512 "-" "-"\n'


def written(folder: Path, lines: list[str], name: str = "own.log.gz") -> Path:
    """A log file, gzipped when its name says so."""
    path = folder / name
    content = "".join(lines).encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def playground(log: Path, faster: float, duration: str, at: str, lasts: str) -> Playground:
    """The shop on a log."""
    text = FILE.format(log=log, faster=faster, duration=duration, at=at, lasts=lasts)
    return load_text(text, "replayed.yaml", faults=faults(), folder=str(log.parent))


@pytest.mark.parametrize("name", ["own.log", "own.log.gz"])
def test_each_line_is_one_customer_at_its_instant(tmp_path: Path, name: str) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    log = written(tmp_path, [line(start + timedelta(seconds=7 * k)) for k in range(500)], name)
    result = perform(playground(log, 60, "1m", "20s", "10s"), 1)
    for frame in result.run.frames():
        assert frame.flows[0].offered == 500
    coupled, decoupled = (frame.flows[0] for frame in result.run.frames())
    assert coupled.told_no > 60
    assert decoupled.told_no == 0
    assert decoupled.done == 500
    result.run.close()


def test_a_malformed_line_is_named_by_its_number(tmp_path: Path) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    lines = [line(start + timedelta(seconds=k)) for k in range(20)]
    lines[12] = "not a line of a log\n"
    with pytest.raises(PlaygroundError, match=r"own\.log\.gz:13: not a line of an access log"):
        playground(written(tmp_path, lines), 1, "1m", "20s", "10s")


@pytest.mark.skipif(not CASES, reason="KNOCKON_CASES is not set: a log of our own making is replayed instead")
def test_two_days_of_a_real_server_pass_in_minutes() -> None:
    log = Path(CASES).resolve().parent / "data" / "access.log.gz"
    assert log.exists(), f"KNOCKON_CASES is set, and {log} is not there"
    lines = len(gzip.decompress(log.read_bytes()).splitlines())
    result = perform(playground(log, 900, "3m", "60s", "30s"), 1)
    for frame in result.run.frames():
        assert frame.flows[0].offered == lines
    coupled, decoupled = (frame.flows[0] for frame in result.run.frames())
    assert coupled.told_no > 0
    assert decoupled.told_no == 0
    assert decoupled.done == lines
    result.run.close()


def test_a_log_can_be_set_while_it_runs_and_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    log = written(tmp_path, [line(start + timedelta(seconds=k)) for k in range(60)], "own.log")
    more = [line(start + timedelta(seconds=k // 4)) for k in range(240)]
    other = written(tmp_path, more, "other.log")
    run = Runner(playground(log, 1, "1m", "50s", "5s"), 1, timeline=False)
    run.advance(30 * SECOND + 1)
    with pytest.raises(Refused, match="has rate and replay"):
        run.do(Command(run.now, "set", on=("web.rate",), to="5/s"))
    with pytest.raises(Refused, match="longest_gap' needs 'gaps: cut'"):
        run.do(Command(run.now, "set", on=("web.replay",), to={"log": str(other), "longest_gap": "1s"}))
    run.do(Command(run.now, "set", on=("web.replay",), to=str(other)))
    run.advance(60 * SECOND)
    for frame in run.frames():
        assert frame.flows[0].offered == pytest.approx(31 + 4 * 29, abs=5)
    run.close()


def test_users_have_no_rate(tmp_path: Path) -> None:
    text = FILE.format(log="x", faster=1, duration="1m", at="50s", lasts="5s")
    made = load_text(text.replace("replay: {log: x, faster: 1}", "closed: {users: 5, think: 1s}"), faults=faults())
    run = Runner(made, 1, timeline=False)
    with pytest.raises(Refused, match="web is a closed loop, which has no rate"):
        run.do(Command(run.now, "rate", on=("web",), to="5/s"))
    run.do(Command(run.now, "inject", ("web",), "surge", params={"factor": 2}))
    run.advance(10 * SECOND)
    assert all(dict(frame.node("web").gauges)["users"] == 10 for frame in run.frames())  # type: ignore[union-attr]
    run.close()
