"""The journal itself, as JSON: figures are numbers in SI units."""

from __future__ import annotations

import json
from typing import Any

SUFFIX = ".json"


def write(journal: dict[str, Any]) -> str:
    """The whole journal."""
    return write_value(journal)


def write_value(value: Any) -> str:
    """Any value; what is infinite or not a number becomes null."""
    return json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(below) for below in value]
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    return value
