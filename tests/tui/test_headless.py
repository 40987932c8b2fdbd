"""Headless runs in processes of their own: many seeds at once, reports into files, and how an interruption ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.playgrounds import CLAIMS, CRASH, SHOP
from tests.conftest import INSTALLED, ROOT, Knockon
from tui.headless import Outputs, perform_each, reopenable

LONG = (SHOP + CRASH + CLAIMS).replace("duration: 30s", "duration: 10m")


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """A small playground file in the folder in which commands run."""
    (tmp_path / "small.yaml").write_text(SHOP + CRASH + CLAIMS, encoding="utf-8")
    return "small.yaml"


def alike(told: Any) -> Any:
    """A journal without what may differ between two equal runs."""
    if isinstance(told, dict):
        return {key: alike(value) for key, value in told.items() if key != "environment"}
    return [alike(one) for one in told] if isinstance(told, list) else told


def test_the_number_of_jobs_changes_nothing(knockon: Knockon, shop: str) -> None:
    told = [json.loads(knockon("run", shop, "--seeds", "4..6", "--jobs", jobs, "--json", "-").stdout) for jobs in "13"]
    assert told[0]["seeds"] == [4, 5, 6]
    assert alike(told[0]) == alike(told[1])


def test_all_reports_of_several_files_in_one_go(knockon: Knockon, shop: str, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text((SHOP + CRASH).replace("playground: small", "playground: other"), encoding="utf-8")
    files = ("--json", "a.json", "--junit", "a.xml", "--markdown", "a.md", "--html", "a.html", "--report", "text=a.txt")
    done = knockon("run", shop, "other.yaml", "--seeds", "1..2", *files)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads((tmp_path / "a.json").read_text())
    assert [one["playground"] for one in told["playgrounds"]] == ["small", "other"]
    assert (tmp_path / "a.txt").read_text() == done.stdout
    assert (tmp_path / "a.xml").read_text().count("<testsuite ") == 2
    assert (tmp_path / "a.md").read_text().count("### ") == 2
    assert (tmp_path / "a.html").read_text().count("<h1>") == 2


def test_one_red_file_makes_all_red(knockon: Knockon, shop: str, tmp_path: Path) -> None:
    (tmp_path / "red.yaml").write_text((SHOP + CRASH + CLAIMS).replace('"< 20%"', '"< 0%"'), encoding="utf-8")
    done = knockon("run", "red.yaml", shop, "--jobs", "2", "--json", "-")
    assert done.returncode == 1
    assert [one["exit_code"] for one in json.loads(done.stdout)["playgrounds"]] == [1, 0]


def test_the_way_to_see_it_keeps_what_was_changed(knockon: Knockon, shop: str) -> None:
    done = knockon("run", shop, "--set", "web.rate=20/s", "--duration", "20s", "--markdown", "-")
    assert "knockon play small.yaml --duration 20s --set web.rate=20/s --seed 1" in done.stdout


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--report nonsense=x.txt", "there is no report called nonsense; there are html, json, junit, markdown, text"),
        ("--report text", "expected NAME=FILE"),
        ("--html nowhere/x.html", "cannot write nowhere/x.html: the folder does not exist"),
        ("--json - --markdown -", "two reports cannot both go to standard output"),
        ("--json x --html x", "two reports cannot both go to x"),
        ("--jobs 0", "--jobs"),
    ],
)
def test_what_is_wrong_with_reports_is_said_before_anything_runs(knockon: Knockon, shop: str, line: str, words: str) -> None:
    done = knockon("run", shop, *line.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_a_report_from_outside(knockon: Knockon, shop: str, tmp_path: Path) -> None:
    (tmp_path / "mine" / "reports").mkdir(parents=True)
    code = (
        "from chaos.report import Report\n\nclass Shout(Report):\n    '''Loud.'''\n\n"
        "    def write(self, journal):\n        return journal['playground'].upper()\n"
    )
    (tmp_path / "mine" / "reports" / "shout.py").write_text(code, encoding="utf-8")
    done = knockon("run", shop, "--plugins", "mine", "--report", "shout=-", "--seeds", "1..2")
    assert (done.returncode, done.stdout) == (0, "SMALL")


def test_wherever_it_is_interrupted_the_journal_says_so(shop: str, tmp_path: Path) -> None:
    """Within a run, and between two, where every run that there is came to its end."""
    found = reopenable(str(tmp_path / shop), (), "6s", (), ())
    whole = 0
    for times in range(1, 9):
        asked: list[int] = []

        def stop(asked: list[int] = asked, times: int = times) -> int:
            asked.append(1)
            return 2 if len(asked) > times else 0

        told = next(perform_each([found], [1, 2], Outputs(quiet=True), 1, stop))
        finished = [one["seed"] for one in told["runs"] if not one["cut_short"]]
        assert (told["exit_code"] == 130) == told["cut_short"] == (finished != [1, 2])
        whole += finished == told["seeds"] == [1]
    assert whole


def started(folder: Path, *args: str) -> subprocess.Popen[str]:
    """A run of many long seeds with several workers, under way."""
    (folder / "long.yaml").write_text(LONG, encoding="utf-8")
    source = {} if INSTALLED else {"PYTHONPATH": str(ROOT)}
    line = ("run", "long.yaml", "--seeds", "1..50", "--jobs", "2", "--json", "part.json", *args)
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; from tui.cli import main; sys.exit(main())", *line],
        cwd=folder,
        encoding="utf-8",
        env={**os.environ, **source},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    while len(children(process.pid)) < 2:
        assert process.poll() is None
        time.sleep(0.02)
    return process


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(child) for child in found]


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


@linux
@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_leaves_a_whole_journal_and_no_process(tmp_path: Path, number: int, code: int) -> None:
    process = started(tmp_path)
    workers = children(process.pid)
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert f"(exit code {code})" in out
    told = json.loads((tmp_path / "part.json").read_text())
    assert told["exit_code"] == code
    assert told["cut_short"]
    assert told["seeds"] == list(range(1, len(told["runs"]) + 1))
    assert not [pid for pid in workers if runs(pid)]


@linux
@pytest.mark.slow
def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    process = started(tmp_path)
    workers = children(process.pid)
    process.kill()
    process.communicate(timeout=60)
    until = time.monotonic() + 30
    while any(runs(pid) for pid in workers) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [pid for pid in workers if runs(pid)]
    assert not (tmp_path / "part.json").exists()
