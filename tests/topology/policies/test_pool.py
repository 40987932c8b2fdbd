"""Connection pools: how many connections a caller replica has, and who keeps them."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, flow, link, node, on_link, reasons, to_the_end, world
from topology.sim.world import SimWorld

WEB = "producer, rate: 100/s, arrivals: constant, deadline: 5s"
LINK = "app -> db"


def pooled(settings: str, more: str = "", takes: str = "10ms") -> SimWorld:
    nodes = {"web": WEB, "app": "service, slots: 200, takes: 0s", "db": f"service, slots: 1000, takes: {takes}"}
    return world(nodes, ["web -> app", f"{{link: {LINK}, pool: {{{settings}}}{more}}}"])


def leased(one: SimWorld) -> tuple[int, int]:
    """Connections that are taken, and those of them whose attempts were given up."""
    pool = one.groups["app"].places[0].outlets[0].policies[0]
    return pool.leased, pool.stuck  # type: ignore[attr-defined]


def test_a_pool_bounds_the_rate_to_its_size_over_the_time_that_each_takes() -> None:
    """Five connections of 100 ms: 50/s of the 100/s; the others wait 1 s at most."""
    one = pooled("size: 5, wait: 1s", takes="100ms")
    one.advance(20 * S)
    assert link(one, LINK).attempts == pytest.approx(1000, abs=6)
    assert node(one, "db").busy == 5
    assert set(reasons(one)) == {"db: no free connection in the pool"}
    assert flow(one).latency_p99_ns == pytest.approx(1100 * MS, rel=0.02)


def test_the_defaults_are_those_of_hikaricp() -> None:
    one = pooled("", takes="60s")
    one.advance(20 * S)
    assert leased(one) == (10, 0)
    assert one.groups["app"].places[0].outlets[0].policies[0].wait_ns() == 30 * S


def test_a_given_up_attempt_keeps_its_connection_until_the_callee_is_through() -> None:
    """The timeout frees the caller's slots, but not its connections: 5 in 2 s, although each is given up after 100 ms."""
    keeps = pooled("size: 5, wait: 200ms", ", timeout: 100ms", takes="2s")
    keeps.advance(1 * S)
    assert leased(keeps) == (5, 5)
    keeps.advance(10 * S + 100 * MS)
    assert link(keeps, LINK).attempts == pytest.approx(5 * 6, abs=1)
    drops = pooled("size: 5, wait: 200ms, discard: true", ", timeout: 100ms", takes="2s")
    drops.advance(10 * S)
    assert link(drops, LINK).attempts == pytest.approx(50 * 10, rel=0.02)
    assert node(drops, "db").busy == pytest.approx(100, abs=5)
    assert leased(drops)[1] == 0
    for one in (keeps, drops):
        to_the_end(one)
        one.advance(one.now + 10 * S)
        assert leased(one) == (0, 0)


def test_connections_that_somebody_else_took_come_back() -> None:
    one = pooled("size: 5, wait: 500ms")
    one.advance(5 * S)
    assert flow(one).failed == 0
    handle = one.lay("leased", on_link(LINK), {"share": 1.0})
    one.advance(6 * S + 50 * MS)
    before = link(one, LINK).attempts
    one.advance(10 * S)
    assert link(one, LINK).attempts == before
    one.lift(handle)
    one.advance(10 * S + 101 * MS)
    assert link(one, LINK).attempts > before
    failed = flow(one).failed
    assert failed == pytest.approx(450, abs=3)
    one.advance(20 * S)
    assert flow(one).failed == failed
    assert leased(one)[0] <= 1


def test_two_causes_take_more_than_one() -> None:
    """Half and half of the rest leave 5 of 20; the first that ends gives back its own only."""
    one = pooled("size: 20, wait: 0s", takes="10s")
    first = one.lay("leased", on_link(LINK), {"share": 0.5})
    second = one.lay("leased", on_link(LINK), {"share": 0.5})
    one.advance(2 * S)
    assert leased(one)[0] == 5
    one.lift(first)
    one.advance(3 * S)
    assert leased(one)[0] == 10
    one.lift(second)
    one.advance(4 * S)
    assert leased(one)[0] == 20


def test_nothing_is_kept_after_a_crash_of_the_caller() -> None:
    one = pooled("size: 5, wait: 1s", ", timeout: 100ms", takes="2s")
    one.advance(5 * S)
    one.lift(one.kill(all_of(one, "app")))
    assert leased(one) == (0, 0)
    one.advance(20 * S)
    to_the_end(one)
    one.advance(one.now + 10 * S)
    assert leased(one) == (0, 0)


@pytest.mark.parametrize("how", ["kill", "silent", "freeze", "cut"])
def test_every_connection_comes_back_from_a_callee_that_broke(how: str) -> None:
    one = pooled("size: 5, wait: 200ms", ", timeout: 100ms, delay: 5ms", takes="20ms")
    one.advance(5 * S)
    if how == "cut":
        handle = one.lay("cut", on_link(LINK), {"direction": "both"})
    elif how == "freeze":
        handle = one.freeze(all_of(one, "db"))
    else:
        handle = one.kill(all_of(one, "db"), silent=how == "silent")
    one.advance(10 * S)
    assert leased(one) in ([(0, 0), (1, 0)] if how == "kill" else [(5, 5)])
    one.lift(handle)
    one.advance(11 * S)
    failed = flow(one).failed
    one.advance(20 * S)
    assert flow(one).failed == failed
    to_the_end(one)
    one.advance(one.now + S)
    assert leased(one) == (0, 0)


def test_a_bulkhead_before_it_is_passed_first_and_held_while_waiting_for_a_connection() -> None:
    """Three may try, two have a connection: the third waits in the bulkhead, and all others are refused by it."""
    one = pooled("size: 2, wait: 10s", ", bulkhead: {limit: 3}", takes="1s")
    one.advance(10 * S)
    assert set(reasons(one)) == {"db: bulkhead full"}
    assert node(one, "app").busy == 3
    assert node(one, "db").busy == 2
    outlet = one.groups["app"].places[0].outlets[0]
    assert [gate.line.count for gate in outlet.gates] == [0, 1]
