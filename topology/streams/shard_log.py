"""One shard of a stream: the records that some consumer has not processed yet, in order, and what may be written and read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from topology.bucket import Bucket
from topology.message import Item
from topology.node import Call, Timer
from topology.streams.shards import Range

if TYPE_CHECKING:
    from topology.streams.consuming import Reader

SECOND: Final = 1_000_000_000
READS: Final = 5.0
"""Calls to read a shard in a second, by all who share its throughput."""
READ_BYTES: Final = 2_000_000
"""Bytes that are read from a shard in a second: by all who share it, or by each with enhanced fan-out."""
TRIM: Final = 256
"""So many processed records lie before the first that is kept, at most, or as many as are kept."""


class Shard(Item):
    """The records of a shard are numbered from 0; `floor` is the first that is still kept, `log[0]` is number `base`."""

    def __init__(self, keys: Range, now: i64) -> None:
        self.keys = keys
        self.number: i64 = keys.number
        self.log: list[Call | None] = []
        self.base: i64 = 0
        self.floor: i64 = 0
        self.readers: list[Reader] = []
        self.sleeping: i64 = 0
        """How many of its readers have read all there is."""
        self.even: i64 = 0
        """The size of its records where all had the same so far; -1 where they differ, 0 where there was none."""
        self.lost: dict[int, int] = {}
        """Why records were skipped by a consumer, by number, until they leave."""
        self.second: i64 = -1
        self.records: i64 = 0
        self.bytes: i64 = 0
        self.last_records: i64 = 0
        self.last_bytes: i64 = 0
        """What was written in the second that runs, and in the one before it."""
        self.throttled: i64 = 0
        self.calls = Bucket(READS, now)
        self.free_at: i64 = 0
        """When what was read has been paid for, at the rate at which this shard is read."""
        self.retiring: Timer | None = None

    def end(self) -> i64:
        """The number that the next record gets."""
        return self.base + len(self.log)

    def takes(self, now: i64, size: i64, records: i64, most: i64) -> bool:
        """Count one more record of this size, unless so many records or bytes were written within this second."""
        second: i64 = now // SECOND
        if second != self.second:
            self._turn(second)
        if self.records >= records or self.bytes + size > most:
            self.throttled += 1
            return False
        self.records += 1
        self.bytes += size
        if self.even != size:
            self.even = size if self.even == 0 else -1
        return True

    def _turn(self, second: i64) -> None:
        """Another second begins."""
        beside = second == self.second + 1
        self.last_records = self.records if beside else 0
        self.last_bytes = self.bytes if beside else 0
        self.second = second
        self.records = 0
        self.bytes = 0

    def rate(self, now: i64) -> tuple[i64, i64]:
        """Records and bytes that were written within the last whole second."""
        second: i64 = now // SECOND
        if second == self.second:
            return self.last_records, self.last_bytes
        return (self.records, self.bytes) if second == self.second + 1 else (0, 0)

    def get(self, number: i64) -> Call | None:
        """A record; None where it is gone."""
        return self.log[number - self.base] if number >= self.floor else None

    def processed(self) -> i64:
        """Up to where every consumer has processed it: the least of their checkpoints."""
        least: i64 = self.end()
        for reader in self.readers:
            if reader.checkpoint < least:
                least = reader.checkpoint
        return least

    def take(self) -> Call:
        """Take the first record out."""
        at: i64 = self.floor - self.base
        call = self.log[at]
        assert call is not None
        self.log[at] = None
        self.floor += 1
        at += 1
        if at >= TRIM and at * 2 > len(self.log):
            del self.log[:at]
            self.base = self.floor
        return call

    def take_up_to(self, number: i64) -> list[Call]:
        """Take all records before this one out."""
        found: list[Call] = []
        while self.floor < number:
            found.append(self.take())
        return found

    def kept(self) -> i64:
        """How many records are kept."""
        return self.end() - self.floor

    def since(self) -> i64:
        """When the first that is kept was written; -1 where none is."""
        return self.arrived(self.floor)

    def arrived(self, number: i64) -> i64:
        """When a record was written; -1 where it is not there."""
        if number < self.floor or number >= self.end():
            return -1
        call = self.log[number - self.base]
        return -1 if call is None else call.arrived
