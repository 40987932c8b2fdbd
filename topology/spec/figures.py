"""The figures that a claim may name (`web.success`, `backlog.depth.max`): one list for the checker and the judge."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from topology.node import PULLED, SOURCES, WORKERS
from topology.units import (
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
POINTS = "points"
"""Units of figures; all values are in SI units. The difference of two shares is in points, hundredths of the whole."""

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
    second: bool = False
    """Of an instant, and about the ten grid steps before it: a second, where the grid is not changed."""
    signed: bool = False
    """Whether it can be less than nothing."""


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


def _costs(roles: tuple[str, ...] = ()) -> dict[str, Figure]:
    words = {
        "told_no": (COUNT, "messages more that were told no"),
        "lost": (COUNT, "messages more that were lost after a yes"),
        "dead_lettered": (COUNT, "messages more that ended in a dead-letter queue"),
        "duplicates": (COUNT, "completed executions more beyond the first"),
        "half_done": (COUNT, "messages more that were left half done"),
        "late": (COUNT, "messages more that were told yes too late"),
        "minutes": (NUMBER, "minutes more of degradation"),
    }
    return {
        f"cost.{name}": Figure(unit, f"{doc}, than in the same run without any fault", roles, True, False, signed=True)
        for name, (unit, doc) in words.items()
    }


FLOW_FIGURES: dict[str, Figure] = {
    **_counts(),
    "wasted": Figure(SECONDS, "slot-seconds of work for callers that had left", ("producer",)),
    "success": Figure(SHARE, "answers that were yes and in time, of what was offered", ("producer",)),
    "goodput": Figure(RATE, "answers per second that were yes and in time", ("producer",)),
    "amplification": Figure(NUMBER, "attempts for each message offered", ("producer",)),
    **_percentiles("latency", "the time from the intended instant to a yes"),
    **_percentiles("latency_no", "the time from the intended instant to a no"),
    **_percentiles("completion", "the time from the intended instant until all work was done"),
    **_percentiles("staleness", "the time from a yes until the work that it promised was done"),
    "time_to_detect": Figure(SECONDS, "from the first inject to the first no", ("producer",), True, False),
    "time_to_recover": Figure(SECONDS, "from the last heal until answers are back for good", ("producer",), True, False),
    "time_to_drain": Figure(SECONDS, "from the last heal until no more work waits than before", ("producer",), True, False),
    **_costs(("producer",)),
}
"""Figures of a producer's flow."""

_HOLDS = (*PULLED, "push", "function")
_WORKS = WORKERS

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
    "arrivals": Figure(COUNT, "messages that arrived", grid=True),
    "departures": Figure(COUNT, "messages that left", grid=True),
    "errors": Figure(COUNT, "failures of any reason", grid=True),
    "time_to_detect": Figure(SECONDS, "from the first inject until it turned unhealthy", grid=True, windowed=False),
}
"""Figures of any other node. Arrivals, departures and errors count by the instant at which they happened."""

LINK = "link"
"""The role of a link, among those of nodes."""

LINK_FIGURES: dict[str, Figure] = {
    "attempts": Figure(COUNT, "attempts, by the instant at which they began", grid=True),
    "errors": Figure(COUNT, "attempts that failed, by the instant at which they did", grid=True),
}

DESIGN = "design"
"""The role of a whole design, whose figures have no node before them."""

DESIGN_FIGURES: dict[str, Figure] = {
    "blast_radius": Figure(SHARE, "shared nodes, not hit themselves, that a fault made unhealthy", (), True, False),
    "time_to_detect": Figure(SECONDS, "from the first inject to the first no, or unhealthy node", (), True, False),
    "time_to_recover": Figure(SECONDS, "from the last heal until answers and nodes are well for good", (), True, False),
    "time_to_drain": Figure(SECONDS, "from the last heal until no more work waits than before", (), True, False),
    **_costs(),
}

SUMMED = frozenset({"arrivals", "departures", "errors"})
"""Figures of nodes that are read as differences of totals, and so need the totals at each bound of a window."""

_SO_FAR = "since the start of the run"

FLOW_NOW: dict[str, Figure] = {
    "success": Figure(SHARE, "answers of the last second that were yes and in time", second=True),
    "goodput": Figure(RATE, "answers over the last second that were yes and in time", second=True),
    "offered_rate": Figure(RATE, "messages offered over the last second", second=True),
    "yes_rate": Figure(RATE, "messages told yes over the last second", second=True),
    "no_rate": Figure(RATE, "messages told no over the last second", second=True),
    "done_rate": Figure(RATE, "messages done over the last second", second=True),
    "unanswered": Figure(COUNT, "messages without an answer"),
    "waiting": Figure(COUNT, "messages told yes whose work is still to be done"),
    "oldest": Figure(SECONDS, "age of the oldest message told yes whose work is still to be done"),
    "told_no": Figure(COUNT, f"messages told no {_SO_FAR}"),
    "lost": Figure(COUNT, f"messages lost after a yes {_SO_FAR}"),
    "dead_lettered": Figure(COUNT, "messages told yes that lie in a dead-letter queue"),
    "duplicates": Figure(COUNT, f"completed executions beyond the first {_SO_FAR}"),
    "done_after_no": Figure(COUNT, f"messages told no and yet done {_SO_FAR}"),
    "half_done": Figure(COUNT, f"messages half done {_SO_FAR}"),
    "degraded": Figure(COUNT, f"messages answered by a fallback {_SO_FAR}"),
}
"""Figures of a flow at an instant: what `when`, `always`, `never` and `eventually` look at, on the grid."""

NODE_NOW: dict[str, Figure] = {
    "depth": Figure(COUNT, "messages kept by a queue", _HOLDS),
    "in_flight": Figure(COUNT, "messages kept by a queue that a consumer has", _HOLDS),
    "age": Figure(SECONDS, "age of a queue's oldest message", _HOLDS),
    "queued": Figure(COUNT, "calls that wait for a slot", _WORKS),
    "busy": Figure(COUNT, "slots held", _WORKS),
    "occupancy": Figure(SHARE, "share of slots held", _WORKS),
    "utilisation": Figure(SHARE, "share of cores at work", _WORKS),
    "up": Figure(COUNT, "replicas that are up"),
    "unhealthy": Figure(COUNT, "1 while it is unhealthy, else 0"),
    "arrival_rate": Figure(RATE, "messages that arrived over the last second", second=True),
    "departure_rate": Figure(RATE, "messages that left over the last second", second=True),
    "error_rate": Figure(RATE, "failures over the last second", second=True),
}
"""Figures of any other node at an instant."""

LINK_NOW: dict[str, Figure] = {
    "attempt_rate": Figure(RATE, "attempts over the last second", second=True),
    "error_rate": Figure(RATE, "attempts that failed over the last second", second=True),
    "in_flight": Figure(COUNT, "attempts that their caller waits for"),
    "attempts": Figure(COUNT, f"attempts {_SO_FAR}"),
}
"""Figures of a link at an instant."""


def figures(role: str, emits: bool = False) -> dict[str, Figure]:
    """What a node of that role, a link or a design can be asked for, over a window.

    One that emits has the figures of a node, and those of its messages that can be had for a window.
    """
    if role in (LINK, DESIGN):
        return LINK_FIGURES if role == LINK else DESIGN_FIGURES
    if emits:
        return {name: figure for name, figure in FLOW_FIGURES.items() if figure.windowed} | _fit(NODE_FIGURES, role)
    return FLOW_FIGURES if role in SOURCES else _fit(NODE_FIGURES, role)


def figures_now(role: str, emits: bool = False) -> dict[str, Figure]:
    """What a node of that role or a link can be asked for at an instant."""
    if role == DESIGN:
        return {}
    if emits:
        return FLOW_NOW | _fit(NODE_NOW, role)
    return LINK_NOW if role == LINK else FLOW_NOW if role in SOURCES else _fit(NODE_NOW, role)


def _fit(known: dict[str, Figure], role: str) -> dict[str, Figure]:
    return {name: figure for name, figure in known.items() if not figure.roles or role in figure.roles}


def figure(name: str) -> Figure:
    """The figure of that name over a window, of a flow, a node, a link or a design; KeyError when there is none."""
    return FLOW_FIGURES.get(name) or NODE_FIGURES.get(name) or LINK_FIGURES.get(name) or DESIGN_FIGURES[name]


def figure_of(subject: str, name: str) -> Figure:
    """The figure of that name over a window, of a node, a link (`a -> b`) or a design (empty); KeyError when there is none."""
    if not subject or " " in subject:
        return (LINK_FIGURES if subject else DESIGN_FIGURES)[name]
    return figure(name)


def split(that: str) -> tuple[str, str]:
    """`web.latency.p99` as ("web", "latency.p99")."""
    node, _, name = that.partition(".")
    return node, name


_COMPARISON = re.compile(r"\s*(<=|>=|!=|==|=|<|>|≤|≥|≠)\s*(\S.*?)\s*")
_SPELLINGS = {"==": "=", "≤": "<=", "≥": ">=", "≠": "!="}


def parse_comparison(text: object, unit: str, signed: bool = True) -> tuple[str, float]:
    """`>= 99%` as (">=", 0.99), in the unit of the figure that it is about; ValueError in plain words.

    A figure that is not `signed` is never less than nothing, and a claim that says so would hold whatever happens.
    """
    match = _COMPARISON.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        example = {SHARE: ">= 99%", SECONDS: "< 250ms", RATE: "> 90/s", POINTS: ">= 50 points"}.get(unit, "= 0")
        raise ValueError(f'expected a comparison such as "{example}", got {shown(text)}')
    value = _parse_value(match[2], unit)
    if value < 0 and not signed:
        raise ValueError(f"{shown(text)} compares with less than nothing, which this figure never is")
    return _SPELLINGS.get(match[1], match[1]), value


_POINTS = re.compile(r"([0-9.]+)\s*(?:points?|pp)")


def _parse_value(text: str, unit: str) -> float:
    if text[:1] == "-":
        return -_parse_value(text[1:].lstrip(), unit)
    if unit == SECONDS:
        return parse_duration(0 if text == "0" else text) / 1e9
    if unit == POINTS:
        match = _POINTS.fullmatch(text)
        if match is None:
            raise ValueError(f"expected a number of points, such as 50 points; got {shown(text)}")
        return finite(float(match[1])) / 100
    try:
        return finite(float(text.replace(",", "")))
    except ValueError:
        if unit in (COUNT, NUMBER):
            raise ValueError(f"expected a number, got {shown(text)}") from None
    return parse_rate(text) if unit == RATE else parse_share(text)


def format_value(value: float, unit: str) -> str:
    """A figure for people."""
    if value in (float("inf"), float("-inf")):
        return "not within the run" if unit == SECONDS else "without bound"
    if unit == POINTS:
        return f"{value * 100:,.4g} points"
    if unit == SECONDS and value < 0:
        return f"-{format_value(-value, unit)}"
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
