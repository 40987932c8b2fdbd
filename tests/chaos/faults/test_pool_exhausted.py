"""Connections and slots that are taken and not used."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import between, breaks, clean, shop, to
from tests.chaos.faults.stores import CACHED, DIRECT, flow, inject, node, running


def test_most_connections_are_gone_and_come_back() -> None:
    run = running(10, inject(5, "pool_exhausted", "db", 10, share="98%"))
    # Of 40 connections one is left on each of two servers.
    assert node(run, "db").slots == 2
    reasons = dict(flow(run).reasons)
    # About 20 writes a second on one connection of 4 ms, and 180 reads on the other: Erlang loss of 0.07 and 0.42.
    assert 0.3 < reasons["db: too many connections"] / 1000 < 0.45
    run.advance(15_100_000_000)
    assert node(run, "db").slots == 80
    failed = flow(run).failed
    run.advance(20_000_000_000)
    assert flow(run).failed == failed


def test_a_cache_hardly_notices() -> None:
    direct, cached = (running(12, inject(8, "pool_exhausted", "db", 7, share="98%"), designs=d) for d in (DIRECT, CACHED))
    assert flow(cached).failed < 0.5 * flow(direct).failed


def test_two_of_them_hit_independently() -> None:
    run = running(6, inject(5, "pool_exhausted", "db", 4, share="50%"), inject(5.5, "pool_exhausted", "db", 2, share="50%"))
    assert node(run, "db").slots == 20
    run.advance(8_000_000_000)
    assert node(run, "db").slots == 40
    run.advance(10_000_000_000)
    assert node(run, "db").slots == 80


def test_slots_of_a_service_are_taken_too() -> None:
    run = running(6, inject(5, "pool_exhausted", "app", 4, share="90%"))
    assert node(run, "app").slots == 20


def test_a_caller_whose_pool_leaks_waits_while_its_callee_idles() -> None:
    nodes = {"front": "service, slots: 100, takes: 1ms", "app": "service, slots: 50, takes: 20ms"}
    links = ["web -> front", "{link: front -> app, pool: {size: 10, wait: 100ms}}"]
    run = shop(nodes, links, breaks("pool_exhausted", "front -> app", 2, 6, share="80%"))
    assert between(run, 0, 1.99).no == 0
    # Two connections of 20 ms each: 100 a second of the 200 that come.
    found = between(run, 4, 8)
    assert found.yes / 4 == pytest.approx(100, rel=0.03)
    assert found.success == pytest.approx(0.5, abs=0.02)
    assert between(run, 8.3, 10).no == 0
    assert clean(run)


def test_a_link_without_a_pool_has_none_to_exhaust() -> None:
    run = to(shop(), 1)
    with pytest.raises(Refused, match="a link with a pool"):
        run.do(breaks("pool_exhausted", "web -> app", 0))
