"""Fallbacks: a substitute for an answer that failed."""

from __future__ import annotations

import pytest

from tests.topology.worlds import S, all_of, flow, link, playground, reasons, to_the_end, world
from topology.sim.world import SimWorld

WEB = "producer, rate: 100/s, arrivals: constant, deadline: 1s"


def guarded(settings: str, more: str = "", takes: str = "10ms") -> SimWorld:
    nodes = {"web": WEB, "shop": "service, slots: 50, takes: 1ms", "ads": f"service, slots: 50, takes: {takes}"}
    return world(nodes, ["web -> shop", f"{{link: shop -> ads, fallback: {settings}{more}}}"])


def test_a_default_turns_every_final_failure_into_a_degraded_yes() -> None:
    one = guarded("{}")
    one.advance(5 * S)
    handle = one.kill(all_of(one, "ads"))
    one.advance(10 * S)
    found = flow(one)
    assert (found.served, found.failed) == (found.offered - found.in_system, 0)
    assert found.degraded == pytest.approx(500, abs=2)
    assert found.half_done == 0
    one.lift(handle)
    one.advance(11 * S)
    degraded = flow(one).degraded
    one.advance(20 * S)
    assert flow(one).degraded == degraded


def test_the_callees_part_is_not_among_the_work_unless_the_file_says_so() -> None:
    links = ["web -> shop", "{link: shop -> ads, fallback: {}}", "ads -> store"]
    nodes = {"web": "producer, rate: 1/s", "shop": "service", "ads": "service", "store": "service"}
    assert playground(nodes, links).flows[0].work == ("shop",)
    assert playground(nodes, [links[0], "shop -> ads", links[2]]).flows[0].work == ("shop", "ads", "store")
    said = world(nodes | {"web": "producer, rate: 10/s, arrivals: constant, work: [shop, ads]"}, links)
    said.kill(all_of(said, "ads"))
    said.advance(10 * S)
    found = to_the_end(said)
    assert found.lost == found.degraded == found.offered


def test_a_stale_answer_must_have_been_heard_lately() -> None:
    """Ads answer until 5 s; what was heard then stands in for 3 s, and then nothing does."""
    one = guarded("{answer: stale, max_age: 3s}")
    one.advance(5 * S)
    one.kill(all_of(one, "ads"))
    one.advance(10 * S)
    found = flow(one)
    assert found.degraded == pytest.approx(300, abs=2)
    assert found.failed == pytest.approx(200, abs=2)
    assert set(reasons(one)) == {"ads: connection refused"}


def test_a_replica_that_restarts_has_nothing_stale_to_give() -> None:
    one = guarded("{answer: stale, max_age: 1h}")
    one.advance(5 * S)
    one.kill(all_of(one, "ads"))
    one.advance(6 * S)
    assert flow(one).failed == 0
    one.lift(one.kill(all_of(one, "shop")))
    failed = flow(one).failed
    one.advance(8 * S)
    assert flow(one).failed - failed == pytest.approx(200, abs=2)


def test_each_key_has_its_own_and_they_are_bounded() -> None:
    one = guarded("{answer: stale, keys: 3}")
    one.advance(1 * S)
    place = one.groups["shop"].places[0]
    fallback = place.outlets[0].policies[0]
    call = place.outlets[0].wire.callee.places[0].open
    while call is None:
        one.advance(one.now + 1_000_000)
        call = place.outlets[0].wire.callee.places[0].open
    call.outcome = 1
    for key in (1, 2, 3, 1, 4):
        call.message.key = key
        place.now = one.now
        fallback.heard(place, call)
    known = []
    for key in (1, 2, 3, 4):
        call.message.key = key
        known.append(fallback.rescues(place, call))
    assert known == [True, False, True, True]


def test_retries_come_first_and_a_breaker_makes_it_quick() -> None:
    slow = guarded("{}", ", timeout: 100ms, retry: {attempts: 2, backoff: 0s, jitter: none}", takes="5s")
    quick = guarded("{}", ", timeout: 100ms, circuit_breaker: {least: 5, open: 60s}", takes="5s")
    for one in (slow, quick):
        one.advance(10 * S)
        assert flow(one).failed == 0
        assert flow(one).degraded == flow(one).served
    assert link(slow, "shop -> ads").attempts > flow(slow).degraded
    assert flow(slow).latency_p50_ns == pytest.approx(201_000_000, rel=0.02)
    assert flow(quick).latency_p50_ns == pytest.approx(1_000_000, rel=0.02)


def test_two_substitutes_for_one_message_are_counted_once() -> None:
    nodes = {"web": WEB, "shop": "service, takes: 1ms"} | dict.fromkeys(("ads", "tips"), "service, takes: 1ms, fails: 100%")
    one = world(nodes, ["web -> shop", "{link: shop -> ads, fallback: {}}", "{link: shop -> tips, fallback: {}}"])
    one.advance(5 * S)
    found = to_the_end(one)
    assert found.degraded == found.served == found.offered
