"""The event engine of one design: a heap of timers by (instant, sequence), and lanes for timers of constant delay.

Hops without delay go through a first-in-first-out chain that is emptied after each timer, so nothing ever calls the next
node directly. Slices of any length give the same order.
"""

from __future__ import annotations

import heapq
from typing import Final

from mypy_extensions import i64

from topology.message import Item
from topology.node import Context, Timer

COMPILED: Final = not __file__.endswith(".py")
LAST: Final = 4_000_000_000_000_000_000
"""The far future, about 127 years: a delay that would end later is cut."""


class Lane(Item):
    """Timers of one delay: first in, first due. Only the head lies in the heap; the others are a chain."""

    def __init__(self, delay: i64) -> None:
        self.delay: i64 = delay
        self.head: Timer | None = None
        self.tail: Timer | None = None


class Engine:
    """Timers in order. `now` is the instant of the timer being fired, in nanoseconds."""

    def __init__(self) -> None:
        self.now: i64 = 0
        self.seq: i64 = 0
        self.fired: i64 = 0
        self.stale: i64 = 0
        self.native: bool = COMPILED
        self.heap: list[Timer] = []
        self.hole = False
        """Whether the first place of the heap is free: what was there has fired. Mostly another timer soon takes it."""
        self.pairs: list[tuple[int, int, Timer]] = []
        self.lanes: dict[int, Lane] = {}

    def lane(self, delay: i64) -> Lane:
        """The lane of a delay; keep it where many timers of that delay are made."""
        key: int = delay
        lane = self.lanes.get(key)
        if lane is None:
            lane = Lane(delay)
            self.lanes[key] = lane
        return lane

    def after(self, delay: i64, tag: i64, owner: Context, item: Item | None, epoch: i64) -> Timer:
        """A timer that comes due after a delay; a delay that would overflow is cut to the far future."""
        at = self.now + delay
        if at < self.now or at > LAST:
            at = LAST
        self.seq += 1
        timer = Timer(at, self.seq, tag, owner, item, epoch)
        if self.native:
            self._push(timer)
        else:
            heapq.heappush(self.pairs, (at, self.seq, timer))
        return timer

    def after_in(self, lane: Lane, tag: i64, owner: Context, item: Item | None, epoch: i64) -> Timer:
        """A timer at the end of a lane."""
        at = self.now + lane.delay
        if at < self.now or at > LAST:
            at = LAST
        self.seq += 1
        timer = Timer(at, self.seq, tag, owner, item, epoch)
        timer.lane = lane
        last = lane.tail
        lane.tail = timer
        if last is None:
            lane.head = timer
            self._push(timer)
        else:
            last.behind = timer
            timer.before = last
        return timer

    def cancel(self, timer: Timer) -> None:
        """Take a timer away: out of the middle of its lane at once, out of the heap when it comes up."""
        if timer.owner is None:
            return
        timer.owner = None
        timer.item = None
        lane = timer.lane
        if lane is None:
            self.stale += 1
            if self.stale > 64 and self.stale * 2 > self.waiting():
                self._rebuild()
            return
        assert isinstance(lane, Lane)
        before = timer.before
        if before is not None:
            behind = timer.behind
            before.behind = behind
            if behind is None:
                lane.tail = before
            else:
                behind.before = before
            timer.before = None
            timer.behind = None

    def waiting(self) -> i64:
        """How many entries lie in the heap."""
        return len(self.heap) - (1 if self.hole else 0) if self.native else len(self.pairs)

    def next_at(self) -> i64:
        """When the first entry of the heap is due, cancelled or not; -1 where there is none."""
        if self.native:
            self._close_hole()
            return self.heap[0].at if len(self.heap) > 0 else -1
        return self.pairs[0][0] if self.pairs else -1

    def _push(self, timer: Timer) -> None:
        if not self.native:
            heapq.heappush(self.pairs, (timer.at, timer.seq, timer))
            return
        heap = self.heap
        if self.hole:
            self.hole = False
            self._sink(timer)
            return
        i: i64 = len(heap)
        heap.append(timer)
        at = timer.at
        seq = timer.seq
        while i > 0:
            up: i64 = (i - 1) >> 1
            other = heap[up]
            if other.at < at or (other.at == at and other.seq < seq):
                break
            heap[i] = other
            i = up
        heap[i] = timer

    def due(self, until: i64) -> Timer | None:
        """Take the first timer that comes due before `until`, or None. Its lane moves up."""
        if self.native:
            heap = self.heap
            if self.hole:
                self._close_hole()
            if len(heap) == 0 or heap[0].at >= until:
                return None
            first = heap[0]
            self.hole = True
        else:
            pairs = self.pairs
            if not pairs or pairs[0][0] >= until:
                return None
            first = heapq.heappop(pairs)[2]
        lane = first.lane
        if lane is None:
            if first.owner is None:
                self.stale -= 1
        else:
            assert isinstance(lane, Lane)
            behind = first.behind
            lane.head = behind
            first.behind = None
            first.lane = None
            if behind is None:
                lane.tail = None
            else:
                behind.before = None
                self._push(behind)
        return first

    def _close_hole(self) -> None:
        """Nothing took the first place: what was last in the heap does."""
        if self.hole:
            self.hole = False
            last = self.heap.pop()
            if len(self.heap) > 0:
                self._sink(last)

    def _sink(self, last: Timer) -> None:
        """Put a timer into the free place at the top, and sift."""
        heap = self.heap
        n: i64 = len(heap)
        at = last.at
        seq = last.seq
        i: i64 = 0
        child: i64 = 1
        while child < n:
            small = heap[child]
            if child + 1 < n:
                right = heap[child + 1]
                if right.at < small.at or (right.at == small.at and right.seq < small.seq):
                    small = right
                    child += 1
            if at < small.at or (at == small.at and seq < small.seq):
                break
            heap[i] = small
            i = child
            child = 2 * i + 1
        heap[i] = last

    def close(self) -> None:
        """Forget every timer, and take apart the chains between them."""
        heads = [*self.heap, *[pair[2] for pair in self.pairs]]
        for head in heads:
            timer: Timer | None = head
            while timer is not None:
                behind = timer.behind
                timer.owner = None
                timer.item = None
                timer.before = None
                timer.behind = None
                timer = behind
        for lane in self.lanes.values():
            lane.head = None
            lane.tail = None
        self.heap = []
        self.hole = False
        self.pairs = []
        self.lanes = {}

    def _rebuild(self) -> None:
        """Drop cancelled timers: they outnumber the live ones."""
        if self.native:
            self._close_hole()
            live = [t for t in self.heap if t.owner is not None or t.lane is not None]
            self.heap = []
            for t in live:
                self._push(t)
        else:
            self.pairs = [p for p in self.pairs if p[2].owner is not None or p[2].lane is not None]
            heapq.heapify(self.pairs)
        self.stale = 0
