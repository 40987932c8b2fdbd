"""Two primaries at once."""

from __future__ import annotations

import pytest

from tests.chaos.faults.stores import CACHED, flow, gauge, inject, running


def test_what_strays_is_lost_when_it_is_healed_and_not_before() -> None:
    run = running(14.9, inject(5, "split_brain", "db", 10, share="50%"))
    strays = gauge(run, "db", "writes on the old primary")
    assert strays == pytest.approx(100, abs=30)
    found = flow(run)
    assert (found.lost, found.failed) == (0, 0)
    run.advance(15_100_000_000)
    assert flow(run).lost == pytest.approx(strays, abs=5)
    assert dict(flow(run).reasons)["db: written to the old primary"] == flow(run).lost
    lost = flow(run).lost
    run.advance(18_000_000_000)
    assert flow(run).lost == lost


def test_two_of_them_lose_only_when_the_last_is_healed() -> None:
    both = [inject(5, "split_brain", "db", 10, share="50%"), inject(5, "split_brain", "db", 5, share="50%")]
    run = running(12, *both)
    assert flow(run).lost == 0
    # 20 writes a second: three quarters stray for 5 s, then one half.
    assert gauge(run, "db", "writes on the old primary") == pytest.approx(75 + 20, abs=30)
    run.advance(16_000_000_000)
    assert flow(run).lost > 80


def test_behind_a_cache_nobody_counts_the_database_as_work() -> None:
    run = running(20, inject(5, "split_brain", "db", 10, share="100%"), designs=CACHED)
    assert flow(run).lost == 0
