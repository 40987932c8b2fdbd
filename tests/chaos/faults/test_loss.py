"""Links that lose."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import breaks, clean, offered_in, shop, to


def test_a_lost_segment_is_sent_again_after_its_timer() -> None:
    loses = breaks("loss", "web -> app", 2, 8, share="20%", direction="to")
    run = shop({"web": "producer, rate: 500/s, deadline: 30s"}, ["web -> app"], loses)
    found = offered_in(run, 2.01, 9, wait_s=0.1)
    to(run, 40)
    # A fifth is sent again after 200 ms, of these a fifth once more after 400 ms, and so on.
    mean = sum(0.2 ** n * 0.8 * 0.2 * (2**n - 1) for n in range(1, 10))
    assert found.latency.mean_ns() / 1e9 - 0.005 == pytest.approx(mean, rel=0.15)
    assert found.latency.quantile_ns(0.78) < 6_000_000 < found.latency.quantile_ns(0.83)
    assert clean(run)


def test_two_of_them_lose_independently() -> None:
    both = [breaks("loss", "web -> app", 2, long, share="50%", direction="from") for long in (8, 4)]
    run = shop({"web": "producer, rate: 200/s, deadline: 30s"}, ["web -> app"], *both)
    two, one = offered_in(run, 2.01, 5.5), offered_in(run, 6.01, 9.5)
    to(run, 60)
    quick = [sum(1 for q in range(1, 100) if t.latency.quantile_ns(q / 100) < 100_000_000) / 99 for t in (two, one)]
    assert quick == pytest.approx([0.25, 0.5], abs=0.06)
    assert clean(run)
