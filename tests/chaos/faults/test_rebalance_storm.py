"""A consumer group that is never done with sharing out its partitions."""

from __future__ import annotations

import pytest

from chaos.command import Command, Refused
from chaos.runner import Runner
from tests.chaos.faults.clusters import cluster
from tests.chaos.faults.shops import arrivals, breaks, clean, node, shop, to, view

PARTS = "partitions: 6"
TWO = "replicas: 2, slots: 50, takes: 5ms"


def stirred(assignor: str, period: str = "4s") -> Runner:
    links = [f"{{link: log => app, assignor: {assignor}}}", "web => log"]
    nodes = {"log": f"msk, key: message, {PARTS}", "app": f"service, {TWO}"}
    return shop(nodes, links, breaks("rebalance_storm", "log", 20, 20, period=period))


def test_who_shares_out_eagerly_stands_still_until_the_last_has_heard_of_it() -> None:
    run = stirred("range")
    usual = arrivals(run, "app", 10, 18)
    assert usual == pytest.approx(1600, abs=10)
    before = view(to(run, 20), "log", "group app", "in rebalances s")
    assert view(to(run, 39.9), "log", "group app", "rebalances") == 1 + 5
    stood = view(run, "log", "group app", "in rebalances s") - before
    # A heartbeat every 3 s: the last of two members hears of each within that.
    assert 5 * 1 < stood < 5 * 3
    assert view(run, "log", "group app", "rebalancing") == 0
    assert arrivals(run, "app", 40, 50) == pytest.approx(2000, abs=300)
    assert run.frames()[0].flows[0].lost == 0
    assert clean(run)


def test_what_is_missed_is_not_made_up_for_where_there_is_no_time_to_spare() -> None:
    """One at a time, 30 ms each, from 6 partitions: 200 a second. The second member's heartbeats come 1.4 s after the first's,
    and whoever hears of it first lets go of half the partitions until the other has heard, too: ten times 1.4 or 1.6 s."""
    grew = {}
    for assignor in ("range", "cooperative-sticky"):
        links = [f"{{link: log => app, assignor: {assignor}}}", "web => log"]
        nodes = {"log": f"msk, key: message, {PARTS}", "app": "service, slots: 50, takes: 30ms"}
        joins = Command(4_400_000_000, "scale", ("app",), to=2)
        run = shop(nodes, links, joins, breaks("rebalance_storm", "log", 20, 40, period="4s"))
        before = node(to(run, 19.9), "app").departures
        grew[assignor] = 200 * 40 - (node(to(run, 59.9), "app").departures - before)
    assert grew["cooperative-sticky"] < 400
    assert grew["range"] == pytest.approx(10 * 1.5 * 100, rel=0.25)


def test_each_heals_alone() -> None:
    both = breaks("rebalance_storm", "log", 20, 20, period="10s"), breaks("rebalance_storm", "log", 25, 5, period="10s")
    run = cluster(*both, log=PARTS, app=TWO)
    assert view(to(run, 24.9), "log", "group app", "rebalances") == 2
    assert view(to(run, 29.9), "log", "group app", "rebalances") == 3
    assert view(to(run, 45), "log", "group app", "rebalances") == 4
    assert clean(run)


def test_where_nobody_reads_there_is_nothing_to_share_out() -> None:
    run = shop({"log": "msk"}, ["web => log", "web -> app"])
    with pytest.raises(Refused, match="that groups read"):
        run.do(breaks("rebalance_storm", "log", 0))
