"""Where a consumer group stands in each partition: what it reads next, what is in work, and what it has committed."""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import i64

from topology.kafka.assignors import COOPERATIVE, Claim
from topology.kafka.log import Partition, Record
from topology.kafka.transactions import ABORTED, ASKS_AGAIN, COMMITTED, ENDS, FENCED, OPEN, InTransaction, Transaction
from topology.message import NONE, YES, Item, reason
from topology.node import Call, Context, Receive
from topology.queues.backlog import Entry
from topology.runs import in_runs

COMMIT: Final = 22
AGAIN: Final = 23
"""Timers: a commit, a record read again."""

TOPIC: Final = "topic"

SKIPPED: Final = reason("skipped: its consumer failed on it")
RESET: Final = reason("skipped: offset reset to the latest")


class Cursor(Item):
    """Where one group stands in one partition."""

    def __init__(self, group: Positions, partition: Partition) -> None:
        self.group = group
        self.partition = partition
        self.owner: Member | None = None
        self.committed: i64 = 0
        self.position: i64 = 0
        """The next offset to deliver."""
        self.flying: i64 = 0
        """Deliveries that have no answer yet."""
        self.failed: i64 = -1
        """The first offset of them that failed."""
        self.why: int = 0
        self.tries: i64 = 0
        self.epoch: i64 = 0
        """Which delivery is out of date: each owner, and each new start, has one of its own."""
        self.queued = False
        self.pausing = False
        """Whether it waits to read a record again."""
        self.revoking = False
        """Whether its owner lets go of it as soon as nothing is in work."""
        self.transaction: Transaction | None = None
        """The last one that its owner, or the one before, began."""
        self.ending = False
        """Whether that one is being committed."""
        self.flights: list[Delivery] = []
        """What was delivered since nothing was in work last."""

    def processed(self) -> i64:
        """Up to where all records are done with."""
        return self.position - self.flying

    def restart(self) -> None:
        """Go on at what was committed; what is in work is out of date."""
        self.group.reread += self.position - self.committed
        self.epoch += 1
        self.position = self.committed
        self.flying = 0
        self.failed = -1
        self.tries = 0
        self.queued = False
        self.pausing = False
        self.revoking = False
        self.ending = False
        self.flights = []

    def busy(self) -> bool:
        """Whether anything is in work, or being committed."""
        return self.flying > 0 or self.ending

    def limit(self) -> i64:
        """Up to where its group may read."""
        partition = self.partition
        return partition.stable() if self.group.committed_only and partition.open_from else partition.high

    def readable(self) -> bool:
        """Whether there is a record to deliver now."""
        if self.flying > 0 or self.pausing or self.revoking or self.ending:
            return False
        return self.position < self.limit() and self.partition.serves()


class Delivery(InTransaction):
    """One record that is with a consumer."""

    def __init__(self, record: Record, cursor: Cursor, receive: Receive) -> None:
        self.call: Call | None = None
        self.record = record
        self.cursor = cursor
        self.epoch: i64 = cursor.epoch
        self.receive = receive


class Ending(Item):
    """A transaction that waits for the coordinator to commit it."""

    def __init__(self, cursor: Cursor, transaction: Transaction) -> None:
        self.cursor = cursor
        self.transaction = transaction
        self.epoch: i64 = cursor.epoch


class Again(Item):
    """A record that is read again after a while."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.epoch: i64 = cursor.epoch


class Member(Item):
    """One process in a group, as the coordinator knows it."""

    def __init__(self, receive: Receive, now: i64) -> None:
        self.name = receive.caller.name
        self.process: i64 = receive.caller_epoch
        self.receive = receive
        self.heard: i64 = now
        self.polled: i64 = now
        self.joined = False
        """Whether it is ready for the rebalance that goes on."""
        self.leaving = False
        """Whether it knows of the rebalance, and finishes what it has in work before it joins."""
        self.gone = False
        self.cursors: list[Cursor] = []
        self.ready: list[Cursor] = []
        self.asking: list[Receive] = []
        self.head: i64 = 0
        self.claim = Claim(f"{self.name}-{self.process}", [TOPIC])

    def idle(self) -> bool:
        """Whether nothing of what it owns is in work."""
        return all(not cursor.busy() for cursor in self.cursors)


class Positions(Item):
    """How one group reads, works and commits. Each partition is read in order; who owns which, `Group` says."""

    def __init__(self, outlet: i64, partitions: list[Partition]) -> None:
        self.outlet: i64 = outlet
        self.cursors = [Cursor(self, partition) for partition in partitions]
        self.committing = False
        self.reread: i64 = 0
        self.skipped: i64 = 0
        self.runs = False
        """Whether a consumer works on what it gets one after the other, so that it may get several of a partition."""
        self.commit_ns: i64 = 0
        """How long the coordinator takes to commit a transaction."""
        self.aborted: i64 = 0

    def set_positions(self, values: dict[str, Any]) -> None:
        """Take over what the settings of the link say of reading and committing."""
        self.cooperative: bool = values["assignor"] == COOPERATIVE
        self.transactional: bool = values["transactional"]
        self.transaction_timeout: i64 = values["transaction_timeout"]
        self.committed_only: bool = values["isolation"] == "read_committed"
        self.auto: bool = values["commit"] == "auto" and not self.transactional
        self.commit_every: i64 = values["commit_every"]
        self.earliest: bool = values["reset"] == "earliest"
        self.skips: bool = values["on_failure"] == "skip"
        attempts = values["attempts"]
        self.attempts: i64 = 0 if attempts is None else attempts
        self.backoff: i64 = values["backoff"]
        self.dead_to: str = values["dead_letter"] or ""
        self.runs = in_runs(values)

    def rejoin(self, ctx: Context, member: Member) -> None:
        """A member that knows of a rebalance has something less in work: it may be ready to join."""

    # Reading

    def feed(self, ctx: Context, cursor: Cursor) -> None:
        """There may be something to read for the owner of a partition."""
        member = cursor.owner
        if member is None or cursor.queued or not cursor.readable():
            return
        cursor.queued = True
        member.ready.append(cursor)
        if member.head < len(member.asking):
            self.serve(ctx, member)

    def serve(self, ctx: Context, member: Member) -> None:
        """Give what is ready to what a member asked, in the order in which it asked; one that finishes to join gets nothing."""
        asking = member.asking
        while member.ready and member.head < len(asking) and not (member.leaving and not self.cooperative):
            receive = asking[member.head]
            if receive.served or not ctx.reachable(receive):
                self.forget(ctx, receive)
                member.head += 1
                continue
            if self._deliver(ctx, member, receive):
                member.head += 1
        self.trim(member)

    def forget(self, ctx: Context, receive: Receive) -> None:
        """It need not be watched any more for how long it waits."""
        timer = receive.timer2
        if timer is not None:
            ctx.cancel(timer)
            receive.timer2 = None

    def _deliver(self, ctx: Context, member: Member, receive: Receive) -> bool:
        """Answer a receive with the next record of each partition that has one; whether there was any."""
        ready = member.ready
        n: i64 = 0
        at: i64 = 0
        while at < len(ready) and n < receive.most:
            cursor = ready[at]
            at += 1
            cursor.queued = False
            if cursor.owner is not member or not cursor.readable() or not self._in_range(ctx, cursor):
                continue
            n += self._put_in(ctx, receive, cursor, receive.most - n if self.runs else 1)
        del ready[:at]
        if n == 0:
            return False
        self.forget(ctx, receive)
        receive.served = True
        ctx.deliver(receive)
        return True

    def _put_in(self, ctx: Context, receive: Receive, cursor: Cursor, most: i64) -> i64:
        """The next records of a partition, at most so many; how many there were."""
        partition = cursor.partition
        if self.committed_only and self._pass_aborted(ctx, cursor):
            return 0
        if self.transactional:
            self._begins(ctx, cursor)
        limit = cursor.limit()
        n: i64 = 0
        while n < most and cursor.position < limit:
            record = partition.row(cursor.position)
            if record.aborted and self.committed_only:
                break
            delivery = Delivery(record, cursor, receive)
            delivery.transaction = cursor.transaction
            delivery.call = ctx.delivery(receive, record.call, delivery)
            cursor.flights.append(delivery)
            cursor.position += 1
            cursor.flying += 1
            n += 1
        return n

    def _in_range(self, ctx: Context, cursor: Cursor) -> bool:
        """Whether its position is in the log; else it is reset, and there may be nothing to read."""
        if cursor.position < cursor.partition.base:
            self.move(ctx, cursor, self.earliest)
        return cursor.position < cursor.limit()

    def move(self, ctx: Context, cursor: Cursor, earliest: bool) -> None:
        """Reset the position to the first record that is there, or behind the last one."""
        partition = cursor.partition
        if not earliest:
            self._commit_to(ctx, cursor, cursor.limit(), RESET)
        elif partition.base < cursor.committed:
            self.reread += cursor.committed - partition.base
            cursor.committed = partition.base
            partition.committed[self.outlet] = partition.base
        else:
            self._commit_to(ctx, cursor, partition.base, 0)
        cursor.position = cursor.committed
        cursor.restart()

    def trim(self, member: Member) -> None:
        """Forget what it asked and was answered."""
        asking = member.asking
        while member.head < len(asking) and asking[member.head].served:
            member.head += 1
        if member.head > 32:
            del asking[: member.head]
            member.head = 0

    # Answers

    def heard(self, ctx: Context, delivery: Delivery, call: Call) -> None:
        """A consumer is done with a record, or failed on it."""
        cursor = delivery.cursor
        if delivery.epoch != cursor.epoch or delivery.call is None:
            return
        delivery.call = None
        cursor.flying -= 1
        if call.outcome != YES and (cursor.failed < 0 or delivery.record.offset < cursor.failed):
            cursor.failed = delivery.record.offset
            cursor.why = call.reason
        if cursor.flying > 0:
            return
        cursor.flights = []
        transaction = cursor.transaction
        if transaction is not None and self._is_to_end(ctx, cursor, transaction):
            return
        self._worked(ctx, cursor)

    def _worked(self, ctx: Context, cursor: Cursor) -> None:
        """What was delivered of a partition is done with, or failed: go on."""
        if cursor.failed >= 0:
            self._failed(ctx, cursor)
        else:
            cursor.tries = 0
        self._note_progress(ctx, cursor)
        member = cursor.owner
        if member is not None and member.leaving:
            self.rejoin(ctx, member)
        self.feed(ctx, cursor)

    def _note_progress(self, ctx: Context, cursor: Cursor) -> None:
        """Commit now, or within the interval."""
        if not self.auto:
            self.commit(ctx, cursor)
        elif not self.committing and cursor.processed() > cursor.committed:
            self.committing = True
            ctx.after_same(self.commit_every, COMMIT, self)

    def _failed(self, ctx: Context, cursor: Cursor) -> None:
        """A record failed: it is read again after a while, or skipped."""
        cursor.position = cursor.failed
        cursor.failed = -1
        cursor.tries += 1
        if self.skips or (self.attempts > 0 and cursor.tries >= self.attempts):
            self._skip(ctx, cursor)
            return
        cursor.pausing = True
        ctx.after_same(self.backoff, AGAIN, Again(cursor))

    def _skip(self, ctx: Context, cursor: Cursor) -> None:
        """Go on behind a record that its consumer failed on, and note why."""
        record = cursor.partition.row(cursor.position)
        cursor.tries = 0
        cursor.position += 1
        self.skipped += 1
        if self.dead_to and ctx.ready(self.dead_to) and not record.over:
            self.bury(ctx, record, cursor.why)
        elif not record.code:
            record.code = cursor.why or SKIPPED

    def bury(self, ctx: Context, record: Record, why: int) -> None:
        """Give a copy of a record to the dead-letter queue."""
        copy = ctx.share_of(self.outlet, record.call)
        ctx.bury(copy, why or SKIPPED)
        entry = Entry(copy, ctx.now)
        entry.buried = True
        entry.source = ctx.node
        ctx.transfer(self.dead_to, entry)

    def again(self, ctx: Context, item: Again) -> None:
        """The time to read a record again has come."""
        cursor = item.cursor
        if item.epoch == cursor.epoch and cursor.pausing:
            cursor.pausing = False
            self.feed(ctx, cursor)

    def answers(self, ctx: Context) -> None:
        """The cluster is there again: what consumers did meanwhile is known to their clients, which go on."""
        for cursor in self.cursors:
            for delivery in list(cursor.flights):
                call = delivery.call
                if call is not None and call.outcome != NONE and ctx.reachable(delivery.receive):
                    self.heard(ctx, delivery, call)

    # Transactions

    def _begins(self, ctx: Context, cursor: Cursor) -> None:
        """A transaction begins; if one is open, of who had the partition before, it is aborted and he is fenced."""
        last = cursor.transaction
        if last is not None and last.state != COMMITTED:
            self.aborted += 1
            if last.state == OPEN:
                last.ends(ABORTED)
        cursor.transaction = Transaction(ctx, self.transaction_timeout)

    def _is_to_end(self, ctx: Context, cursor: Cursor, transaction: Transaction) -> bool:
        """All of it is answered: it is aborted, or the coordinator is asked to commit it, which has to be waited for."""
        if transaction.state == OPEN and cursor.failed < 0:
            cursor.ending = True
            ctx.after_same(self.commit_ns, ENDS, Ending(cursor, transaction))
            return True
        if transaction.state == OPEN:
            transaction.ends(ABORTED)
        elif cursor.failed < 0:
            self._too_late(cursor)
        return False

    def _too_late(self, cursor: Cursor) -> None:
        """Its transaction was aborted while it worked: its record is to be read again."""
        cursor.failed = cursor.committed
        cursor.why = FENCED

    def decides(self, ctx: Context, item: Ending, there: bool) -> None:
        """The coordinator commits, if it is there, and if who asks for it is: position and output at one instant."""
        cursor, transaction = item.cursor, item.transaction
        owner = cursor.owner
        if item.epoch != cursor.epoch or owner is None:
            return
        if transaction.state == OPEN:
            if not there or not (ctx.renews(owner.receive) or ctx.leaves(owner.receive)):
                ctx.after_same(ASKS_AGAIN, ENDS, item)
                return
            transaction.ends(COMMITTED)
        else:
            self._too_late(cursor)
        cursor.ending = False
        self._worked(ctx, cursor)

    def _pass_aborted(self, ctx: Context, cursor: Cursor) -> bool:
        """Go past what was aborted; whether nothing is left to read."""
        limit = cursor.limit()
        before: i64 = cursor.position
        while cursor.position < limit and cursor.partition.row(cursor.position).aborted:
            cursor.position += 1
        if cursor.position > before:
            self._note_progress(ctx, cursor)
        return cursor.position >= limit

    # Commits

    def commits(self, ctx: Context) -> None:
        """Each member that is there commits what it has done with."""
        self.committing = False
        for cursor in self.cursors:
            owner = cursor.owner
            if cursor.processed() > cursor.committed and owner is not None:
                if ctx.renews(owner.receive):
                    self.commit(ctx, cursor)
                elif not self.committing:
                    self.committing = True
                    ctx.after_same(self.commit_every, COMMIT, self)

    def commit(self, ctx: Context, cursor: Cursor) -> None:
        """Commit what is done with."""
        to = cursor.processed()
        if to > cursor.committed:
            self._commit_to(ctx, cursor, to, 0)

    def _commit_to(self, ctx: Context, cursor: Cursor, to: i64, code: int) -> None:
        """The group is past all records below an offset."""
        partition = cursor.partition
        at: i64 = partition.passed[self.outlet]
        if at < partition.base:
            at = partition.base
        done: list[Call] = []
        while at < to:
            record = partition.row(at)
            if code == 0 and record.last_good():
                record.left = 0
                record.over = True
                done.append(record.call)
            else:
                record.passed(ctx, code)
            at += 1
        if done:
            ctx.finish_all(done)
        if to > partition.passed[self.outlet]:
            partition.passed[self.outlet] = to
        cursor.committed = to
        partition.committed[self.outlet] = to
        partition.trim()

    def cut_off(self, ctx: Context, partition: Partition) -> None:
        """The log is shorter than it was: who had read beyond its end goes on at its end."""
        cursor = self.cursors[partition.number]
        end: i64 = partition.end
        if partition.passed[self.outlet] > end:
            partition.passed[self.outlet] = end
        if cursor.committed > end:
            cursor.committed = end
            partition.committed[self.outlet] = end
        if cursor.position > end:
            cursor.position = end
            cursor.restart()

    # Looking

    def lag(self) -> i64:
        """How many records it has not committed that it may read."""
        lag: i64 = 0
        for cursor in self.cursors:
            lag += cursor.partition.high - cursor.committed
        return lag

    def in_work(self) -> i64:
        """How many records are with its members."""
        n: i64 = 0
        for cursor in self.cursors:
            n += cursor.flying
        return n
