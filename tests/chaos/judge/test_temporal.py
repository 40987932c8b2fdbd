"""Always, never and eventually: over which samples they are judged, what is unknown, and where they first broke."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.experiment import perform
from chaos.judge.instants import SILENT, Seen
from chaos.judge.temporal import Found, Watcher, judge
from chaos.judge.windows import Span, Windows
from tests.chaos.playgrounds import small
from topology.plan import Claim, Term

S = 1_000_000_000
TICK = 100_000_000


class Told:
    """Instants that were told beforehand."""

    def __init__(self, values: dict[int, Seen]) -> None:
        self.values, self.at_ns = values, 0

    def value(self, terms: tuple[Term, ...], between: str, row: str) -> Seen:
        return self.values.get(self.at_ns)


def watched(how: str, op: str, limit: float, values: dict[float, Seen], *, that: str = "depth", **more: Any) -> Found:
    """What becomes of a claim over 10 s to 20 s, in eras of two seconds, when these are the samples at these seconds."""
    claim = Claim(("one",), f"queue.{that}", "fault", op, limit, "", how=how, terms=(Term("", "queue", that),), **more)
    watcher = Watcher(claim, "one", TICK)
    told: Any = Told({round(at * S): value for at, value in values.items()})
    for at_ns in sorted(told.values):
        told.at_ns = at_ns
        watcher.look(at_ns, at_ns // (2 * S) * (2 * S), told)
    eras = tuple(range(0, 30 * S, 2 * S))
    return judge(watcher, Windows(eras, 5 * S, 30 * S, ((10 * S, 20 * S),), True, 5 * S), spans(more.pop("spans", None)))


def spans(given: list[Span] | None) -> list[Span]:
    return given or [(10 * S, 20 * S)]


def test_always_is_of_every_sample_in_the_window() -> None:
    assert watched("always", "<", 5, {9: 9.0, 10: 1.0, 19.9: 4.0, 20: 9.0}) == Found(True, 4.0)
    assert watched("always", "<", 5, {10: 1.0, 15: 7.0, 17: 9.0}) == Found(False, 9.0, "", 15 * S, 7.0)
    assert watched("always", "<", 5, {10: 1.0, 19.9: 5.0}).held is False


def test_never_is_of_no_sample_in_the_window() -> None:
    assert watched("never", ">", 5, {9: 9.0, 10: 1.0, 19.9: 5.0, 20: 9.0}) == Found(True, 5.0)
    assert watched("never", ">", 5, {10: 1.0, 19.9: 5.1}) == Found(False, 5.1, "", round(19.9 * S), 5.1)
    assert watched("never", "<", 5, {10: 6.0, 11: 5.0, 12: 8.0}) == Found(True, 5.0)


def test_a_window_without_samples_is_unknown() -> None:
    assert watched("always", "<", 5, {9: 1.0, 20: 1.0}) == Found(None, None, "the window holds no sample")
    assert watched("never", ">", 5, {}).held is None
    assert watched("eventually", ">", 5, {12: None}).held is None


def test_silence_is_not_a_pass() -> None:
    found = watched("always", ">=", 0.9, {12: 1.0, 14: SILENT, 16: 1.0}, that="success")
    assert found.held is None
    assert "nobody was answered for the whole second before 14 s" in found.why
    assert watched("always", ">=", 0.9, {12: 1.0, 14: SILENT, 16: 0.5}, that="success").held is False
    assert watched("always", ">=", 0.9, {12: 1.0, 14: None, 16: 1.0}, that="success").held is True


def test_a_figure_of_the_last_second_counts_where_that_second_lies_in_the_window() -> None:
    early = {10: 0.0, 10.9: 0.0, 11: 1.0, 15: 1.0}
    assert watched("always", ">=", 0.9, early, that="success") == Found(True, 1.0)
    assert watched("always", ">=", 0.9, {**early, 11: 0.0}, that="success").offence_ns == 11 * S
    assert watched("always", ">=", 5, {**early, 12: 0.5}, that="success").held is False
    assert watched("always", ">=", 0.9, {10: 0.0, 10.9: 0.0}, that="success").held is None


def test_eventually_holds_at_one_sample_in_time() -> None:
    assert watched("eventually", ">=", 5, {10: 1.0, 13: 5.0, 14: 1.0}) == Found(True, 3.0)
    assert watched("eventually", ">=", 5, {10: 1.0, 13: 5.0}, within_ns=3 * S) == Found(True, 3.0)
    late = watched("eventually", ">=", 5, {10: 1.0, 13: 5.0}, within_ns=2 * S)
    assert (late.held, late.value, late.offence_ns) == (False, 3.0, 12 * S)
    assert watched("eventually", ">=", 5, {10: 1.0, 19: 1.0}) == Found(False, float("inf"), "", 20 * S)


def test_a_window_that_is_shorter_than_the_time_it_may_take_is_unknown() -> None:
    found = watched("eventually", ">=", 5, {10: 1.0}, within_ns=30 * S)
    assert (found.held, found.why) == (None, "the window from 10 s lasts only 10 s")


CRASH = "timeline:\n  - {at: 10s, inject: crash, on: inventory, for: 5s}\nexpect:\n"


@pytest.mark.parametrize(
    ("claim", "verdicts"),
    [
        ('{that: web.success, always: ">= 99%"}', ["fail", "pass"]),
        ('{that: web.success, always: ">= 99%", during: before}', ["pass", "pass"]),
        ('{that: web.success, always: "<= 1%", during: fault, in: coupled}', ["pass"]),
        ('{that: web.success, always: ">= 99%", during: recovery}', ["pass", "pass"]),
        ('{that: web.no_rate, never: "> 0/s", during: fault}', ["fail", "pass"]),
        ('{in: decoupled, that: backlog.depth, always: "< 100"}', ["fail"]),
        ('{in: decoupled, that: backlog.depth, always: "< 1000", during: fault}', ["pass"]),
        ('{in: decoupled, that: backlog.depth, eventually: "= 0", within: 3s, during: recovery}', ["pass"]),
        ('{in: decoupled, that: backlog.depth, eventually: "= 0", within: 100ms, during: recovery}', ["fail"]),
        ('{that: inventory.up, eventually: "< 1", within: 0s, during: fault}', ["pass", "pass"]),
        ('{that: decoupled.web.success - coupled.web.success, always: ">= 90 points", during: fault}', ["pass"]),
        ('{that: orders -> inventory.error_rate, eventually: "> 20/s", during: fault, in: coupled}', ["pass"]),
    ],
)
def test_over_a_real_run(claim: str, verdicts: list[str]) -> None:
    result = perform(small(f"{CRASH}  - {claim}\n"), 1)
    assert [one.verdict for one in result.expected] == verdicts
    assert all((one.offence is not None) == (one.verdict == "fail") for one in result.expected)


def test_a_deviation_that_came_and_went_is_caught() -> None:
    transient = "timeline:\n  - {at: 10s, inject: crash, on: inventory, for: 300ms}\nexpect:\n"
    mild = perform(small(transient + '  - {in: coupled, that: web.success, is: ">= 97%"}\n'), 1)
    strict = perform(small(transient + '  - {in: coupled, that: web.success, always: ">= 97%"}\n'), 1)
    assert (mild.code, strict.code) == (0, 1)
    offence = strict.expected[0].offence
    assert offence is not None
    assert 10 * S < offence.at_ns <= 10 * S + 3 * TICK
    assert offence.words.startswith("web.success was ")


def test_the_gate_may_look_at_every_instant() -> None:
    gate = 'steady:\n  - {that: web.success, always: ">= 99%"}\n  - {in: decoupled, that: backlog.depth, never: "> 100"}\n'
    assert perform(small(gate + CRASH + '  - {that: web.lost, is: "= 0", in: decoupled}\n'), 1).code == 0
    assert perform(small('steady:\n  - {that: orders.busy, never: "> 0"}\n'), 1).code == 3


def test_watching_changes_nothing() -> None:
    claims = '  - {that: web.success, always: ">= 0%"}\n'
    other = '  - {that: web.success, is: ">= 0%"}\n'
    one, two = (perform(small(CRASH + text), 1) for text in (claims, other))
    assert [w.fates() for w in one.run.worlds] == [w.fates() for w in two.run.worlds]
