"""Every exit code from a real process, and which one wins where several apply."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.chaos.playgrounds import CLAIMS, CRASH, SHOP
from tests.conftest import INSTALLED, ROOT, Knockon

FAILS = 'expect:\n  - {in: decoupled, that: web.success, is: "< 5%"}\n'
UNSTEADY = 'steady:\n  - {that: web.latency.p99, is: "< 1ms"}\n'
GONE = "timeline:\n  - {at: 6s, scale: inventory, to: 1}\n  - {at: 10s, inject: crash, on: inventory/1}\n"
TYPO = "timeline:\n  - {at: 10s, inject: crash, on: inventroy}\n"

CASES = {
    "held": (CRASH + CLAIMS, 0, "All 3 expectations held."),
    "failed": (CRASH + FAILS, 1, "0 of 1 expectations held (exit code 1)."),
    "typo": (TYPO, 2, "did you mean inventory?"),
    "unsteady": (CRASH + UNSTEADY + FAILS, 3, "(exit code 3)"),
    "gone": (
        GONE + UNSTEADY + FAILS,
        4,
        "could not inject crash: there is nothing to hit: inventory/1 is not there now in any design",
    ),
}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A file for each exit code, in the folder in which commands run."""
    for name, (more, _, _) in CASES.items():
        (tmp_path / f"{name}.yaml").write_text(SHOP + more, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("case", CASES)
def test_each_code_with_its_sentence(knockon: Knockon, files: Path, case: str) -> None:
    done = knockon("run", f"{case}.yaml")
    _, code, words = CASES[case]
    assert done.returncode == code
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cases", "code"),
    [
        (["held", "failed"], 1),
        (["failed", "unsteady"], 3),
        (["unsteady", "gone", "held"], 4),
        (["gone", "typo"], 2),
        (["held", "held"], 0),
    ],
)
def test_of_several_files_the_strongest_code_wins(knockon: Knockon, files: Path, cases: list[str], code: int) -> None:
    assert knockon("run", *(f"{case}.yaml" for case in cases)).returncode == code


@pytest.mark.slow
@pytest.mark.parametrize("case", ["held", "failed", "unsteady", "gone"])
def test_several_seeds_end_as_one_does(knockon: Knockon, files: Path, case: str) -> None:
    done = knockon("run", f"{case}.yaml", "--seeds", "1..3", "--json", "-")
    assert done.returncode == CASES[case][1]
    assert json.loads(done.stdout)["exit_code"] == CASES[case][1]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_stronger_than_all_of_them(files: Path, number: int) -> None:
    """A run that would end with 4, interrupted on the way: the report that was asked for is whole all the same."""
    text = (files / "gone.yaml").read_text().replace("duration: 30s", "duration: 12h")
    (files / "long.yaml").write_text(text)
    env = {**os.environ, **({} if INSTALLED else {"PYTHONPATH": str(ROOT)})}
    ready = "import sys, chaos.experiment, tui.headless, topology.sim.world; print('ready', flush=True)"
    command = [sys.executable, "-c", f"{ready}; from tui.cli import main; sys.exit(main())"]
    with subprocess.Popen(
        [*command, "run", "long.yaml", "--json", "out.json"], cwd=files, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(4)  # all is loaded: long enough to have begun, also on a busy machine
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == 128 + number
    told = json.loads((files / "out.json").read_text())
    assert (told["exit_code"], told["cut_short"]) == (128 + number, True)
    assert all(fault["until"] is None or fault["until"] <= told["duration"] for fault in told["faults"])
