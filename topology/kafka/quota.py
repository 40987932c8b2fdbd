"""A quota of a Kafka cluster: what a producer writes beyond so many bytes a second waits, and is not refused."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from topology.dist import whole
from topology.kafka.log import Batch
from topology.message import reason

QUOTA: Final = reason("waited too long: the producer was throttled (quota)")


class Quota:
    """Batches that wait for their turn, in order. Each takes as long as its bytes take at the rate."""

    def __init__(self) -> None:
        self.per_byte = 0.0
        """Nanoseconds for one byte; 0: there is no quota."""
        self.queue: list[Batch] = []
        self.free_at: i64 = 0
        self.waking = False

    def lets(self, now: i64, batch: Batch) -> bool:
        """Whether a batch may go now; else it waits here."""
        if self.queue or self.free_at > now:
            self.queue.append(batch)
            return False
        self._pay(now, batch)
        return True

    def _pay(self, now: i64, batch: Batch) -> None:
        cost: i64 = whole(float(batch.size) * self.per_byte)
        self.free_at = now + cost

    def due(self, now: i64, patience: i64) -> Batch | None:
        """The next that may go, or that has waited for longer than producers wait."""
        if not self.queue:
            return None
        batch = self.queue[0]
        if not self.expired(now, patience, batch):
            if self.per_byte > 0.0 and self.free_at > now:
                return None
            self._pay(now, batch)
        self.queue.pop(0)
        return batch

    def expired(self, now: i64, patience: i64, batch: Batch) -> bool:
        """Whether its producer gives it up."""
        return 0 < patience <= now - batch.born

    def wait(self, now: i64, patience: i64) -> i64:
        """How long it is until the next one is due."""
        end: i64 = self.free_at
        if patience > 0 and self.queue[0].born + patience < end:
            end = self.queue[0].born + patience
        return end - now if end > now else 0

    def records(self) -> int:
        """How many records wait."""
        return sum(len(batch.calls) for batch in self.queue)
