"""What the inspector says of a kind's own figures."""

from __future__ import annotations

import pytest

from tui.draw.tables import gauge


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("hits %", 0.873, ("hits", "87 %")),
        ("hits %", 0.999, ("hits", ">99 %")),
        ("replica_lag s", 2.14, ("replica lag", "2.1 s")),
        ("replica lag s", 0.0153, ("replica lag", "15 ms")),
        ("replica lag s", 0.0, ("replica lag", "0 s")),
        ("healthy targets", 12345.0, ("healthy targets", "12,345")),
        ("limit", 7.25, ("limit", "7.25")),
    ],
)
def test_a_gauge_reads_as_its_name_says(name: str, value: float, shown: tuple[str, str]) -> None:
    assert gauge(name, value) == shown
