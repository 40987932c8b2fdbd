"""Load balancers: whom they choose, and what they know of each target's health."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, flow, node, reasons, to_the_end, world
from topology.problems import PlaygroundError
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


# How it chooses


def choosing(words: str, app: str = "service, replicas: 4, takes: 20ms, slots: 1", rate: int = 100) -> SimWorld:
    front = f"load_balancer, {words}, health_check: {{interval: 1s, timeout: 500ms}}"
    return world({"web": f"producer, rate: {rate}/s", "front": front, "app": app}, ["web -> front -> app"])


def test_chance_spreads_evenly_and_a_fault_moves_only_what_it_hits() -> None:
    """Who goes where hangs on the message alone: once the fault is over, both runs choose alike, call by call."""
    one, other = choosing("choose: random"), choosing("choose: random")
    handle = 0
    for at in (10, 15, 25, 45):
        one.advance(at * S)
        other.advance(at * S)
        if at == 10:
            handle = other.kill(Target("app", (3,)))
        elif at == 15:
            other.lift(handle)
        elif at == 25:
            before = [shares(one), shares(other)]
    given = [[b - a for a, b in zip(x, shares(w), strict=True)] for x, w in zip(before, (one, other), strict=True)]
    assert given[0] == given[1]
    assert given[0] == pytest.approx([500] * 4, abs=75)
    assert before[0] != before[1]


@pytest.mark.parametrize(("weights", "expected"), [("[3, 1, 1, 1]", [1000, 333, 333, 333]), ("[1, 0]", [1000, 0, 1000, 0])])
def test_weights_go_by_replica_and_over_again(weights: str, expected: list[int]) -> None:
    one = choosing(f"choose: weighted, weights: {weights}")
    one.advance(20 * S)
    total = sum(shares(one))
    assert shares(one) == pytest.approx([x * total / 2000 for x in expected], abs=2)


def test_weights_go_by_zone() -> None:
    one = choosing("choose: weighted, weights: {a: 3, b: 1}", app="service, replicas: 4, takes: 1ms, zones: 2")
    one.advance(20 * S)
    total = sum(shares(one))
    assert shares(one) == pytest.approx([total * x / 8 for x in (3, 1, 3, 1)], abs=2)


@pytest.mark.parametrize("words", ["choose: weighted", "weights: [1]", "choose: weighted, weights: [0, 0]",
                                   "choose: weighted, weights: {a: 1, c: 2}", "choose: weighted, weights: [x]"])  # fmt: skip
def test_weights_that_do_not_fit_are_refused(words: str) -> None:
    with pytest.raises(PlaygroundError, match="weight"):
        choosing(words)


@pytest.mark.parametrize(("choose", "most"), [("round_robin", 1.0), ("least_outstanding", 0.6), ("power_of_two", 0.6)])
def test_a_slow_target_gets_less_only_from_who_counts(choose: str, most: float) -> None:
    """One of four targets is 20 times slower: in turn it gets a full share; who counts the calls that wait gives it few."""
    one = choosing(f"choose: {choose}", app="service, replicas: 4, takes: 20ms, slots: 8")
    one.advance(5 * S)
    before = shares(one)
    handle = one.lay("slow", Target("app", (1,)), {"factor": 20})
    one.advance(25 * S)
    given = [b - a for a, b in zip(before, shares(one), strict=True)]
    share = given[1] / (sum(given) / 4)
    assert share == pytest.approx(1.0, abs=0.02) if most == 1.0 else share < most
    one.lift(handle)
    one.advance(30 * S)
    before = shares(one)
    one.advance(50 * S)
    given = [b - a for a, b in zip(before, shares(one), strict=True)]
    assert given[1] == pytest.approx(sum(given) / 4, rel=0.1)


# Zones


def zoned(cross_zone: bool) -> SimWorld:
    front = f"load_balancer, replicas: 3, zones: 3, cross_zone: {str(cross_zone).lower()}, health_check: {{interval: 1s}}"
    return world(
        {"web": f"{WEB}, clients: 3", "front": front, "app": "service, replicas: 6, zones: 3, takes: 1ms"},
        ["web -> front -> app"],
    )


def test_without_cross_zone_a_node_uses_its_own_zone_only() -> None:
    """The targets of zone b die. Across zones they are taken out and nothing more fails; without, the node in zone b has only
    dead ones and tries them, so a third fails."""
    for cross_zone in (True, False):
        one = zoned(cross_zone)
        one.advance(10 * S)
        assert shares(one) == pytest.approx([167] * 6, abs=2)
        handle = one.kill(Target("app", (1, 4)))
        one.advance(20 * S)
        before = flow(one).failed
        one.advance(30 * S)
        lost = (flow(one).failed - before) / 1000
        assert lost == pytest.approx(0.0 if cross_zone else 1 / 3, abs=0.01)
        assert set(reasons(one)) == {"front: bad gateway (502)"}
        one.lift(handle)
        one.advance(40 * S)
        before = flow(one).failed
        one.advance(50 * S)
        assert flow(one).failed == before


# Stickiness


STICKY = "producer, rate: 200/s, clients: 20, deadline: 1s"


def test_a_client_comes_back_to_the_same_target_until_that_fails() -> None:
    front = "load_balancer, stickiness: {by: client, for: 10s}, health_check: {interval: 1s, timeout: 500ms}"
    one = world({"web": STICKY, "front": front, "app": "service, replicas: 7, takes: 1ms"}, ["web -> front -> app"])
    one.advance(5 * S)
    pins = dict(one.groups["front"].shelves["cookies"].rows)
    assert len(pins) == 20
    held = {owner: pin.target for owner, pin in pins.items()}
    assert max(held.values()) == 6
    one.kill(Target("app", (2,)))
    one.advance(10 * S)
    moved = {owner: pin.target for owner, pin in one.groups["front"].shelves["cookies"].rows.items()}
    assert all(moved[owner] == target for owner, target in held.items() if target != 2)
    assert 2 not in moved.values()
    handle = one.kill(all_of(one, "front"))
    one.advance(12 * S)
    one.lift(handle)
    one.advance(15 * S)
    again = {owner: pin.target for owner, pin in one.groups["front"].shelves["cookies"].rows.items()}
    assert again == moved
    assert dict(node(one, "front").gauges)["pinned"] == 20


@pytest.mark.parametrize(("lasts", "given"), [("2s", [5, 5, 5, 5]), ("4s", [0, 7, 7, 7])])
def test_a_client_is_known_for_as_long_as_it_says(lasts: str, given: list[int]) -> None:
    """Each of three clients comes every 3 s: in turn to all four targets, or again to the one it had."""
    web = "producer, rate: 1/s, arrivals: constant, clients: 3"
    front = f"load_balancer, stickiness: {{for: {lasts}}}"
    one = world({"web": web, "front": front, "app": "service, replicas: 4, takes: 1ms"}, ["web -> front -> app"])
    one.advance(21 * S)
    assert sorted(shares(one)) == pytest.approx(given, abs=1)


def test_who_has_no_tenant_is_pinned_nowhere() -> None:
    front = "load_balancer, stickiness: tenant, health_check: {interval: 1s}"
    one = world({"web": STICKY, "front": front, "app": "service, replicas: 4, takes: 1ms"}, ["web -> front -> app"])
    one.advance(5 * S)
    assert dict(node(one, "front").gauges)["pinned"] == 0
    assert shares(one) == pytest.approx([250] * 4, abs=15)


# Coming and going


@pytest.mark.parametrize("choose", ["round_robin", "random"])
def test_a_slow_start_grows_evenly(choose: str) -> None:
    """Over its 20 s of slow start a target gets half of what it would get, and a full share after that."""
    one = world(
        {
            "web": "producer, rate: 400/s, arrivals: constant",
            "front": f"load_balancer, choose: {choose}, slow_start: 20s, health_check: {{interval: 100ms, timeout: 50ms}}",
            "app": "service, replicas: 4, takes: 1ms",
        },
        ["web -> front -> app"],
    )
    one.advance(5 * S)
    assert shares(one)[0] == pytest.approx(500, abs=60)
    one.scale("app", 5)
    one.advance(25 * S)
    first = shares(one)[4]
    half = sum(400 * (t / 20) / (4 + t / 20) for t in [x / 100 for x in range(2000)]) / 100
    assert first == pytest.approx(half, rel=0.12)
    one.advance(45 * S)
    assert shares(one)[4] - first == pytest.approx(1600, rel=0.06)


def test_a_leaving_target_finishes_what_it_holds_or_is_cut_off() -> None:
    """Calls take 4 s. Draining for 10 s loses none; draining for 1 s loses those that then are still held."""
    failed = {}
    for draining in (10, 1):
        one = world(
            {
                "web": "producer, rate: 20/s, arrivals: constant, deadline: 20s",
                "front": f"load_balancer, draining: {draining}s, health_check: {{interval: 1s}}",
                "app": "service, replicas: 2, slots: 100, takes: 4s",
            },
            ["web -> front -> app"],
        )
        one.advance(10 * S)
        held = int(one.groups["app"].places[1].meter.inside)
        assert held == pytest.approx(40, abs=1)
        one.scale("app", 1)
        one.advance(30 * S)
        failed[draining] = flow(one).failed
        assert set(reasons(one)) == ({"front: bad gateway (502)"} if draining == 1 else set())
        found = to_the_end(one)
        assert found.served + found.failed == found.offered
    assert failed == {10: 0, 1: pytest.approx(30, abs=2)}


def test_panic_uses_all_when_too_few_are_left() -> None:
    """Three of four are found dead. Without panic the last one gets all; below 50 % all get their share, and most fail."""
    for panic, lost in ((0, 0.0), (50, 0.75)):
        one = balanced(front=f"load_balancer, panic: {panic}%, health_check: {{interval: 1s, timeout: 500ms}}")
        one.advance(5 * S)
        one.kill(Target("app", (1, 2, 3)))
        one.advance(10 * S)
        before = flow(one).failed
        one.advance(20 * S)
        assert (flow(one).failed - before) / 1000 == pytest.approx(lost, abs=0.01)


def test_one_that_is_wired_to_nobody_does_no_harm() -> None:
    one = world({"web": WEB, "front": CHECKED, "app": "service, takes: 1ms"}, ["web -> app"])
    one.advance(10 * S)
    assert flow(one).served > 990
    assert dict(node(one, "front").gauges)["targets"] == 0
