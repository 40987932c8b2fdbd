"""Addresses at which nobody lives."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import breaks, clean, node, offered_in, shop, to, world

APP = {"web": "producer, rate: 400/s, arrivals: constant, clients: 200, deadline: 1s", "app": "service, slots: 50, takes: 1ms"}


def test_a_share_of_the_clients_always_fails_and_the_others_never() -> None:
    run = shop(APP, ["web -> app"], breaks("dns_stale", "web -> app", 2, 8, share="30%", silent=False))
    found = offered_in(run, 2.1, 7.1, wait_s=0.1)
    # Each of 200 clients is affected for good with a chance of 0.3; each comes ten times.
    assert found.refused % 10 == 0
    assert found.refused / found.offered == pytest.approx(0.3, abs=0.1)
    assert found.latency_no.quantile_ns(0.99) < 1_000_000
    assert found.reasons == {"app: stale address": found.refused}
    found = offered_in(run, 10.01, 11, wait_s=0.1)
    assert found.served == found.offered
    assert clean(run)


def test_in_silence_slots_fill_until_the_caller_gives_up() -> None:
    nodes = {**APP, "front": "service, replicas: 10, slots: 100, takes: 1ms"}
    links = ["web -> front", "{link: front -> app, timeout: 500ms}"]
    run = shop(nodes, links, breaks("dns_stale", "front -> app", 2, 8, share="40%"))
    to(run, 5)
    held = [place.index for place in world(run).groups["front"].places if place.meter.busy > 5]
    quick = [place.index for place in world(run).groups["front"].places if place.meter.busy <= 1]
    assert len(held) + len(quick) == 10
    assert 1 <= len(held) <= 7
    # 40 a second at each, each for 500 ms: 20 slots.
    assert all(abs(world(run).groups["front"].places[i].meter.busy - 20) <= 2 for i in held)
    found = offered_in(run, 5, 7, wait_s=0.6)
    assert found.failed == pytest.approx(found.offered * len(held) / 10, abs=3)
    assert found.latency_no.quantile_ns(0.5) == pytest.approx(501_000_000, rel=0.02)
    assert clean(to(run, 11))


def test_a_consumer_with_a_stale_address_gets_nothing() -> None:
    run = shop({"queue": "sqs"}, ["web => queue => app"], breaks("dns_stale", "queue => app", 2, 10, share="100%", silent=False))
    to(run, 4)
    done = node(run, "app").arrivals
    to(run, 11)
    assert node(run, "app").arrivals == done
    assert node(run, "queue").depth == pytest.approx(200 * 9, abs=250)
    to(run, 60)
    assert node(run, "queue").depth < 50
    assert clean(run)


def test_two_of_them_hit_clients_independently() -> None:
    both = [breaks("dns_stale", "web -> app", 2, long, share="50%", silent=False) for long in (8, 4)]
    run = shop(APP, ["web -> app"], *both)
    two, one = offered_in(run, 2.1, 5.1), offered_in(run, 6.1, 9.1)
    assert two.refused / two.offered == pytest.approx(0.75, abs=0.1)
    assert one.refused / one.offered == pytest.approx(0.5, abs=0.1)
    assert clean(to(run, 11))
