"""Throttles: how much they let through, for whom, and what they say."""

from __future__ import annotations

import pytest

from tests.topology.worlds import S, all_of, flow, node, reasons, to_the_end, world
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld

APP = "service, replicas: 2, slots: 100, takes: 1ms"


def gated(gate: str, rate: int = 100, web: str = "") -> SimWorld:
    nodes = {"web": f"producer, rate: {rate}/s, arrivals: constant{web}", "gate": f"throttle, {gate}", "app": APP}
    return world(nodes, ["web -> gate -> app"])


def test_a_burst_then_the_rate() -> None:
    one = gated("rate: 40/s, burst: 200")
    one.advance(20 * S)
    found = flow(one)
    assert found.served == pytest.approx(200 + 40 * 20, abs=3)
    assert reasons(one) == {"gate: too many requests (429)": found.refused}
    assert dict(node(one, "gate").gauges)["turned away"] == found.refused
    assert node(one, "gate").slots == 0


def test_the_documented_limit_is_ten_thousand_a_second_and_a_burst_of_five() -> None:
    one = world({"web": "producer, rate: 16000/s, arrivals: constant", "gate": "throttle", "app": "endpoint, takes: 1ms"},
                ["web -> gate -> app"])  # fmt: skip
    one.advance(1 * S)
    assert flow(one).offered - flow(one).refused == pytest.approx(5_000 + 10_000, rel=0.002)


def test_below_its_rate_it_is_not_noticed() -> None:
    one = gated("rate: 120/s, burst: 5")
    one.advance(20 * S)
    assert flow(one).refused == 0
    assert flow(one).latency_p99_ns == 1_000_000


def test_each_client_has_a_bucket_of_its_own() -> None:
    """Four clients of 25/s each: 10/s for each of them is 40/s, and one bucket for all is 10/s."""
    each, together = gated("rate: 10/s, burst: 5, by: client", web=", clients: 4"), gated("rate: 10/s, burst: 5")
    for one in (each, together):
        one.advance(20 * S)
    assert flow(each).served == pytest.approx(4 * (5 + 10 * 20), rel=0.01)
    assert flow(together).served == pytest.approx(5 + 10 * 20, rel=0.01)
    assert dict(node(each, "gate").gauges)["buckets"] == 4


def test_a_quota_holds_for_a_stretch_of_time() -> None:
    one = gated("quota: {calls: 500, per: 10s}")
    one.advance(20 * S)
    assert flow(one).served == pytest.approx(1000, abs=1)
    assert reasons(one) == {"gate: quota used up (429)": flow(one).refused}
    one.advance(22 * S)
    assert flow(one).served == pytest.approx(1200, abs=2)


def test_silence_behind_it_is_a_504_after_29_seconds_and_a_crash_a_502() -> None:
    one = gated("rate: 1000/s", web=", deadline: 100s")
    one.advance(5 * S)
    frozen = one.freeze(all_of(one, "app"))
    one.advance(33 * S)
    assert flow(one).failed == 0
    one.advance(36 * S)
    assert reasons(one) == {"gate: gateway timeout (504)": pytest.approx(200, abs=2)}
    one.lift(frozen)
    dead = one.kill(all_of(one, "app"))
    one.advance(37 * S)
    assert "gate: bad gateway (502)" in reasons(one)
    one.lift(dead)
    one.advance(38 * S)
    bad = flow(one).failed
    one.advance(45 * S)
    assert flow(one).failed == bad


def test_a_crashed_gate_refuses_and_its_limit_is_remembered() -> None:
    one = gated("rate: 10/s, burst: 500")
    one.advance(10 * S)
    before = flow(one).served
    handle = one.kill(all_of(one, "gate"))
    one.advance(11 * S)
    assert reasons(one)["gate: connection refused"] == pytest.approx(100, abs=1)
    one.lift(handle)
    one.advance(20 * S)
    assert flow(one).served - before == pytest.approx(10 * 10, abs=5)


def test_two_limits_on_it_overlap_and_each_heal_takes_its_own() -> None:
    """A throttling fault on the gate itself, twice: the stronger counts; with one healed the other is left."""
    one = gated("rate: 1000/s")
    one.advance(5 * S)
    served, rates = flow(one).served, []
    first = one.lay("throttle", all_of(one, "gate"), {"rate": 50.0})
    second = one.lay("throttle", all_of(one, "gate"), {"rate": 20.0})
    for at, handle in ((35, second), (65, first), (75, 0)):
        one.advance((at - 10) * S)
        served = flow(one).served
        one.advance(at * S)
        rates.append((flow(one).served - served) / 10)
        one.lift(handle)
    assert rates == pytest.approx([20, 50, 100], rel=0.15)


def test_it_goes_on_to_services_in_turn_and_through_balancers() -> None:
    one = gated("rate: 1000/s")
    one.advance(10 * S)
    assert [int(p.meter.arrivals) for p in one.groups["app"].places] == pytest.approx([500, 500], abs=1)
    nodes = {"web": "producer, rate: 50/s", "edge": "nlb", "gate": "throttle, replicas: 2", "front": "alb", "app": APP}
    two = world(nodes, ["web -> edge -> gate -> front -> app"])
    two.advance(10 * S)
    found = to_the_end(two)
    assert found.served == found.offered > 0


def test_it_passes_calls_on_to_one_node() -> None:
    nodes = {"web": "producer, rate: 1/s", "gate": "throttle", "app": APP, "other": APP}
    with pytest.raises(PlaygroundError, match="passes calls on to one node"):
        world(nodes, ["web -> gate -> app", "gate -> other"])
    with pytest.raises(PlaygroundError, match="nobody to pass calls to"):
        world({"web": "producer, rate: 1/s", "gate": "throttle", "app": APP}, ["web -> gate", "web -> app"])
    with pytest.raises(PlaygroundError, match="a gateway hands nothing on"):
        world({"web": "producer, rate: 1/s", "gate": "throttle", "q": "sqs"}, ["web -> gate => q"])
