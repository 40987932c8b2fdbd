"""Where a claim that failed first showed that it would, as far as series and turns on the grid tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from chaos.judge.evidence import terms_of
from chaos.judge.windows import Span
from topology.plan import Claim
from topology.spec.figures import compare
from topology.world import World

_FEWER = frozenset({"success", "goodput", "told_yes", "served"})
_MORE = frozenset({"told_no", "refused", "failed", "done_after_no"})
"""What each no to a message makes fewer, and what it makes more."""

UPPER, LOWER = ("<", "<=", "="), (">", ">=")


@dataclass(frozen=True, slots=True)
class Offence:
    """An instant, where it showed, the value that was read then where one was, and what was seen."""

    at_ns: int
    node: str = ""
    value: float | None = None
    words: str = ""

    def told(self) -> dict[str, Any]:
        """As the journal keeps it, in seconds."""
        return {"at": self.at_ns / 1e9, "node": self.node, "value": self.value, "words": self.words}


def first_offence(claim: Claim, world: World, spans: Sequence[Span]) -> Offence | None:
    """The first grid step of the window at which it showed; None where the grid cannot tell."""
    terms = terms_of(claim)
    if len(terms) > 1 or terms[0].design:
        return None
    subject, name = terms[0].subject, terms[0].figure
    if (name in _FEWER and claim.op in LOWER) or (name in _MORE and claim.op in UPPER):
        return _first_bin(world, subject, "no", spans, lambda value: value > 0, "told no {:,.0f} times in a grid step")
    if name == "depth.max" and claim.op in UPPER:
        over = partial(_breaks, claim)
        return _first_bin(world, subject, "depth", spans, over, "keeps {:,.0f} messages")
    if name == "unhealthy" and claim.op in UPPER:
        turns = (t for t in world.turns() if t.unhealthy and t.node == subject and _inside(t.at_ns, spans))
        return next((Offence(turn.at_ns, subject, None, turn.why) for turn in turns), None)
    return None


def _breaks(claim: Claim, value: float) -> bool:
    return not compare(value, claim.op, claim.value)


def _first_bin(
    world: World, node: str, what: str, spans: Sequence[Span], bad: Callable[[float], bool], words: str
) -> Offence | None:
    """A bin holds what happened up to its grid step, and so the first one of a window lies after its beginning."""
    width, values = world.series(f"{node}.{what}")
    for begin, end in spans:
        for index in range(begin // width + 1, min(len(values), end // width + 1)):
            if bad(values[index]):
                return Offence(index * width, node, values[index], words.format(values[index]))
    return None


def _inside(at_ns: int, spans: Sequence[Span]) -> bool:
    return any(begin <= at_ns < end for begin, end in spans)
