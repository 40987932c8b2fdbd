"""Figures of an instant: the checker's list and the reader's are one."""

from __future__ import annotations

from chaos.judge.instants import SILENT, STEPS, Instants, known
from tests.chaos.playgrounds import run_to, small
from topology.plan import Term
from topology.spec.figures import FLOW_NOW, LINK_NOW, NODE_NOW

TICK = 100_000_000


def test_everything_that_can_be_named_can_be_read() -> None:
    assert known() == {"flow": frozenset(FLOW_NOW), "node": frozenset(NODE_NOW), "link": frozenset(LINK_NOW)}


def looked(more: str, until_s: float, **changes: str) -> Instants:
    """What is seen at the end of a run that was looked at on each grid step."""
    run = run_to(small(more, **changes), 0)
    instants = Instants(TICK)
    for step in range(round(until_s * 10) + 1):
        run.advance(step * TICK + 1)
        instants.look(run.frames())
    return instants


def test_success_is_of_the_answers_of_the_last_ten_steps() -> None:
    crash = "timeline:\n  - {at: 5s, inject: crash, on: inventory}\n"
    assert looked(crash, 4.9).one("coupled", "web", "success") == 1.0
    assert looked(crash, 6.2).one("coupled", "web", "success") == 0.0
    part = looked(crash, 5.5).one("coupled", "web", "success")
    assert isinstance(part, float)
    assert 0.3 < part < 0.7
    assert looked(crash, (STEPS - 1) / 10).one("coupled", "web", "success") is None


def test_a_second_without_answers_is_silence_only_where_somebody_waits() -> None:
    hang = "timeline:\n  - {at: 5s, inject: hang, on: orders}\n"
    assert looked(hang, 6.2, **{"web.deadline": "9s"}).one("coupled", "web", "success") is SILENT
    assert looked("", 3, **{"web.rate": "0.001/s"}).one("coupled", "web", "success") is None


def test_differences_and_ratios() -> None:
    instants = looked("timeline:\n  - {at: 5s, inject: crash, on: inventory}\n", 7)
    terms = (Term("decoupled", "web", "success"), Term("coupled", "web", "success"))
    assert instants.value(terms, "-", "") == 1.0
    assert instants.value(terms, "/", "") is None
    assert instants.value((Term("", "backlog", "depth"),), "", "decoupled") == instants.one("decoupled", "web", "waiting")
