"""Links that take longer."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import breaks, clean, offered_in, shop


def test_each_crossing_takes_longer_and_two_add_up() -> None:
    both = breaks("latency", "web -> app", 2, 6, extra="100ms"), breaks("latency", "web -> app", 4, 2, extra="200ms", jitter="0s")
    run = shop({"web": "producer, rate: 100/s, deadline: 5s"}, ["web -> app"], *both)
    parts = [(0, 1.9), (2.01, 3.5), (4.01, 5.3), (6.01, 7.5), (8.2, 10)]
    means = [offered_in(run, a, b).latency.mean_ns() / 1e6 for a, b in parts]
    # A call crosses twice: there and back.
    assert means == pytest.approx([5, 205, 605, 205, 5], rel=0.01)
    assert clean(run)


def test_jitter_makes_a_crossing_longer_or_shorter_and_the_mean_stays() -> None:
    late = breaks("latency", "web -> app", 1, 20, extra="100ms", jitter="50ms")
    run = shop({"web": "producer, rate: 300/s, deadline: 5s"}, ["web -> app"], late)
    found = offered_in(run, 1.01, 8, wait_s=0.5).latency
    # 5 ms of work and two crossings of 50 to 150 ms, each as likely: in one of ten calls they are 55 ms above their mean.
    assert found.mean_ns() / 1e6 == pytest.approx(205, rel=0.01)
    assert found.quantile_ns(0.1) / 1e6 == pytest.approx(205 - 55, rel=0.04)
    assert found.quantile_ns(0.9) / 1e6 == pytest.approx(205 + 55, rel=0.03)
    assert found.max_ns / 1e6 < 305
