"""What the API of a FIFO queue remembers and allows: ids of what was sent of late, and calls per second."""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import i64

from topology.bucket import Bucket
from topology.chance import mix
from topology.parameters import choice, count, flag, rate

QUOTAS: Final = "SQS Developer Guide, Amazon SQS message quotas"

WINDOW: Final = 300_000_000_000
"""For so long after it was accepted, a message with the same deduplication id is a duplicate."""


SETTINGS: Final[dict[str, Any]] = {
    "on": flag(True, "Whether it is a FIFO queue; this cannot be changed later."),
    "ids": choice(
        "message",
        "What is a duplicate: the same message, whoever sends it again (message), or nothing, as each send has "
        "an id of its own (send).",
        options=("message", "send"),
        source="SQS Developer Guide, Amazon SQS FIFO queue key terms",
    ),
    "calls": rate(
        "300/s",
        "How many sends, and as many receives, the API lets through, each partition.",
        ge="1/s",
        le="300/s",
        source=QUOTAS,
    ),
    "batch": count(1, "How many messages senders put into one call.", ge=1, le=10, source=QUOTAS),
    "partitions": count(
        None,
        "High throughput mode: over how many partitions its groups are spread; left out: off.",
        ge=1,
        le=1000,
        source="SQS Developer Guide, High throughput for FIFO queues in Amazon SQS",
    ),
    "scans": count(
        120_000,
        "Among how many of its first messages it looks for a group to deliver from.",
        ge=1,
        le=120_000,
        source="SQS Developer Guide, Avoid large message backlogs with the same message group ID",
    ),
}
"""The settings of a FIFO queue."""


class Sent:
    """The deduplication ids of the last five minutes, each with the instant at which its message was accepted."""

    def __init__(self) -> None:
        self.known: set[int] = set()
        self.numbers: list[int] = []
        """In order of time, from `oldest` on."""
        self.instants: list[int] = []
        self.oldest: i64 = 0

    def knows(self, number: int, now: int) -> bool:
        """Whether a message with that id was accepted within the window; if not, it is accepted now."""
        self._forget(now)
        if number in self.known:
            return True
        self.known.add(number)
        self.numbers.append(number)
        self.instants.append(now)
        return False

    def _forget(self, now: int) -> None:
        oldest = self.oldest
        while oldest < len(self.instants) and now - self.instants[oldest] >= WINDOW:
            self.known.discard(self.numbers[oldest])
            oldest += 1
        if oldest > 64 and oldest * 2 > len(self.instants):
            del self.numbers[:oldest]
            del self.instants[:oldest]
            oldest = 0
        self.oldest = oldest


class Quotas:
    """So many calls per second and action: for the whole queue, or in high throughput mode for each partition.

    Each is a bucket of one second's worth. A call that sends a batch counts as one.
    """

    def __init__(self, now: i64, calls: float, batch: i64, partitions: i64) -> None:
        self.rate = calls
        self.batch = float(batch)
        self.sends = [Bucket(calls * float(batch), now) for _ in range(int(partitions))]
        self.receives = Bucket(calls * float(partitions), now)

    def may_send(self, group: i64, now: i64) -> bool:
        """Whether one more message of a group is let in."""
        most = self.rate * self.batch
        sends = self.sends
        count: i64 = len(sends)
        number: i64 = mix(group ^ (group >> 32)) % count if count > 1 else 0
        return sends[number].grants(now, most, most)

    def may_receive(self, now: i64) -> bool:
        """Whether one more receive is answered."""
        most = self.rate * float(len(self.sends))
        return self.receives.grants(now, most, most)
