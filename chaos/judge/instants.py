"""Figures of an instant, read from frames on the grid: what conditions and the claims always, never, eventually look at."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from topology.frame import FlowFrame, Frame, LinkFrame, NodeFrame
from topology.plan import Term

STEPS = 10
"""What is said of the last second is said of so many grid steps."""


@dataclass(frozen=True, slots=True)
class Past:
    """The totals of one flow at a grid step."""

    answered: int
    good: int
    """Answers that were yes and in time."""
    unanswered: int


SILENT = object()
"""Nobody was answered for a whole second, and somebody waited all the while: it says nothing good, and nothing bad yet."""

Seen = float | object | None
"""A value, SILENT, or None where there is nothing to read."""


class Instants:
    """Looks at designs at each grid step, and remembers the steps of the last second."""

    def __init__(self, grid_ns: int) -> None:
        self.second_s = STEPS * grid_ns / 1e9
        self._frames: dict[str, Frame] = {}
        self._pasts: dict[tuple[str, str], deque[Past]] = {}

    def look(self, frames: Iterable[Frame]) -> None:
        """Take in the frames of one grid step; each step is to be looked at, one after the other."""
        for frame in frames:
            self._frames[frame.design] = frame
            for flow in frame.flows:
                past = self._pasts.setdefault((frame.design, flow.producer), deque(maxlen=STEPS + 1))
                answered = flow.offered - flow.unanswered
                past.append(Past(answered, answered - flow.told_no - flow.yes_late, flow.unanswered))

    def value(self, terms: tuple[Term, ...], between: str, row: str) -> Seen:
        """An expression now; a term that names no design is read in that of the row."""
        values = [self.one(term.design or row, term.subject, term.figure) for term in terms]
        if SILENT in values:
            return SILENT
        numbers = [value for value in values if isinstance(value, int | float)]
        if len(numbers) < len(values):
            return None
        if not between:
            return numbers[0]
        if between == "-":
            return numbers[0] - numbers[1]
        return numbers[0] / numbers[1] if numbers[1] else None

    def one(self, design: str, subject: str, figure: str) -> Seen:
        """One figure of a flow, a node or a link of a design."""
        frame = self._frames[design]
        flow = next((f for f in frame.flows if f.producer == subject), None)
        if flow is not None and figure not in _NODE:
            return self._flow(design, flow, figure)
        node = frame.node(subject)
        if node is not None:
            return float(_NODE[figure](node))
        link = next(k for k in frame.links if f"{k.caller} {k.mode} {k.callee}" == subject)
        return float(_LINK[figure](link))

    def _flow(self, design: str, flow: FlowFrame, figure: str) -> Seen:
        if figure not in ("success", "goodput"):
            return float(_FLOW[figure](flow))
        past = self._pasts[design, flow.producer]
        if len(past) <= STEPS:
            return None
        first, last = past[0], past[-1]
        answered, good = last.answered - first.answered, last.good - first.good
        if figure == "goodput":
            return good / self.second_s
        if not answered:
            return SILENT if first.unanswered else None
        return good / answered


_FLOW: dict[str, Callable[[FlowFrame], float]] = {
    "offered_rate": lambda f: f.rate_offered,
    "yes_rate": lambda f: f.rate_yes,
    "no_rate": lambda f: f.rate_no,
    "done_rate": lambda f: f.rate_done,
    "unanswered": lambda f: f.unanswered,
    "waiting": lambda f: f.waiting,
    "oldest": lambda f: f.oldest_ns / 1e9,
    "told_no": lambda f: f.told_no,
    "lost": lambda f: f.lost,
    "dead_lettered": lambda f: f.dead_lettered,
    "duplicates": lambda f: f.duplicates,
    "done_after_no": lambda f: f.done_after_no,
    "half_done": lambda f: f.half_done,
    "degraded": lambda f: f.degraded,
}
_NODE: dict[str, Callable[[NodeFrame], float]] = {
    "depth": lambda n: n.depth,
    "in_flight": lambda n: n.in_flight,
    "age": lambda n: n.age_ns / 1e9,
    "queued": lambda n: n.queued,
    "busy": lambda n: n.busy,
    "occupancy": lambda n: n.occupancy,
    "utilisation": lambda n: n.utilisation,
    "up": lambda n: n.up,
    "unhealthy": lambda n: n.unhealthy,
    "arrival_rate": lambda n: n.rate_in,
    "departure_rate": lambda n: n.rate_out,
    "error_rate": lambda n: n.rate_bad,
}
_LINK: dict[str, Callable[[LinkFrame], float]] = {
    "attempt_rate": lambda k: k.rate,
    "error_rate": lambda k: k.rate_bad,
    "in_flight": lambda k: k.in_flight,
    "attempts": lambda k: k.attempts,
}


def known() -> dict[str, frozenset[str]]:
    """The figures that can be read, of flows, nodes and links."""
    return {
        "flow": frozenset({"success", "goodput", *_FLOW}),
        "node": frozenset(_NODE),
        "link": frozenset(_LINK),
    }
