"""Which of many things is wanted: popularity that falls with the rank, as a power of it (Zipf's law)."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from topology.chance import exp, ln

HEAD: Final = 1024
"""So many of the most popular ranks have exact probabilities; beyond, sums are integrals (off by less than 1 in 10⁶)."""


class Zipf:
    """Ranks from 0, the most popular, to `count` - 1; the k-th has a weight of (k + 1) ** -skew. A skew of 0 makes all alike."""

    def __init__(self, count: int, skew: float) -> None:
        self.count: i64 = count
        self.skew = skew
        self.flat = 1.0 - skew if abs(1.0 - skew) > 1e-9 else 0.0
        self.sums: list[float] = []
        total = 0.0
        for k in range(min(count, HEAD)):
            total += exp(-skew * ln(float(k + 1)))
            self.sums.append(total)
        self.head = total
        """The weight of the ranks that have exact sums."""
        self.edge = float(HEAD) + 0.5
        tail = self._area(float(count) + 0.5) if count > HEAD else 0.0
        self.total = total + tail

    def _area(self, x: float) -> float:
        """The weight of the ranks from the edge to x, as an integral."""
        flat = self.flat
        if flat == 0.0:
            return ln(x / self.edge)
        return (exp(flat * ln(x)) - exp(flat * ln(self.edge))) / flat

    def share(self, rank: int) -> float:
        """The share of all draws that one rank gets."""
        return exp(-self.skew * ln(float(rank + 1))) / self.total

    def draw(self, u: float) -> i64:
        """The rank at the quantile u, a number in (0, 1)."""
        if self.skew == 0.0:
            return i64(int(u * float(self.count)))
        weight = u * self.total
        if weight >= self.head:
            return self._far(weight - self.head)
        low: i64 = 0
        high: i64 = len(self.sums) - 1
        while low < high:
            middle: i64 = (low + high) // 2
            if self.sums[middle] > weight:
                high = middle
            else:
                low = middle + 1
        return low

    def _far(self, area: float) -> i64:
        """The rank beyond the exact ones at which so much weight is passed: the integral, turned round."""
        flat = self.flat
        x = self.edge * exp(area) if flat == 0.0 else exp(ln(area * flat + exp(flat * ln(self.edge))) / flat)
        rank: i64 = int(min(x + 0.5, float(self.count))) - 1
        return max(rank, i64(len(self.sums) - 1))


class Weights:
    """Numbers from 0, each with a weight of its own."""

    def __init__(self, weights: list[float]) -> None:
        self.sums: list[float] = []
        total = 0.0
        for weight in weights:
            total += weight
            self.sums.append(total)
        self.total = total

    def draw(self, u: float) -> i64:
        """The number at the quantile u, a number in (0, 1)."""
        weight = u * self.total
        k: i64 = 0
        for upto in self.sums:
            if weight < upto:
                return k
            k += 1
        return k - 1
