"""Application Load Balancers: the documented defaults, by what they do."""

from __future__ import annotations

import math

import pytest

from tests.topology.worlds import MS, S, all_of, flow, node, reasons, world
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld
from topology.world import Target

WEB = "producer, rate: 100/s, arrivals: constant, deadline: 300s"


def balanced(front: str = "alb", app: str = "service, replicas: 4, takes: 1ms", web: str = WEB) -> SimWorld:
    return world({"web": web, "front": front, "app": app}, ["web -> front -> app"])


def turned(one: SimWorld) -> list[tuple[int, str]]:
    return [(at // MS, words.split(" ")[3].strip(":")) for at, name, words in one.notes() if name == "front/0"]


def test_two_failures_take_a_target_out_and_five_passes_back_in() -> None:
    """Target 0 is asked at each half minute. Refused at 60 s and 90 s it is out; at the fifth pass after that it is in again."""
    one = balanced(web="producer, rate: 20/s, arrivals: constant")
    one.advance(31 * S)
    handle = one.kill(Target("app", (0,)))
    one.advance(119 * S)
    assert turned(one) == [(90_000, "out")]
    assert set(reasons(one)) == {"front: bad gateway (502)"}
    bad = flow(one).failed
    assert bad == pytest.approx(59 * 5, abs=3)
    one.lift(handle)
    one.advance(300 * S)
    assert turned(one) == [(90_000, "out"), (240_000, "in")]
    assert flow(one).failed == bad


def test_silence_fails_a_check_after_five_seconds() -> None:
    one = balanced()
    one.advance(31 * S)
    one.freeze(Target("app", (0,)))
    one.advance(110 * S)
    assert turned(one) == [(95_000, "out")]


def test_a_silent_target_is_a_504_after_the_idle_timeout() -> None:
    one = balanced()
    one.advance(10 * S)
    handle = one.freeze(all_of(one, "app"))
    one.advance(69 * S)
    assert flow(one).failed == 0
    one.advance(72 * S)
    assert reasons(one) == {"front: gateway timeout (504)": pytest.approx(200, abs=2)}
    one.lift(handle)
    one.advance(73 * S)
    bad = flow(one).failed
    one.advance(100 * S)
    assert flow(one).failed == bad
    assert node(one, "front").up == 1


def test_no_registered_target_is_a_503() -> None:
    one = balanced()
    one.advance(10 * S)
    one.scale("app", 0)
    one.advance(20 * S)
    assert set(reasons(one)) == {"front: no target (503)"}
    assert flow(one).refused == pytest.approx(1000, abs=2)
    one.scale("app", 2)
    one.advance(60 * S)
    refused = flow(one).refused
    one.advance(70 * S)
    assert flow(one).refused == refused


def test_a_leaving_target_has_five_minutes() -> None:
    app = "service, replicas: 2, slots: 5000, takes: 400s"
    one = balanced("alb, idle_timeout: 1000s", app, "producer, rate: 1/s, deadline: 1h")
    one.advance(10 * S)
    held = int(one.groups["app"].places[1].meter.inside)
    one.scale("app", 1)
    one.advance(309 * S)
    assert flow(one).failed == 0
    one.advance(315 * S)
    assert flow(one).failed == held > 0
    assert set(reasons(one)) == {"front: bad gateway (502)"}


def test_two_faults_at_once_and_one_healed() -> None:
    """Two targets fail one after the other; healing one brings back only that one."""
    one = balanced(front="alb, health_check: {interval: 5s, timeout: 2s, passes: 2}")
    one.advance(10 * S)
    first = one.kill(Target("app", (0,)))
    one.advance(12 * S)
    second = one.kill(Target("app", (0, 1)))
    one.advance(40 * S)
    assert dict(node(one, "front").gauges)["healthy targets"] == 2
    one.lift(second)
    one.advance(60 * S)
    assert dict(node(one, "front").gauges)["healthy targets"] == 3
    one.lift(first)
    one.advance(80 * S)
    assert dict(node(one, "front").gauges)["healthy targets"] == 4


@pytest.mark.parametrize(
    "words", ["slow_start: 10s", "slow_start: 60s, choose: least_outstanding", "health_check: {interval: 1s}", "draining: 1s"]
)
def test_what_the_service_refuses_is_refused(words: str) -> None:
    with pytest.raises(PlaygroundError):
        balanced(f"alb, {words}")


def test_a_cookie_lasts_a_day_by_default() -> None:
    one = balanced("alb, stickiness: {for: 2s}", web="producer, rate: 1/s, arrivals: constant, clients: 3")
    one.advance(30 * S)
    given = [int(p.meter.arrivals) for p in one.groups["app"].places]
    kept = balanced("alb, stickiness: {}", web="producer, rate: 1/s, arrivals: constant, clients: 3")
    kept.advance(30 * S)
    assert sum(given) == 29
    assert min(given) > 0
    assert sorted(int(p.meter.arrivals) for p in kept.groups["app"].places) == pytest.approx([0, 10, 10, 10], abs=1)


def test_a_client_who_comes_before_its_cookie_ends_is_known() -> None:
    """Each of three clients comes every 3 s."""
    one = balanced("alb, stickiness: {for: 4s}", web="producer, rate: 1/s, arrivals: constant, clients: 3")
    one.advance(30 * S)
    assert sorted(int(p.meter.arrivals) for p in one.groups["app"].places) == pytest.approx([0, 10, 10, 10], abs=1)


def test_a_slow_start_lasts_as_long_as_it_says() -> None:
    """Of 100/s the fourth target gets s/(3 + s) while its share s grows from 0 to 1, and a quarter after that."""
    one = balanced("alb, slow_start: 40s, health_check: {interval: 5s, timeout: 2s}", app="service, replicas: 3, takes: 1ms")
    one.advance(5 * S)
    one.scale("app", 4)
    # Its first check passes after 3/8 of an interval.
    one.advance(46 * S + 875 * MS)
    given = int(one.groups["app"].places[3].meter.arrivals)
    assert given == pytest.approx(4000 * (1 - 3 * math.log(4 / 3)), rel=0.1)
