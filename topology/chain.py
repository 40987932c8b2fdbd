"""A chain of items, each of which knows its neighbours: put in and taken out anywhere, at the same small cost."""

from __future__ import annotations

from mypy_extensions import mypyc_attr

from topology.message import Item


@mypyc_attr(acyclic=True, allow_interpreted_subclasses=True)
class Knot(Item):
    """What can stand in a chain, in one at a time."""

    before: Knot | None = None
    behind: Knot | None = None


class Chain:
    """Knots from the first to the last."""

    def __init__(self) -> None:
        self.first: Knot | None = None
        self.last: Knot | None = None

    def put_after(self, before: Knot | None, knot: Knot) -> None:
        """Put one in behind another; at the beginning behind none."""
        behind = self.first if before is None else before.behind
        knot.before = before
        knot.behind = behind
        if before is None:
            self.first = knot
        else:
            before.behind = knot
        if behind is None:
            self.last = knot
        else:
            behind.before = knot

    def take_out(self, knot: Knot) -> None:
        """Take one out, wherever it stands; it must be in this chain."""
        before = knot.before
        behind = knot.behind
        if before is None:
            self.first = behind
        else:
            before.behind = behind
        if behind is None:
            self.last = before
        else:
            behind.before = before
        knot.before = None
        knot.behind = None

    def clear(self) -> None:
        """Take all of them apart: what points in circles is not collected."""
        knot = self.first
        while knot is not None:
            behind = knot.behind
            knot.before = None
            knot.behind = None
            knot = behind
        self.first = None
        self.last = None
