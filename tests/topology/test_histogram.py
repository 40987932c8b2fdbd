"""Histograms: exact where they promise it, within 1 % elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.histogram import Histogram

VALUES = st.one_of(st.integers(0, 300), st.integers(0, 10**10), st.integers(0, 2**61))
LISTS = st.lists(VALUES, max_size=60)
SHARES = (0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0)


def filled(values: list[int]) -> Histogram:
    one = Histogram()
    for value in values:
        one.add(value)
    return one


def check(one: Histogram, values: list[int]) -> None:
    """Everything it says about these values is true."""
    assert one.count == len(values)
    assert one.sum_ns == sum(values)
    assert one.max_ns == max(values, default=0)
    assert one.mean_ns() == pytest.approx(sum(values) / len(values) if values else 0, rel=1e-14)
    ordered = sorted(values)
    for q in SHARES:
        exact = ordered[int(q * (len(values) - 1))] if values else 0
        assert one.quantile_ns(q) == pytest.approx(exact, rel=0.01), q


@given(LISTS)
def test_counts_are_exact_and_quantiles_near(values: list[int]) -> None:
    check(filled(values), values)


@given(LISTS, LISTS)
def test_merged_is_as_if_counted_together(some: list[int], more: list[int]) -> None:
    one, other = filled(some), filled(more)
    one.merge(other)
    check(one, some + more)
    check(other, more)
    one.add(5)
    check(one, [*some, *more, 5])


@given(LISTS, LISTS)
def test_cleared_is_as_if_new(some: list[int], more: list[int]) -> None:
    one = filled(some)
    one.clear()
    check(one, [])
    for value in more:
        one.add(value)
    check(one, more)


def test_small_durations_are_exact() -> None:
    for value in range(64):
        assert filled([value, value, 10**9]).quantile_ns(0.5) == value


@pytest.mark.parametrize("power", range(61))
def test_every_octave_is_near(power: int) -> None:
    for value in (1 << power, (1 << power) + (1 << power) // 3, (2 << power) - 1):
        assert filled([value, 2**61]).quantile_ns(0.0) == pytest.approx(value, rel=0.008, abs=0.5)


def test_a_negative_duration_counts_as_none() -> None:
    one = filled([-5])
    assert (one.count, one.sum_ns, one.quantile_ns(1.0)) == (1, 0, 0)


def test_sums_never_overflow() -> None:
    one = filled([2**61] * 50)
    assert one.sum_ns == 50 * 2**61
    assert one.mean_ns() == 2.0**61


def test_memory_is_bounded() -> None:
    one = filled([1 << n for n in range(62)])
    assert sum(len(row) for row in one.rows) <= 64 * 64
