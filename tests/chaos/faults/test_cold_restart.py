"""Everything restarts at once, empty."""

from __future__ import annotations

import pytest

from tests.chaos.faults.stores import CACHED, flow, gauge, inject, node, running


def test_it_comes_back_by_itself_empty() -> None:
    run = running(12, inject(10, "cold_restart", "mem", None, restart="3s"), designs=CACHED)
    assert (node(run, "mem").up, gauge(run, "mem", "entries")) == (0, 0)
    run.advance(13_010_000_000)
    assert node(run, "mem").up == 2
    reasons = dict(flow(run).reasons)
    assert reasons["mem: connection refused"] == pytest.approx(600, abs=90)
    before = node(run, "db").arrivals
    run.advance(16_000_000_000)
    assert node(run, "db").arrivals - before > 100


def test_a_heal_before_that_starts_it_at_once_and_after_that_changes_nothing() -> None:
    healed, over = (inject(10, "cold_restart", "mem", 1, restart="5s"), inject(10, "cold_restart", "app", 10, restart="2s"))
    run = running(11.01, healed, over, designs=CACHED)
    assert (node(run, "mem").up, node(run, "app").up) == (2, 0)
    run.advance(12_010_000_000)
    assert node(run, "app").up == 2
    run.advance(21_000_000_000)
    assert node(run, "app").up == 2


def test_two_of_them_end_with_the_longer() -> None:
    both = [inject(10, "cold_restart", "mem", None, restart="1s"), inject(10.5, "cold_restart", "mem", None, restart="3s")]
    run = running(12, *both, designs=CACHED)
    assert node(run, "mem").up == 0
    run.advance(13_510_000_000)
    assert node(run, "mem").up == 2
