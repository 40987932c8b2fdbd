"""Transactions that hold their locks for too long."""

from __future__ import annotations

import pytest

from chaos.command import Command, Refused
from tests.chaos.faults.stores import flow, gauge, inject, node, running


def test_writers_wait_for_each_other_until_connections_run_out() -> None:
    run = running(15, inject(5, "lock_contention", "db", 10, factor=1000))
    # A write of 4 ms holds its row for 4 s: 20 a second fill 40 connections in two.
    assert gauge(run, "db", "waiting for a lock") > 5
    assert dict(flow(run).reasons)["db: too many connections"] > 80
    assert node(run, "db").utilisation < 0.2


def test_healed_it_works_as_before() -> None:
    run = running(20, inject(5, "lock_contention", "db", 5, factor=200))
    failed = flow(run).failed
    run.advance(24_000_000_000)
    assert flow(run).failed == failed
    assert gauge(run, "db", "waiting for a lock") == 0
    assert node(run, "db").p99_ns < 10_000_000


def test_two_of_them_multiply_and_each_heals_alone() -> None:
    both = [inject(5, "lock_contention", "db", 10, factor=3), inject(5, "lock_contention", "db", 5, factor=5)]
    run = running(9, *both)
    assert node(run, "db").p99_ns == pytest.approx(60_000_000, rel=0.15)
    run.advance(14_000_000_000)
    assert node(run, "db").p99_ns == pytest.approx(12_000_000, rel=0.35)


def test_only_what_has_locks_can_be_hit() -> None:
    run = running(5)
    with pytest.raises(Refused, match="it acts on a database"):
        run.do(Command(0, "inject", ("app",), "lock_contention"))
