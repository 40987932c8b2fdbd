"""Consumer groups of a Kafka topic: who is a member, who owns which partitions, what they read, and what they committed."""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import i64

from topology.backlog import Entry
from topology.kafka_assignors import ASSIGNORS, COOPERATIVE, RANGE, Claim, assign
from topology.kafka_log import Partition, Record
from topology.message import NONE, YES, Item, reason
from topology.node import Call, Context, Receive, Timer
from topology.parameters import choice, count, duration, flag, node

BEAT: Final = 20
REBALANCED: Final = 21
COMMIT: Final = 22
AGAIN: Final = 23
TIMED_OUT: Final = 24
"""Timers of groups: a member's heartbeat, the end of a rebalance, a commit, a record read again, a receive that waited."""

CONSUMERS: Final = "Apache Kafka documentation, Consumer Configs"
BROKERS: Final = "Apache Kafka documentation, Broker Configs, unverified"
FIRST_DELAY: Final = 3_000_000_000
"""group.initial.rebalance.delay.ms: an empty group waits so long for more members."""
STARTING: Final = 100_000_000
STABLE: Final = 0
JOINING: Final = 1
SKIPPED: Final = reason("skipped: its consumer failed on it")
RESET: Final = reason("skipped: offset reset to the latest")
TOPIC: Final = "topic"

GROUP_PARAMS: dict[str, Any] = {
    "assignor": choice(
        RANGE, "How partitions are shared among the members (partition.assignment.strategy).", options=ASSIGNORS, source=CONSUMERS
    ),
    "session": duration(
        "45s", "A member that is not heard for so long is out (session.timeout.ms).", ge="1s", le="30m", source=CONSUMERS
    ),
    "heartbeat": duration("3s", "How often a member is heard (heartbeat.interval.ms).", ge="100ms", le="1m", source=CONSUMERS),
    "poll_interval": duration(
        "5m",
        "A member that asks for nothing for so long leaves; and so long a rebalance waits (max.poll.interval.ms).",
        ge="1s",
        le="1d",
        source=CONSUMERS,
    ),
    "static": flag(
        False, "Whether each replica has a name of its own, under which it comes back (group.instance.id).", source=CONSUMERS
    ),
    "commit": choice(
        "auto",
        "When the position is committed: every so often (enable.auto.commit), or after each record (manual).",
        options=("auto", "manual"),
        source=CONSUMERS,
    ),
    "commit_every": duration(
        "5s", "How often, where it is automatic (auto.commit.interval.ms).", ge="10ms", le="1h", source=CONSUMERS
    ),
    "reset": choice(
        "latest",
        "Where a group goes on whose position is no longer in the log (auto.offset.reset).",
        options=("earliest", "latest"),
        source=CONSUMERS,
    ),
    "on_failure": choice(
        "retry",
        "What a consumer does with a record that it fails on: read it again, while its partition waits; or skip it.",
        options=("retry", "skip"),
    ),
    "attempts": count(None, "So many times it tries, then the record is skipped; left out: for ever.", ge=1, le=1_000_000),
    "backoff": duration("1s", "How long it waits before it tries again.", ge="1ms", le="1h"),
    "dead_letter": node(None, "The queue that takes what is skipped.", options=("queue",)),
}


class Cursor(Item):
    """Where one group stands in one partition."""

    def __init__(self, group: Group, partition: Partition) -> None:
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
        self.flights = []

    def readable(self) -> bool:
        """Whether there is a record to deliver now."""
        if self.flying > 0 or self.pausing or self.revoking:
            return False
        return self.position < self.partition.high and self.partition.serves()


class Delivery(Item):
    """One record that is with a consumer."""

    def __init__(self, record: Record, cursor: Cursor, receive: Receive) -> None:
        self.call: Call | None = None
        self.record = record
        self.cursor = cursor
        self.epoch: i64 = cursor.epoch
        self.receive = receive


class Again(Item):
    """A record that is read again after a while."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.epoch: i64 = cursor.epoch


class Member(Item):
    """One process in a group, as the coordinator knows it."""

    def __init__(self, group: Group, receive: Receive, now: i64) -> None:
        self.group = group
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
        return all(cursor.flying == 0 for cursor in self.cursors)


class Group(Item):
    """One consumer link. Its members share the partitions; each partition is read in order, one record after the other."""

    def __init__(self, outlet: i64, name: str, partitions: list[Partition]) -> None:
        self.outlet: i64 = outlet
        self.name = name
        self.cursors = [Cursor(self, partition) for partition in partitions]
        self.members: list[Member] = []
        self.by_name: dict[str, Member] = {}
        self.state: i64 = STABLE
        self.generation = 0
        self.rebalances: i64 = 0
        self.since: i64 = 0
        """When the rebalance that goes on began."""
        self.paused: int = 0
        """How long rebalances have lasted, together."""
        self.ending: Timer | None = None
        self.committing = False
        self.reread: i64 = 0
        self.skipped: i64 = 0
        self.runs = False
        """Whether a consumer works on what it gets one after the other, so that it may get several of a partition."""

    def set(self, values: dict[str, Any]) -> None:
        """Take over the settings of the link."""
        self.assignor: str = values["assignor"]
        self.cooperative: bool = self.assignor == COOPERATIVE
        self.session: i64 = values["session"]
        self.heartbeat: i64 = values["heartbeat"]
        self.poll_interval: i64 = values["poll_interval"]
        self.static: bool = values["static"]
        self.auto: bool = values["commit"] == "auto"
        self.commit_every: i64 = values["commit_every"]
        self.earliest: bool = values["reset"] == "earliest"
        self.skips: bool = values["on_failure"] == "skip"
        attempts = values["attempts"]
        self.attempts: i64 = 0 if attempts is None else attempts
        self.backoff: i64 = values["backoff"]
        self.dead_to: str = values["dead_letter"] or ""
        self.runs = bool(values["in_turn"])

    # Members

    def asks(self, ctx: Context, receive: Receive) -> None:
        """A consumer polls: it joins if it is no member, and gets what is there."""
        member = self.by_name.get(receive.caller.name)
        if member is None or member.gone or member.process != receive.caller_epoch:
            member = self._joins(ctx, receive, member)
        member.receive = receive
        member.polled = ctx.now
        if receive.wait > 0:
            member.asking.append(receive)
            receive.timer2 = ctx.after_same(receive.wait, TIMED_OUT, receive)
            self.serve(ctx, member)
        else:
            member.asking.append(receive)
            self.serve(ctx, member)
            if not receive.served:
                receive.served = True
                ctx.deliver(receive)

    def _joins(self, ctx: Context, receive: Receive, old: Member | None) -> Member:
        """A process that the group does not know: new, or a static member that comes back under its name."""
        member = Member(self, receive, ctx.now)
        self.by_name[member.name] = member
        if self.static:
            member.claim.instance = member.name
            member.claim.name = member.name
        if self.static and old is not None and not old.gone:
            old.gone = True
            self.members[self.members.index(old)] = member
            member.claim = old.claim
            member.joined = self.state == JOINING
            keeps = self.state == STABLE or self.cooperative
            for cursor in old.cursors:
                cursor.owner = member if keeps else None
                cursor.restart()
                if keeps:
                    member.cursors.append(cursor)
            old.cursors = []
            self._queue_all(member)
            self._ends(ctx)
        else:
            delay = self._first_delay(ctx.now)
            self.members.append(member)
            self.rebalance(ctx, [member], delay)
            member.joined = True
        ctx.after(self.heartbeat, BEAT, member)
        return member

    def _first_delay(self, now: i64) -> i64:
        """How long the first member waits for others. What begins with the world is taken to have been there before."""
        if self.members or now == 0:
            return 0
        return STARTING if now < FIRST_DELAY else FIRST_DELAY

    def beat(self, ctx: Context, member: Member, down: bool) -> None:
        """A member's heartbeat is due: it is heard, learns of a rebalance, or is missed."""
        if member.gone:
            return
        if down:
            member.heard = ctx.now
        elif not self.static and member.idle() and ctx.leaves(member.receive):
            self._remove(ctx, member, "left")
            return
        elif ctx.renews(member.receive):
            member.heard = ctx.now
            if self._too_slow(ctx, member):
                self._remove(ctx, member, "asked for nothing within max.poll.interval.ms")
                return
            self._find_strays(ctx, member)
            if self.state == JOINING and not member.joined:
                self._rejoin(ctx, member)
        left: i64 = member.heard + self.session - ctx.now
        if left <= 0:
            self._remove(ctx, member, "not heard for session.timeout.ms")
            return
        ctx.after(self.heartbeat if self.heartbeat < left else left, BEAT, member)

    def _too_slow(self, ctx: Context, member: Member) -> bool:
        return member.head >= len(member.asking) and ctx.now - member.polled >= self.poll_interval

    def _find_strays(self, ctx: Context, member: Member) -> None:
        """What was delivered into a connection that broke never arrived: it is read again."""
        for cursor in member.cursors:
            if cursor.flying > 0 and cursor.flights[-1].receive.closed:
                cursor.position -= cursor.flying
                self.reread += cursor.flying
                cursor.flying = 0
                cursor.flights = []
                cursor.failed = -1
                cursor.epoch += 1
                self.feed(ctx, cursor)

    def _remove(self, ctx: Context, member: Member, why: str) -> None:
        """A member is out: its partitions go on at what was committed, with others."""
        member.gone = True
        self.members.remove(member)
        if self.by_name.get(member.name) is member:
            del self.by_name[member.name]
        ctx.note(f"group {self.name}: {member.name} {why}")
        for cursor in member.cursors:
            cursor.owner = None
            if why == "left":
                self._commit(ctx, cursor)
            cursor.restart()
        member.cursors = []
        member.ready = []
        self._turn_away(ctx, member)
        if self.members:
            self.rebalance(ctx, [], 0)
            self._ends(ctx)
        else:
            self._call_off(ctx)
            self.state = STABLE

    def _turn_away(self, ctx: Context, member: Member) -> None:
        """Answer what a removed member still asks, so that it asks anew, and joins."""
        for receive in member.asking[member.head :]:
            self._forget(ctx, receive)
            if not receive.served and ctx.reachable(receive):
                receive.served = True
                ctx.deliver(receive)
        member.asking = []
        member.head = 0

    # Rebalances

    def rebalance(self, ctx: Context, joined: list[Member], delay: i64) -> None:
        """Members are to join anew; some have, the others learn of it with their next heartbeats."""
        if self.state == JOINING:
            return
        self.state = JOINING
        self.since = ctx.now
        for member in self.members:
            member.joined = member in joined
            member.leaving = False
        self.ending = ctx.after(delay if self._all_joined() else self.poll_interval, REBALANCED, self)

    def _all_joined(self) -> bool:
        return all(member.joined for member in self.members)

    def _rejoin(self, ctx: Context, member: Member) -> None:
        """A member knows of the rebalance: it finishes what is in work, and lets go of what it owns. A cooperative one keeps
        it and goes on, but for what it was told to let go of."""
        if not self.cooperative:
            member.leaving = True
            if not member.idle():
                return
            for cursor in member.cursors:
                self._let_go(ctx, cursor)
            member.cursors = []
            member.ready = []
        elif member.leaving and not self._revoked(ctx, member):
            return
        member.joined = True
        member.leaving = False
        self._ends(ctx)

    def _let_go(self, ctx: Context, cursor: Cursor) -> None:
        """Commit, and own it no more."""
        self._commit(ctx, cursor)
        cursor.owner = None
        cursor.restart()

    def _ends(self, ctx: Context) -> None:
        """The rebalance ends as soon as all have joined."""
        if self.state == JOINING and self._all_joined():
            if self.ending is not None:
                ctx.cancel(self.ending)
            self.ending = ctx.after(0, REBALANCED, self)

    def _call_off(self, ctx: Context) -> None:
        """Nobody waits for the end of a rebalance any more."""
        ending = self.ending
        if ending is not None:
            ctx.cancel(ending)
        self.ending = None

    def rebalanced(self, ctx: Context) -> None:
        """All have joined, or those who have not are out; the partitions are given out."""
        self.ending = None
        late = [member for member in self.members if not member.joined]
        for member in late:
            self._remove(ctx, member, "did not join within max.poll.interval.ms")
        self._call_off(ctx)
        if not self.members:
            return
        self.generation += 1
        self.rebalances += 1
        self.state = STABLE
        long: int = ctx.now - self.since
        self.paused += long
        ctx.touch()
        if self._give_out(ctx):
            idle = [member for member in self.members if member.leaving and self._revoked(ctx, member)]
            waiting = [member for member in self.members if member.leaving and member not in idle]
            self.rebalance(ctx, idle, 0)
            for member in waiting:
                member.leaving = True
        for member in self.members:
            self.serve(ctx, member)

    def _give_out(self, ctx: Context) -> bool:
        """Assign the partitions; whether somebody has to let go of one first, so that another round is needed."""
        found = assign(self.assignor, {TOPIC: len(self.cursors)}, [member.claim for member in self.members])
        again = False
        for member in self.members:
            mine = [self.cursors[partition] for _, partition in found[member.claim.name]]
            member.leaving = False
            for cursor in member.cursors:
                if cursor not in mine:
                    cursor.revoking = True
                    member.leaving = True
                    again = True
            member.claim.owned = found[member.claim.name]
            member.claim.generation = self.generation
            for cursor in mine:
                if cursor.owner is not member:
                    cursor.owner = member
                    cursor.restart()
            member.cursors = mine + [cursor for cursor in member.cursors if cursor not in mine]
            self._queue_all(member)
        return again

    def _revoked(self, ctx: Context, member: Member) -> bool:
        """Let go of what has to go and is not in work; whether nothing of it is left."""
        left = False
        for cursor in list(member.cursors):
            if cursor.revoking and cursor.flying > 0:
                left = True
            elif cursor.revoking:
                self._let_go(ctx, cursor)
                member.cursors.remove(cursor)
        return not left

    def _queue_all(self, member: Member) -> None:
        """List what a member may read now."""
        member.ready = []
        for cursor in member.cursors:
            cursor.queued = cursor.readable()
            if cursor.queued:
                member.ready.append(cursor)

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
                self._forget(ctx, receive)
                member.head += 1
                continue
            if self._deliver(ctx, member, receive):
                member.head += 1
        self._trim(member)

    def _forget(self, ctx: Context, receive: Receive) -> None:
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
        self._forget(ctx, receive)
        receive.served = True
        ctx.deliver(receive)
        return True

    def _put_in(self, ctx: Context, receive: Receive, cursor: Cursor, most: i64) -> i64:
        """The next records of a partition, at most so many; how many there were."""
        partition = cursor.partition
        n: i64 = 0
        while n < most and cursor.position < partition.high:
            record = partition.row(cursor.position)
            delivery = Delivery(record, cursor, receive)
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
        return cursor.position < cursor.partition.high

    def move(self, ctx: Context, cursor: Cursor, earliest: bool) -> None:
        """Reset the position to the first record that is there, or behind the last one."""
        partition = cursor.partition
        if not earliest:
            self._commit_to(ctx, cursor, partition.high, RESET)
        elif partition.base < cursor.committed:
            self.reread += cursor.committed - partition.base
            cursor.committed = partition.base
            partition.committed[self.outlet] = partition.base
        else:
            self._commit_to(ctx, cursor, partition.base, 0)
        cursor.position = cursor.committed
        cursor.restart()

    def missed(self, ctx: Context, receive: Receive) -> None:
        """A receive waited in vain."""
        receive.timer2 = None
        if not receive.served:
            receive.served = True
            ctx.deliver(receive)
        member = self.by_name.get(receive.caller.name)
        if member is not None:
            self._trim(member)

    def _trim(self, member: Member) -> None:
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
        if cursor.failed >= 0:
            self._failed(ctx, cursor)
        else:
            cursor.tries = 0
        self._note_progress(ctx, cursor)
        member = cursor.owner
        if member is not None and member.leaving:
            self._rejoin(ctx, member)
        self.feed(ctx, cursor)

    def _note_progress(self, ctx: Context, cursor: Cursor) -> None:
        """Commit now, or within the interval."""
        if not self.auto:
            self._commit(ctx, cursor)
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

    # Commits

    def commits(self, ctx: Context) -> None:
        """Each member that is there commits what it has done with."""
        self.committing = False
        for cursor in self.cursors:
            owner = cursor.owner
            if cursor.processed() > cursor.committed and owner is not None:
                if ctx.renews(owner.receive):
                    self._commit(ctx, cursor)
                elif not self.committing:
                    self.committing = True
                    ctx.after_same(self.commit_every, COMMIT, self)

    def _commit(self, ctx: Context, cursor: Cursor) -> None:
        to = cursor.processed()
        if to > cursor.committed:
            self._commit_to(ctx, cursor, to, 0)

    def _commit_to(self, ctx: Context, cursor: Cursor, to: i64, code: int) -> None:
        """The group is past all records below an offset."""
        partition = cursor.partition
        at: i64 = partition.passed[self.outlet]
        if at < partition.base:
            at = partition.base
        while at < to:
            partition.row(at).passed(ctx, code)
            at += 1
        if to > partition.passed[self.outlet]:
            partition.passed[self.outlet] = to
        cursor.committed = to
        partition.committed[self.outlet] = to
        partition.trim()

    # The log and the cluster

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

    def hang_up(self, ctx: Context) -> None:
        """The cluster is gone: whoever waits for records is refused."""
        for member in self.members:
            for receive in member.asking[member.head :]:
                self._forget(ctx, receive)
                if not receive.served:
                    receive.served = True
                    receive.refused = True
                    ctx.deliver(receive)
            member.asking = []
            member.head = 0

    def answers(self, ctx: Context) -> None:
        """The cluster is there again: what consumers did meanwhile is known to their clients, which go on."""
        for cursor in self.cursors:
            for delivery in list(cursor.flights):
                call = delivery.call
                if call is not None and call.outcome != NONE and ctx.reachable(delivery.receive):
                    self.heard(ctx, delivery, call)

    def close(self) -> None:
        """The world ends: let go of what points in circles."""
        for member in self.members:
            member.asking = []
            member.ready = []
            member.cursors = []
        for cursor in self.cursors:
            cursor.flights = []
            cursor.owner = None
        self.members = []
        self.by_name = {}
        self.ending = None
        self.cursors = []

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

    def figures(self) -> dict[str, float]:
        """What is worth a look."""
        blocked = [cursor for cursor in self.cursors if cursor.pausing]
        return {
            "members": float(len(self.members)),
            "lag": float(self.lag()),
            "rebalances": float(self.rebalances),
            "rebalancing": float(self.state == JOINING),
            "in rebalances s": float(self.paused) / 1e9,
            "blocked partitions": float(len(blocked)),
            "read again": float(self.reread),
            "skipped": float(self.skipped),
        }
