"""How fast the run's clock goes against the wall's, and what it manages: slices within a budget, dropped honestly."""

from __future__ import annotations

from collections.abc import Callable

NS = 1_000_000_000
SPEEDS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
LONGEST_TICK = 0.25
"""Seconds: after a longer silence (a suspended process, a slow terminal) the run does not race to catch up."""
SLICE_NS = 25_000_000
MEMORY = 1.0
"""Seconds after which what was managed before counts only half."""
LOOKS = 2.0
"""A picture may take a third of the time: after one that took long, the world goes on for twice as long without."""


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
        self._look_from = 0.0

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
        passed = started - self._last
        elapsed = min(passed, LONGEST_TICK)
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
        wanted = max(1, round(passed * self.speed * NS))
        share = 1.0 if at == end_ns else (at - now_ns) / wanted
        self.managed += passed / (passed + MEMORY) * (share - self.managed)

    def look(self, look: Callable[[], None]) -> None:
        """Take a picture, unless the last one took so long that the world is due first."""
        started = self.clock()
        if self.budget is None or started >= self._look_from:
            look()
            now = self.clock()
            self._look_from = now + LOOKS * (now - started)

    def words(self) -> str:
        """The speed as shown: ×4, or ×4 (×2.3) when only that much is reached."""
        wanted = f"×{self.speed:g}"
        if self.managed >= 0.95:
            return wanted
        return f"{wanted} (×{self.speed * self.managed:.2g})"
