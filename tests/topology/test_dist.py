"""Distributions: means, quantiles, rounding."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.topology.worlds import MS
from topology import dist
from topology.chance import Dice
from topology.dist import LONGEST, Dist, whole

SIGMA = math.log(90 / 20) / stats.norm.ppf(0.99)
KNOWN: dict[str, tuple[Dist, float, object]] = {
    "exponential": (dist.exponential(20 * MS), 20 * MS, stats.expon(scale=20 * MS)),
    "lognormal": (
        dist.lognormal(20 * MS, 90 * MS), 20 * MS * math.exp(SIGMA**2 / 2), stats.lognorm(SIGMA, scale=20 * MS)
    ),
    "uniform": (dist.uniform(1 * MS, 9 * MS), 5 * MS, stats.uniform(1 * MS, 8 * MS)),
    "pareto": (dist.pareto(5 * MS, 2.1), 5 * MS * 2.1 / 1.1, stats.pareto(2.1, scale=5 * MS)),
}


@pytest.mark.parametrize("name", KNOWN)
def test_mean_and_quantiles(name: str) -> None:
    one, mean, known = KNOWN[name]
    assert one.mean_ns() == pytest.approx(mean, rel=1e-9)
    for q in (0.001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999):
        assert one.quantile(q) == pytest.approx(known.ppf(q), rel=1e-7, abs=1)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", KNOWN)
def test_draws_follow_the_distribution(name: str) -> None:
    one, mean, known = KNOWN[name]
    dice = Dice(11, "work", name)
    drawn = [one.sample(dice.uniform(n, 0)) for n in range(4000)]
    assert stats.kstest(drawn, known.cdf).pvalue > 1e-4  # type: ignore[attr-defined]
    if name != "pareto":  # its variance is too great for a mean of so few
        assert sum(drawn) / len(drawn) == pytest.approx(mean, rel=0.06)


def test_constant_and_measured() -> None:
    assert dist.constant(7).sample(0.3) == 7
    assert not dist.constant(7).varies
    one = dist.empirical([30, 10, 20, 20])
    assert [one.sample(u) for u in (0.01, 0.26, 0.74, 0.99)] == [10, 20, 20, 30]
    assert one.mean_ns() == 20
    assert one.quantile(0.5) == 20


def test_texts_tell_them_apart() -> None:
    texts = [one.text for one, _, _ in KNOWN.values()] + [dist.constant(7).text, dist.empirical([2, 1]).text]
    assert len(set(texts)) == len(texts)
    assert dist.empirical([2, 1]).text == dist.empirical([1, 2]).text


@given(st.floats(1e-9, 1 - 1e-9), st.floats(0.05, 5))
def test_no_draw_is_negative_or_endless(u: float, alpha: float) -> None:
    for one in (dist.pareto(1, alpha), dist.exponential(10**18), dist.lognormal(1, 10**18)):
        assert 0 <= one.sample(u) <= LONGEST


@given(st.integers(0, 10**15), st.floats(0, 1))
def test_rounding_is_to_the_nearest(ns: int, part: float) -> None:
    assert whole(float(ns)) == ns
    assert abs(whole(ns + part) - (ns + part)) <= 0.5 + 1e-3
    assert whole(-part) == 0
