"""`compare` on the command line: what cannot be compared is said, a comparison tells both worlds, and nothing is left."""

from __future__ import annotations

import json
import os
import signal
import time
from functools import reduce
from pathlib import Path

import pytest

from tests.topology.live.processes import VISIBLE, left_of, processes_of
from tests.topology.live.shop import NO_AMQTT, SHOP
from tests.tui.test_live import PATIENCE_S, started

TIMELINE = """
timeline:
  - {at: 7s, inject: crash, on: inventory, for: 3s}
expect:
  - {in: decoupled, that: web.lost, during: all, is: "= 0"}
  - {in: coupled, that: web.success, during: 7.5s..9.5s, is: "< 50%"}
"""
CHANGES = (("duration: 60s", "duration: 12s\nsettle: 1s"), ("rate: 20/s", "rate: 8/s"), ("timeout: 5s", "timeout: 300ms"))
SHORT = reduce(lambda text, change: text.replace(*change), CHANGES, SHOP) + TIMELINE


@pytest.mark.parametrize(
    ("words", "text", "said"),
    [
        (("compare", "FILE", "--broker", "localhost"), SHOP, "write mqtt://localhost"),
        (("compare", "FILE", "--repeat", "0"), SHOP, "--repeat"),
        (("compare", "FILE", "--json", "nowhere/c.json"), SHOP, "the folder does not exist"),
        (("compare", "FILE"), SHOP.replace("wait: 1s,", "wait: 1s, delay: 5ms,"), "leave `delay` out"),
        (("compare", "FILE", "--design", "nobody"), SHOP, "nobody"),
        (("compare", "everything"), SHOP, "cannot run live so far"),
    ],
)
def test_what_cannot_be_compared_is_said(tmp_path: Path, words: tuple[str, ...], text: str, said: str) -> None:
    with started(tmp_path, *words, text=text) as process:
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2, err
    assert said in err
    assert "--live" not in err
    assert "Traceback" not in out + err


@pytest.mark.bench  # how near they come depends on the machine
@NO_AMQTT
def test_both_worlds_come_to_the_same_verdict_on_a_small_shop(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    words = ("compare", "FILE", "--broker", "embedded", "--repeat", "2", "--seed", "5", "--json", str(path))
    with started(tmp_path, *words, text=SHORT) as process:
        out, err = process.communicate(timeout=5 * PATIENCE_S)
    assert process.returncode == 0, out + err
    assert "a healthy live run of 12 s, then 2 of 12 s: 36 s by the wall's clock" in err
    assert "designs by success: both decoupled before coupled" in out
    told = json.loads(path.read_text(encoding="utf-8"))
    assert [run["seed"] for run in told["live"]] == [run["seed"] for run in told["sim"]] == [5, 6]
    assert {run["environment"].get("world") for run in told["live"]} == {"live"}
    assert len(told["noise"]) == 3, "the healthy run and two more"
    assert all(0 <= delay < 1 for links in told["calibration"].values() for delay in links.values())
    assert any(told["calibration"]["coupled"].values()), "a real broker takes its time"


@pytest.mark.slow
@NO_AMQTT
@pytest.mark.skipif(not VISIBLE, reason="this system does not show the environment of processes")
def test_nothing_outlives_a_comparison_that_is_interrupted(tmp_path: Path) -> None:
    run = f"test-{os.getpid()}-compare"
    with started(tmp_path, "compare", "FILE", "--broker", "embedded", run=run) as process:
        until = time.monotonic() + PATIENCE_S
        while len(processes_of(run)) < 12 and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, out + err
    assert "interrupted; nothing is compared" in err
    assert not left_of(run)
