"""The figures that a claim may name (`web.success`, `backlog.depth.max`): one list for the checker and the judge."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from topology.spec.units import (
    finite,
    format_duration,
    format_rate,
    format_share,
    parse_duration,
    parse_rate,
    parse_share,
    shown,
)

COUNT, SHARE, SECONDS, RATE, NUMBER = "count", "share", "seconds", "rate", "number"
"""Units of figures; all values are in SI units."""

OPERATORS = ("<", "<=", "=", "!=", ">=", ">")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its unit, a sentence, and which roles of nodes have it."""

    unit: str
    doc: str
    roles: tuple[str, ...] = ()
    """Empty: every role but the producer."""
    grid: bool = False
    """Sampled on the grid, so that it needs no minimum of messages."""
    windowed: bool = True
    """Whether it can be had for a part of the run."""


def _counts() -> dict[str, Figure]:
    words = {
        "offered": "messages that the producer meant to send",
        "served": "answered yes in time, all work done",
        "late": "answered yes after the deadline, all work done",
        "refused": "told no at the first hop, without starting",
        "failed": "told no by an error or silence from deeper",
        "lost": "told yes, and then a required part was lost",
        "dead_lettered": "told yes, and then a required part ended in a dead-letter queue",
        "in_system": "neither answered and done nor given up: unanswered + waiting",
        "unanswered": "not told yes or no yet",
        "waiting": "told yes, with work that is still to be done",
        "done": "all parts done, whatever the answer",
        "done_after_no": "told no, and yet all done",
        "half_done": "some parts done and others never",
        "degraded": "answered by a fallback",
        "duplicates": "completed executions beyond the first",
        "attempts": "attempts at the producer's own links",
        "told_yes": "answered yes, in time or late",
        "told_no": "refused or failed",
    }
    return {name: Figure(COUNT, doc, ("producer",)) for name, doc in words.items()}


def _percentiles(name: str, words: str) -> dict[str, Figure]:
    parts = ("mean", "p50", "p90", "p99", "p999", "max")
    return {f"{name}.{part}": Figure(SECONDS, f"{part} of {words}", ("producer",)) for part in parts}


FLOW_FIGURES: dict[str, Figure] = {
    **_counts(),
    "wasted": Figure(SECONDS, "slot-seconds of work for callers that had left", ("producer",)),
    "success": Figure(SHARE, "answers that were yes and in time, of what was offered", ("producer",)),
    "goodput": Figure(RATE, "answers per second that were yes and in time", ("producer",)),
    "amplification": Figure(NUMBER, "attempts for each message offered", ("producer",)),
    **_percentiles("latency", "the time from the intended instant to a yes"),
    **_percentiles("latency_no", "the time from the intended instant to a no"),
    **_percentiles("completion", "the time from the intended instant until all work was done"),
}
"""Figures of a producer's flow."""

_HOLDS = ("queue",)
_WORKS = ("service", "endpoint")

NODE_FIGURES: dict[str, Figure] = {
    "depth.mean": Figure(NUMBER, "messages kept by a queue, on average", _HOLDS, grid=True),
    "depth.max": Figure(COUNT, "most messages kept by a queue", _HOLDS, grid=True),
    "age.max": Figure(SECONDS, "greatest age of a queue's oldest message", _HOLDS, grid=True),
    "occupancy.mean": Figure(SHARE, "share of slots held, on average", _WORKS, grid=True),
    "occupancy.max": Figure(SHARE, "greatest share of slots held", _WORKS, grid=True),
    "utilisation.mean": Figure(SHARE, "share of cores at work, on average", _WORKS, grid=True),
    "utilisation.max": Figure(SHARE, "greatest share of cores at work", _WORKS, grid=True),
    "busy.mean": Figure(NUMBER, "slots held, on average", _WORKS, grid=True),
    "unhealthy": Figure(SECONDS, "time spent unhealthy", grid=True),
    "arrivals": Figure(COUNT, "messages that arrived", grid=True, windowed=False),
    "departures": Figure(COUNT, "messages that left", grid=True, windowed=False),
    "errors": Figure(COUNT, "failures of any reason", grid=True, windowed=False),
}
"""Figures of any other node."""


def figures(role: str) -> dict[str, Figure]:
    """What a node of that role can be asked for."""
    if role == "producer":
        return FLOW_FIGURES
    return {name: figure for name, figure in NODE_FIGURES.items() if not figure.roles or role in figure.roles}


def figure(name: str) -> Figure:
    """The figure of that name, of a flow or a node; KeyError when there is none."""
    return FLOW_FIGURES.get(name) or NODE_FIGURES[name]


def split(that: str) -> tuple[str, str]:
    """`web.latency.p99` as ("web", "latency.p99")."""
    node, _, name = that.partition(".")
    return node, name


_COMPARISON = re.compile(r"\s*(<=|>=|!=|==|=|<|>|≤|≥|≠)\s*(\S.*?)\s*")
_SPELLINGS = {"==": "=", "≤": "<=", "≥": ">=", "≠": "!="}


def parse_comparison(text: object, unit: str) -> tuple[str, float]:
    """`>= 99%` as (">=", 0.99), in the unit of the figure that it is about; ValueError in plain words."""
    match = _COMPARISON.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        example = {SHARE: ">= 99%", SECONDS: "< 250ms", RATE: "> 90/s"}.get(unit, "= 0")
        raise ValueError(f'expected a comparison such as "{example}", got {shown(text)}')
    return _SPELLINGS.get(match[1], match[1]), _parse_value(match[2], unit)


def _parse_value(text: str, unit: str) -> float:
    if unit == SECONDS:
        return parse_duration(0 if text == "0" else text) / 1e9
    try:
        return finite(float(text.replace(",", "")))
    except ValueError:
        if unit in (COUNT, NUMBER):
            raise ValueError(f"expected a number, got {shown(text)}") from None
    return parse_rate(text) if unit == RATE else parse_share(text)


def format_value(value: float, unit: str) -> str:
    """A figure for people."""
    if unit == SHARE:
        return format_share(value)
    if unit == SECONDS:
        return format_duration(round(value * 1e9))
    if unit == RATE:
        return format_rate(value)
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def compare(value: float, op: str, limit: float) -> bool:
    """Whether `value op limit` holds."""
    return {
        "<": value < limit,
        "<=": value <= limit,
        "=": value == limit,
        "!=": value != limit,
        ">=": value >= limit,
        ">": value > limit,
    }[op]


def names(known: Iterable[str]) -> str:
    """The figures in short: `latency.{mean,p50}` folded, for a message."""
    heads: dict[str, list[str]] = {}
    for name in known:
        head, _, tail = name.partition(".")
        heads.setdefault(head, []).append(tail)
    return ", ".join(h if t == [""] else f"{h}.{{{','.join(t)}}}" for h, t in heads.items())
