"""Two worlds side by side: medians, spreads and deviations, and when the verdict is the same."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.compare.across import Comparison, Row, side_by_side
from tests.chaos import sample_journals as journals


def flow(told: dict[str, Any], design: str = "coupled") -> dict[str, Any]:
    """The figures of the web flow of one design."""
    found: dict[str, Any] = told["designs"][design]["flows"]["web"]
    return found


def worlds(count: int = 3) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The same runs as both worlds."""
    seeds = range(1, count + 1)
    return [journals.one(seed) for seed in seeds], [journals.one(seed) for seed in seeds]


def row(found: Comparison, figure: str, design: str = "coupled") -> Row:
    """One figure of the web flow."""
    return next(one for one in found.rows if (one.design, one.flow, one.figure) == (design, "web", figure))


def test_a_world_agrees_with_itself() -> None:
    found = side_by_side(*worlds())
    assert found.agrees
    assert {one.deviation for one in found.rows} <= {0.0, None}
    assert all(one.agrees for one in found.verdicts)
    assert [one.sim for one in found.orders] == ["decoupled before coupled", "coupled like decoupled"]


def test_the_median_the_spread_and_the_deviation_of_each_figure() -> None:
    sims, lives = worlds()
    for sim, live, late in zip(sims, lives, (0.3, 0.1, 0.2), strict=True):
        flow(sim)["latency"]["p50"] = 0.1
        flow(live)["latency"]["p50"] = late
        flow(sim)["success"], flow(live)["success"] = 0.9, 0.85
    found = side_by_side(sims, lives)
    p50 = row(found, "answer p50")
    assert (p50.sim, p50.live, p50.low, p50.high) == (0.1, 0.2, 0.1, 0.3)
    assert p50.deviation == pytest.approx(1.0)
    assert row(found, "success").deviation == pytest.approx(-0.05), "of a share the difference itself"


def test_from_nothing_there_is_no_share() -> None:
    sims, lives = worlds(1)
    flow(sims[0])["lost"], flow(lives[0])["lost"] = 0, 2
    flow(sims[0])["latency"]["p99"] = None
    found = side_by_side(sims, lives)
    assert (row(found, "lost").sim, row(found, "lost").live, row(found, "lost").deviation) == (0, 2, None)
    assert (row(found, "answer p99").sim, row(found, "answer p99").deviation) == (None, None)


def test_most_runs_decide_and_those_that_came_out_differently_are_counted() -> None:
    sims, lives = worlds()
    lives[1]["expectations"][0]["verdict"] = "fail"
    found = side_by_side(sims, lives)
    (other,) = [one for one in found.verdicts if not one.always]
    assert other.claim == "coupled: web.success during fault < 20%"
    assert (other.sim, other.live, other.agrees) == (("pass", "pass", "pass"), ("pass", "fail", "pass"), True)
    assert found.agrees
    lives[2]["expectations"][0]["verdict"] = "fail"
    assert not side_by_side(sims, lives).agrees


def test_where_no_verdict_has_most_runs_it_is_unknown() -> None:
    sims, lives = worlds(2)
    lives[1]["expectations"][0]["verdict"] = "fail"
    assert not side_by_side(sims, lives).agrees


def test_the_gate_counts_too() -> None:
    sims, lives = worlds(1)
    lives[0]["steady"][0]["verdict"] = "fail"
    assert not side_by_side(sims, lives).agrees


def test_what_is_unknown_in_both_worlds_is_undecided_and_in_one_alone_a_disagreement() -> None:
    sims, lives = worlds(1)
    sims[0]["expectations"][0]["verdict"] = lives[0]["expectations"][0]["verdict"] = "unknown"
    found = side_by_side(sims, lives)
    assert found.agrees
    assert [one.undecided for one in found.verdicts].count(True) == 1
    sims[0]["expectations"][0]["verdict"] = "pass"
    assert not side_by_side(sims, lives).agrees


def test_another_design_ahead_is_another_verdict() -> None:
    sims, lives = worlds(1)
    flow(lives[0], "coupled")["success"], flow(lives[0], "decoupled")["success"] = 0.99, 0.5
    found = side_by_side(sims, lives)
    assert not found.agrees
    assert (found.orders[0].sim, found.orders[0].live) == ("decoupled before coupled", "coupled before decoupled")


def test_equals_may_change_places_by_a_trifle() -> None:
    sims, lives = worlds(1)
    for told, coupled, decoupled in ((sims[0], 0.99, 0.983), (lives[0], 0.97, 0.982)):
        flow(told, "coupled")["success"], flow(told, "decoupled")["success"] = coupled, decoupled
    order = side_by_side(sims, lives).orders[0]
    assert (order.sim, order.live, order.agrees) == ("coupled like decoupled", "decoupled before coupled", True)
    flow(lives[0], "coupled")["success"] = 0.9
    assert not side_by_side(sims, lives).orders[0].agrees


def test_broken_promises_rank_designs_too() -> None:
    sims, lives = worlds(1)
    flow(lives[0], "decoupled")["dead_lettered"] = flow(lives[0], "decoupled")["offered"] // 2
    found = side_by_side(sims, lives)
    assert (found.orders[1].by, found.orders[1].live) == ("promises kept", "coupled before decoupled")
    assert not found.agrees


def test_a_fault_that_one_world_could_not_do_is_a_disagreement() -> None:
    sims, lives = worlds(1)
    lives[0]["not_done"] = [{"why": "crash: nothing to hit"}]
    found = side_by_side(sims, lives)
    assert found.not_done == ("seed 1, live: crash: nothing to hit",)
    assert not found.agrees
    sims[0]["not_done"] = lives[0]["not_done"]
    assert side_by_side(sims, lives).agrees
