"""How much faster than real time a stream of 100,000 records a second is simulated on one core.

Nothing here fails for being slow. It fails where consumers do not keep up, which would make the figure worthless.
"""

from __future__ import annotations

import pytest

from tests.bench.streams import NODES, RATE, WORDS, measure
from topology import build_info

pytestmark = pytest.mark.bench

GOAL = 5.0


@pytest.mark.parametrize("name", NODES)
def test_a_stream_of_a_hundred_thousand_records_a_second(name: str) -> None:
    found = measure(name)
    times = 1e6 / RATE / found.micros
    print(f"\n  {name}: {WORDS[name]}; knockon: {build_info.summary()}")
    print(f"  {found.micros:.2f} µs a record, {times:.1f}× real time (goal {GOAL:g}×), {found.megabytes} MB")
    assert found.offered == pytest.approx(RATE, rel=0.02)
    assert found.done == pytest.approx(found.offered, rel=0.03)
    assert (found.refused, found.duplicates) == (0, 0)
