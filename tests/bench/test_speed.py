"""The engine against SimPy in the same run, as ratios of processor time; and how long a person waits.

Nothing here fails for being slow: machines differ, and a busy one is no mistake. It fails where the models disagree.
W2 collapses by itself, since retries of what timed out keep its queue full; when it does is chance, and so the margins
are wide and its few answers are not compared.
"""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import topology
from tests.bench.measure import ROUNDS, Measured, measure
from tests.bench.workloads import ALL, WORDS
from topology import build_info

pytestmark = pytest.mark.bench

GOALS = {"SimPy, bare": {"W1": 15.0}, "SimPy, like accounting": {"W1": 35.0, "W1t": 30.0, "W2": 30.0, "W3": 30.0}}
TESTS = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def plain_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package under test without anything compiled."""
    site = tmp_path_factory.mktemp("plain")
    shutil.copytree(
        Path(str(topology.__file__)).parent, site / "topology", ignore=shutil.ignore_patterns("*.so", "*.pyd")
    )
    return site


def measure_plain(site: Path, name: str) -> Measured:
    """knockon as plain Python, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tests.bench.measure", "knockon", name],
        capture_output=True,
        check=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{TESTS}"},
    )
    return Measured(**{**json.loads(done.stdout), "who": "knockon, plain Python"})


def row(one: Measured, ours: list[Measured], goal: float | None) -> str:
    """One line: what it cost, what the model said, and how many times more than ours that is."""
    said = f"{one.yes / one.offered:9.1%} yes {one.attempts / one.offered:6.2f} attempts {one.mean_latency:8.4f} s"
    ratios = [f"{one.micros / our.micros:7.1f}× {our.who}" for our in ours if one not in ours]
    wanted = f" (goal {goal:g}×)" if goal and ratios else ""
    return f"  {one.who:24}{one.micros:8.2f} µs{said}   {f'{wanted}, '.join(ratios) or ''}".rstrip()


def show(name: str, found: list[Measured], ours: list[Measured]) -> None:
    """One table for one workload; the costs are per customer."""
    print(f"\n\n{name}: {WORDS[name]}; knockon: {build_info.summary()}")
    for one in found:
        print(row(one, ours, GOALS.get(one.who, {}).get(name)))


@pytest.mark.parametrize("name", ALL)
def test_engine(name: str, plain_site: Path) -> None:
    load = ALL[name]
    peers = [measure(who, load) for who in GOALS if name in GOALS[who]]
    ours = [measure("knockon", load)]
    if build_info.compiled():
        ours.append(measure_plain(plain_site, name))
    show(name, [*peers, *ours], ours)
    for one in ours:
        alike = peers[-1]
        assert one.offered == pytest.approx(alike.offered, rel=0.03)
        assert one.yes / one.offered == pytest.approx(alike.yes / alike.offered, abs=0.1)
        assert one.attempts / one.offered == pytest.approx(alike.attempts / alike.offered, rel=0.1)
        if one.yes > one.offered / 2:
            assert one.mean_latency == pytest.approx(alike.mean_latency, rel=0.15)
        if ALL[name].queues:
            assert one.mean_completion == pytest.approx(alike.mean_completion, rel=0.15)


def test_a_whole_headless_run(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-c", "import sys; from tui.cli import main; sys.exit(main())", "run", "shop"]
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        best = min(best, time.perf_counter() - began)
        assert done.returncode == 0, done.stderr.decode()
    print(f"\n  knockon run shop, the whole process: {best:.2f} s (goal 0.5 s)")


def first_picture(mark: bytes = "╭".encode()) -> float:
    """Seconds from the start of `knockon play shop` in a terminal of 100 × 30 to its first picture."""
    began = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS="100", LINES="30")
        code = "import sys; from tui.cli import main; sys.exit(main())"
        os.execv(sys.executable, [sys.executable, "-P", "-c", code, "play", "shop"])
    seen = b""
    try:
        while mark not in seen and time.perf_counter() - began < 30:
            seen += os.read(terminal, 65536)
        assert mark in seen
        return time.perf_counter() - began
    finally:
        os.kill(child, signal.SIGTERM)
        time.sleep(0.3)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def test_the_first_picture() -> None:
    best = min(first_picture() for _ in range(ROUNDS))
    print(f"\n  knockon play shop, start to first picture: {best:.2f} s (goal 0.5 s)")
