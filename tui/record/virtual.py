"""Time that nobody waits for: an event loop whose clock jumps to the next timer as soon as nothing is left to do now.

The functions of `time` are replaced for the whole process and before Textual is imported, which keeps references to
them. So this belongs into a process of its own.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
import time
from collections.abc import Mapping

EPOCH = 1_700_000_000
"""What `time.time` shows at the start, in seconds: some day, and the same in every film."""
NS = 1_000_000_000


class Stuck(RuntimeError):
    """The app waits for something that no clock will bring: a thread, a process or a wire."""


class Clock:
    """Virtual seconds since the start."""

    def __init__(self) -> None:
        self.now = 0.0

    def seconds(self) -> float:
        """As `time.monotonic` says it."""
        return self.now

    def nanoseconds(self) -> int:
        """As `time.monotonic_ns` says it."""
        return round(self.now * NS)

    def date(self) -> float:
        """As `time.time` says it."""
        return EPOCH + self.now

    def date_ns(self) -> int:
        """As `time.time_ns` says it."""
        return EPOCH * NS + self.nanoseconds()


def install() -> Clock:
    """Put a virtual clock in the place of all clocks of this process."""
    if "textual" in sys.modules:
        raise RuntimeError("the clocks must be replaced before Textual is imported")
    clock = Clock()
    time.monotonic = time.perf_counter = clock.seconds
    time.monotonic_ns = time.perf_counter_ns = clock.nanoseconds
    time.time = clock.date
    time.time_ns = clock.date_ns
    return clock


class VirtualSelector(selectors.SelectSelector):
    """Never sleeps: where the loop would wait for its next timer, the clock moves on to it."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.waiting: list[asyncio.Future[None]] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; with nothing ready, whoever waits for calm comes first, and then time passes."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.waiting:
            for future in self.waiting:
                if not future.done():
                    future.set_result(None)
            self.waiting.clear()
        elif timeout is None:
            raise Stuck("the app waits, and no timer is set")
        else:
            self.clock.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._calm = VirtualSelector(clock)
        super().__init__(self._calm)

    def time(self) -> float:
        """The virtual clock."""
        return self.clock.now

    async def until(self, seconds: float) -> None:
        """Come back at that instant, when all that happens at it has happened."""
        await asyncio.sleep(max(0.0, seconds - self.clock.now))
        future = self.create_future()
        self._calm.waiting.append(future)
        await future


def settings(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without anything that changes how the screen looks."""
    kept = {name: value for name, value in environment.items() if not _colours(name)}
    return kept | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


def _colours(name: str) -> bool:
    plain = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES")
    return name in plain or name.startswith(("TEXTUAL", "RICH_", "SSH_"))
