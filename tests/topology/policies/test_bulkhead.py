"""Bulkheads: how many attempts one caller replica has in flight at most."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, flow, link, node, reasons, to_the_end, world
from topology.sim.world import SimWorld

WEB = "producer, rate: 100/s, arrivals: constant, deadline: 1s"
SLOW = "service, slots: 1000, takes: 2s"


def guarded(settings: str, callee: str = SLOW, more: str = "", replicas: int = 1) -> SimWorld:
    nodes = {"web": WEB, "app": f"service, replicas: {replicas}, slots: 20, takes: 0s", "slow": callee}
    return world(nodes, ["web -> app", f"{{link: app -> slow, {settings}{more}}}"])


def inside(one: SimWorld) -> list[int]:
    """What each caller replica's bulkhead counts as in flight."""
    return [p.outlets[0].policies[-1].inside for p in one.groups["app"].places]  # type: ignore[attr-defined]


def test_a_slow_callee_never_holds_more_than_the_limit_of_the_callers_slots() -> None:
    """Without a bulkhead all 20 slots wait for the slow one; with one, three of each replica do."""
    without, guard = guarded("timeout: 5s"), guarded("bulkhead: {limit: 3}", replicas=2)
    most = 0
    for t in range(1, 100):
        guard.advance(t * 100 * MS)
        busy = [r.busy for r in node(guard, "app").replicas]
        most = max(most, *busy)
        assert busy == inside(guard)
    without.advance(10 * S)
    assert node(without, "app").busy == 20
    assert most == 3
    assert set(reasons(guard)) == {"slow: bulkhead full", "app: no answer in time"}


@pytest.mark.slow
def test_the_share_that_gets_through_is_that_of_an_erlang_loss_system() -> None:
    """Poisson arrivals of 2 Erlang on 3 places: a share of 4/19 is refused at once (Erlang B)."""
    one = world(
        {
            "web": "producer, rate: 100/s", "app": "service, slots: 1000, takes: 0s",
            "bank": "endpoint, takes: {exponential: {mean: 20ms}}",
        },
        ["web -> app", "{link: app -> bank, bulkhead: 3}"],
    )
    one.advance(200 * S)
    found = flow(one)
    assert found.failed / found.offered == pytest.approx(4 / 19, abs=0.012)


def test_who_waits_goes_first_come_first_served_and_not_for_ever() -> None:
    """Two places of 100 ms for 100/s: 20/s get one. 10 wait; each would wait 500 ms, and may 300 ms."""
    one = guarded("bulkhead: {limit: 2, wait: 300ms, waiting: 10}", "service, slots: 1000, takes: 100ms")
    one.advance(10 * S)
    attempts = link(one, "app -> slow").attempts
    assert attempts == pytest.approx(200, abs=4)
    assert inside(one) == [2]
    assert flow(one).served == pytest.approx(198, abs=4)
    assert flow(one).latency_p99_ns == pytest.approx(400 * MS, rel=0.05)
    assert one.groups["app"].places[0].outlets[0].held <= 10


def test_only_so_many_wait_at_once() -> None:
    """Two places of 100 ms for 100/s: six wait, for three turns, and whoever finds six waiting is refused at once."""
    one = guarded("bulkhead: {limit: 2, wait: 2s, waiting: 6}", "service, slots: 1000, takes: 100ms")
    one.advance(10 * S)
    assert one.groups["app"].places[0].outlets[0].held == 6
    assert flow(one).latency_p99_ns == pytest.approx(400 * MS, rel=0.05)
    assert flow(one).failed == pytest.approx(80 * 10, abs=12)


def test_nothing_is_kept_after_a_crash_of_the_caller() -> None:
    one = guarded("bulkhead: {limit: 3, wait: 1s}")
    one.advance(5 * S)
    assert inside(one) == [3]
    handle = one.kill(all_of(one, "app"))
    assert one.groups["app"].places[0].outlets[0].held == 0
    one.advance(6 * S)
    one.lift(handle)
    assert inside(one) == [0]
    to_the_end(one)
    assert inside(one) == [0]


def test_its_effect_ends_when_the_callee_is_quick_again() -> None:
    one = guarded("bulkhead: {limit: 3}", "service, slots: 1000, takes: 10ms")
    one.advance(5 * S)
    assert flow(one).failed == 0
    handle = one.lay("slow", all_of(one, "slow"), {"factor": 100})
    one.advance(10 * S)
    failed = flow(one).failed
    assert failed > 450
    one.lift(handle)
    one.advance(12 * S)
    ended = flow(one).failed
    one.advance(20 * S)
    assert flow(one).failed == ended


def test_with_a_timeout_a_place_is_free_before_the_callee_is_through() -> None:
    """The callee goes on with what was given up, so it has more in work than the bulkhead lets one wait for."""
    one = guarded("bulkhead: {limit: 3}", more=", timeout: 100ms")
    one.advance(10 * S)
    assert max(inside(one)) <= 3
    assert link(one, "app -> slow").attempts == pytest.approx(30 * 10, rel=0.05)
    assert node(one, "slow").busy == pytest.approx(60, abs=3)


def test_a_producers_new_list_forgets_no_place() -> None:
    one = world({"web": WEB, "slow": SLOW}, ["{link: web -> slow, bulkhead: {limit: 3}}"])
    one.advance(500 * MS)
    one.rewire("web")
    one.advance(900 * MS)
    assert one.groups["web"].places[0].outlets[0].out == 3
    to_the_end(one)
    assert one.groups["web"].places[0].outlets[0].policies[0].inside == 0  # type: ignore[attr-defined]
