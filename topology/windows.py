"""Windows over a stream of values by the time of the events: tumbling, sliding and sessions, for each key apart."""

from __future__ import annotations

import heapq
from typing import Final

from mypy_extensions import i64

from topology.message import Item
from topology.node import Call

TUMBLING: Final = "tumbling"
SLIDING: Final = "sliding"
SESSION: Final = "session"
SORTS: Final = (TUMBLING, SLIDING, SESSION)

FAR: Final = 4_000_000_000_000_000_000
COUNT: Final = "count"
SUM: Final = "sum"
MEAN: Final = "mean"
LEAST: Final = "min"
MOST: Final = "max"
MEASURES: Final = (COUNT, SUM, MEAN, LEAST, MOST)


class Held(Item):
    """One record that was taken over, and how many windows it is in."""

    def __init__(self, call: Call) -> None:
        self.call: Call = call
        self.windows: i64 = 0


class Window(Item):
    """The values of one key from `start` until before `end`."""

    def __init__(self, key: i64, start: i64, end: i64) -> None:
        self.key: i64 = key
        self.start: i64 = start
        self.end: i64 = end
        self.held: list[Held] = []
        self.total = 0.0
        self.least = 0.0
        self.most = 0.0
        self.fired = False
        self.alerted = False
        self.gone = False

    def add(self, held: Held, value: float) -> None:
        """One more value."""
        first = not self.held
        self.total += value
        self.least = value if first or value < self.least else self.least
        self.most = value if first or value > self.most else self.most
        self.held.append(held)
        held.windows += 1

    def join(self, other: Window) -> None:
        """Take over what is in another one: two sessions have become one."""
        self.start = other.start if other.start < self.start else self.start
        self.end = other.end if other.end > self.end else self.end
        self.total += other.total
        self.least = other.least if other.least < self.least else self.least
        self.most = other.most if other.most > self.most else self.most
        self.held += other.held
        self.alerted = self.alerted or other.alerted
        other.gone = True

    def figure(self, measure: str) -> float:
        """What its values amount to."""
        n = float(len(self.held))
        if measure == COUNT:
            return n
        if measure == SUM:
            return self.total
        if measure == MEAN:
            return self.total / n
        return self.least if measure == LEAST else self.most


class Windows:
    """All windows that are open, and the watermark: no event before it is expected any more."""

    def __init__(self, sort: str, size: i64, slide: i64, lateness: i64) -> None:
        self.sort = sort
        self.size: i64 = size
        self.slide: i64 = slide
        self.lateness: i64 = lateness
        self.watermark: i64 = -1
        self.by_key: dict[int, list[Window]] = {}
        self.open: i64 = 0
        self.ends: list[tuple[int, int, Window]] = []
        self.count = 0

    def _wait(self, window: Window, at: i64) -> None:
        """Look at a window again when the watermark gets there."""
        self.count += 1
        heapq.heappush(self.ends, (int(at), self.count, window))

    def _begin(self, key: i64, start: i64, end: i64) -> Window:
        window = Window(key, start, end)
        self.by_key.setdefault(int(key), []).append(window)
        self.open += 1
        self._wait(window, end)
        return window

    def add(self, key: i64, at: i64, value: float, held: Held) -> bool:
        """Put an event into its windows; False where it comes too late for each of them."""
        if self.sort == SESSION:
            return self._into_session(key, at, value, held)
        start: i64 = at - at % self.slide
        while start > at - self.size:
            if start + self.size + self.lateness > self.watermark:
                self._at(key, start).add(held, value)
            start -= self.slide
        return held.windows > 0

    def _at(self, key: i64, start: i64) -> Window:
        """The window of a key that begins there."""
        for window in self.by_key.get(int(key), []):
            if window.start == start:
                return window
        return self._begin(key, start, start + self.size)

    def _into_session(self, key: i64, at: i64, value: float, held: Held) -> bool:
        """An event goes on with the session that it falls into, joins two of them, or begins one."""
        if at + self.size + self.lateness <= self.watermark:
            return False
        found: Window | None = None
        for window in list(self.by_key.get(int(key), [])):
            if window.start > at + self.size or window.end < at:
                continue
            if found is None:
                found = window
            else:
                found.join(window)
                self._forget(window)
        if found is None:
            found = self._begin(key, at, at + self.size)
        found.start = at if at < found.start else found.start
        if at + self.size > found.end:
            found.end = at + self.size
        found.add(held, value)
        return True

    def _forget(self, window: Window) -> None:
        windows = self.by_key[int(window.key)]
        windows.remove(window)
        self.open -= 1
        if not windows:
            del self.by_key[int(window.key)]

    def next_end(self) -> i64:
        """The watermark at which a window is to be looked at next; far away where none is open."""
        return self.ends[0][0] if self.ends else FAR

    def due(self) -> Window | None:
        """The next window that the watermark has reached: to be looked at, or (`gone`) for the last time."""
        while self.ends and self.ends[0][0] <= self.watermark:
            window = heapq.heappop(self.ends)[2]
            if window.gone:
                continue
            if window.end > self.watermark:
                self._wait(window, window.end)
            elif window.end + self.lateness > self.watermark:
                self._wait(window, window.end + self.lateness)
                if not window.fired:
                    window.fired = True
                    return window
            else:
                window.gone = True
                self._forget(window)
                return window
        return None

    def clear(self) -> None:
        """Forget everything."""
        self.by_key = {}
        self.ends = []
        self.open = 0
