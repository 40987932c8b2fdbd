"""The rate of a wave, against the library's cosine."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.wave import Wave, cosine

S = 1_000_000_000


@given(st.floats(0, 1))
def test_the_cosine(turns: float) -> None:
    assert cosine(turns) == pytest.approx(math.cos(2 * math.pi * turns), abs=1e-12)


@given(st.integers(0, 10**18), st.integers(10**6, 10**15), st.floats(0, 1, exclude_max=True))
def test_the_rate_stays_between_low_and_high_and_comes_again(now: int, period: int, part: float) -> None:
    wave = Wave(2.0, 10.0, period, int(part * period))
    assert 2.0 - 1e-9 <= wave.rate(now) <= 10.0 + 1e-9
    assert wave.rate(now) == wave.rate(now + period)


def test_it_is_highest_at_its_peak() -> None:
    wave = Wave(2.0, 10.0, 24 * S, 14 * S)
    assert [wave.rate(t * S) for t in (14, 26, 20, 38)] == pytest.approx([10.0, 2.0, 6.0, 10.0])
