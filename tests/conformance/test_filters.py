"""Filter policies of SNS subscriptions and the messages they take."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.recorded import rows
from topology.rules.filters import compile_filter


@pytest.mark.parametrize("row", rows("sns_filters.json"))
def test_a_recorded_filter(row: Any) -> None:
    taken = compile_filter(row["policy"], row["scope"]).matches(row.get("attributes"), row.get("body"))
    assert taken is row["match"]
