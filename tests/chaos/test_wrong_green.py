"""Never green for the wrong reason: each way in which a chaos test can pass although it showed nothing, with its exit code.

Each runs the real command line in this process, and must end with the right code and a sentence with place and remedy.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from chaos.registry import faults
from tests.chaos.playgrounds import CLAIMS, CRASH, SHOP
from tui.cli import app

EXPECT = 'expect:\n  - {in: decoupled, that: web.success, is: ">= 90%"}\n'
HOLDS = '  - {that: web.success, during: fault, is: "<= 100%"}\n'
NEVER = 'timeline:\n  - {when: "backlog.depth > 9999", inject: crash, on: inventory, for: 5s}\n'
GONE = "timeline:\n  - {at: 7s, scale: inventory, to: 1}\n  - {at: 10s, inject: crash, on: inventory/1, for: 5s}\n"
SHORT = "timeline:\n  - {at: 10s, inject: crash, on: inventory, for: 300ms}\n"
SICK = 'steady:\n  - {that: web.success, is: ">= 99%"}\n'
SLOW = 'steady:\n  - {that: web.latency.p99, is: "< 1ms"}\n'
SPARED = "timeline:\n  - {at: 10s, inject: crash, on: inventory, for: 5s, probability: 0%}\n"


def run(folder: Path, text: str, *options: str, command: str = "run") -> tuple[int, str]:
    """The exit code of the command line, and all that it said."""
    file = folder / f"{len(list(folder.iterdir()))}case.yaml"
    file.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(app, [command, str(file), *options])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


REFUSED = {
    "a typo in a node that breaks": (
        CRASH.replace("on: inventory", "on: inventroy"),
        "24:34: no design has a node 'inventroy' (did you mean inventory?)",
    ),
    "a typo in a node that is judged": (
        EXPECT.replace("web.", "wbe."),
        "23:27: design decoupled has no node 'wbe' (did you mean web?)",
    ),
    "a typo in a fault": (CRASH.replace("crash", "crush"), "there is no fault 'crush'"),
    "a typo in a key": (CRASH.replace("for:", "fro:"), "'fro'"),
    "an unknown design": (EXPECT.replace("decoupled", "decuopled"), "23:10: there is no design 'decuopled'"),
    "an unknown figure": (EXPECT.replace("success", "sucess"), "has no figure 'sucess'; it has"),
    "an unknown window": (
        CRASH + EXPECT.replace("is:", "during: faults, is:"),
        "expected before, fault, recovery, after, all or an interval",
    ),
    "an inject past the end": (CRASH.replace("10s", "40s"), "24:10: '40s' lies past the end of the run, 30 s"),
    "a repeat past the end": (CRASH.replace("at: 10s", "at: 10s, every: 9s, times: 4"), "only 3 of 4 times fit into the run"),
    "nothing in expect": (
        CRASH + "expect: []\n",
        "25:9: expected expect as a list of claims, got an empty list; leave expect out",
    ),
    "nothing in steady": (CRASH + "steady: []\n", "leave steady out to claim nothing"),
    "a window that must be empty": (
        EXPECT.replace("is:", "during: fault, is:"),
        "the window 'fault' must be empty: the timeline injects nothing",
    ),
    "a window before the warm-up": (
        CRASH.replace("10s", "2s") + EXPECT.replace("is:", "during: before, is:"),
        "the first fault comes before the warm-up ends",
    ),
    "an interval the wrong way round": (EXPECT.replace("is:", "during: 20s..10s, is:"), "the interval 20s..10s must be empty"),
    "a unit that does not fit": (EXPECT.replace('">= 90%"', '">= 90ms"'), "expected a share"),
    "less than nothing": (
        'expect:\n  - {that: web.lost, is: ">= -1"}\n',
        "compares with less than nothing, which this figure never is",
    ),
    "a claim without a comparison": ("expect:\n  - {that: web.lost}\n", "a claim needs 'is'"),
    "a condition about nobody": (NEVER.replace("backlog.", "backlgo."), "no design has a node 'backlgo'"),
    "a condition about a whole window": (NEVER.replace("depth", "depth.max"), "is a figure of a whole window"),
    "an instant that never was one": (
        EXPECT.replace("is:", "always:").replace("web.success", "web.latency.p99"),
        "is a figure of a whole window",
    ),
    "a heal of nothing there": ("timeline:\n  - {at: 10s, heal: inventroy}\n", "no design has a node 'inventroy'"),
    "a flush of what remembers nothing": ("timeline:\n  - {at: 10s, flush: orders}\n", "remembers nothing that could be flushed"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("command", ["run", "check"])
def test_bad_input_is_refused_before_anything_runs(tmp_path: Path, case: str, command: str) -> None:
    more, words = REFUSED[case]
    code, said = run(tmp_path, SHOP + more, command=command)
    assert (code, words in said, "Traceback" in said) == (2, True, False), said
    assert "case.yaml:" in said


FOUND = {
    "it was never steady": (
        CRASH + SLOW + EXPECT,
        3,
        "It was not steady before the first fault, so what came after says nothing",
    ),
    "too few messages to call it steady": (CRASH.replace("10s", "6s") + SICK + EXPECT, 3, "messages, and it takes 100"),
    "a fault that hits nothing": (
        GONE + EXPECT,
        4,
        "could not inject crash: there is nothing to hit: inventory/1 is not there now in any design",
    ),
    "a condition that never came true": (
        NEVER + EXPECT,
        1,
        "crash on inventory was never injected: backlog.depth > 9999 never came true",
    ),
    "a condition that never came true, and its window": (NEVER + "expect:\n" + HOLDS, 1, "the window is empty"),
    "a window that turned out empty": (SPARED + "expect:\n" + HOLDS, 1, "the window is empty"),
    "a window without a message": (EXPECT.replace("is:", "during: 6s..6001ms, is:"), 1, "no message to read it from"),
    "a window in which nothing could be lost": (
        'expect:\n  - {that: web.lost, during: 6s..6001ms, is: "= 0"}\n',
        1,
        "no message was offered",
    ),
    "a window with too few": (EXPECT.replace("is:", "during: 6s..7s, min: 100, is:"), 1, "and it takes 100"),
    "nobody was ever answered": (
        CRASH.replace("crash", "hang").replace("5s}", "19s}")
        + 'expect:\n  - {in: coupled, that: web.latency.p99, during: 12s..20s, is: "< 9s"}\n',
        1,
        "nothing to read",
    ),
    "a deviation that came and went": (
        SHORT + 'expect:\n  - {in: coupled, that: web.success, always: ">= 99%"}\n',
        1,
        "✖ coupled: web.success always >= 99%",
    ),
    "a backlog that came and went": (
        CRASH + 'expect:\n  - {in: decoupled, that: backlog.depth, never: "> 50"}\n',
        1,
        "✖ decoupled: backlog.depth never > 50",
    ),
    "what failed beside what held": (CRASH + 'expect:\n  - {that: web.success, is: ">= 99%"}\n', 1, "1 of 2 expectations held"),
    "nothing was expected": (CRASH, 0, "Nothing was expected"),
    "all is as it should be": (CRASH + CLAIMS, 0, "All 3 expectations held."),
}


@pytest.mark.parametrize("case", FOUND)
def test_what_a_run_shows_decides(tmp_path: Path, case: str) -> None:
    more, wanted, words = FOUND[case]
    code, said = run(tmp_path, SHOP + more)
    assert (code, words in said) == (wanted, True), said


def test_the_gate_looks_at_each_slice(tmp_path: Path) -> None:
    """Half a second of trouble in half a minute is steady on average, and not in its slice."""
    text = (SHOP + SICK.replace("99", "97")).replace(
        "duration: 30s", "duration: 40s"
    ) + "timeline:\n  - {at: 35s, inject: noop, on: orders, for: 1s}\n"
    assert run(tmp_path, text)[0] == 0
    sick = text.replace(
        "timeline:\n", "timeline:\n  - {at: 20s, set: orders.takes, to: 1100ms}\n  - {at: 20500ms, set: orders.takes, to: 5ms}\n"
    )
    code, said = run(tmp_path, sick)
    assert code == 3, said
    assert "(from 00:20 to 00:25)" in said


@pytest.mark.parametrize("seeds", ["", "5..1", "1,,2", "x"])
def test_an_empty_list_of_seeds_is_refused(tmp_path: Path, seeds: str) -> None:
    code, said = run(tmp_path, SHOP + CRASH, "--seeds", seeds)
    assert code == 2
    assert "--seeds" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--design", "decuopled"], "has no design called decuopled; did you mean decoupled?"),
        (["--set", "inventroy.slots=3"], "there is no node 'inventroy' (did you mean inventory?)"),
        (["--duration", "4s"], "ends before the warm-up of 5 s is over"),
        (["--json", "nowhere/out.json"], "the folder does not exist"),
        (["--seed", "1", "--seeds", "1..3"], "exclude each other"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, options: list[str], words: str) -> None:
    code, said = run(tmp_path, SHOP + CRASH + EXPECT, *options)
    assert (code, words in " ".join(said.split())) == (2, True), said


def test_a_fault_that_a_short_run_does_not_reach_shows_nothing(tmp_path: Path) -> None:
    code, said = run(tmp_path, SHOP + CRASH + EXPECT, "--duration", "9s")
    assert code == 1
    assert "crash on inventory was not reached: the run ended before" in said


def test_one_design_alone_is_not_judged_by_what_others_should_do(tmp_path: Path) -> None:
    code, said = run(tmp_path, SHOP + CRASH + EXPECT, "--design", "coupled")
    assert code == 0
    assert "Nothing was expected" in said
    between = 'expect:\n  - {that: decoupled.web.success - coupled.web.success, is: ">= 90 points"}\n'
    assert "Nothing was expected" in run(tmp_path, SHOP + CRASH + between, "--design", "decoupled")[1]


def test_a_claim_must_hold_with_every_seed_unless_it_says_otherwise(tmp_path: Path) -> None:
    chance = CRASH.replace("5s}", "5s, probability: 50%}") + 'expect:\n  - {in: coupled, that: web.told_no, is: "> 0"}\n'
    code, said = run(tmp_path, SHOP + chance, "--seeds", "1..6")
    assert code == 1
    assert "holds in" in said
    held = int(said.partition("holds in ")[2].split()[0])
    assert 0 < held < 6
    lenient = chance.replace('"> 0"', f'"> 0", seeds: {held} of 6')
    assert run(tmp_path, SHOP + lenient, "--seeds", "1..6")[0] == 0


def test_every_fault_that_ships_can_be_told_from_nothing() -> None:
    assert "noop" in faults()
