"""Where a function's executions run: environments that stay warm for a while, start cold, and are made only so fast."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from topology.bucket import Bucket

NOWHERE: Final = 0
WARM: Final = 1
COLD: Final = 2
PROVIDED: Final = 3
"""Where an execution runs: nowhere, so it is throttled; where one ran before; in a new environment; in one kept ready."""

SPAN: Final = 10.0
"""Seconds in which so many new environments may be made as the scaling rate says; they come back bit by bit."""


class Environments:
    """The environments of one function that are idle, and how many more may be made now.

    The one that fell idle last is taken first, so that what is not needed grows old and goes.
    """

    def __init__(self) -> None:
        self.idle: list[int] = []
        """When each fell idle, the oldest first."""
        self.gone: i64 = 0
        """So many at the beginning of the list are too old."""
        self.keep: i64 = 0
        self.scaling = 1.0
        self.provided: i64 = 0
        self.provided_busy: i64 = 0
        self.version: i64 = 0
        self.made: i64 = 0
        """How many were started cold so far."""
        self.bucket: Bucket | None = None

    def set(self, now: i64, keep: i64, scaling: i64, provided: i64) -> None:
        """How long an idle one is kept in nanoseconds, how many are made in ten seconds, and how many are always ready."""
        self.keep = keep
        self.scaling = float(scaling)
        self.provided = provided
        if self.bucket is None:
            self.bucket = Bucket(self.scaling, now)

    def take(self, now: i64, recycled: bool) -> i64:
        """Find a place for one execution; `recycled` says that the warm one that it would get is gone."""
        if self.provided_busy < self.provided:
            self.provided_busy += 1
            return PROVIDED
        warm = self.warm(now) > 0
        if warm and not recycled:
            self.idle.pop()
            return WARM
        bucket = self.bucket
        if bucket is None or not bucket.grants(now, self.scaling / SPAN, self.scaling):
            return NOWHERE
        if warm:
            self.idle.pop()
        self.made += 1
        return COLD

    def give(self, now: i64, where: i64, version: i64, sound: bool) -> None:
        """An execution is over. Its environment is kept, unless it broke or is of a version that is no longer wanted."""
        if where == PROVIDED:
            self.provided_busy -= 1
        elif sound and version == self.version:
            self.idle.append(now)

    def warm(self, now: i64) -> i64:
        """How many are idle and not too old."""
        idle = self.idle
        while self.gone < len(idle) and now - idle[self.gone] >= self.keep:
            self.gone += 1
        if self.gone > 64 and 2 * self.gone > len(idle):
            del idle[: self.gone]
            self.gone = 0
        if self.gone == len(idle):
            idle.clear()
            self.gone = 0
        return len(idle) - self.gone

    def recycle(self) -> None:
        """None that is there now is used again: a new version, or the service cleans up. Those kept ready are made anew."""
        self.version += 1
        self.idle.clear()
        self.gone = 0
