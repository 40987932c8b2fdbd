"""Replicas that fall behind."""

from __future__ import annotations

from math import exp

import pytest

from tests.chaos.faults.stores import flow, gauge, inject, running


def test_readers_are_shown_what_was_true_some_time_ago() -> None:
    run = running(15, inject(5, "replica_lag", "db", 10, extra="2s"))
    # 50 rows share 20 writes a second: a read is stale unless its row was spared for 2 s.
    stale = 1 - exp(-20 / 50 * 2)
    # For the first two seconds after the beginning fewer writes are out.
    ramp = sum(1 - exp(-20 / 50 * t / 100) for t in range(200)) / 200
    assert flow(run).degraded == pytest.approx(180 * (2 * ramp + 8 * stale), rel=0.1)
    assert (flow(run).failed, flow(run).lost) == (0, 0)


def test_healed_the_replicas_catch_up() -> None:
    run = running(10, inject(5, "replica_lag", "db", 5, extra="3s"))
    run.advance(10_100_000_000)
    degraded = flow(run).degraded
    run.advance(20_000_000_000)
    assert flow(run).degraded - degraded < 20


def test_two_of_them_add_up_and_each_heals_alone() -> None:
    run = running(10, inject(5, "replica_lag", "db", 10, extra="2s"), inject(5, "replica_lag", "db", 7, extra="1s"))
    assert gauge(run, "db", "lag s") == pytest.approx(3, abs=0.2)
    run.advance(14_000_000_000)
    assert gauge(run, "db", "lag s") == pytest.approx(2, abs=0.2)
    run.advance(16_000_000_000)
    assert gauge(run, "db", "lag s") < 0.01
