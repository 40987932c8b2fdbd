"""What is to happen when: heals, marks and commands, in an order that no slicing changes."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from chaos.command import Command

MARK, SLICE, HEAL, COMMAND, LOOK = 0, 1, 2, 3, 4
"""At equal instants an era begins first, then what was to end ends, then commands come in the order of the journal.

A look at the grid comes last, a nanosecond after its step, so that all that happened at the step is seen."""


@dataclass(order=True, slots=True)
class Due:
    """One thing that is to happen at an instant. Compared by instant, kind and sequence alone."""

    at_ns: int
    kind: int
    seq: int
    fault: int = field(default=0, compare=False)
    """For a heal: which fault."""
    command: Command | None = field(default=None, compare=False)


class Schedule:
    """A queue of what is to happen."""

    def __init__(self) -> None:
        self._due: list[Due] = []
        self._seq = 0

    def add(self, at_ns: int, kind: int, fault: int = 0, command: Command | None = None) -> None:
        """Plan one thing; things of one kind at one instant happen in the order in which they were planned."""
        self._seq += 1
        heapq.heappush(self._due, Due(at_ns, kind, self._seq, fault, command))

    def next_ns(self) -> int | None:
        """When the next thing is to happen."""
        return self._due[0].at_ns if self._due else None

    def pop(self) -> Due:
        """Take the next thing."""
        return heapq.heappop(self._due)

    def commands(self) -> list[Command]:
        """The commands that are still to come, in order."""
        return [due.command for due in sorted(self._due) if due.command is not None]
