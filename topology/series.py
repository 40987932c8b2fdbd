"""A bounded series over time: 2,048 bins that double in width when they are full."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

BINS: Final = 2048


class Series:
    """Sums (or, for a gauge, means) per bin of time, from instant 0. Memory does not grow with simulated time."""

    def __init__(self, width_ns: int, gauge: bool) -> None:
        self.width_ns: i64 = width_ns
        self.gauge = gauge
        self.sums: list[float] = []
        self.counts: list[i64] = []

    def add(self, at_ns: i64, value: float) -> None:
        """Add a value at an instant; instants never go back by more than a bin."""
        index: i64 = at_ns // self.width_ns
        while index >= BINS:
            self._halve()
            index = at_ns // self.width_ns
        while len(self.sums) <= index:
            self.sums.append(0.0)
            self.counts.append(0)
        self.sums[index] += value
        self.counts[index] += 1

    def _halve(self) -> None:
        sums = self.sums
        counts = self.counts
        half = len(sums) // 2
        for i in range(half):
            sums[i] = sums[2 * i] + sums[2 * i + 1]
            counts[i] = counts[2 * i] + counts[2 * i + 1]
        odd = len(sums) % 2 == 1
        if odd:
            sums[half] = sums[-1]
            counts[half] = counts[-1]
            half += 1
        del sums[half:]
        del counts[half:]
        self.width_ns *= 2

    def values(self) -> list[float]:
        """The bins so far: sums, or for a gauge the mean of each bin (the last value again where a bin is empty)."""
        if not self.gauge:
            return list(self.sums)
        result: list[float] = []
        last = 0.0
        for total, n in zip(self.sums, self.counts, strict=True):
            if n:
                last = total / float(n)
            result.append(last)
        return result


class Samples:
    """Grid samples of one node, summed over one era. `count` is in grid steps; shares run from 0 to 1."""

    def __init__(self) -> None:
        self.count: i64 = 0
        self.depth_total: i64 = 0
        self.depth_most: i64 = 0
        self.busy_total: i64 = 0
        self.occupancy_sum = 0.0
        self.occupancy_max = 0.0
        self.utilisation_sum = 0.0
        self.utilisation_max = 0.0
        self.age_max_ns: i64 = 0

    def repeat(self, steps: i64, depth: i64, busy: i64, occupancy: float) -> None:
        """Add steps at which nothing changed."""
        self.count += steps
        self.depth_total += steps * depth
        self.busy_total += steps * busy
        self.occupancy_sum += float(steps) * occupancy

    def again(self) -> Samples:
        """The same figures, to go on with."""
        copy = Samples()
        copy.count = self.count
        copy.depth_total = self.depth_total
        copy.depth_most = self.depth_most
        copy.busy_total = self.busy_total
        copy.occupancy_sum = self.occupancy_sum
        copy.occupancy_max = self.occupancy_max
        copy.utilisation_sum = self.utilisation_sum
        copy.utilisation_max = self.utilisation_max
        copy.age_max_ns = self.age_max_ns
        return copy

    @property
    def depth_sum(self) -> float:
        """The depths of all steps together."""
        return float(self.depth_total)

    @property
    def depth_max(self) -> float:
        """The greatest depth."""
        return float(self.depth_most)

    @property
    def busy_sum(self) -> float:
        """The busy slots of all steps together."""
        return float(self.busy_total)
