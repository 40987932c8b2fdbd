"""Transactions of Kafka: what a consumer writes to topics while it works on a record, and its new position, as one.

The coordinator decides on a transaction at one instant; markers then tell the partitions that it wrote to.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from topology.kafka.log import Broker, Partition, Record
from topology.message import REFUSED, Item, lasting, reason
from topology.node import Call, Context, Timer

ENDS: Final = 25
EXPIRES: Final = 26
MARK: Final = 27
"""Timers: the coordinator decides; a transaction is open for too long; a marker reaches a partition."""

OPEN: Final = 0
COMMITTED: Final = 1
ABORTED: Final = 2

MARKER: Final = 2_000_000
"""How long a marker takes to the leader of a partition."""
ASKS_AGAIN: Final = 100_000_000
"""retry.backoff.ms: who found no coordinator, or no leader, tries again so much later."""
LOG_COPIES: Final = 3
"""transaction.state.log.replication.factor."""

OUT: Final = reason("its transaction was aborted")
FENCED: Final = reason("fenced: its transaction is over (ProducerFenced)")
UNFIT: Final = lasting("a transaction writes only to topics with acks: all and idempotent: true")


class Transaction(Item):
    """One transaction of whoever has a partition for a group; who takes the partition over ends it, and so fences him.

    `topic` is the context of the topic that is read, in whose cluster the coordinator is.
    """

    def __init__(self, topic: Context, timeout: i64) -> None:
        self.topic = topic
        self.timeout: i64 = timeout
        self.state: i64 = OPEN
        self.branches: list[Branch] = []
        self.timer: Timer | None = None

    def adds(self, ctx: Context, partition: Partition, record: Record) -> None:
        """One more record of it is in a partition; with the first one the coordinator begins to wait for its end."""
        if self.timer is None:
            self.timer = self.topic.after_same(self.timeout, EXPIRES, self)
        for branch in self.branches:
            if branch.partition is partition:
                branch.records.append(record)
                return
        branch = Branch(self, ctx, partition, record)
        self.branches.append(branch)
        partition.open_from.append(record.offset)

    def ends(self, state: i64) -> None:
        """The coordinator has decided: from now on it is so, and every partition is told."""
        self.state = state
        timer = self.timer
        if timer is not None:
            self.topic.cancel(timer)
            self.timer = None
        for branch in self.branches:
            branch.topic.after_same(MARKER, MARK, branch)
        self.branches = []


class Branch(Item):
    """What one transaction wrote to one partition; `topic` is the context of the topic of that partition."""

    def __init__(self, transaction: Transaction, topic: Context, partition: Partition, record: Record) -> None:
        self.transaction = transaction
        self.topic = topic
        self.partition = partition
        self.first: i64 = record.offset
        self.records = [record]

    def marked(self, ctx: Context) -> None:
        """The marker is in the log: its records are readable, or never will be where only what is committed is read."""
        self.partition.open_from.remove(self.first)
        if self.transaction.state == ABORTED:
            for record in self.records:
                record.abort(ctx, OUT)
        self.records = []


class InTransaction(Item):
    """The cause of a delivery, which may belong to a transaction."""

    transaction: Transaction | None = None


def transaction_of(call: Call) -> Transaction | None:
    """The transaction in which a call was made: that of the delivery on which its caller works; None where there is none."""
    cause = call.cause
    if not isinstance(cause, Call):
        return None
    delivery = cause.cause
    return delivery.transaction if isinstance(delivery, InTransaction) else None


def in_time(ctx: Context, calls: list[Call]) -> list[Call]:
    """Of what is to be appended that whose transactions are open, or that has none; the others are fenced."""
    left = []
    for call in calls:
        transaction = transaction_of(call)
        if transaction is None or transaction.state == OPEN:
            left.append(call)
        else:
            ctx.answer(call, REFUSED, FENCED)
    return left


def coordinated(brokers: list[Broker], number: i64) -> bool:
    """Whether the coordinator of a partition's transactions is there: a broker, or the next one once it is given up."""
    n: i64 = len(brokers)
    k: i64 = 0
    while k < n and k < LOG_COPIES:
        broker = brokers[(number + LOG_COPIES + k) % n]
        if not broker.fenced:
            return broker.joined()
        k += 1
    return False
