"""Partitions of a Kafka topic: the log, its replicas on brokers, who leads, who is in sync, and up to where consumers may read.

A replica is described by one instant: it holds whatever its leader appended until then. So replication costs no event per
record, and what a new leader lacks is what was appended later.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from topology.message import Item
from topology.node import Call, Context

HISTORY: Final = 1_000
"""So many records of a partition that every group has committed can still be read again."""


class Broker(Item):
    """One broker: whether its process runs, whether the others hear it, and whether the controller has given it up."""

    def __init__(self, number: i64, zone: i64) -> None:
        self.number: i64 = number
        self.zone: i64 = zone
        self.down = False
        self.full = False
        self.cut = False
        """It runs and its clients reach it, but neither the other brokers nor the controller do."""
        self.slow = 1.0
        self.lag: i64 = 0
        """How far its copies are behind their leaders as a rule."""
        self.fenced = False
        self.lost: i64 = 0
        """How often it was lost: tells one loss from the next."""

    def joined(self) -> bool:
        """Whether it takes part in the cluster."""
        return not self.down and not self.cut


class Loss(Item):
    """One time that a broker was lost."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.number: i64 = broker.lost


class Replica:
    """One copy of a partition. It holds all that was appended until `synced`, as it was at the instant `at`."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.synced: i64 = 0
        self.at: i64 = 0
        self.in_sync = True


@mypyc_attr(acyclic=True)
class Record(Item):
    """One record in a log: `left` consumer groups have not committed past it yet."""

    def __init__(self, call: Call, at: i64, offset: i64, left: i64) -> None:
        self.call: Call = call
        self.at: i64 = at
        self.offset: i64 = offset
        self.left: i64 = left
        self.code: int = 0
        """Why a group passed over it; 0 where none did."""
        self.kept = False
        """Whether its sender was told yes, or a copy is kept in its place."""
        self.over = False
        self.aborted = False
        """Whether it belongs to a transaction that was aborted."""

    def last_good(self) -> bool:
        """Whether the next group that is past it is the last, and none passed over it."""
        return self.left == 1 and self.kept and not self.over and self.code == 0

    def passed(self, ctx: Context, code: int) -> bool:
        """One more group is past it; whether that was the last one."""
        self.left -= 1
        if code and not self.code:
            self.code = code
        if self.left > 0 or self.over:
            return False
        self.over = True
        if self.kept:
            ctx.finish(self.call, self.code == 0, self.code)
        return True

    def abort(self, ctx: Context, code: int) -> None:
        """Its transaction was aborted: nobody waits for it any more, though it is in the log."""
        self.aborted = True
        if self.lose(ctx, code):
            self.code = code

    def lose(self, ctx: Context, code: int) -> bool:
        """No replica has it any more; whether anybody still wanted it."""
        if self.over:
            return False
        self.over = True
        if self.kept:
            ctx.finish(self.call, False, code)
        return True


class Batch(Item):
    """Records that a producer sends to a partition together."""

    def __init__(self, partition: Partition, born: i64) -> None:
        self.partition = partition
        self.born: i64 = born
        self.size: i64 = 0
        self.calls: list[Call] = []
        self.records: list[Record] = []
        """As they were appended; empty before."""
        self.sent: i64 = born
        """When it was appended last."""


class Partition(Item):
    """One partition: what is in its log, which of its replicas leads, and what its producers wait for."""

    def __init__(self, number: i64, replicas: list[Replica]) -> None:
        self.number: i64 = number
        self.replicas = replicas
        self.halted = False
        """Whether no follower copies anything, though it hears its leader."""
        self.speed: i64 = 1
        """A follower that has fallen behind fetches so many seconds of traffic in a second."""
        self.leader: Replica | None = replicas[0]
        self.rows: list[Record] = []
        self.base: i64 = 0
        """The offset of the first row."""
        self.end: i64 = 0
        self.high: i64 = 0
        """The high watermark: consumers read below it."""
        self.high_at: i64 = -1
        """When the last record below it was appended."""
        self.committed: list[i64] = []
        """Up to where each group has committed, by its number."""
        self.passed: list[i64] = []
        """The same, for all time: a group that was reset to an earlier offset has passed what it reads again."""
        self.open_from: list[i64] = []
        """Where the transactions begin that are open."""
        self.batch: Batch | None = None
        self.waiting: list[Batch] = []
        """What could not be appended, in order, to be tried again."""
        self.unacked: list[Batch] = []
        """What was appended and not acknowledged."""
        self.retrying = False
        self.why: int = 0

    # Replicas

    def serves(self) -> bool:
        """Whether clients find a leader."""
        leader = self.leader
        return leader is not None and not leader.broker.down

    def synced(self) -> i64:
        """How many replicas are in sync, the leader included."""
        n: i64 = 0
        for replica in self.replicas:
            if replica.in_sync:
                n += 1
        return n

    def level(self) -> bool:
        """Whether it is led, and every replica is in sync and has caught up."""
        leader = self.leader
        if leader is None:
            return False
        for replica in self.replicas:
            if not replica.in_sync or (replica is not leader and replica.synced < replica.at - replica.broker.lag):
                return False
        return True

    def catch_up(self, now: i64) -> None:
        """Let replicas that hear their leader have fetched what they could until now."""
        leader = self.leader
        feeds = leader is not None and leader.broker.joined() and not self.halted
        newest: i64 = self.rows[-1].at if self.rows else self.high_at
        for replica in self.replicas:
            broker = replica.broker
            if replica is leader:
                if not broker.down:
                    replica.synced = now
            elif feeds and broker.joined():
                reached: i64 = now - broker.lag
                possible: i64 = replica.synced + (now - replica.at) * self.speed
                if possible < reached and newest > replica.synced:
                    reached = possible
                if reached > replica.synced:
                    replica.synced = reached
            replica.at = now

    def stable(self) -> i64:
        """The last stable offset: up to there no transaction is open."""
        stable: i64 = self.high
        for offset in self.open_from:
            if offset < stable:
                stable = offset
        return stable

    def lag(self) -> i64:
        """How long after an append all that are in sync have it, as a rule."""
        lag: i64 = 0
        for replica in self.replicas:
            if replica.in_sync and replica is not self.leader and replica.broker.lag > lag:
                lag = replica.broker.lag
        return lag

    def advance(self) -> bool:
        """Move the high watermark up to what all that are in sync have; whether it moved."""
        if self.leader is None:
            return False
        limit: i64 = self.leader.synced
        for replica in self.replicas:
            if replica.in_sync and replica.synced < limit:
                limit = replica.synced
        rows = self.rows
        at: i64 = self.high - self.base
        before: i64 = at
        while at < len(rows) and rows[at].at <= limit:
            at += 1
        if at == before:
            return False
        self.high = self.base + at
        self.high_at = rows[at - 1].at
        return True

    def shrink(self, now: i64, longest: i64) -> bool:
        """Followers that have not caught up for so long are in sync no more; whether there were any."""
        leader = self.leader
        if leader is None or not leader.broker.joined() or not self.rows:
            return False
        newest: i64 = self.rows[-1].at
        found = False
        for replica in self.replicas:
            if replica.in_sync and replica is not leader and replica.synced < newest and now - replica.synced > longest:
                replica.in_sync = False
                found = True
        return found

    def expand(self) -> bool:
        """Followers that have all that consumers may read are in sync again; whether there were any."""
        leader = self.leader
        if leader is None or not leader.broker.joined():
            return False
        found = False
        for replica in self.replicas:
            broker = replica.broker
            if not replica.in_sync and broker.joined() and not broker.fenced and replica.synced >= self.high_at:
                replica.in_sync = True
                found = True
        return found

    def candidate(self, unclean: bool) -> Replica | None:
        """Who may lead: the first that is in sync and there; if need be, and allowed, the first that is there at all."""
        for replica in self.replicas:
            if replica.in_sync and replica.broker.joined() and not replica.broker.fenced:
                return replica
        if unclean:
            for replica in self.replicas:
                if replica.broker.joined() and not replica.broker.fenced:
                    return replica
        return None

    def give_up(self, broker: Broker) -> None:
        """The controller takes a broker out of the in-sync set, unless it is the last that is in there."""
        if self.synced() < 2:
            return
        for replica in self.replicas:
            if replica.broker is broker:
                replica.in_sync = False

    # The log

    def put(self, call: Call, now: i64, groups: i64) -> Record:
        """Append one record."""
        record = Record(call, now, self.end, groups)
        self.rows.append(record)
        self.end += 1
        return record

    def row(self, offset: i64) -> Record:
        """The record at an offset that is in the log."""
        return self.rows[offset - self.base]

    def cut_off(self, leader: Replica) -> list[Record]:
        """Take out what a new leader does not have."""
        rows = self.rows
        left: i64 = len(rows)
        while left > 0 and rows[left - 1].at > leader.synced:
            left -= 1
        gone = rows[left:]
        del rows[left:]
        self.end = self.base + left
        if self.high > self.end:
            self.high = self.end
        if left > 0 and self.high > self.base:
            self.high_at = rows[self.high - self.base - 1].at
        elif self.high_at > leader.synced:
            self.high_at = leader.synced
        return gone

    def trim(self) -> None:
        """Forget what every group has committed, but for the latest of it."""
        spare: i64 = self.high - self.base - HISTORY
        if spare < HISTORY:
            return
        for offset in self.committed:
            if offset - self.base < spare:
                spare = offset - self.base
        for offset in self.passed:
            if offset - self.base - HISTORY < spare:
                spare = offset - self.base - HISTORY
        if spare > HISTORY:
            self.forget(spare)

    def first_kept(self) -> i64:
        """The offset of the first record that some group has not passed."""
        least: i64 = self.end
        for offset in self.passed:
            if offset < least:
                least = offset
        return least if least > self.base else self.base

    def forget(self, count: i64) -> None:
        """Take out the first so many rows."""
        del self.rows[:count]
        self.base += count
