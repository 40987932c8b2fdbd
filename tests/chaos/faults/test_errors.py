"""Work that fails."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import breaks, clean, offered_in, shop


def test_a_share_fails_after_the_work_and_two_fail_independently() -> None:
    both = breaks("errors", "app", 2, 8, share="50%"), breaks("errors", "app", 2, 4, share="20%", reason="disk full")
    run = shop({}, ["web -> app"], *both)
    two, one = offered_in(run, 2.01, 5.9), offered_in(run, 6.01, 9.9)
    assert two.failed / two.offered == pytest.approx(1 - 0.5 * 0.8, abs=0.06)
    assert one.failed / one.offered == pytest.approx(0.5, abs=0.06)
    assert two.latency_no.quantile_ns(0.5) == pytest.approx(5_000_000, rel=0.02)
    found = offered_in(run, 10.1, 12, wait_s=0.1)
    assert found.served == found.offered
    assert clean(run)
