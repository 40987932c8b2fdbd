"""A rate that rises and falls once a period, as a day does."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

TURN: Final = 6.283185307179586


def cosine(turns: float) -> float:
    """The cosine of a part of a turn, from 0 to 1, by our own arithmetic (error below 1e-12)."""
    x = turns if turns <= 0.5 else 1.0 - turns
    if x > 0.25:
        return -cosine(0.5 - x)
    y = x * TURN
    square = y * y
    p = 1.0
    n = 20.0
    while n > 0.0:
        p = 1.0 - square * p / (n * (n - 1.0))
        n -= 2.0
    return p


class Wave:
    """From `low` to `high` and back, in messages per second; highest `peak` after each period's beginning."""

    def __init__(self, low: float, high: float, period_ns: int, peak_ns: int) -> None:
        self.low = low
        self.high = high
        self.period: i64 = period_ns
        self.peak: i64 = peak_ns

    def rate(self, now: i64) -> float:
        """The rate at an instant."""
        since: i64 = (now + self.period - self.peak) % self.period
        return self.low + (self.high - self.low) * 0.5 * (1.0 + cosine(float(since) / float(self.period)))
