"""JSON: numbers stay numbers, what is no number is null, and plain things stand on one line."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from chaos.reports.json import write_value

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_read_again(value: object) -> None:
    assert json.loads(write_value(value)) == value


def test_what_is_infinite_or_no_number_is_null() -> None:
    assert json.loads(write_value({"a": [float("inf"), 1.5], "b": float("nan")})) == {"a": [None, 1.5], "b": None}


def test_plain_things_stand_on_one_line() -> None:
    assert write_value({"a": [1, 2], "b": {"c": "ä"}}) == '{\n  "a": [1, 2],\n  "b": {"c": "ä"}\n}\n'
