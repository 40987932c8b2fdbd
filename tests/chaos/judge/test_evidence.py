"""What claims compare: figures of links and nodes by window, of designs, between designs, and of a fault's cost."""

from __future__ import annotations

import math

import pytest

from chaos.experiment import Result, perform
from chaos.figures import INFINITE, Reading, sure
from chaos.judge.evidence import difference, ratio
from tests.chaos.playgrounds import small

CRASH = "timeline:\n  - {at: 10s, inject: crash, on: inventory, for: 5s}\n"


def judged(*claims: str, more: str = CRASH, **changes: str) -> Result:
    """A run with these expectations."""
    lines = "".join(f"  - {{{claim}}}\n" for claim in claims)
    return perform(small(f"{more}expect:\n{lines}", **changes), 1)


def value(claim: str, more: str = CRASH) -> list[float | None]:
    """What is read for one claim, in each of its designs."""
    return [one.value for one in judged(claim, more=more).expected]


def test_links_and_nodes_count_by_window() -> None:
    parts = [
        value(f'in: coupled, that: orders -> inventory.errors, is: ">= 0", during: {d}')[0]
        for d in ("before", "fault", "recovery")
    ]
    assert parts[0] == 0
    assert parts[2] == 0
    whole = judged('in: coupled, that: orders -> inventory.errors, is: ">= 0"')
    assert whole.expected[0].value == parts[1]
    assert whole.run.worlds[0].sums()["links"]["orders -> inventory"]["failed"] == parts[1]
    assert parts[1] is not None
    assert parts[1] > 200
    before, fault, all_of_it = (
        value(f'in: decoupled, that: inventory.arrivals, is: ">= 0", during: {d}')[0] or 0
        for d in ("5s..10s", "10s..15s", "0s..30s")
    )
    assert before == pytest.approx(200, abs=40)
    assert fault == 0
    assert all_of_it == pytest.approx(1200, abs=100)


def test_between_designs() -> None:
    result = judged(
        'that: decoupled.web.success - coupled.web.success, is: ">= 90 points", during: fault',
        'that: decoupled.web.success - coupled.web.success, is: "= 0 points", during: before',
        'that: decoupled.web.told_yes / coupled.web.told_yes, is: ">= 1.1"',
        'that: coupled.web.told_no / decoupled.web.told_no, is: ">= 1"',
        'that: web.told_yes - web.served, is: "<= 0", in: decoupled',
    )
    assert [one.verdict for one in result.expected] == ["pass", "pass", "pass", "unknown", "pass"]
    assert "points" in result.expected[0].sentence.rpartition(": ")[2]
    assert result.expected[3].why == "there is nothing to divide by"


def test_what_is_open_widens_both_sides() -> None:
    one, other = Reading(0.9, 0.8, 1.0, 50), Reading(0.5, 0.4, 0.6, 40)
    assert difference(one, other) == Reading(0.4, pytest.approx(0.2), pytest.approx(0.6), 40)
    assert ratio(one, other).low == pytest.approx(0.8 / 0.6)
    assert ratio(one, other).high == pytest.approx(2.5)
    assert ratio(one, Reading(1.0, 0.0, 2.0)).high == INFINITE
    assert difference(Reading(None, why="so"), other).why == "so"
    assert difference(sure(INFINITE), sure(INFINITE)).value is None
    assert not math.isnan(difference(Reading(INFINITE, 5.0, INFINITE), Reading(INFINITE, 3.0, INFINITE)).low)


def test_when_a_fault_was_noticed_and_over() -> None:
    coupled, decoupled = value('that: time_to_detect, is: "< 1m"')
    assert coupled == pytest.approx(0.1, abs=0.11)
    assert decoupled == pytest.approx(1.0, abs=0.11)
    assert value('that: web.time_to_detect, is: "< 1m", in: coupled') == [coupled]
    assert value('that: inventory.time_to_detect, is: "< 1m", in: decoupled') == [decoupled]
    for figure in ("time_to_recover", "time_to_drain"):
        times = value(f'that: {figure}, is: "< 1m"')
        assert all(t is not None and 0 <= t < 4 for t in times)
    assert (value('that: time_to_drain, is: "< 1m", in: decoupled')[0] or 0) > 0


def test_what_nobody_noticed_is_longer_than_the_rest_of_the_run() -> None:
    more = "timeline:\n  - {at: 10s, inject: noop, on: inventory, for: 5s}\n"
    result = judged(
        'that: time_to_detect, is: "> 19s"', 'that: time_to_detect, is: "< 19s"', 'that: time_to_detect, is: "> 25s"', more=more
    )
    assert [one.verdict for one in result.expected] == ["pass", "pass", "fail", "fail", "unknown", "unknown"]
    assert "not within the run" in result.expected[0].sentence


def test_without_a_fault_there_is_nothing_to_recover_from() -> None:
    result = judged('that: time_to_recover, is: "< 5s"', 'that: blast_radius, is: "<= 50%"', more="")
    assert [(one.verdict, one.why) for one in result.expected] == [("unknown", "no fault was injected")] * 4


def test_a_fault_that_lasts_to_the_end_is_not_over() -> None:
    more = "timeline:\n  - {at: 10s, inject: crash, on: inventory}\n"
    result = judged('that: time_to_recover, is: "< 5s"', more=more)
    assert {(one.verdict, one.why) for one in result.expected} == {("unknown", "a fault lasted to the end of the run")}


def test_the_blast_radius_is_that_of_the_verdict() -> None:
    result = judged('that: blast_radius, is: "<= 40%"')
    assert [one.verdict for one in result.expected] == ["fail", "pass"]


def test_what_the_faults_cost() -> None:
    result = judged(
        'that: web.cost.told_no, is: "<= 3"',
        'that: cost.lost, is: "= 0"',
        'that: coupled.cost.told_no - decoupled.cost.told_no, is: ">= 150"',
    )
    assert [one.verdict for one in result.expected] == ["fail", "pass", "pass", "pass", "pass"]
    told_no = value('in: coupled, that: web.told_no, is: ">= 0"')[0]
    assert result.expected[0].value == told_no


def test_staleness_is_from_the_yes_to_the_end_of_the_work() -> None:
    result = judged('in: decoupled, that: web.staleness.max, is: ">= 4s"', 'in: decoupled, that: web.staleness.p50, is: "< 1s"')
    assert [one.verdict for one in result.expected] == ["pass", "pass"]


def test_few_messages_are_unknown() -> None:
    result = judged('that: web.success, is: ">= 99%", during: 6s..7s, min: 100', more="")
    assert {one.verdict for one in result.expected} == {"unknown"}
    assert "and it takes 100" in result.expected[0].why


def test_the_gate_takes_figures_of_links_and_designs() -> None:
    gate = (
        'steady:\n  - {that: orders -> inventory.attempts, is: "> 0", in: coupled}\n'
        '  - {that: orders -> inventory.errors, is: "= 0", in: coupled}\n'
        '  - {that: decoupled.web.success - coupled.web.success, is: ">= 0 points"}\n'
    )
    result = perform(small(gate + CRASH), 1)
    assert [one.verdict for one in result.steady] == ["pass"] * 3
