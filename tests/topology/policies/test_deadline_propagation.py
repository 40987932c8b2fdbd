"""Deadlines that are passed on: nobody works for a caller that has left."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, flow, link, node, reasons, to_the_end, world
from topology.sim.world import SimWorld

PASSED = ", deadline_propagation: {}"


def chain(on: str, deadline: str = "300ms", takes: str = "200ms", first: str = "") -> SimWorld:
    """Each of three takes 200 ms, one after the other, and the customer waits for 300 ms."""
    web = f"producer, rate: 10/s, arrivals: constant, deadline: {deadline}"
    nodes = {"web": web} | {name: f"service, slots: 100, takes: {takes}" for name in ("a", "b", "c")}
    return world(nodes, [f"{{link: web -> a{first}{on}}}", f"{{link: a -> b{on}}}", f"{{link: b -> c{on}}}"])


def test_a_chain_that_timed_out_stops_working_for_nobody() -> None:
    """a 0–200, b 200–400, c 400–600, a waits for all: the customer leaves at 300. With it a leaves then, too; b ends at 400."""
    without, with_it = chain(""), chain(PASSED)
    for one in (without, with_it):
        one.advance(20 * S)
        to_the_end(one)
        assert flow(one).failed == flow(one).offered
    offered = flow(without).offered
    assert link(without, "b -> c").attempts == offered
    assert link(with_it, "b -> c").attempts == 0
    assert flow(without).wasted_ns == pytest.approx(offered * 300 * MS, rel=0.01)
    assert flow(with_it).wasted_ns == pytest.approx(offered * 100 * MS, rel=0.01)


def test_no_time_left_is_refused_at_once() -> None:
    """The first has 250 ms of its own; the second is not called at all when the customer has 200 ms."""
    one = chain(PASSED, deadline="200ms", takes="250ms")
    one.advance(5 * S)
    to_the_end(one)
    assert link(one, "a -> b").attempts == 0
    assert dict(link(one, "a -> b").reasons) == {"b: no time left before the deadline": flow(one).offered}


def test_some_of_what_is_left_is_kept_for_the_callers_own_work() -> None:
    """The customer waits for 300 ms, of which a keeps 100: b does not answer, and a gives it up after 200 ms."""
    web = "producer, rate: 10/s, arrivals: constant, deadline: 300ms"
    kept = ", fallback: {}, deadline_propagation: {reserve: 100ms}"
    nodes = {"web": web, "a": "service, slots: 100, takes: 0s", "b": "service, slots: 100, takes: 10s"}
    one = world(nodes, ["web -> a", f"{{link: a -> b{kept}}}"])
    one.advance(5 * S)
    found = to_the_end(one)
    assert found.served == found.degraded == found.offered
    assert found.latency_p50_ns == pytest.approx(200 * MS, rel=0.01)


def test_what_a_caller_waits_for_is_what_its_callees_have() -> None:
    """The first link waits 250 ms of the customer's 10 s; so the second has only 50 ms, and c is not called."""
    one = chain(PASSED, deadline="10s", first=", timeout: 250ms")
    one.advance(10 * S)
    to_the_end(one)
    assert link(one, "b -> c").attempts == 0
    assert node(one, "b").busy == 0
    assert flow(one).failed == flow(one).offered


def test_retries_share_what_is_left() -> None:
    """500 ms of which each attempt may take 200: two whole ones, and a last one of 100 ms."""
    web = "producer, rate: 5/s, arrivals: constant, deadline: 10s"
    nodes = {"web": web, "a": "service, slots: 100, takes: 0s", "b": "service, slots: 1000, takes: 5s"}
    settings = "timeout: 200ms, retry: {attempts: 10, backoff: 0s, jitter: none}"
    one = world(
        nodes, ["{link: web -> a, timeout: 500ms, deadline_propagation: {}}", f"{{link: a -> b, {settings}{PASSED}}}"]
    )
    one.advance(10 * S)
    to_the_end(one)
    assert link(one, "a -> b").attempts == 3 * flow(one).offered
    assert max(p.meter.busy for p in one.groups["a"].places) == 0


def test_what_runs_behind_a_queue_has_no_deadline() -> None:
    nodes = {
        "web": "producer, rate: 10/s, deadline: 100ms", "q": "sqs", "b": "service, slots: 2, takes: 150ms",
        "c": "service, slots: 9, takes: 100ms",
    }
    one = world(nodes, [f"{{link: web => q{PASSED}}}", "{link: q => b, batch: 1, wait: 20s}", f"{{link: b -> c{PASSED}}}"])
    one.advance(10 * S)
    found = to_the_end(one)
    assert found.served == found.offered


def test_a_crash_leaves_nothing_and_a_heal_ends_it() -> None:
    one = chain(PASSED, takes="20ms")
    one.advance(5 * S)
    assert flow(one).failed == 0
    handle = one.lay("slow", all_of(one, "a"), {"factor": 10})
    killed = one.kill(all_of(one, "b"))
    one.advance(10 * S)
    failed = flow(one).failed
    assert failed > 45
    one.lift(handle)
    one.lift(killed)
    one.advance(11 * S)
    failed = flow(one).failed
    one.advance(20 * S)
    assert flow(one).failed == failed
    to_the_end(one)
    assert [w.open for w in one.wires] == [0, 0, 0]


def test_with_a_pool_the_time_spent_waiting_for_a_connection_counts() -> None:
    """One connection of 100 ms: who waited 250 ms of 300 has 50 ms left, which is not enough."""
    web = "producer, rate: 40/s, arrivals: constant, deadline: 300ms, patience: 1s"
    nodes = {"web": web, "a": "service, slots: 1000, takes: 0s", "b": "service, slots: 10, takes: 100ms"}
    one = world(nodes, ["web -> a", f"{{link: a -> b, pool: {{size: 1, wait: 2s, discard: true}}{PASSED}}}"])
    one.advance(10 * S)
    assert set(reasons(one)) <= {"a: no answer in time", "b: no answer in time", "b: no time left before the deadline"}
    assert flow(one).late == 0
