"""The hash ranges of a stream's shards: which key goes where, how shards are split and merged, and who descends from whom."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from typing import Final

from mypy_extensions import i64

from topology.message import Item

WHOLE: Final = 1 << 128
"""Hash keys go from 0 up to this, which is no key any more."""


def hash_key(partition_key: str) -> int:
    """The hash key of a partition key: its MD5, as a number of 128 bits."""
    return int.from_bytes(hashlib.md5(partition_key.encode(), usedforsecurity=False).digest(), "big")


def shard_name(number: int) -> str:
    """The id of a shard, as the service writes it."""
    return f"shardId-{number:012d}"


class Range(Item):
    """The hash keys of one shard, both ends included, and the shards that it came from: none, one that was split, or two."""

    def __init__(self, number: i64, start: int, end: int, parents: list[i64]) -> None:
        self.number: i64 = number
        self.start = start
        self.end = end
        self.parents: list[i64] = parents
        self.open = True


class Ranges:
    """The ranges of all shards that a stream has had; those of the open ones cover all hash keys, each once."""

    def __init__(self, shards: i64) -> None:
        self.all: list[Range] = []
        self.starts: list[int] = []
        self.opened: list[Range] = []
        """The open ones by their first hash key, and these keys."""
        step = WHOLE // int(shards)
        i: i64 = 0
        while i < shards:
            end = WHOLE - 1 if i == shards - 1 else (int(i) + 1) * step - 1
            self._add(int(i) * step, end, [])
            i += 1
        self._sort()

    def _add(self, start: int, end: int, parents: list[i64]) -> Range:
        made = Range(len(self.all), start, end, parents)
        self.all.append(made)
        return made

    def _sort(self) -> None:
        found = [(one.start, one) for one in self.all if one.open]
        found.sort(key=first_of)
        self.opened = [one for _, one in found]
        self.starts = [start for start, _ in found]

    def at(self, key: int) -> Range:
        """The open shard that takes a hash key."""
        return self.opened[bisect_right(self.starts, key) - 1]

    def split(self, number: i64, at: int) -> list[Range]:
        """Split an open shard in two, the second from that hash key on; ValueError where that cannot be."""
        one = self.all[number]
        if not one.open:
            raise ValueError(f"{shard_name(number)} has already been split or merged")
        if not one.start < at < one.end:
            raise ValueError(f"{shard_name(number)} cannot be split at {at}: expected more than {one.start}, less than {one.end}")
        one.open = False
        made = [self._add(one.start, at - 1, [number]), self._add(at, one.end, [number])]
        self._sort()
        return made

    def merge(self, number: i64, other: i64) -> Range:
        """Merge two open shards whose ranges lie beside each other; ValueError where they do not."""
        one, two = self.all[number], self.all[other]
        if not (one.open and two.open):
            raise ValueError(f"{shard_name(number)} or {shard_name(other)} has already been split or merged")
        if one.end + 1 != two.start and two.end + 1 != one.start:
            raise ValueError(f"{shard_name(number)} and {shard_name(other)} do not lie beside each other")
        one.open = False
        two.open = False
        made = self._add(min(one.start, two.start), max(one.end, two.end), [number, other])
        self._sort()
        return made

    def spread(self, shards: i64) -> None:
        """Split and merge until so many shards of equal size are open; some live only on the way."""
        step = WHOLE // int(shards)
        bounds = [self._near(i * step, 4 * int(shards)) for i in range(1, int(shards))]
        for one in list(self.opened):
            self._split_at([at for at in bounds if one.start < at < one.end], one)
        for i, start in enumerate([0, *bounds]):
            end = bounds[i] if i < len(bounds) else WHOLE
            within = [one for one in self.opened if start <= one.start < end]
            while len(within) > 1:
                within = [self.merge(within[0].number, within[1].number), *within[2:]]

    def _near(self, at: int, room: int) -> int:
        """That hash key, or the beginning of a shard that lies as near as rounding puts it."""
        i: i64 = bisect_right(self.starts, at + room) - 1
        return self.starts[i] if self.starts[i] >= at - room else at

    def _split_at(self, bounds: list[int], one: Range) -> None:
        """Split a shard at each of these hash keys, from the first on."""
        for at in bounds:
            one = self.split(one.number, at)[1]


def first_of(pair: tuple[int, Range]) -> int:
    """What shards are sorted by."""
    return pair[0]
