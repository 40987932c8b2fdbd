"""How fast the run's clock goes against the wall's, and what it manages: slices within a budget, dropped honestly."""

from __future__ import annotations

from collections.abc import Callable

NS = 1_000_000_000
SPEEDS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
LONGEST_TICK = 0.25
"""Seconds: after a longer silence (a suspended process, a slow terminal) the run does not race to catch up."""
SLICE_NS = 25_000_000
SMOOTH = 0.2


class Pace:
    """Turns wall time into slices of simulated time.

    `clock` gives seconds. `budget` is the most seconds that a tick may take; None never drops anything, so that a film
    made in virtual time does not depend on the machine.
    """

    def __init__(self, clock: Callable[[], float], budget: float | None) -> None:
        self.clock = clock
        self.budget = budget
        self.paused = False
        self.speed = 1.0
        self.managed = 1.0
        """The share of the wanted speed that was reached lately."""
        self._last = clock()

    def reset(self) -> None:
        """Forget the time that went by until now."""
        self._last = self.clock()
        self.managed = 1.0

    def change(self, steps: int) -> None:
        """A step up or down the speeds."""
        at = SPEEDS.index(self.speed) + steps
        self.speed = SPEEDS[min(max(at, 0), len(SPEEDS) - 1)]
        self.managed = 1.0

    def tick(self, now_ns: int, end_ns: int, advance: Callable[[int], None]) -> None:
        """Advance by what is due since the last tick, as far as the budget allows."""
        started = self.clock()
        elapsed = min(started - self._last, LONGEST_TICK)
        self._last = started
        if self.paused or elapsed <= 0 or now_ns >= end_ns:
            return
        due = round(elapsed * self.speed * NS)
        target = min(now_ns + due, end_ns)
        at = now_ns
        while at < target:
            at = min(at + SLICE_NS, target)
            advance(at)
            if self.budget is not None and self.clock() - started > self.budget:
                break
        share = (at - now_ns) / (target - now_ns) if target > now_ns else 1.0
        self.managed += SMOOTH * (share - self.managed)

    def words(self) -> str:
        """The speed as shown: ×4, or ×4 (×2.3) when only that much is reached."""
        wanted = f"×{self.speed:g}"
        if self.managed >= 0.95:
            return wanted
        return f"{wanted} (×{self.speed * self.managed:.2g})"
