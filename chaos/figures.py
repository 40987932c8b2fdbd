"""The figures that claims, verdicts and reports name, read from ledgers and grid samples alone.

What is still open can turn a figure yet, so each comes with the range in which it can still end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chaos.judge.windows import Span, Windows, length
from topology.histogram import Histogram
from topology.ledger import Tally
from topology.node import SOURCES
from topology.offering import emits
from topology.registry import kind
from topology.series import Samples
from topology.spec.figures import FLOW_FIGURES, split
from topology.world import Turn, World

INFINITE = float("inf")
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure's value in SI units, and where it can still end; `value` is None where there is nothing to read."""

    value: float | None
    low: float = 0.0
    high: float = 0.0
    messages: int = 0
    """How many messages it is about."""
    why: str = ""
    """Why there is nothing to read."""


NOTHING = Reading(None)


def sure(value: float, messages: int = 0) -> Reading:
    """A figure that nothing open can turn."""
    return Reading(value, value, value, messages)


def read(world: World, that: str, windows: Windows, spans: Sequence[Span]) -> Reading:
    """One figure of one design during some stretches of the run."""
    node, name = split(that)
    eras = windows.inside(spans)
    if not eras:
        return NOTHING
    plan = world.plan.node(node)
    if plan is None:
        raise KeyError(node)
    if node in flows_of(world) or (name in FLOW_FIGURES and node in offered_in(world)):
        return flow_figure(total(world.tallies(node), eras), name, length(spans))
    return node_figure(world, node, name, windows, spans)


def flows_of(world: World) -> list[str]:
    """Whose messages a verdict speaks of: the producers of a design, and what runs by the clock.

    What a node inside makes of them, such as alerts, is no request: a customer would be counted twice.
    """
    return [node.name for node in world.plan.nodes if kind(node.kind).role in SOURCES]


def offered_in(world: World) -> list[str]:
    """Every node of a design that has a flow of its own: those of `flows_of`, then the nodes inside that emit messages."""
    plan = world.plan
    return flows_of(world) + [node.name for node in plan.nodes if emits(kind(node.kind), node.name, plan.links)]


def total(tallies: Sequence[Tally], eras: Sequence[int]) -> Tally:
    """Several eras as one tally."""
    whole = Tally(tallies[0].names)
    for era in eras:
        if era < len(tallies):
            whole.merge(tallies[era])
    return whole


def flow_figure(tally: Tally, name: str, span_ns: int) -> Reading:
    """A figure of what became of a producer's messages."""
    head, _, tail = name.partition(".")
    if head in ("latency", "latency_no", "completion", "staleness"):
        return _time(tally, head, tail)
    if name in _RATIOS:
        return _RATIOS[name](tally, span_ns)
    return _count(tally, name)


def yes_in_time(tally: Tally) -> int:
    """Messages told yes in time, whatever became of their work."""
    return told_yes(tally) - int(tally.yes_late)


def told_yes(tally: Tally) -> int:
    """Messages told yes, in time or late."""
    return int(tally.offered - tally.unanswered - tally.refused - tally.failed)


def told_no(tally: Tally) -> int:
    """Messages told no."""
    return int(tally.refused + tally.failed)


def success(tally: Tally) -> float | None:
    """The share of the answered messages that were told yes in time; None when none was answered."""
    answered = int(tally.offered - tally.unanswered)
    return yes_in_time(tally) / answered if answered else None


def _success(tally: Tally, span_ns: int) -> Reading:
    value = success(tally)
    if value is None or not tally.offered:
        return NOTHING
    good, offered = yes_in_time(tally), int(tally.offered)
    return Reading(value, good / offered, (good + int(tally.unanswered)) / offered, offered)


def _goodput(tally: Tally, span_ns: int) -> Reading:
    seconds = span_ns / 1e9
    good = yes_in_time(tally)
    return Reading(good / seconds, good / seconds, (good + int(tally.unanswered)) / seconds, tally.offered)


def _amplification(tally: Tally, span_ns: int) -> Reading:
    if not tally.offered:
        return NOTHING
    ratio = int(tally.attempts) / int(tally.offered)
    return Reading(ratio, ratio, INFINITE if tally.unanswered else ratio, tally.offered)


def _wasted(tally: Tally, span_ns: int) -> Reading:
    seconds = tally.wasted_ns / 1e9
    return Reading(seconds, seconds, INFINITE if tally.unanswered else seconds, tally.offered)


_RATIOS: dict[str, Callable[[Tally, int], Reading]] = {
    "success": _success,
    "goodput": _goodput,
    "amplification": _amplification,
    "wasted": _wasted,
}

_SETTLED = ("offered",)
_BY_ANSWER = ("refused", "failed", "told_yes", "told_no", "done_after_no", "attempts")
_STILL_OPEN = ("in_system", "unanswered", "waiting")


def _count(tally: Tally, name: str) -> Reading:
    """A count, and how much higher (or, for what is open, lower) it can still end."""
    counts: dict[str, int] = {"told_yes": told_yes(tally), "told_no": told_no(tally)}
    value = counts[name] if name in counts else int(getattr(tally, name))
    if name in _SETTLED:
        return sure(value, tally.offered)
    if name in _STILL_OPEN:
        return Reading(value, value, value, tally.offered)
    if name == "dead_lettered":
        return Reading(value, value, value + tally.in_system, tally.offered)
    open_now = tally.unanswered if name in _BY_ANSWER else tally.in_system
    return Reading(value, value, value + open_now, tally.offered)


def _time(tally: Tally, which: str, part: str) -> Reading:
    """A percentile, mean or maximum of times; what is open could still take for ever."""
    histogram: Histogram = getattr(tally, which)
    if not histogram.count:
        return NOTHING
    open_now = int(tally.in_system if which in ("completion", "staleness") else tally.unanswered)
    value = part_of(histogram, part)
    high = _worst(histogram, part, open_now)
    return Reading(value, min(value, _best(histogram, part, open_now)), high, int(histogram.count))


def part_of(histogram: Histogram, part: str) -> float:
    """A percentile, the mean or the maximum, in seconds."""
    if part == "mean":
        return histogram.mean_ns() / 1e9
    if part == "max":
        return int(histogram.max_ns) / 1e9
    return histogram.quantile_ns(QUANTILES[part]) / 1e9


def _worst(histogram: Histogram, part: str, open_now: int) -> float:
    """As if all that is open ended later than everything else."""
    if not open_now:
        return part_of(histogram, part)
    if part in ("mean", "max"):
        return INFINITE
    count = int(histogram.count)
    rank = int(QUANTILES[part] * (count + open_now - 1)) + 1
    if rank > count:
        return INFINITE
    return histogram.quantile_ns((rank - 1) / max(1, count - 1)) / 1e9


def _best(histogram: Histogram, part: str, open_now: int) -> float:
    """As if all that is open had ended sooner than everything else."""
    if not open_now or part == "max":
        return part_of(histogram, part)
    if part == "mean":
        return histogram.sum_ns / (int(histogram.count) + open_now) / 1e9
    count = int(histogram.count)
    rank = int(QUANTILES[part] * (count + open_now - 1)) + 1 - open_now
    return histogram.quantile_ns((rank - 1) / max(1, count - 1)) / 1e9 if rank > 0 else 0.0


def node_figure(world: World, node: str, name: str, windows: Windows, spans: Sequence[Span]) -> Reading:
    """A figure of a node that is no producer."""
    if name == "unhealthy":
        return sure(unhealthy_ns(world.turns(), node, spans) / 1e9)
    eras = set(windows.inside(spans))
    samples = [s for era, s in enumerate(world.samples(node)) if era in eras]
    count = sum(int(s.count) for s in samples)
    return sure(_SAMPLED[name](samples, count)) if count else NOTHING


_SAMPLED: dict[str, Callable[[list[Samples], int], float]] = {
    "depth.mean": lambda many, n: sum(s.depth_sum for s in many) / n,
    "depth.max": lambda many, n: max(s.depth_max for s in many),
    "age.max": lambda many, n: max(int(s.age_max_ns) for s in many) / 1e9,
    "occupancy.mean": lambda many, n: sum(s.occupancy_sum for s in many) / n,
    "occupancy.max": lambda many, n: max(s.occupancy_max for s in many),
    "utilisation.mean": lambda many, n: sum(s.utilisation_sum for s in many) / n,
    "utilisation.max": lambda many, n: max(s.utilisation_max for s in many),
    "busy.mean": lambda many, n: sum(s.busy_sum for s in many) / n,
}


def ill_spans(turns: Sequence[Turn], node: str, end_ns: int) -> list[Span]:
    """The stretches in which a node was unhealthy; one that lasts ends at `end_ns`."""
    found: list[Span] = []
    since: int | None = None
    for turn in turns:
        if turn.node != node:
            continue
        if turn.unhealthy and since is None:
            since = turn.at_ns
        elif not turn.unhealthy and since is not None:
            found.append((since, turn.at_ns))
            since = None
    if since is not None:
        found.append((since, max(since, end_ns)))
    return found


def unhealthy_ns(turns: Sequence[Turn], node: str, spans: Sequence[Span]) -> int:
    """How long a node was unhealthy during some stretches."""
    ill = ill_spans(turns, node, 1 << 62)
    return length([(max(a, low), min(b, high)) for a, b in ill for low, high in spans])
