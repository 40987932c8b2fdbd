"""A broker that is slow."""

from __future__ import annotations

import pytest

from tests.chaos.faults.clusters import brokers, cluster, partition
from tests.chaos.faults.shops import MS, breaks, clean, gauge, offered_in, to

PLAIN = "linger: 0s"


def test_a_slow_follower_makes_every_write_wait() -> None:
    run = cluster(breaks("broker_slow", "log", 2, 4, broker=3), log=PLAIN)
    # Two milliseconds to the leader and three to the followers, or three hundred to the slow one.
    assert offered_in(run, 1, 1.9).latency.mean_ns() == pytest.approx(5 * MS, rel=0.02)
    assert offered_in(run, 2.5, 5.5).latency.mean_ns() == pytest.approx(302 * MS, rel=0.02)
    assert (brokers(run), gauge(run, "log", "elections")) == ([1, 1, 1], 0)
    assert offered_in(run, 6.5, 8).latency.mean_ns() == pytest.approx(5 * MS, rel=0.02)
    assert clean(run)


def test_a_slow_leader_is_slow_to_write() -> None:
    run = cluster(breaks("broker_slow", "log", 2, 4, broker=1, factor=50), log=PLAIN)
    assert offered_in(run, 2.5, 5.5).latency.mean_ns() == pytest.approx(103 * MS, rel=0.02)


def test_what_is_later_than_the_longest_lag_holds_nobody_up() -> None:
    slow = breaks("broker_slow", "log", 2, 8, broker=3, factor=1000)
    run = cluster(slow, log=f"{PLAIN}, lag_max: 1s")
    assert partition(to(run, 2.9), "in sync") == 3
    assert partition(to(run, 4.5), "in sync") == 2
    assert offered_in(run, 5, 9).latency.mean_ns() == pytest.approx(5 * MS, rel=0.02)
    assert partition(to(run, 12), "in sync") == 3
    assert clean(run)


def test_two_multiply_and_each_heals_alone() -> None:
    both = breaks("broker_slow", "log", 2, 8, broker=3, factor=10), breaks("broker_slow", "log", 2, 4, broker=3, factor=5)
    run = cluster(*both, log=PLAIN)
    assert offered_in(run, 2.5, 5.5).latency.mean_ns() == pytest.approx(152 * MS, rel=0.02)
    assert offered_in(run, 6.5, 9.5).latency.mean_ns() == pytest.approx(32 * MS, rel=0.03)
    assert offered_in(run, 10.5, 12).latency.mean_ns() == pytest.approx(5 * MS, rel=0.02)
    assert clean(run)
