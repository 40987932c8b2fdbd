"""A collector that stops the world again and again."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import breaks, clean, node, offered_in, shop, to

STORM = {"lasts": "800ms", "between": "1200ms"}


def test_who_comes_in_a_pause_waits_for_its_end() -> None:
    run = shop({}, ["web -> app"], breaks("gc_storm", "app", 2, 20, **STORM))
    calm, storm = offered_in(run, 0, 2), offered_in(run, 4, 14, wait_s=1)
    assert calm.latency.quantile_ns(0.99) < 6_000_000
    # 800 ms of each 2 s: two in five meet a pause, and wait for half of it on average.
    assert storm.latency.quantile_ns(0.58) < 30_000_000 < storm.latency.quantile_ns(0.63)
    assert storm.latency.mean_ns() == pytest.approx(0.4 * 400_000_000 + 5_000_000, rel=0.1)
    assert storm.latency.quantile_ns(0.999) == pytest.approx(800_000_000, rel=0.05)
    assert storm.served == storm.offered
    assert offered_in(run, 23, 25).latency.quantile_ns(0.99) < 6_000_000
    assert clean(run)


def test_short_health_checks_take_it_out_and_bring_it_back() -> None:
    nodes = {
        "app": "service, replicas: 2, slots: 50, takes: 1ms",
        "lb": "load_balancer, health_check: {interval: 200ms, timeout: 100ms, failures: 2, passes: 2}",
    }
    run = shop(nodes, ["web -> lb -> app"], breaks("gc_storm", "app/0", 2, 10, lasts="1s", between="2s"))
    healthy = [dict(node(to(run, at), "lb").gauges)["healthy targets"] for at in (1.9, 2.9, 4.5, 5.9, 7.5)]
    assert healthy == [2, 1, 2, 1, 2]
    assert clean(to(run, 14))


def test_two_storms_overlap_and_heal_alone() -> None:
    storms = breaks("gc_storm", "app", 2, 12, lasts="1s", between="1s"), breaks("gc_storm", "app", 3, 4, lasts="1s", between="1s")
    run = shop({}, ["web -> app"], *storms)
    states = [node(to(run, at), "app").state for at in (2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5)]
    assert states[:5] == ["paused"] * 5
    assert states[5] != "paused"
    assert states[6] == "paused"
    assert clean(to(run, 16))
