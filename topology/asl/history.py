"""The history of an execution: its events, numbered from 1, each with the event that led to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAX_EVENTS = 25_000
"""A Standard execution that would need more fails (Step Functions Developer Guide, "Service quotas")."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `state`: the name of a state that was entered or left, else empty. `at_ns`: nanoseconds since 1970.

    `details`: the input or output of a state or task, or error and cause; the values themselves, not to be changed.
    """

    id: int
    type: str
    previous: int
    state: str
    at_ns: int
    details: Any


class History:
    """Events in their order. The last place is kept for how the execution ended."""

    def __init__(self, now_ns: Callable[[], int], endless: bool = False) -> None:
        """`endless`: an Express execution goes on when its history is full, unrecorded."""
        self.events: list[Event] = []
        self._now_ns, self._endless = now_ns, endless
        self.full = False
        """No event can be added any more, and a Standard execution has to end."""

    def add(self, type: str, previous: int, state: str = "", details: Any = None) -> int:
        """Record an event and give its number; that of the one before it where there is no room."""
        if len(self.events) >= MAX_EVENTS - 1:
            self.full = self.full or not self._endless
            return previous
        return self._append(type, previous, state, details)

    def close(self, type: str, previous: int, details: Any = None) -> None:
        """Record how the execution ended."""
        self._append(type, previous, "", details)

    def _append(self, type: str, previous: int, state: str, details: Any) -> int:
        number = len(self.events) + 1
        self.events.append(Event(number, type, previous, state, self._now_ns(), details))
        return number
