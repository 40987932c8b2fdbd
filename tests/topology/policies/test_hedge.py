"""Hedged attempts: what they do to the tail, and what they cost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.topology.worlds import MS, S, all_of, flow, link, reasons, to_the_end, world
from topology.sim.world import SimWorld
from topology.world import Target

CALLEE = "service, replicas: 10, slots: 1000, takes: 10ms"
LINK = "app -> store"


def hedged(settings: str, rate: int = 200, callee: str = CALLEE, wiring: str = ", wiring: list") -> SimWorld:
    """One caller of a store, of whose executions 2 % take a hundred times as long."""
    nodes = {"web": f"producer, rate: {rate}/s, arrivals: constant, deadline: 10s", "app": "service, slots: 1000, takes: 0s"}
    one = world(nodes | {"store": callee}, ["web -> app", f"{{link: {LINK}{wiring}{settings}}}"])
    one.lay("tail", all_of(one, "store"), {"share": 0.02, "stretch": 100.0})
    return one


@pytest.mark.slow
def test_the_tail_is_cut_for_a_few_more_attempts() -> None:
    """2 % take 1 s. Hedged after 50 ms, only 0.02² do, and the 99th percentile is 60 ms, for 2 % more attempts."""
    without, with_it = hedged(""), hedged(", hedge: {after: 50ms, budget: 5%}")
    for one in (without, with_it):
        one.advance(60 * S)
    assert flow(without).latency_p99_ns == pytest.approx(1000 * MS, rel=0.02)
    assert flow(with_it).latency_p99_ns == pytest.approx(60 * MS, rel=0.02)
    extra = link(with_it, LINK).attempts / link(without, LINK).attempts - 1
    assert extra == pytest.approx(0.02, abs=0.004)


def test_the_budget_bounds_the_extra_load() -> None:
    """When all are slow every attempt is late; 5 % of them, and the ten saved up, are hedged all the same."""
    one = hedged(", hedge: {after: 5ms, budget: 5%, burst: 10}")
    one.advance(20 * S)
    offered = flow(one).offered
    assert link(one, LINK).attempts == pytest.approx(offered * 1.05 + 10, abs=12)


def test_so_many_hedges_are_saved_up_at_the_start() -> None:
    """With a budget of nothing these are all there ever are."""
    one = hedged(", hedge: {after: 5ms, budget: 0%, burst: 10}")
    one.advance(5 * S)
    assert link(one, LINK).attempts == flow(one).offered + 10


def test_there_is_never_more_than_one_extra_attempt() -> None:
    one = hedged(", hedge: {after: 1ms, budget: 100%}", callee="service, replicas: 10, slots: 1000, takes: 500ms")
    one.advance(2 * S)
    one.stop()
    one.advance(3 * S)
    assert link(one, LINK).attempts <= 2 * flow(one).offered


def test_an_extra_attempt_that_is_left_alone_is_not_hedged_itself() -> None:
    """It waits for the pool's only connection until the first attempt timed out, and then counts as the only one. Hedged in
    its turn it would have a successor, and that one another, for ever."""
    nodes = {"web": "producer, rate: 1/s, arrivals: constant, deadline: 10s", "app": "service, takes: 0s"}
    settings = "timeout: 100ms, hedge: {after: 0s, budget: 100%}, pool: {size: 1, wait: 1s, discard: true}"
    one = world(nodes | {"store": "service, takes: 150ms"}, ["web -> app", f"{{link: {LINK}, {settings}}}"])
    one.advance(3 * S)
    one.stop()
    to_the_end(one)
    assert link(one, LINK).attempts == 2 * flow(one).offered


@pytest.mark.slow
def test_a_learned_delay_is_the_quantile_of_late_answers() -> None:
    """Exponential answers of 20 ms: 95 % are there after 60 ms, so 5 % are hedged."""
    callee = "service, replicas: 10, slots: 1000, takes: {exponential: {mean: 20ms}}"
    one = hedged(", hedge: {quantile: 95%, after: 1ms, budget: 20%}", callee=callee)
    for layer in list(one.layers):
        one.lift(layer)
    one.advance(60 * S)
    hedge = one.groups["app"].places[0].outlets[0].policies[0]
    assert hedge.learned == pytest.approx(60 * MS, rel=0.15)  # type: ignore[attr-defined]
    extra = link(one, LINK).attempts / flow(one).offered - 1
    assert extra == pytest.approx(0.05, abs=0.015)


def learned_ms(one: SimWorld) -> float:
    """The delay that the hedge has learned; below 0 while it knows none."""
    policy: Any = one.groups["app"].places[0].outlets[0].policies[0]
    return float(policy.learned) / MS


def test_the_delay_is_learned_from_enough_answers_and_not_before() -> None:
    """Answers take from 0 to 100 ms, so 80 % are there after 80. At 200/s 300 of them are known after about 1.5 s."""
    one = hedged(
        ", hedge: {quantile: 80%, least: 300, after: 1ms, budget: 100%}",
        callee="service, replicas: 10, slots: 1000, takes: {uniform: {low: 0ms, high: 100ms}}",
    )
    for layer in list(one.layers):
        one.lift(layer)
    one.advance(1400 * MS)
    assert learned_ms(one) < 0
    assert link(one, LINK).attempts == flow(one).offered
    one.advance(1700 * MS)
    assert learned_ms(one) == pytest.approx(80, rel=0.06)
    one.advance(10 * S)
    assert link(one, LINK).attempts / flow(one).offered - 1 == pytest.approx(0.2 * (10 - 1.6) / 10, abs=0.03)


def test_the_loser_is_dropped_and_its_work_is_wasted_and_done_twice() -> None:
    one = hedged(", hedge: {after: 50ms, budget: 100%}", rate=50)
    one.advance(60 * S)
    found = to_the_end(one)
    extra = link(one, LINK).attempts - found.offered
    assert found.served == found.offered
    assert found.duplicates == extra > 40
    assert found.wasted_ns == pytest.approx(extra * 940 * MS, rel=0.1)


def test_both_must_fail_before_it_is_tried_again() -> None:
    """Every execution fails, after 10 ms; the hedge starts at 5 ms. Three tries of two attempts each."""
    one = world(
        {"web": "producer, rate: 10/s, arrivals: constant", "app": "service, slots: 10, takes: 10ms, fails: 100%"},
        ["{link: web -> app, hedge: {after: 5ms, budget: 100%}, retry: {attempts: 3, backoff: 100ms, jitter: none}}"],
    )
    one.advance(10 * S)
    found = to_the_end(one)
    assert found.failed == found.offered
    assert link(one, "web -> app").attempts == 6 * found.offered
    assert found.latency_p99_ns == 0
    assert one.sums()["nodes"]["web"]["mean_stay"] == pytest.approx(0.345)


@pytest.mark.parametrize("after", ["0s", "5ms", "15ms"])
def test_patience_ends_both(after: str) -> None:
    one = world(
        {"web": "producer, rate: 50/s, deadline: 200ms", "app": "service, slots: 1000, takes: 1s"},
        [f"{{link: web -> app, hedge: {{after: {after}, budget: 100%}}, bulkhead: {{limit: 15, wait: 100ms}}}}"],
    )
    one.advance(10 * S)
    to_the_end(one)
    outlet = one.groups["web"].places[0].outlets[0]
    assert (outlet.out, outlet.held, outlet.wire.open) == (0, 0, 0)
    assert outlet.policies[-1].inside == 0  # type: ignore[attr-defined]
    assert set(reasons(one)) <= {"app: no answer in time", "app: bulkhead full"}


def test_a_silent_replica_costs_only_the_delay_of_the_hedge() -> None:
    """The answer does not come at all from one of ten: the hedge goes to the next."""
    one = hedged(", hedge: {after: 53ms, budget: 20%}, timeout: 1s")
    for layer in list(one.layers):
        one.lift(layer)
    handle = one.freeze(Target("store", (3,)))
    one.advance(20 * S)
    assert flow(one).failed == 0
    assert flow(one).latency_p99_ns == pytest.approx(63 * MS, rel=0.02)
    before = link(one, LINK).attempts
    assert before == pytest.approx(flow(one).offered * 1.1, rel=0.01)
    one.lift(handle)
    one.advance(21 * S)
    before = link(one, LINK).attempts
    one.advance(30 * S)
    assert link(one, LINK).attempts == before + 200 * 9


def test_a_caller_that_restarts_begins_anew() -> None:
    one = hedged(", hedge: {quantile: 50%, least: 20, after: 1ms, budget: 100%}")
    one.advance(5 * S)
    hedge = one.groups["app"].places[0].outlets[0].policies[0]
    assert hedge.learned > 0  # type: ignore[attr-defined]
    one.lift(one.kill(all_of(one, "app")))
    assert (hedge.learned, hedge.times.count) == (-1, 0)  # type: ignore[attr-defined]
    to_the_end(one)
    one.advance(one.now + 2 * S)
    assert one.wires[1].open == 0


def test_the_hedge_goes_to_another_replica() -> None:
    """After 50 ms ten more were sent, so it is the silent one's turn again: it is passed over."""
    one = hedged(", hedge: {after: 50ms, budget: 20%}, timeout: 1s")
    for layer in list(one.layers):
        one.lift(layer)
    one.freeze(Target("store", (3,)))
    one.advance(5 * S)
    assert flow(one).failed == 0
