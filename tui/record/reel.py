"""Which instant of the run each picture of a film shows: from here to there, faster or slower, with pauses."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

NS = 1_000_000_000

Mark = tuple[int, str]
"""An instant of the film, and the words of a marker."""


@dataclass(frozen=True, slots=True)
class Reel:
    """A film's time. `holds` are pauses: the run's instant, and how long the film stands still there."""

    from_ns: int
    to_ns: int
    fps: int
    speed: float = 1.0
    holds: tuple[tuple[int, int], ...] = ()

    @property
    def length_ns(self) -> int:
        """How long the film is."""
        return self.film_ns(self.to_ns) + sum(wait for at, wait in self._holds() if at == self.to_ns)

    @property
    def pictures(self) -> int:
        """How many pictures follow the first; the last one shows the end."""
        return -(-self.length_ns * self.fps // NS)

    def seconds(self, number: int) -> float:
        """When a picture comes, in the film."""
        return number / self.fps

    def film_instant(self, number: int) -> int:
        """The same, in nanoseconds."""
        return round(number * NS / self.fps)

    def shown(self, number: int) -> tuple[int, bool]:
        """The run's instant in a picture, and whether the film stands still there."""
        return self.run_ns(self.film_instant(number))

    def run_ns(self, film_ns: int) -> tuple[int, bool]:
        """The run's instant at an instant of the film, and whether the film stands still there."""
        left, at = film_ns, self.from_ns
        for hold, wait in self._holds():
            way = self._time(hold - at)
            if left < way:
                break
            left, at = left - way, hold
            if left < wait:
                return at, True
            left -= wait
        return min(self.to_ns, at + int(left * Fraction(self.speed))), False

    def film_ns(self, run_ns: int) -> int:
        """When the film comes to an instant of the run."""
        passed, at = 0, self.from_ns
        for hold, wait in self._holds():
            if hold >= run_ns:
                break
            passed, at = passed + self._time(hold - at) + wait, hold
        return passed + self._time(run_ns - at)

    def _time(self, run_ns: int) -> int:
        """How long the film takes for a stretch of the run."""
        return -int(-run_ns // Fraction(self.speed))

    def _holds(self) -> tuple[tuple[int, int], ...]:
        """Those of this part; a still has no time."""
        return tuple(hold for hold in self.holds if self.from_ns <= hold[0] <= self.to_ns and self.from_ns < self.to_ns)
