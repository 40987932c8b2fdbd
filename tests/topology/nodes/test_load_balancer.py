"""Load balancers: whom they choose, and what they know of each target's health."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, flow, node, reasons, to_the_end, world
from topology.sim.world import SimWorld
from topology.world import Target

WEB = "producer, rate: 100/s, arrivals: constant, deadline: 1s"
CHECKED = "load_balancer, health_check: {interval: 1s, timeout: 500ms, failures: 2, passes: 2}"


def balanced(app: str = "service, replicas: 4, takes: 1ms", front: str = CHECKED, link: str = "front -> app") -> SimWorld:
    return world({"web": WEB, "front": front, "app": app}, ["web -> front", link])


def shares(one: SimWorld) -> list[int]:
    """Calls that each replica was given."""
    return [int(p.meter.arrivals) for p in one.groups["app"].places]


def test_round_robin() -> None:
    one = balanced()
    one.advance(10 * S)
    assert shares(one) == pytest.approx([250] * 4, abs=1)
    assert sum(shares(one)) == flow(one).offered


def test_it_holds_no_slot_and_adds_no_time() -> None:
    one = balanced()
    one.advance(10 * S)
    seen = node(one, "front")
    assert (seen.slots, seen.busy) == (0, 0)
    assert dict(seen.gauges) == {"targets": 4, "healthy targets": 4}
    assert flow(one).latency_p99_ns == 1 * MS


def test_a_dead_target_is_502_until_it_is_taken_out() -> None:
    """Checks of one target come once a second; the second that fails, at most 2 s after the crash, takes it out."""
    one = balanced()
    one.advance(10 * S + 50 * MS)
    handle = one.kill(Target("app", (1,)))
    one.advance(20 * S)
    found = flow(one)
    assert set(reasons(one)) == {"front: bad gateway (502)"}
    assert 25 <= found.failed <= 50
    assert found.refused == 0
    assert dict(node(one, "front").gauges)["healthy targets"] == 3
    bad = found.failed
    one.lift(handle)
    before = shares(one)[1]
    one.advance(21 * S)
    assert shares(one)[1] == before
    one.advance(23 * S)
    assert shares(one)[1] > before
    assert flow(one).failed == bad


def test_silence_fails_a_check_too() -> None:
    one = balanced()
    one.advance(10 * S)
    handle = one.freeze(Target("app", (1,)))
    one.advance(20 * S)
    assert dict(node(one, "front").gauges)["healthy targets"] == 3
    lost = flow(one).failed
    assert 25 <= lost <= 75
    one.advance(30 * S)
    assert flow(one).failed == lost
    one.lift(handle)
    one.advance(40 * S)
    assert dict(node(one, "front").gauges)["healthy targets"] == 4


def test_with_no_healthy_target_it_tries_them_all() -> None:
    one = balanced()
    one.advance(10 * S)
    handle = one.kill(all_of(one, "app"))
    one.advance(20 * S)
    assert dict(node(one, "front").gauges)["healthy targets"] == 0
    assert set(reasons(one)) == {"front: bad gateway (502)"}
    one.lift(handle)
    served = flow(one).served
    one.advance(20 * S + 100 * MS)
    assert flow(one).served - served == pytest.approx(10, abs=1)


def test_targets_that_come_and_go_are_not_noticed_by_the_customers() -> None:
    one = balanced(app="service, replicas: 2, takes: 10ms")
    one.advance(5 * S)
    one.scale("app", 5)
    one.advance(5 * S + 1)
    assert dict(node(one, "front").gauges)["targets"] >= 2
    one.advance(10 * S)
    assert all(shares(one))
    assert dict(node(one, "front").gauges) == {"targets": 5, "healthy targets": 5}
    one.scale("app", 1)
    one.advance(15 * S)
    assert dict(node(one, "front").gauges) == {"targets": 1, "healthy targets": 1}
    one.scale("app", 3)
    one.advance(20 * S)
    assert dict(node(one, "front").gauges) == {"targets": 3, "healthy targets": 3}
    found = to_the_end(one)
    assert found.served == found.offered


def test_a_new_target_needs_one_pass() -> None:
    """It gets nothing before it is up (2 s) and nothing after more than one check; a known one would need two passes."""
    one = balanced(app="service, replicas: 1, takes: 1ms, start: 2s")
    one.advance(5 * S)
    one.scale("app", 2)
    one.advance(7 * S)
    assert shares(one)[1] == 0
    one.advance(8 * S + 200 * MS)
    assert shares(one)[1] > 0
    assert flow(one).failed == 0


def test_a_retry_goes_to_another_target() -> None:
    one = balanced(
        app="service, replicas: 4, takes: 1ms",
        front="load_balancer, health_check: {interval: 1h, failures: 100}",
        link="{link: front -> app, retry: {attempts: 2, backoff: 1ms}}",
    )
    one.advance(1 * S)
    one.kill(Target("app", (1,)))
    one.advance(10 * S)
    assert flow(one).failed == 0
    living = [n for i, n in enumerate(shares(one)) if i != 1]
    assert max(living) < 1.7 * min(living)


def test_refusals_are_passed_on_and_errors_too() -> None:
    full = balanced(app="service, slots: 1, takes: 1s, queue: {limit: 0}")
    full.advance(5 * S)
    assert set(reasons(full)) == {"app: queue full"}
    assert flow(full).failed == 0
    failing = balanced(app="service, takes: 1ms, fails: 100%")
    failing.advance(5 * S)
    assert set(reasons(failing)) == {"app: error"}
    assert flow(failing).refused == 0


def test_a_crashed_balancer_refuses_and_comes_back_knowing_nothing() -> None:
    one = balanced()
    one.advance(5 * S)
    handle = one.kill(all_of(one, "front"))
    one.advance(6 * S)
    assert reasons(one) == {"front: connection refused": flow(one).refused}
    assert flow(one).refused == 100
    one.lift(handle)
    one.advance(7 * S)
    assert flow(one).refused == 100
    assert flow(one).failed == 0
