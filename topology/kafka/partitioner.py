"""Which partition a record goes to: Kafka's murmur2 for keys, and a sticky choice for records without one."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from topology.chance import Dice

MOST_KEYS: Final = 1_048_576
"""The partitions of keys below this are remembered."""


def murmur2(data: bytes) -> int:
    """The hash of some bytes, as 32 bits without a sign."""
    length: i64 = len(data)
    m: i64 = 0x5BD1E995
    h: i64 = 0x9747B28C ^ length
    at: i64 = 0
    while at + 4 <= length:
        low: i64 = data[at] | data[at + 1] << 8
        high: i64 = data[at + 2] | data[at + 3] << 8
        k: i64 = ((low | high << 16) * m) & 0xFFFFFFFF
        k = ((k ^ k >> 24) * m) & 0xFFFFFFFF
        h = ((h * m) & 0xFFFFFFFF) ^ k
        at += 4
    left: i64 = length - at
    if left == 3:
        h ^= data[at + 2] << 16
    if left >= 2:
        h ^= data[at + 1] << 8
    if left >= 1:
        h = ((h ^ data[at]) * m) & 0xFFFFFFFF
    h = ((h ^ h >> 13) * m) & 0xFFFFFFFF
    return h ^ h >> 15


def partition_of(key: bytes, partitions: i64) -> i64:
    """The partition of a key, of so many."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


class Partitioner:
    """The producer's choice of a partition. Keys are numbers, sent as decimal text.

    Records without a key stick to one partition until a batch's worth of bytes went there, then to another.
    """

    def __init__(self, partitions: i64, dice: Dice) -> None:
        self.partitions: i64 = partitions
        self.dice = dice
        self.known: list[i64] = []
        """The partition of each key, -1 where it was not asked for yet."""
        self.sticky: i64 = 0
        self.stuck: i64 = 0
        """Bytes that went to the partition that records stick to."""
        self.turns: i64 = 0

    def of_key(self, key: i64) -> i64:
        """The partition of a record with a key, which others may have, too."""
        if key < 0 or key >= MOST_KEYS:
            return self.of_number(key)
        known = self.known
        while len(known) <= key:
            known.append(-1)
        found: i64 = known[key]
        if found < 0:
            found = self.of_number(key)
            known[key] = found
        return found

    def of_number(self, key: i64) -> i64:
        """The partition of a record with a key of its own."""
        return partition_of(str(key).encode(), self.partitions)

    def stick(self, size: i64, batch: i64) -> i64:
        """The partition of a record without a key; it moves on when a batch of so many bytes is full."""
        self.stuck += size
        if self.stuck > batch:
            self.stuck = size
            self.turn()
        return self.sticky

    def turn(self) -> None:
        """Stick to another partition."""
        if self.partitions > 1:
            self.turns += 1
            step: i64 = self.dice.bits(self.turns, 0) % (self.partitions - 1)
            self.sticky = (self.sticky + 1 + step) % self.partitions
