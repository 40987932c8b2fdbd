"""Who of a stream's consumers reads which shard: leases, checkpoints, and what retention takes from those who are late."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from topology.dist import whole
from topology.message import EXPIRED, NONE, Item, reason
from topology.node import Context, Receive
from topology.streams.consuming import App, Lane, Member, Reader
from topology.streams.reading import MOST_READ, NOTE, READ, RETRY, TIMED_OUT, Reading
from topology.streams.shard_log import Shard

TICK: Final = 10
BALANCE: Final = 11
RETIRE: Final = 12
OWN: Final = 20
"""Tags of timers from here on belong to the kind."""

DAY: Final = 86_400_000_000_000
MOMENT: Final = 1_000_000
"""Leases are shared out so long after somebody new asked: all who start together get their share."""

BEFORE: Final = reason("written before its consumer's starting position")


@mypyc_attr(allow_interpreted_subclasses=True)
class Leasing(Reading):
    """A stream whose consumers share out its shards by leases, and begin again where the last one noted how far it had come."""

    def __init__(self) -> None:
        super().__init__()
        self.retention: i64 = DAY

    def on_own_timer(self, ctx: Context, tag: i64) -> None:
        """A timer that the kind set itself, with a tag from `OWN` on."""

    # Progress

    def progress(self, ctx: Context, reader: Reader) -> None:
        """Something was processed: note it, let go of what all have processed, read on, find the end."""
        shard, app = reader.shard, reader.app
        reader.moves()
        if app.checkpoint > 0:
            self._note_later(ctx, reader)
        elif app.in_turn:
            reader.checkpoint = reader.done
        else:
            reader.notes_batches()
        self.trim(ctx, shard)
        if reader.full and reader.buffered() < MOST_READ:
            self.arm(ctx, reader)
        if not shard.keys.open and reader.done >= shard.end():
            self._end(ctx, reader)
        elif reader.heir is not None and not reader.flying():
            self._hand_over(ctx, reader)

    def _notes(self, ctx: Context, reader: Reader) -> bool:
        """Whether the member that reads a shard is there to note how far it has come: one that crashed notes nothing."""
        owner = reader.owner
        latest = None if owner is None else owner.latest
        return reader.app.in_turn or owner is None or (latest is not None and ctx.renews(latest))

    def _note_later(self, ctx: Context, reader: Reader) -> None:
        """How far it has come is noted now and then."""
        if reader.done <= reader.checkpoint or reader.noting is not None:
            return
        left: i64 = reader.noted_at + reader.app.checkpoint - ctx.now
        if left > 0:
            reader.noting = ctx.after(left, NOTE, reader)
        else:
            reader.noted_at = ctx.now
            reader.checkpoint = reader.done

    def trim(self, ctx: Context, shard: Shard) -> None:
        """Let go of the records that every application has processed and noted."""
        upto: i64 = shard.processed()
        if upto - shard.floor > 1 and not shard.lost:
            done = shard.take_up_to(upto)
            self.kept -= len(done)
            ctx.finish_all(done)
            return
        while shard.floor < upto:
            code = 0
            if shard.lost:
                code = shard.lost.pop(int(shard.floor), 0)
            self.kept -= 1
            ctx.finish(shard.take(), code == 0, code)

    def _end(self, ctx: Context, reader: Reader) -> None:
        """A closed shard is read to its end: its children may be read."""
        if reader.ended:
            return
        reader.ended = True
        self._release(ctx, reader)
        reader.checkpoint = reader.shard.end()
        self.trim(ctx, reader.shard)
        if all([one.ended for one in reader.shard.readers]):
            self.shards.remove(reader.shard)
            timer = reader.shard.retiring
            if timer is not None:
                ctx.cancel(timer)
                reader.shard.retiring = None
        self.balance(ctx, reader.app)

    # Retention

    def watch_oldest(self, ctx: Context, shard: Shard) -> None:
        """Wake up when the retention of the oldest record ends."""
        timer = shard.retiring
        if timer is not None:
            ctx.cancel(timer)
            shard.retiring = None
        since = shard.since()
        if since >= 0:
            left: i64 = since + self.retention - ctx.now
            shard.retiring = ctx.after(left if left > 0 else 0, RETIRE, shard)

    def _retire(self, ctx: Context, shard: Shard) -> None:
        """Records whose retention has ended are gone, whoever has not processed them."""
        shard.retiring = None
        n: i64 = shard.floor
        while shard.kept() > 0 and ctx.now - shard.since() >= self.retention:
            shard.lost.pop(int(shard.floor), 0)
            self.kept -= 1
            ctx.finish(shard.take(), False, EXPIRED)
        self.watch_oldest(ctx, shard)
        if shard.floor == n:
            return
        for reader in shard.readers:
            if reader.checkpoint < shard.floor:
                self._fall_out(ctx, reader)

    def _fall_out(self, ctx: Context, reader: Reader) -> None:
        """What it has not processed is gone: go on with what is left."""
        floor: i64 = reader.shard.floor
        reader.checkpoint = floor
        if reader.fetched < floor:
            reader.fetched = floor
        for lane in reader.lanes:
            if lane.left == 0:
                lane.drop(floor)
        self.progress(ctx, reader)

    # Leases

    def joined(self, ctx: Context, app: App) -> None:
        """Somebody new asks: share out the leases in a moment."""
        app.joining = False
        if app.began < 0:
            app.began = ctx.now
        ctx.after(MOMENT, BALANCE, app)
        if not app.ticking:
            app.ticking = True
            ctx.after(app.failover // 3, TICK, app)

    def _tick(self, ctx: Context, app: App) -> None:
        """Members renew their leases, unless they are gone; what never reached its member goes out again."""
        for member in list(app.members):
            latest = member.latest
            if app.in_turn or (latest is not None and ctx.beats(latest)):
                member.renewed = ctx.now
            elif ctx.now - member.renewed >= app.failover:
                self._expel(ctx, app, member)
        for shard in self.shards:
            for lane in shard.readers[app.outlet].lanes:
                receive = lane.receive
                if lane.left > 0 and receive is not None and receive.closed:
                    self._take_back(lane)
                    self.make_ready(ctx, lane)
        self.balance(ctx, app)
        app.ticking = len(app.members) > 0
        if app.ticking:
            ctx.after(app.failover // 3, TICK, app)

    def _take_back(self, lane: Lane) -> None:
        """What is in flight is not waited for any more."""
        self.flying -= lane.left
        lane.left = 0
        lane.sent = -1
        lane.calls = []
        lane.receive = None
        lane.drop(lane.reader.shard.floor)

    def _expel(self, ctx: Context, app: App, member: Member) -> None:
        """A member's leases expired."""
        app.leave(member)
        for shard in list(self.shards):
            reader = shard.readers[app.outlet]
            if reader.heir is member:
                reader.heir = None
                if reader.owner is not None:
                    reader.owner.leases += 1
            if reader.owner is member:
                app.moved += 1
                self._release(ctx, reader)
        for receive in member.asking[member.asked :]:
            self._cancel_wait(ctx, receive)
        member.asking = []
        member.ready = []

    def _cancel_wait(self, ctx: Context, receive: Receive) -> None:
        timer = receive.timer2
        if timer is not None:
            ctx.cancel(timer)
            receive.timer2 = None

    def _release(self, ctx: Context, reader: Reader) -> None:
        """Nobody reads this shard now; what was read and not noted will be read again."""
        heir = reader.heir
        owner = reader.owner
        if heir is not None:
            heir.leases -= 1
        elif owner is not None:
            owner.leases -= 1
        reader.heir = None
        reader.owner = None
        for lane in reader.lanes:
            self._take_back(lane)
            lane.listed = False
            timer = lane.retry
            if timer is not None:
                ctx.cancel(timer)
                lane.retry = None
        timer = reader.timer
        if timer is not None:
            ctx.cancel(timer)
            reader.timer = None
        if reader.sleeping:
            reader.sleeping = False
            reader.shard.sleeping -= 1
        reader.full = False
        reader.place_at(reader.checkpoint)

    def balance(self, ctx: Context, app: App) -> None:
        """Free leases go to whoever has the fewest; then each who has too few takes one from whoever has the most."""
        if not app.members:
            return
        for shard in self.shards:
            reader = shard.readers[app.outlet]
            if reader.owner is None and not reader.ended and self._may_begin(reader):
                member = app.least()
                if member is not None:
                    member.leases += 1
                    self._give(ctx, reader, member)
        for _ in app.members:
            poor = app.least()
            rich = app.most()
            if poor is None or rich is None or rich.leases - poor.leases <= 1:
                break
            self._bequeath(ctx, app, rich, poor)

    def _may_begin(self, reader: Reader) -> bool:
        """Whether the shards that this one came from are read to their end."""
        parents = [self.by_number[number].readers[reader.app.outlet] for number in reader.shard.keys.parents]
        return all([parent.ended for parent in parents])

    def _bequeath(self, ctx: Context, app: App, rich: Member, poor: Member) -> None:
        """One lease changes its owner, as soon as nothing of it is in flight."""
        rich.leases -= 1
        poor.leases += 1
        at: i64 = len(self.shards) - 1
        while at >= 0:
            reader = self.shards[at].readers[app.outlet]
            if reader.owner is rich and reader.heir is None:
                reader.heir = poor
                if not reader.flying():
                    self._hand_over(ctx, reader)
                return
            at -= 1

    def _hand_over(self, ctx: Context, reader: Reader) -> None:
        """The old owner notes how far it has come, and the new one goes on there."""
        heir = reader.heir
        assert heir is not None
        reader.app.moved += 1
        reader.checkpoint = reader.done
        self._release(ctx, reader)
        heir.leases += 1
        self._give(ctx, reader, heir)
        self.trim(ctx, reader.shard)

    def _give(self, ctx: Context, reader: Reader, member: Member) -> None:
        """A member begins to read a shard, where it was left."""
        reader.owner = member
        app, shard = reader.app, reader.shard
        if not reader.begun:
            reader.begun = True
            self._begin(ctx, reader)
        phase = self.read_dice.uniform(shard.number * 64 + app.outlet, 0)
        reader.read_at = ctx.now - whole(float(app.poll - 1) * phase)
        self.arm(ctx, reader)

    def _begin(self, ctx: Context, reader: Reader) -> None:
        """The first time: go to its starting position. What lies before it is not read."""
        shard = reader.shard
        number: i64 = shard.floor
        start: i64 = 0 if shard.keys.parents else reader.app.start()
        while number < shard.end() and shard.arrived(number) < start:
            shard.lost[int(number)] = BEFORE
            reader.app.skipped += 1
            number += 1
        reader.place_at(number)
        self.trim(ctx, shard)

    # Time

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == READ:
            assert isinstance(item, Reader)
            item.timer = None
            self.read(ctx, item)
        elif tag == TIMED_OUT:
            assert isinstance(item, Receive)
            item.timer2 = None
            if not item.served:
                item.served = True
                ctx.deliver(item)
        elif tag == RETRY:
            assert isinstance(item, Lane)
            item.retry = None
            item.waits = False
            self.make_ready(ctx, item)
        elif tag == NOTE:
            assert isinstance(item, Reader)
            item.noting = None
            if self._notes(ctx, item):
                self.progress(ctx, item)
        elif tag == RETIRE:
            assert isinstance(item, Shard)
            self._retire(ctx, item)
        else:
            self._other_timer(ctx, tag, item)

    def _other_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag >= OWN:
            self.on_own_timer(ctx, tag)
            return
        assert isinstance(item, App)
        if tag == TICK:
            self._tick(ctx, item)
        else:
            self.balance(ctx, item)

    # Living and dying

    def on_crash(self, ctx: Context) -> None:
        """The API is gone, and with it the connections of those who wait; records and leases stay."""
        self.down = True
        for app in self.apps:
            for member in app.members:
                asking = member.asking[member.asked :]
                member.asking = []
                member.asked = 0
                for receive in asking:
                    self._cancel_wait(ctx, receive)
                    if not receive.served:
                        receive.served = True
                        receive.refused = True
                        ctx.deliver(receive)

    def on_revival(self, ctx: Context) -> None:
        """It answers again: what its consumers finished meanwhile is known to them, and they read on."""
        self.down = False
        for shard in list(self.shards):
            for reader in list(shard.readers):
                for lane in reader.lanes:
                    if lane.left > 0 and all([call.outcome != NONE for call in lane.calls]):
                        self.flying -= lane.left
                        lane.left = 0
                        self.batch_over(ctx, lane)
                    else:
                        self.make_ready(ctx, lane)
                if not reader.sleeping and not reader.full:
                    self.arm(ctx, reader)

    def on_close(self) -> None:
        for shard in self.by_number:
            for reader in shard.readers:
                for lane in reader.lanes:
                    lane.forget()
                    lane.retry = None
                reader.lanes = []
                reader.owner = None
                reader.heir = None
                reader.timer = None
                reader.noting = None
            shard.readers = []
            shard.retiring = None
        for app in self.apps:
            for member in app.members:
                member.ready = []
                member.asking = []
                member.latest = None
        self.shards = []
