"""A bounded histogram of durations: counts, sum and maximum are exact, quantiles are within 1 %."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

COMPILED: Final = not __file__.endswith(".py")
"""Both ways to find a bucket give the same one; each is the faster where it is used."""

SUB: Final = 64
"""Buckets per octave: a bucket is 1/64 of its value wide, so its middle is within 0.8 % of what it holds."""


class Histogram:
    """Counts of durations in nanoseconds, 64 buckets to the octave; rows are made as octaves are first seen."""

    def __init__(self) -> None:
        self.count: i64 = 0
        self.near_ns: i64 = 0
        self.far_ns: int = 0
        self.max_ns: i64 = 0
        self.rows: list[list[i64]] = []
        self.low: i64 = 64
        self.high: i64 = -1

    @property
    def sum_ns(self) -> int:
        """All durations together, exact: a native count that spills before it could overflow."""
        near: int = self.near_ns
        return self.far_ns + near

    def add(self, ns: i64) -> None:
        """Count one duration; a negative one counts as 0."""
        if ns < 0:
            ns = 0
        self.count += 1
        self.near_ns += ns
        if self.near_ns > 1152921504606846976 or ns > 1152921504606846976:
            self.far_ns = self.sum_ns
            self.near_ns = 0
        if ns > self.max_ns:
            self.max_ns = ns
        row: i64 = 0
        value: i64 = ns
        if not COMPILED:
            if ns >= SUB:
                whole: int = ns
                row = whole.bit_length() - 6
                value = (ns >> (row - 1)) - SUB
        else:
            if value >= 4194304:
                value >>= 16
                row = 16
                if value >= 4194304:
                    value >>= 16
                    row = 32
            if value >= 16384:
                value >>= 8
                row += 8
            if value >= 1024:
                value >>= 4
                row += 4
            while value >= 128:
                value >>= 1
                row += 1
            if value >= SUB:
                row += 1
                value -= SUB
        if row > self.high or row < self.low:
            self._reach(row)
        cells = self.rows[row]
        n: i64 = cells[value]
        cells[value] = n + 1

    def _reach(self, row: i64) -> None:
        """A row is used for the first time since the last clearing."""
        if row > self.high:
            self.high = row
        if row < self.low:
            self.low = row
        rows = self.rows
        while len(rows) <= self.high:
            rows.append([])
        for at in range(self.low, self.high + 1):
            if len(rows[at]) == 0:
                rows[at] = [0] * SUB

    def merge(self, other: Histogram) -> None:
        """Add all that another histogram counted."""
        self.count += other.count
        self.far_ns += other.sum_ns
        if other.max_ns > self.max_ns:
            self.max_ns = other.max_ns
        if other.high < 0:
            return
        self._reach(other.low)
        self._reach(other.high)
        for row in range(other.low, other.high + 1):
            mine = self.rows[row]
            theirs = other.rows[row]
            for i in range(SUB):
                n: i64 = theirs[i]
                if n != 0:
                    mine[i] = mine[i] + n

    def packed(self) -> list[int]:
        """All that was counted as numbers: count, sum, maximum, and three for each bucket in use: row, cell, count."""
        found: list[int] = [int(self.count), self.sum_ns, int(self.max_ns)]
        for row in range(self.low, self.high + 1):
            for i, n in enumerate(self.rows[row]):
                if n:
                    found.extend((int(row), i, int(n)))
        return found

    def unpack(self, numbers: list[int]) -> None:
        """Add what another histogram packed."""
        self.count += numbers[0]
        self.far_ns += numbers[1]
        if numbers[2] > self.max_ns:
            self.max_ns = numbers[2]
        for at in range(3, len(numbers), 3):
            self._reach(numbers[at])
            cells = self.rows[numbers[at]]
            cells[numbers[at + 1]] = cells[numbers[at + 1]] + numbers[at + 2]

    def clear(self) -> None:
        """Forget everything, keeping the rows."""
        self.count = 0
        self.near_ns = 0
        self.far_ns = 0
        self.max_ns = 0
        for row in range(self.low, self.high + 1):
            cells = self.rows[row]
            for i in range(SUB):
                if cells[i] != 0:
                    cells[i] = 0
        self.low = 64
        self.high = -1

    def mean_ns(self) -> float:
        """The exact mean; 0 when nothing was counted."""
        return float(self.sum_ns) / float(self.count) if self.count else 0.0

    def quantile_ns(self, q: float) -> int:
        """The duration that a share q of the counted ones does not exceed (within 1 %); 0 when nothing was counted."""
        if self.count == 0:
            return 0
        rank: i64 = int(q * float(self.count - 1)) + 1
        left: i64 = self.count - rank
        row: i64 = self.high
        while row >= self.low and row >= 0:
            cells = self.rows[row]
            i: i64 = SUB - 1
            while i >= 0:
                left -= cells[i]
                if left < 0:
                    return self._middle(row, i)
                i -= 1
            row -= 1
        return 0

    def _middle(self, row: i64, i: i64) -> i64:
        """The middle of a bucket; never more than the maximum, which is exact."""
        if row == 0:
            return i
        width: i64 = 1  # shifted in place: a literal, or what is never assigned again, would be shifted as a C int of 32 bits
        width <<= row - 1
        middle: i64 = (64 + i) * width + (width >> 1)
        return middle if middle < self.max_ns else self.max_ns
