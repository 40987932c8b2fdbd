"""Links that take longer."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import breaks, clean, offered_in, shop


def test_each_crossing_takes_longer_and_two_add_up() -> None:
    both = breaks("latency", "web -> app", 2, 6, extra="100ms"), breaks("latency", "web -> app", 4, 2, extra="200ms", jitter="0s")
    run = shop({"web": "producer, rate: 100/s, deadline: 5s"}, ["web -> app"], *both)
    parts = [(0, 1.9), (2.01, 3.5), (4.01, 5.3), (6.01, 7.5), (8.2, 10)]
    means = [offered_in(run, a, b).latency.mean_ns() / 1e6 for a, b in parts]
    ways = round((means[1] - 5) / 100)
    assert means == pytest.approx([5, 5 + 100 * ways, 5 + 300 * ways, 5 + 100 * ways, 5], rel=0.1)
    assert clean(run)
