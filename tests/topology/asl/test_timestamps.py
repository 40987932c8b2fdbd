"""Timestamps as they are read and shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.asl.timestamps import parse, show

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:01Z", SECOND),
        ("1970-01-01T01:00:00.000000005+01:00", 5),
        ("1969-12-31T23:59:59.5Z", -SECOND // 2),
        ("2016-03-14T01:59Z", 1_457_920_740 * SECOND),
    ],
)
def test_what_is_a_timestamp(text: str, instant: int) -> None:
    assert parse(text) == instant


@pytest.mark.parametrize(
    "text",
    ["2016-03-14", "2016-03-14 01:59:00Z", "2016-03-14T01:59:00", "2016-02-30T00:00:00Z", "2016-03-14T25:00:00Z", "", None, 5],
)
def test_what_is_none(text: object) -> None:
    assert parse(text) is None


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_what_is_shown_is_read_back(millis: int) -> None:
    assert parse(show(millis * 1_000_000).rjust(24, "0")) == millis * 1_000_000
