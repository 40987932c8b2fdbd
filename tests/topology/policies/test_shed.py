"""Shedding by expected wait."""

from __future__ import annotations

from tests.topology.policies.doors import crash, fared, overloaded
from tests.topology.worlds import MS, S, all_of, flow, node, reasons, world


def test_nearly_all_that_can_be_done_is_done_in_time() -> None:
    """Twice the load: without it 1 % is in time, with it what there are slots for; nobody waits much longer than 200 ms."""
    plain, shedding = overloaded("", seconds=15), overloaded("shed: {wait: 200ms}", seconds=15)
    assert fared(plain).served < 600
    assert fared(shedding).served > 0.95 * 15 * 200
    assert fared(shedding).late < 20
    assert set(reasons(shedding)) == {"app: shed: it would wait too long"}


def test_it_reckons_with_what_calls_wait_for() -> None:
    """A slot is held for 1 ms of work and 99 ms of a dependency: with 2 slots 4 may wait for 200 ms. A few more get
    in at the very beginning, before anything has ended. When the dependency slows down, hardly anybody may wait."""
    one = world(
        {
            "web": "producer, rate: 100/s, arrivals: constant, deadline: 60s",
            "app": "service, slots: 2, takes: 1ms, shed: {wait: 200ms}",
            "db": "service, slots: 50, takes: 99ms",
        },
        ["web -> app -> db"],
    )
    one.advance(10 * S)
    assert 3 <= node(one, "app").queued <= 4
    assert flow(one).latency_p50_ns < 310 * MS
    one.lay("slow", all_of(one, "db"), {"factor": 4})
    one.advance(60 * S)
    assert node(one, "app").queued <= 1


def test_a_restart_forgets_how_long_calls_took() -> None:
    """With nothing known everything is let in, until the first calls have ended."""
    one = overloaded("shed: {wait: 10ms}", seconds=5)
    before = node(one, "app").queued
    crash(one)
    one.advance(5 * S + 30 * MS)
    assert node(one, "app").queued >= before


def test_it_works_beside_a_bounded_queue() -> None:
    one = overloaded("shed: {wait: 200ms}, queue: {limit: 20}", seconds=10)
    assert set(reasons(one)) == {"app: queue full"}
    other = overloaded("shed: {wait: 50ms}, queue: {limit: 20}", seconds=10)
    assert set(reasons(other)) == {"app: shed: it would wait too long"}
