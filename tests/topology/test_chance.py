"""Draws: spread evenly, unlike each other, and the same functions as the textbooks'."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from topology.chance import Dice, exp, ln, mix, normal, text_hash

MANY = 4000
ROOTS = [0, 1, 2**32, (text_hash("web") & 0x7FFFFFFF) << 32]
SURE = 1e-5
"""A test of evenness may cry wolf this seldom; the draws never change, so it does so once or never."""


def run_of(dice: Dice, root: int = 0, visit: int = 0) -> list[float]:
    return [dice.uniform(root + n, visit) for n in range(MANY)]


@pytest.mark.parametrize("seed", [0, 1, 2, 7, 2**31, 2**32, 2**63 - 1])
@pytest.mark.parametrize("names", [("work", "orders"), ("work", "inventory"), ("arrival", "web"), ("wire", "a -> b")])
def test_draws_are_even(seed: int, names: tuple[str, ...]) -> None:
    dice = Dice(seed, *names)
    for root in ROOTS:
        assert stats.kstest(run_of(dice, root), "uniform").pvalue > SURE
    by_visit = [dice.uniform(5, visit) for visit in range(MANY)]
    assert stats.kstest(by_visit, "uniform").pvalue > SURE


def test_draws_are_even_over_seeds_and_names() -> None:
    assert stats.kstest([Dice(seed, "work", "a").uniform(1, 0) for seed in range(MANY)], "uniform").pvalue > SURE
    assert stats.kstest([Dice(1, "work", f"n{i}").uniform(1, 0) for i in range(MANY)], "uniform").pvalue > SURE


def test_no_two_runs_of_draws_are_alike() -> None:
    """Neighbours in every direction: message, visit, name, purpose, seed, and one draw with the next."""
    base = Dice(7, "work", "orders")
    runs = {
        "itself": run_of(base),
        "next message": [base.uniform(n + 1, 0) for n in range(MANY)],
        "next visit": run_of(base, visit=1),
        "far visit": run_of(base, visit=1000),
        "other root": run_of(base, root=1 << 32),
        "other name": run_of(Dice(7, "work", "orders2")),
        "other purpose": run_of(Dice(7, "errors", "orders")),
        "swapped names": run_of(Dice(7, "orders", "work")),
        "next seed": run_of(Dice(8, "work", "orders")),
        "far seed": run_of(Dice(7 + 2**32, "work", "orders")),
    }
    for (a, x), (b, y) in itertools.combinations(runs.items(), 2):
        assert stats.pearsonr(x, y).pvalue > SURE, (a, b)
        together = [(u + v) % 1.0 for u, v in zip(x, y, strict=True)]
        assert stats.kstest(together, "uniform").pvalue > SURE, (a, b)


def test_pairs_fill_the_square() -> None:
    dice = Dice(3, "arrival", "web")
    cells = [0] * 100
    for n in range(20_000):
        cells[int(dice.uniform(n, 0) * 10) * 10 + int(dice.uniform(n + 1, 0) * 10)] += 1
    assert stats.chisquare(cells).pvalue > SURE


def test_a_draw_is_a_function_of_its_key() -> None:
    assert Dice(5, "a", "b").bits(9, 2) == Dice(5, "a", "b").bits(9, 2)
    assert Dice(5, "ab").bits(9, 2) != Dice(5, "a", "b").bits(9, 2)
    known = [Dice(1, "work", "orders").bits(n, 0) for n in (0, 1, 2**32, 2**62)]
    assert known == [301570038, 393081827, 4137453280, 508134562]


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**31))
def test_draws_stay_inside(n: int, visit: int) -> None:
    assert 0 < Dice(1, "x").uniform(n, visit) < 1


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_mixing_loses_nothing(x: int, y: int) -> None:
    assert (mix(x) == mix(y)) == (x == y)
    assert 0 <= mix(x) < 2**32


@given(st.floats(1e-300, 1e300))
def test_ln(x: float) -> None:
    assert ln(x) == pytest.approx(math.log(x), rel=1e-12, abs=1e-12)


@given(st.floats(-690, 690))
def test_exp(x: float) -> None:
    assert exp(x) == pytest.approx(math.exp(x), rel=1e-12)


def test_exp_has_bounds() -> None:
    assert exp(-701.0) == 0.0
    assert exp(1e9) == exp(700.0)


@given(st.floats(1e-9, 1 - 1e-9))
def test_normal(u: float) -> None:
    assert normal(u) == pytest.approx(stats.norm.ppf(u), rel=2e-8, abs=1e-8)
