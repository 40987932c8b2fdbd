"""Series: bins that double keep their sums; samples that are skipped count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.series import BINS, Samples, Series


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 50)), max_size=80))
def test_sums_are_kept_whatever_the_bins(steps: list[tuple[int, int]]) -> None:
    one = Series(10, False)
    at = 0
    for gap, value in steps:
        at += gap
        one.add(at, float(value))
    assert sum(one.values()) == sum(value for _, value in steps)
    assert len(one.values()) <= BINS
    assert not steps or len(one.values()) == at // one.width_ns + 1


def test_bins_double_when_they_are_full() -> None:
    one = Series(10, False)
    for n in range(BINS + 1):
        one.add(n * 10, 1.0)
    assert one.width_ns == 20
    assert one.values() == [2.0] * (BINS // 2) + [1.0]
    one.add(10**9, 5.0)
    assert sum(one.values()) == BINS + 6
    assert len(one.values()) <= BINS


def test_each_value_is_in_the_bin_of_its_instant() -> None:
    one = Series(10, False)
    instants = list(range(0, 100_000, 700))
    for at in instants:
        one.add(at, 1.0)
    width = int(one.width_ns)
    assert one.values() == [
        float(len([at for at in instants if at // width == n])) for n in range(instants[-1] // width + 1)
    ]


def test_a_gauge_shows_means_and_repeats_the_last() -> None:
    one = Series(10, True)
    one.add(0, 4.0)
    one.add(5, 8.0)
    one.add(35, 1.0)
    assert one.values() == [6.0, 6.0, 6.0, 1.0]


def test_steps_that_are_repeated_count_as_often() -> None:
    one = Samples()
    one.repeat(1, 4, 2, 0.5)
    one.repeat(9, 0, 0, 0.0)
    assert (one.count, one.depth_sum, one.busy_sum, one.occupancy_sum) == (10, 4.0, 2.0, 0.5)
    copy = one.again()
    copy.repeat(1, 1, 1, 0.1)
    assert (one.count, copy.count) == (10, 11)
    assert copy.occupancy_sum == pytest.approx(0.6)
