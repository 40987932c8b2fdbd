"""Hosts of one zone that vanish in silence."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import between, breaks, clean, node, offered_in, shop, to, world

APP = {"app": "service, replicas: 3, zones: 3, slots: 50, takes: 1ms"}


def test_a_third_is_silent_and_callers_without_a_timeout_hang() -> None:
    nodes = {**APP, "front": "service, replicas: 3, slots: 10, takes: 1ms"}
    run = shop(nodes, ["web -> front -> app"], breaks("zone_outage", "zone:a", 2, 8))
    assert between(run, 0, 1.99).no == 0
    found = offered_in(run, 4, 6, wait_s=1.1)
    assert found.failed / found.offered == pytest.approx(1 / 3, abs=0.01)
    # Whoever is wired to the dark replica holds all its slots, and nobody is told anything.
    front = world(run).groups["front"].places
    assert [int(place.meter.busy) for place in front] == [10, 0, 0]
    assert world(run).groups["app"].places[0].swallowed
    to(run, 10.01)
    link = next(link for link in run.frames()[0].links if link.callee == "app")
    assert sum(count for words, count in link.reasons if "reset" in words) == 10
    assert not world(run).groups["app"].places[0].swallowed
    # What queued up in front of them is worked off, and then all is as it was.
    assert between(run, 13, 15).no == 0
    assert max(place.meter.busy for place in front) <= 1
    assert clean(run)


def test_with_a_balancer_it_is_over_when_the_checks_have_failed() -> None:
    nodes = {
        **APP,
        "lb": "load_balancer, health_check: {interval: 1s, timeout: 500ms, failures: 2, passes: 2}",
    }
    run = shop(nodes, ["web -> lb", "lb -> app"], breaks("zone_outage", "zone:a", 2, 8))
    assert offered_in(run, 2, 2.5, wait_s=1.1).failed == pytest.approx(100 / 3, abs=2)
    # Two checks a second apart, each silent for half a second: out of it after 2.5 s at most.
    found = offered_in(run, 4.6, 10, wait_s=0.1)
    assert found.served == found.offered
    assert clean(to(run, 15))


def test_a_queue_in_the_dark_says_nothing_to_its_consumers() -> None:
    run = shop({"queue": "sqs"}, ["web => queue => app"], breaks("zone_outage", "queue", 2, 20))
    to(run, 2.1)
    done = node(run, "app").arrivals
    assert node(to(run, 20), "app").arrivals == done
    refused = [place for place in world(run).groups["app"].places if place.machine.backing_off]
    assert not refused
    assert between(run, 22, 40).yes > 0
    assert clean(run)


def test_dark_for_two_reasons_it_comes_back_with_the_last() -> None:
    both = breaks("zone_outage", "app/0", 2, 6), breaks("zone_outage", "zone:a", 3, 2)
    run = shop(APP, ["web -> app"], *both)
    assert [node(to(run, at), "app").up for at in (1.9, 2.5, 4, 6, 8.5)] == [3, 2, 2, 2, 3]
    assert clean(run)


def test_frozen_rewired_or_scaled_in_the_dark() -> None:
    run = shop(APP, ["web -> app"], breaks("zone_outage", "app", 3, 6, ramp_s=3), breaks("hang", "app/1", 2, 5))
    one = world(to(run, 5))
    one.rewire("app")
    one.scale("app", 2)
    to(run, 8)
    assert node(run, "app").up == 0
    to(run, 14)
    assert node(run, "app").up == 2
    assert clean(run)
