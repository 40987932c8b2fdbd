"""What the events of a live run add up to: what was accepted, what was done, how often, and what is still owed."""

from __future__ import annotations

from collections import Counter

from topology.live import report
from topology.live.report import Event

Key = tuple[str, int]
"""A message: its flow and its number."""


class Account:
    """The books of one run, kept by whoever runs it. `worker` is the node whose part of the work counts."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.accepted: set[Key] = set()
        self.delivered: Counter[Key] = Counter()
        self.done: Counter[Key] = Counter()
        self.deleted: set[Key] = set()
        self.expired: set[Key] = set()
        self.failed = 0

    def take(self, event: Event) -> None:
        """Write one event down."""
        key = (event.flow, event.n)
        if event.what == report.ACCEPTED:
            self.accepted.add(key)
        elif event.what == report.DELIVERED:
            self.delivered[key] += 1
        elif event.what == report.DONE and event.by.partition("/")[0] == self.worker:
            self.done[key] += 1
        elif event.what == report.FAILED:
            self.failed += 1
        elif event.what == report.DELETED:
            self.deleted.add(key)
        elif event.what == report.EXPIRED:
            self.expired.add(key)

    @property
    def owed(self) -> set[Key]:
        """Accepted and not done by anybody so far."""
        return self.accepted - self.done.keys()

    @property
    def kept(self) -> set[Key]:
        """Accepted and still in a queue."""
        return self.accepted - self.deleted - self.expired

    @property
    def duplicates(self) -> int:
        """Executions beyond the first of each message."""
        return self.done.total() - len(self.done)

    @property
    def redelivered(self) -> int:
        """Deliveries beyond the first of each message."""
        return self.delivered.total() - len(self.delivered)

    def __str__(self) -> str:
        return (
            f"accepted {len(self.accepted)}, done {len(self.done)}, owed {len(self.owed)}, kept {len(self.kept)}, "
            f"delivered again {self.redelivered}, duplicates {self.duplicates}, failed {self.failed}, "
            f"expired {len(self.expired)}"
        )
