"""`--live` on the command line: what cannot be done is one clear sentence and exit code 2, and nothing is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import topology
from tests.topology.live.processes import VISIBLE, left_of, processes_of
from tests.topology.live.shop import NO_AMQTT, SHOP
from tui.pace import Pace

ROOT = Path(str(topology.__file__)).parents[1]
RUN = "from tui.cli import main; main()"
PATIENCE_S = 60.0


def started(folder: Path, *words: str, text: str = SHOP, run: str = "") -> subprocess.Popen[str]:
    """`knockon` with these words, on the shop."""
    path = folder / "shop.yaml"
    path.write_text(text, encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
    env.pop("KNOCKON_RUN", None)
    if run:
        env["KNOCKON_RUN"] = run
    command = [sys.executable, "-P", "-c", RUN, *(str(path) if word == "FILE" else word for word in words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=env)


@pytest.mark.parametrize(
    ("words", "text", "said"),
    [
        (("run", "FILE", "--broker", "embedded"), SHOP, "belong to --live"),
        (("run", "FILE", "--live", "--broker", "localhost"), SHOP, "write mqtt://localhost"),
        (("run", "FILE", "--live", "--broker", "mqtt://127.0.0.1:1"), SHOP, "nobody listens at 127.0.0.1:1"),
        (("run", "FILE", "--live", "--seeds", "1..3"), SHOP, "--live takes one seed"),
        (("run", "FILE", "FILE", "--live"), SHOP, "--live takes one playground at a time"),
        (("run", "FILE", "--live"), SHOP.replace("wait: 1s,", "wait: 1s, delay: 5ms,"), "a real wire has its own delay"),
        (("play", "--live"), SHOP, "--live plays a playground from its start"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, words: tuple[str, ...], text: str, said: str) -> None:
    with started(tmp_path, *words, text=text) as process:
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2, err
    assert said in err
    assert "Traceback" not in out + err


@pytest.mark.slow
@NO_AMQTT
def test_a_live_run_is_judged_like_any_other(tmp_path: Path) -> None:
    text = SHOP + """
timeline:
  - {at: 2s, inject: crash, on: inventory, for: 1s}
expect:
  - {in: decoupled, that: web.lost, during: all, is: "= 0"}
"""
    words = ("run", "FILE", "--live", "--broker", "embedded", "--duration", "5s", "--json", "-")
    with started(tmp_path, *words, text=text.replace("duration: 60s", "duration: 60s\nsettle: 1s")) as process:
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out + err
    assert '"world": "live"' in out


@pytest.mark.slow
@NO_AMQTT
@pytest.mark.skipif(not VISIBLE, reason="this system does not show the environment of processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_outlives_a_run_that_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    run = f"test-{os.getpid()}-{number}"
    with started(tmp_path, "run", "FILE", "--live", "--broker", "embedded", "--duration", "50s", run=run) as process:
        until = time.monotonic() + PATIENCE_S
        while len(processes_of(run)) < 12 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(processes_of(run)) >= 12, "two designs, a broker and the parent of all"
        process.send_signal(number)
        process.communicate(timeout=PATIENCE_S)
    assert not left_of(run)
    assert process.returncode in (128 + number, -number)


def test_the_pace_of_a_live_run_is_the_walls() -> None:
    from tui.live import LivePace

    now = [5]
    pace: Pace = LivePace(lambda: now[0])
    seen: list[int] = []
    pace.paused = True
    pace.change(3)
    for at in (5, 9, 9, 100):
        now[0] = at
        pace.tick(seen[-1] if seen else 0, 50, seen.append)
    assert seen == [5, 9, 10, 50]
    assert pace.words() == "live"
