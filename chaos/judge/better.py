"""Which way each figure of a journal is better, and all figures of a design by name: `web.success`, `backlog.mean_stay`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from topology.spec.figures import COUNT, NUMBER, SECONDS, SHARE

UP, DOWN = 1, -1

HIGHER = frozenset({"success", "served", "told_yes", "done"})
LOWER = frozenset(
    {
        *("late", "refused", "failed", "lost", "dead_lettered", "in_system", "unanswered", "waiting", "told_no"),
        *("done_after_no", "half_done", "degraded", "duplicates", "wasted", "latency", "completion"),
        *("mean_wait", "mean_stay", "errors"),
        *("blast_radius", "recovered_after", "drained_after", "stale"),
    }
)

AFTERMATH = ("blast_radius", "recovered_after", "drained_after", "stale")
"""Figures of a whole design, since the first fault."""


def direction(name: str) -> int:
    """UP or DOWN for a figure such as `web.latency.p99`; 0 where neither way is better."""
    words = _words(name)
    return UP if words & HIGHER else DOWN if words & LOWER else 0


def _words(name: str) -> set[str]:
    """The words of a figure without the name of its node, which may be any word."""
    node, *words = name.split(".")
    return set(words or [node])


_SHARES = frozenset({"success", "blast_radius", "occupancy", "utilisation"})
_SECONDS = frozenset(
    {
        *("latency", "latency_no", "completion", "wasted", "recovered_after", "drained_after", "stale"),
        *("mean_wait", "mean_stay", "mean_service"),
    }
)
_MEANS = frozenset({"mean_in_system", "mean_busy"})


def unit(name: str) -> str:
    """The unit of a figure such as `web.latency.p99`, as `topology.spec.figures` names units."""
    words = _words(name)
    return SHARE if words & _SHARES else SECONDS if words & _SECONDS else NUMBER if words & _MEANS else COUNT


def figures(design: dict[str, Any]) -> Iterator[tuple[str, float | None]]:
    """Every figure of one design in a journal, with its name; None where there was nothing to read."""
    for flow, values in design["flows"].items():
        yield from _leaves(flow, {name: value for name, value in values.items() if name != "reasons"})
    for node, values in design.get("emitted", {}).items():
        yield from _leaves(node, {name: value for name, value in values.items() if name != "reasons"})
    flows = design["flows"]
    for node, values in design["nodes"].items():
        if node not in flows:
            yield from _leaves(node, {**values, "errors": sum(values.get("errors", {}).values())})
    aftermath = design["verdict"]["figures"]
    yield from ((name, aftermath.get(name)) for name in AFTERMATH)


def _leaves(name: str, value: Any) -> Iterator[tuple[str, float | None]]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _leaves(f"{name}.{key}", below)
    elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield name, value
