"""A few executions that take very long."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import breaks, clean, offered_in, shop, to

APP = {"app": "service, slots: 500, takes: 5ms", "web": "producer, rate: 500/s, deadline: 5s"}


def test_the_median_stays_and_the_tail_takes_a_hundred_times_as_long() -> None:
    run = shop(APP, ["web -> app"], breaks("slow_tail", "app", 2, 8, share="2%", stretch=100))
    found = offered_in(run, 2.1, 9, wait_s=0.1)
    assert found.latency.quantile_ns(0.5) == pytest.approx(5_000_000, rel=0.02)
    assert found.latency.quantile_ns(0.99) == pytest.approx(500_000_000, rel=0.02)
    assert found.latency.mean_ns() == pytest.approx(0.98 * 5_000_000 + 0.02 * 500_000_000, rel=0.15)
    assert offered_in(run, 10.1, 12).latency.quantile_ns(0.999) < 6_000_000
    assert clean(run)


def test_where_both_hit_they_multiply() -> None:
    tails = [breaks("slow_tail", "app", 2, long, share="50%", stretch=10) for long in (8, 4)]
    run = shop(APP, ["web -> app"], *tails)
    # A quarter 5 ms, a half 50 ms, a quarter 500 ms.
    two, one = offered_in(run, 2.1, 5.5), offered_in(run, 6.1, 9.9)
    assert [two.latency.quantile_ns(q) / 5_000_000 for q in (0.2, 0.5, 0.8)] == pytest.approx([1, 10, 100], rel=0.02)
    assert two.latency.mean_ns() == pytest.approx(5_000_000 * (0.25 + 5 + 25), rel=0.08)
    assert one.latency.mean_ns() == pytest.approx(5_000_000 * 5.5, rel=0.08)
    assert clean(to(run, 11))
