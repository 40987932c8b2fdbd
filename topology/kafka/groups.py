"""Consumer groups of a Kafka topic: who is a member, who owns which partitions, and how a rebalance gives them out."""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import i64

from topology.kafka.assignors import assign
from topology.kafka.log import Partition
from topology.kafka.positions import TOPIC, Cursor, Member, Positions
from topology.node import Context, Receive, Timer

BEAT: Final = 20
REBALANCED: Final = 21
TIMED_OUT: Final = 24
"""Timers: a member's heartbeat, the end of a rebalance, a receive that waited."""

FIRST_DELAY: Final = 3_000_000_000
"""group.initial.rebalance.delay.ms: an empty group waits so long for more members."""
STARTING: Final = 100_000_000
STABLE: Final = 0
JOINING: Final = 1


class Group(Positions):
    """One consumer link. Its members share the partitions; each partition is read in order, one record after the other."""

    def __init__(self, outlet: i64, name: str, partitions: list[Partition]) -> None:
        super().__init__(outlet, partitions)
        self.name = name
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

    def set(self, values: dict[str, Any]) -> None:
        """Take over the settings of the link."""
        self.set_positions(values)
        self.assignor: str = values["assignor"]
        self.session: i64 = values["session"]
        self.heartbeat: i64 = values["heartbeat"]
        self.poll_interval: i64 = values["poll_interval"]
        self.static: bool = values["static"]

    # Members

    def asks(self, ctx: Context, receive: Receive) -> None:
        """A consumer polls: it joins if it is no member, and gets what is there."""
        member = self.by_name.get(receive.caller.name)
        if member is None or member.gone or member.process != receive.caller_epoch:
            member = self._joins(ctx, receive, member)
        member.receive = receive
        member.polled = ctx.now
        member.asking.append(receive)
        if receive.wait > 0:
            receive.timer2 = ctx.after_same(receive.wait, TIMED_OUT, receive)
        self.serve(ctx, member)
        if receive.wait <= 0 and not receive.served:
            receive.served = True
            ctx.deliver(receive)

    def missed(self, ctx: Context, receive: Receive) -> None:
        """A receive waited in vain."""
        receive.timer2 = None
        if not receive.served:
            receive.served = True
            ctx.deliver(receive)
        member = self.by_name.get(receive.caller.name)
        if member is not None:
            self.trim(member)

    def _joins(self, ctx: Context, receive: Receive, old: Member | None) -> Member:
        """A process that the group does not know: new, or a static member that comes back under its name."""
        member = Member(receive, ctx.now)
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
        elif ctx.beats(member.receive):
            member.heard = ctx.now
            if self._too_slow(ctx, member):
                self._remove(ctx, member, "asked for nothing within max.poll.interval.ms")
                return
            if ctx.renews(member.receive):
                self._find_strays(ctx, member)
                if self.state == JOINING and not member.joined:
                    self.rejoin(ctx, member)
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
                self.commit(ctx, cursor)
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
            self.forget(ctx, receive)
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

    def rejoin(self, ctx: Context, member: Member) -> None:
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
        self.commit(ctx, cursor)
        cursor.owner = None
        cursor.restart()

    def _ends(self, ctx: Context) -> None:
        """The rebalance ends as soon as all have joined."""
        if self.state == JOINING and self._all_joined():
            self._call_off(ctx)
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
            if cursor.revoking and cursor.busy():
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

    # The cluster

    def hang_up(self, ctx: Context) -> None:
        """The cluster is gone: whoever waits for records is refused."""
        for member in self.members:
            for receive in member.asking[member.head :]:
                self.forget(ctx, receive)
                if not receive.served:
                    receive.served = True
                    receive.refused = True
                    ctx.deliver(receive)
            member.asking = []
            member.head = 0

    def close(self) -> None:
        """The world ends: let go of what points in circles."""
        for member in self.members:
            member.asking = []
            member.ready = []
            member.cursors = []
        for cursor in self.cursors:
            cursor.flights = []
            cursor.owner = None
            transaction = cursor.transaction
            if transaction is not None:
                transaction.branches = []
            cursor.transaction = None
        self.members = []
        self.by_name = {}
        self.ending = None
        self.cursors = []

    # Looking

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
            "transactions aborted": float(self.aborted),
        }
