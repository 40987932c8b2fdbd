"""A line of waiting calls: a chain through the calls themselves, taken from either end."""

from __future__ import annotations

from mypy_extensions import i64

from topology.node import Call


class Waiting:
    """Calls in order of arrival. Taking the oldest or the newest costs the same."""

    def __init__(self) -> None:
        self.oldest: Call | None = None
        self.newest: Call | None = None
        self.count: i64 = 0

    def add(self, call: Call) -> None:
        """One more at the end."""
        last = self.newest
        self.newest = call
        call.older = last
        if last is None:
            self.oldest = call
        else:
            last.next = call
        self.count += 1

    def take_oldest(self) -> Call | None:
        """The one that waits longest; None when nobody waits."""
        call = self.oldest
        if call is None:
            return None
        behind = call.next
        call.next = None
        self.oldest = behind
        if behind is None:
            self.newest = None
        else:
            behind.older = None
        self.count -= 1
        return call

    def take_newest(self) -> Call | None:
        """The one that came last; None when nobody waits."""
        call = self.newest
        if call is None:
            return None
        before = call.older
        call.older = None
        self.newest = before
        if before is None:
            self.oldest = None
        else:
            before.next = None
        self.count -= 1
        return call

    def clear(self) -> None:
        """Nobody waits any more."""
        while self.take_oldest() is not None:
            pass
