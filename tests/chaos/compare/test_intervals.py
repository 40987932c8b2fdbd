"""Intervals: against published values, against scipy, and by how often they hold what they should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from chaos.compare.intervals import MOST_RESAMPLED, bootstrap, deviation, mean, wilson
from topology.chance import Dice, normal


@pytest.mark.parametrize(("held", "of"), [(0, 1), (1, 1), (19, 20), (20, 20), (0, 50), (7, 9), (500, 1000)])
def test_wilson_is_scipys(held: int, of: int) -> None:
    interval = binomtest(held, of).proportion_ci(0.95, method="wilson")
    assert wilson(held, of) == pytest.approx((interval.low, interval.high), abs=1e-12)


def test_wilson_without_a_trial_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_wilson_holds_the_share_and_stays_a_share(case: tuple[int, int]) -> None:
    low, high = wilson(*case)
    assert 0.0 <= low <= case[0] / case[1] <= high <= 1.0


def test_mean_and_deviation() -> None:
    assert mean([1.0, 2.0, 6.0]) == 3.0
    assert deviation([1.0, 2.0, 6.0]) == pytest.approx(2.6457513)
    assert deviation([4.0]) == 0.0


def test_one_value_has_no_interval_and_equal_ones_a_point() -> None:
    assert bootstrap([3.0]) is None
    assert bootstrap([3.0, 3.0, 3.0]) == (3.0, 3.0)


def test_the_same_values_give_the_same_interval() -> None:
    values = [float(n % 7) for n in range(20)]
    assert bootstrap(values) == bootstrap(list(values))
    low, high = bootstrap(values) or (0.0, 0.0)
    assert low < mean(values) < high


@pytest.mark.parametrize("n", [20, MOST_RESAMPLED + 10])
def test_an_interval_of_95_per_cent_holds_the_true_mean_about_so_often(n: int) -> None:
    dice = Dice(5, "trial")
    held = 0
    for trial in range(200):
        low, high = bootstrap([10.0 + normal(dice.uniform(trial, at)) for at in range(n)]) or (0.0, 0.0)
        held += low <= 10.0 <= high
    assert 176 <= held <= 198
