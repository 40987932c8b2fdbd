"""Lines of waiting calls, each in an order of its own; policies choose one, or bring others."""

from __future__ import annotations

from mypy_extensions import i64, mypyc_attr

from topology.node import Call


@mypyc_attr(allow_interpreted_subclasses=True)
class Waiting:
    """Calls in order of arrival, in a chain through the calls themselves. Taking either end costs the same."""

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

    def take(self, now: i64) -> Call | None:
        """The one whose turn it is; None when nobody waits."""
        return self.take_oldest()

    def take_victim(self, newcomer: Call) -> Call | None:
        """The one that goes when the line is full and makes room for a newcomer; None where the newcomer itself is to go."""
        return self.take_oldest()

    def take_oldest(self) -> Call | None:
        """The one that waits longest; None when nobody waits."""
        call = self.oldest
        if call is not None:
            self.remove(call)
        return call

    def take_newest(self) -> Call | None:
        """The one that came last; None when nobody waits."""
        call = self.newest
        if call is not None:
            self.remove(call)
        return call

    def remove(self, call: Call) -> None:
        """Take one out, wherever it stands; it must be in this line."""
        older = call.older
        younger = call.next
        call.older = None
        call.next = None
        if older is None:
            self.oldest = younger
        else:
            older.next = younger
        if younger is None:
            self.newest = older
        else:
            younger.older = older
        self.count -= 1

    def clear(self) -> None:
        """Nobody waits any more."""
        while self.take_oldest() is not None:
            pass


@mypyc_attr(allow_interpreted_subclasses=True)
class NewestFirst(Waiting):
    """Last come, first served: those who just came still wait for their answer."""

    def take(self, now: i64) -> Call | None:
        return self.take_newest()


class NewestWhenLong(Waiting):
    """First come, first served while few wait; the newest first when more than `calm` do."""

    def __init__(self, calm: i64) -> None:
        super().__init__()
        self.calm: i64 = calm

    def take(self, now: i64) -> Call | None:
        return self.take_newest() if self.count > self.calm else self.take_oldest()


class EarliestDeadline(Waiting):
    """Whoever's answer is due first; among equals, whoever came first.

    A heap beside the chain. What `work` and `visit` of a call mean begins with its execution; while it waits here, they are
    its place in the heap and its number in the order of arrival.
    """

    def __init__(self) -> None:
        super().__init__()
        self.heap: list[Call] = []
        self.came: i64 = 0

    def add(self, call: Call) -> None:
        super().add(call)
        self.came += 1
        call.visit = self.came
        self.heap.append(call)
        self._rise(call, len(self.heap) - 1)

    def take(self, now: i64) -> Call | None:
        if not self.heap:
            return None
        call = self.heap[0]
        self.remove(call)
        return call

    def remove(self, call: Call) -> None:
        super().remove(call)
        at = call.work
        call.work = 0
        call.visit = 0
        last = self.heap.pop()
        if last is not call:
            self._sink(last, at)
            self._rise(last, last.work)

    def _rise(self, call: Call, at: i64) -> None:
        """Put a call where it belongs, at a place of the heap or above."""
        heap = self.heap
        while at > 0:
            up: i64 = (at - 1) // 2
            above = heap[up]
            if not sooner(call, above):
                break
            heap[at] = above
            above.work = at
            at = up
        heap[at] = call
        call.work = at

    def _sink(self, call: Call, at: i64) -> None:
        """Put a call where it belongs, at a place of the heap or below."""
        heap = self.heap
        n: i64 = len(heap)
        while True:
            down: i64 = 2 * at + 1
            if down >= n:
                break
            if down + 1 < n and sooner(heap[down + 1], heap[down]):
                down += 1
            below = heap[down]
            if not sooner(below, call):
                break
            heap[at] = below
            below.work = at
            at = down
        heap[at] = call
        call.work = at


def due(call: Call) -> i64:
    """The instant after which nobody wants a call's answer: what it says itself, else what its message says."""
    return call.deadline if call.deadline > 0 else call.message.deadline


def sooner(one: Call, other: Call) -> bool:
    """Whether one waiting call comes before another in the order of their deadlines."""
    a = due(one)
    b = due(other)
    return a < b or (a == b and one.visit < other.visit)


@mypyc_attr(allow_interpreted_subclasses=True)
class Divided(Waiting):
    """A line for each class of calls; subclasses say what the classes are and which of them comes next."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[int, Waiting] = {}
        """By class; a line stays when it is empty, so there must not be many classes."""

    def class_of(self, call: Call) -> int:
        """The class that a call belongs to."""
        return 0

    def line_of(self, call: Call) -> Waiting:
        """The line of a call's class, made on first use."""
        key = self.class_of(call)
        line = self.lines.get(key)
        if line is None:
            line = Waiting()
            self.lines[key] = line
        return line

    def add(self, call: Call) -> None:
        self.line_of(call).add(call)
        self.count += 1

    def remove(self, call: Call) -> None:
        self.line_of(call).remove(call)
        self.count -= 1

    def take_oldest(self) -> Call | None:
        found: Call | None = None
        for line in self.lines.values():
            first = line.oldest
            if first is not None and (found is None or first.arrived < found.arrived):
                found = first
        return self._taken(found)

    def take_newest(self) -> Call | None:
        found: Call | None = None
        for line in self.lines.values():
            last = line.newest
            if last is not None and (found is None or last.arrived >= found.arrived):
                found = last
        return self._taken(found)

    def clear(self) -> None:
        for line in self.lines.values():
            line.clear()
        self.count = 0

    def _taken(self, call: Call | None) -> Call | None:
        if call is not None:
            self.remove(call)
        return call


class MostImportant(Divided):
    """The highest priority first, and in each the oldest. What is in work is not interrupted."""

    def class_of(self, call: Call) -> int:
        return call.message.priority

    def take(self, now: i64) -> Call | None:
        best: int = -1
        for key, line in self.lines.items():
            if line.count > 0 and key > best:
                best = key
        return self._taken(self.lines[best].oldest) if best >= 0 else None

    def take_victim(self, newcomer: Call) -> Call | None:
        """The oldest of the least important, unless the newcomer is less important still."""
        least: int = newcomer.message.priority
        found: Call | None = None
        for key, line in self.lines.items():
            if line.count > 0 and key <= least:
                least = key
                found = line.oldest
        return self._taken(found)
