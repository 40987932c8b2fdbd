"""Somebody next door, now and then."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import breaks, clean, offered_in, shop, to

APP = {"app": "service, slots: 500, takes: 5ms"}
NOISE = {"factor": 10, "busy": "1s", "quiet": "3s"}


def test_a_quarter_of_the_time_work_takes_ten_times_as_long() -> None:
    run = shop(APP, ["web -> app"], breaks("noisy_neighbour", "app", 2, 20, **NOISE))
    found = offered_in(run, 2, 14, wait_s=0.1)
    assert found.latency.mean_ns() == pytest.approx(5_000_000 * (0.75 + 0.25 * 10), rel=0.03)
    assert found.latency.quantile_ns(0.7) < 6_000_000 < found.latency.quantile_ns(0.8)
    assert offered_in(run, 22.1, 24).latency.quantile_ns(0.99) < 6_000_000
    assert clean(run)


def test_two_neighbours_multiply_while_both_are_busy() -> None:
    both = [breaks("noisy_neighbour", "app", 2, long, **NOISE) for long in (16, 8)]
    run = shop(APP, ["web -> app"], *both)
    assert offered_in(run, 2, 10).latency.mean_ns() == pytest.approx(5_000_000 * (0.75 + 0.25 * 100), rel=0.05)
    assert offered_in(run, 10, 18).latency.mean_ns() == pytest.approx(5_000_000 * (0.75 + 0.25 * 10), rel=0.05)
    assert clean(to(run, 19))


def test_with_a_ramp_each_visit_is_louder() -> None:
    run = shop(APP, ["web -> app"], breaks("noisy_neighbour", "app", 2, 40, ramp_s=16, **NOISE))
    means = [offered_in(run, at, at + 0.9).latency.mean_ns() / 5_000_000 for at in (2, 6, 10, 14, 18)]
    # The strength grows by a quarter a visit, and goes on growing within each.
    assert means == pytest.approx([1 + 9 * (k * 4 + 0.45) / 16 for k in range(4)] + [10], rel=0.06)
