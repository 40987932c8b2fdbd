"""Inner values as a file would spell them, so that a command can be saved and read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from topology.dist import Dist
from topology.parameters import Param
from topology.units import exact_duration

_SHAPES = {"exponential": ("mean",), "uniform": ("low", "high"), "pareto": ("min", "alpha")}


def spell_all(params: Mapping[str, Param], values: Mapping[str, Any]) -> dict[str, Any]:
    """Several inner values by name; absent ones are left out."""
    return {name: spell(params[name], value) for name, value in values.items() if name in params and value is not None}


def spell(param: Param, value: Any) -> Any:
    """One inner value as text with its unit, or as a plain number or word."""
    if value is None:
        return None
    if param.type == "duration":
        return exact_duration(value)
    if param.type == "rate":
        return spell_rate(value)
    if param.type == "dist":
        return spell_dist(value)
    if param.type == "group":
        return spell_all(param.fields, value)
    if param.type == "table":
        return {name: spell_all(param.fields, row) for name, row in value.items()}
    return value


def spell_rate(per_second: float) -> str:
    """A rate that reads back as the same number, as long as twelve decimals hold it."""
    text = f"{per_second:.12f}".rstrip("0").rstrip(".")
    return f"{text or '0'}/s"


def spell_dist(value: Dist) -> Any:
    """A distribution as a file would say it."""
    name, _, rest = value.text.rstrip(")").partition("(")
    numbers = rest.split(",")
    if name == "constant":
        return exact_duration(int(numbers[0]))
    if name == "lognormal":
        return {"median": exact_duration(int(numbers[0])), "p99": exact_duration(int(numbers[1]))}
    if name in _SHAPES:
        fields = zip(_SHAPES[name], numbers, strict=True)
        return {name: {f: float(n) if f == "alpha" else exact_duration(int(n)) for f, n in fields}}
    raise ValueError(f"a distribution of kind {name} cannot be written down without its file")
