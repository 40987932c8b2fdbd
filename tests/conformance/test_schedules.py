"""Schedule expressions that EventBridge took or refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.recorded import rows
from topology.problems import Refused
from topology.rules.schedules import Service, compile_schedule


def is_valid(expression: str, service: Service) -> bool:
    try:
        compile_schedule(expression, service)
    except Refused:
        return False
    return True


@pytest.mark.parametrize("row", rows("schedule_expressions.json"))
def test_a_recorded_schedule(row: Any) -> None:
    assert is_valid(row["expression"], row["for"]) is row["valid"]
