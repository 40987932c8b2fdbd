"""When a node counts as unhealthy, judged on the grid by its own answers: all thresholds stand here."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from topology.histogram import Histogram

FAILING: Final = 0.05
"""More than this share of failed answers over the last second."""
FAILING_STILL: Final = 0.025
"""An unhealthy node must come below this share to be healthy again."""
SLOWER: Final = 3.0
"""p99 above this many times its own value before the first fault …"""
SLOWER_STILL: Final = 2.0
"""… and below this many times to be healthy again."""
SLACK_NS: Final = 10_000_000
"""A p99 that rose by less than this is not slower in any way that matters."""
TICKS: Final = 10
"""For this many grid steps in a row (1 s), either way."""
ENOUGH: Final = 20
"""A p99 of fewer answers says nothing: the last value stands."""


class Health:
    """The health of one node over its last second."""

    def __init__(self) -> None:
        self.unhealthy = False
        self.why = ""
        self.p50: i64 = 0
        self.p99: i64 = 0
        self.normal = Histogram()
        self.normal_p99: i64 = -1
        self.learning = True
        self.good: list[i64] = [0] * TICKS
        self.bad: list[i64] = [0] * TICKS
        self.sum_good: i64 = 0
        self.sum_bad: i64 = 0
        self.last_good: i64 = 0
        self.last_bad: i64 = 0
        self.at: i64 = 0
        self.streak: i64 = 0
        self.judged: i64 = 0

    def tick(self, tick: i64, good: i64, bad: i64, recent: Histogram, up: bool) -> bool:
        """One grid step: totals so far, the last second's answer times, whether any replica is up. True when it turned."""
        self._count(tick, good, bad)
        if tick >= self.judged + TICKS and recent.count >= ENOUGH:
            self.judged = tick
            self._percentiles(recent)
        symptom = self._symptom(up)
        if (symptom != "") == self.unhealthy:
            self.streak = 0
            if symptom:
                self.why = symptom
            return False
        self.streak += 1
        if symptom:
            self.why = symptom
        if self.streak < TICKS:
            return False
        self.streak = 0
        self.unhealthy = not self.unhealthy
        if not self.unhealthy:
            self.why = ""
        return True

    def _count(self, tick: i64, good: i64, bad: i64) -> None:
        gap: i64 = tick - self.at
        if gap > TICKS:
            gap = TICKS
        while gap > 0:
            cell: i64 = (tick - gap + 1) % TICKS
            self.sum_good -= self.good[cell]
            self.sum_bad -= self.bad[cell]
            self.good[cell] = 0
            self.bad[cell] = 0
            gap -= 1
        cell = tick % TICKS
        self.good[cell] += good - self.last_good
        self.bad[cell] += bad - self.last_bad
        self.sum_good += good - self.last_good
        self.sum_bad += bad - self.last_bad
        self.last_good = good
        self.last_bad = bad
        self.at = tick

    def _percentiles(self, recent: Histogram) -> None:
        self.p50 = recent.quantile_ns(0.5)
        self.p99 = recent.quantile_ns(0.99)
        if self.learning:
            self.normal.merge(recent)
        recent.clear()

    def _symptom(self, up: bool) -> str:
        """What is wrong now, in words; empty when nothing is."""
        if not up:
            return "none is up"
        answers: i64 = self.sum_good + self.sum_bad
        bound = FAILING_STILL if self.unhealthy else FAILING
        if self.sum_bad > 0 and float(self.sum_bad) > bound * float(answers):
            return "fails"
        if self.normal_p99 >= 0:
            times = SLOWER_STILL if self.unhealthy else SLOWER
            limit = float(self.normal_p99) * times
            least = float(self.normal_p99 + SLACK_NS)
            if float(self.p99) > (limit if limit > least else least):
                return "slow"
        return ""

    def restless(self) -> bool:
        """Whether it must be judged again at the next grid step, even if nothing happens at the node."""
        return self.unhealthy or self.streak > 0 or self.sum_bad > 0

    def share_bad(self) -> float:
        """The share of failed answers over the last second."""
        answers = self.sum_good + self.sum_bad
        return float(self.sum_bad) / float(answers) if answers else 0.0

    def learn_no_more(self) -> None:
        """The first fault comes: what was seen until now is normal."""
        if self.learning:
            self.learning = False
            self.normal_p99 = self.normal.quantile_ns(0.99) if self.normal.count >= ENOUGH else -1
