"""JSON text in and out, strict and compact, as payloads are counted."""

from __future__ import annotations

import json
from typing import Any, NoReturn

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def read(text: str | bytes) -> Any:
    """The value of a JSON text. Raises ValueError, with words, for anything else."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("the JSON is nested too deep") from None


def write(value: Any) -> str:
    """The compact JSON text of a value. Raises ValueError for what has none."""
    try:
        return _ENCODER.encode(value)
    except (TypeError, RecursionError) as fault:
        raise ValueError(f"{fault}") from None


def size(value: Any) -> int:
    """How many bytes a payload has."""
    return len(write(value).encode("utf-8", "surrogatepass"))


def same(a: Any, b: Any) -> bool:
    """Whether two values are the same JSON; 1 and true are not, 1 and 1.0 are not."""
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
