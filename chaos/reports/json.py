"""The journal itself, as JSON: figures are numbers in SI units."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

from chaos.report import Report


class Json(Report):
    """The whole journal, for programs; `knockon schema --report` says what is in it, and every other report is made of it."""

    suffix = ".json"

    def write(self, journal: dict[str, Any]) -> str:
        """The whole journal."""
        return write_value(journal)


def write_value(value: Any) -> str:
    """Any value; what is infinite or not a number becomes null. What holds only plain values stands on one line."""
    try:
        return f"{_pretty(value, '')}\n"
    except ValueError:
        return f"{_pretty(_finite(value), '')}\n"


def _pretty(value: Any, indent: str) -> str:
    """An object or array over several lines, one for each thing in it that is not plain itself."""
    many = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    if not any(isinstance(one, dict | list | tuple) for one in many):
        return _LINE.encode(value)
    deeper = f"{indent}  "
    if isinstance(value, dict):
        lines = [f"{deeper}{_LINE.encode(str(key))}: {_pretty(below, deeper)}" for key, below in value.items()]
        return _joined("{", lines, f"{indent}}}")
    lines = [f"{deeper}{_pretty(below, deeper)}" for below in value]
    return _joined("[", lines, f"{indent}]")


def _joined(begin: str, lines: list[str], end: str) -> str:
    inner = ",\n".join(lines)
    return f"{begin}\n{inner}\n{end}"


_LINE = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(below) for below in value]
    return value if not isinstance(value, float) or isfinite(value) else None
