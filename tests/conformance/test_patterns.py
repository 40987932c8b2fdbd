"""Event patterns as EventBridge and event-ruler took them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.recorded import rows
from topology.problems import Refused
from topology.rules.patterns import compile_pattern


def verdict(pattern: Any, event: Any) -> str:
    try:
        return "match" if compile_pattern(pattern).matches(event) else "no match"
    except Refused:
        return "invalid"


@pytest.mark.parametrize("row", rows("eventbridge_patterns.json"))
def test_a_recorded_pattern(row: Any) -> None:
    assert verdict(row["pattern"], row["event"]) == row["want"]
