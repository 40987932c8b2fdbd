"""Every layer that a world can lay: where it lies, how two of them fold, which values say how strong it is, and its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PLACE, WIRE = "place", "wire"

TIMES, EITHER, PLUS, MOST = "times", "either", "plus", "most"
"""How layers fold: factors multiply, shares hit independently, amounts add up, or the strongest counts."""

NEUTRAL = {TIMES: 1.0, EITHER: 0.0, PLUS: 0.0, MOST: 0.0}
"""What is folded where no layer lies."""

STRENGTHS = ("factor", "share", "extra", "by", "rate", "attempts", "fills")
"""The names under which a layer's first strength is given; the first that is there counts."""

SECONDS = ("jitter", "stretch", "silent", "thrash")
"""And its second."""


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort of layer. `words` has `a` and `b` to be filled in."""

    where: str
    fold: str
    words: str
    nanoseconds: bool = False
    """Whether its strengths are durations, shown in milliseconds."""


SORTS: dict[str, Sort] = {
    "slow": Sort(PLACE, TIMES, "{a:g} times slower"),
    "errors": Sort(PLACE, EITHER, "{a:.0%} fail"),
    "poison": Sort(PLACE, EITHER, "{a:.2%} can never be worked on"),
    "tail": Sort(PLACE, EITHER, "{a:.0%} take {b:g} times as long"),
    "slots": Sort(PLACE, EITHER, "{a:.0%} of the slots are taken"),
    "cores": Sort(PLACE, EITHER, "{a:.0%} of the cores are taken"),
    "throttle": Sort(PLACE, MOST, "at most {a:g}/s"),
    "lies": Sort(PLACE, PLUS, "tells health checks a lie"),
    "skew": Sort(PLACE, PLUS, "clock off by {a:g} ms", nanoseconds=True),
    "leak": Sort(PLACE, TIMES, "leaks memory"),
    "beats": Sort(PLACE, PLUS, "sends heartbeats, whatever else it does"),
    "hot": Sort(PLACE, EITHER, "{a:.0%} want one key"),
    "latency": Sort(WIRE, PLUS, "+{a:g} ms", nanoseconds=True),
    "loss": Sort(WIRE, EITHER, "{a:.0%} lost"),
    "cut": Sort(WIRE, PLUS, "cut"),
    "refuse": Sort(WIRE, EITHER, "{a:.0%} do not get through"),
    "leased": Sort(WIRE, EITHER, "{a:.0%} of the connections are taken"),
    "hammer": Sort(WIRE, MOST, "up to {a:g} attempts at once"),
}
"""The layers that every replica or link can have; a kind may declare more of its own (`Node.layers`)."""

OF_WORK = ("slow", "errors", "tail", "poison")
"""Those that mean nothing to a node that does no work itself."""

WAYS = {"to": 1, "from": 2, "both": 3}
"""The directions of a layer on a link: 1 there, 2 back."""


def sort_of(name: str, own: Mapping[str, str]) -> Sort | None:
    """The sort of a layer of that name on a node whose kind declares layers of its own; None where it can have none."""
    if name in SORTS:
        return SORTS[name]
    return Sort(PLACE, own[name], f"{name} {{a:g}}") if name in own else None


def strengths(values: Mapping[str, Any]) -> tuple[float, float]:
    """The two strengths among a layer's values."""
    first = next((values[name] for name in STRENGTHS if name in values), 1.0)
    second = next((values[name] for name in SECONDS if name in values), 0.0)
    return float(first), float(second)


def words_of(sort: Sort, a: float, b: float) -> str:
    """A layer in a few words."""
    return sort.words.format(a=a / 1e6 if sort.nanoseconds else a, b=b)


def folded(fold: str, total: float, strength: float) -> float:
    """One more layer on top of what is folded already."""
    if fold == TIMES:
        return total * strength
    if fold == EITHER:
        return 1.0 - (1.0 - total) * (1.0 - strength)
    if fold == PLUS:
        return total + strength
    return max(total, strength)
