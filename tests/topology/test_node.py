"""Meters: exact integrals, however long and however much."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.node import Meter

COUNTS = st.tuples(st.integers(0, 2**35), st.integers(0, 2**25), st.integers(0, 2**10))
SPANS = st.one_of(st.integers(0, 10**6), st.integers(0, 2**55))


@given(st.lists(st.tuples(SPANS, COUNTS), max_size=30))
def test_integrals_are_exact(steps: list[tuple[int, tuple[int, int, int]]]) -> None:
    meter = Meter()
    now, expected = 0, [0, 0, 0]
    for span, counts in steps:
        meter.upto(now)
        meter.inside, meter.busy, meter.working = counts
        now += span
        expected = [total + count * span for total, count in zip(expected, counts, strict=True)]
    meter.close(now)
    assert [meter.inside_ns, meter.busy_ns, meter.working_ns] == expected
    meter.close(now)
    assert meter.inside_ns == expected[0]


def test_time_never_runs_back() -> None:
    meter = Meter()
    meter.inside = 5
    meter.upto(10)
    meter.upto(3)
    meter.close(10)
    assert meter.inside_ns == pytest.approx(50)
