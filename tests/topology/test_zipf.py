"""Ranks by popularity, against the sums that they stand for."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.zipf import Weights, Zipf

QUANTILES = [(k + 0.5) / 997 for k in range(997)]


@pytest.mark.parametrize("skew", [0.0, 0.3, 0.99, 1.0, 1.0000001, 1.4, 3.0])
@pytest.mark.parametrize("count", [1, 2, 1024, 1025, 40_000])
def test_each_draw_is_the_inverse_of_the_sum(count: int, skew: float) -> None:
    """Exactly among the first, and off by at most one rank in a thousand beyond."""
    sums = list(accumulate((k + 1.0) ** -skew for k in range(count)))
    one = Zipf(count, skew)
    assert one.total == pytest.approx(sums[-1], rel=1e-8)
    for u in QUANTILES:
        wanted = bisect_right(sums, u * sums[-1])
        assert abs(one.draw(u) - wanted) <= wanted // 1000 + (wanted > 1000)


@pytest.mark.parametrize("skew", [0.0, 0.7, 1.0, 2.5])
def test_ten_million_ranks_take_no_more_room_than_a_thousand(skew: float) -> None:
    one = Zipf(10_000_000, skew)
    assert len(one.sums) == 1024
    assert one.share(0) / one.share(99) == pytest.approx(100**skew)
    assert (one.draw(1e-10), one.draw(1 - 1e-10) < 10_000_000) == (0, True)


@given(st.integers(1, 10_000_000), st.floats(0, 5), st.floats(1e-10, 1 - 1e-10), st.floats(1e-10, 1 - 1e-10))
def test_draws_are_ranks_and_rise_with_the_quantile(count: int, skew: float, a: float, b: float) -> None:
    one = Zipf(count, skew)
    low, high = one.draw(min(a, b)), one.draw(max(a, b))
    assert 0 <= low <= high < count


def test_weights() -> None:
    one = Weights([3.0, 0.5, 6.5])
    assert [one.draw(u) for u in (0.001, 0.299, 0.301, 0.349, 0.351, 0.999999)] == [0, 0, 1, 1, 2, 2]
