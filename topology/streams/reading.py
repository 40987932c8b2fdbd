"""How a stream is read: shards by their consumers at the service's pace, and batches that go out, succeed or fail."""

from __future__ import annotations

from typing import ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.dist import whole
from topology.message import YES, reason
from topology.node import STREAM, Call, Context, Node, Receive
from topology.queues.backlog import Entry
from topology.streams.consuming import App, Lane, Member, Reader
from topology.streams.shard_log import READ_BYTES, READS, Shard

TIMED_OUT: Final = 0
READ: Final = 1
NOTE: Final = 2
RETRY: Final = 3

SECOND: Final = 1_000_000_000
MOST_READ: Final = 10_000
MOST_BYTES: Final = 10_000_000
"""What one read yields, at most; and an application has no more records read and not processed of one shard."""
ITERATOR: Final = 300 * SECOND
"""A shard iterator that is not used for so long is no longer valid."""
PUSH_DELAY: Final = 70_000_000
"""With enhanced fan-out a record takes so long on average."""
AGAIN: Final = SECOND
"""A batch that failed is tried again so much later."""

GIVEN_UP: Final = reason("skipped after its last retry, no failure destination")
TOO_OLD: Final = reason("too old when it failed (maximum record age)")
FOR_DEAD: Final = reason("given up by a stream's consumer")


@mypyc_attr(allow_interpreted_subclasses=True)
class Reading(Node):
    """A stream as its consumers see it. Who has the lease of which shard, `Leasing` says; what is written, the kind."""

    role: ClassVar[str] = STREAM
    managed: ClassVar[bool] = True

    def __init__(self) -> None:
        self.by_number: list[Shard] = []
        """Every shard that there ever was, by number; what came to its end keeps no records."""
        self.shards: list[Shard] = []
        self.apps: list[App] = []
        self.size: i64 = 0
        self.kept: i64 = 0
        self.flying: i64 = 0
        self.expired = 0.0
        self.down = False

    def throw(self, ctx: Context) -> None:
        """Take the dice, once."""
        self.read_dice: Dice = ctx.dice("reads")
        self.expiry_dice: Dice = ctx.dice("iterators")

    def key_of(self, call: Call) -> i64:
        """The number that a record's partition key is made of."""
        raise TypeError(f"{type(self).__name__} has no partition keys")

    def progress(self, ctx: Context, reader: Reader) -> None:
        """Something was processed: note it, let go of what all have processed, read on, find the end."""

    def joined(self, ctx: Context, app: App) -> None:
        """Somebody new asks."""

    # Reads

    def arm(self, ctx: Context, reader: Reader) -> None:
        """Read a shard when it is time; meanwhile nothing is done for it."""
        if reader.timer is not None or reader.owner is None or reader.ended:
            return
        if reader.sleeping:
            reader.sleeping = False
            reader.shard.sleeping -= 1
        delay: i64 = PUSH_DELAY
        app = reader.app
        if not app.fan_out:
            past: i64 = (ctx.now - reader.read_at) % app.poll
            delay = app.poll - past
            if not reader.full:
                reader.read_at = ctx.now - past
        reader.timer = ctx.after(delay, READ, reader)

    def read(self, ctx: Context, reader: Reader) -> None:
        """Read what is there, or what may be read of it at once."""
        shard = reader.shard
        if self.down or reader.owner is None or reader.ended or self._put_off(ctx, reader):
            return
        if reader.fetched < shard.floor:
            reader.fetched = shard.floor
        reader.full = False
        reader.read_at = ctx.now
        if reader.fetched < shard.end():
            self._fetch(ctx, reader)
        if reader.fetched < shard.end():
            reader.full = reader.buffered() >= MOST_READ
            if not reader.full:
                self.arm(ctx, reader)
        elif shard.keys.open:
            reader.sleeping = True
            shard.sleeping += 1
        else:
            self.progress(ctx, reader)

    def _put_off(self, ctx: Context, reader: Reader) -> bool:
        """Whether it may not read now: its iterator has expired, or the shard's throughput is used up."""
        app, shard = reader.app, reader.shard
        if app.fan_out:
            if reader.free_at > ctx.now:
                reader.timer = ctx.after(reader.free_at - ctx.now, READ, reader)
            return reader.free_at > ctx.now
        reader.reads += 1
        if ctx.now - reader.read_at > ITERATOR or self._expires(reader):
            app.expired += 1
            reader.full = False
            reader.read_at = ctx.now
            self.arm(ctx, reader)
            return True
        if shard.free_at <= ctx.now and shard.calls.grants(ctx.now, READS, READS):
            return False
        app.throttled += 1
        wait = 0.5 + self.read_dice.uniform(shard.number * 64 + app.outlet, reader.reads)
        reader.timer = ctx.after(whole(float(app.poll) * wait), READ, reader)
        return True

    def _expires(self, reader: Reader) -> bool:
        if self.expired <= 0.0:
            return False
        return self.expiry_dice.uniform(reader.shard.number * 64 + reader.app.outlet, reader.reads) < self.expired

    def _fetch(self, ctx: Context, reader: Reader) -> None:
        """One read: up to so many records or bytes, shared out among the lanes by partition key."""
        app, shard = reader.app, reader.shard
        last: i64 = shard.end()
        if last > reader.fetched + MOST_READ:
            last = reader.fetched + MOST_READ
        size: i64 = 0
        if shard.even > 0 and app.parallel == 1:
            fits: i64 = (MOST_BYTES + shard.even - 1) // shard.even
            if last > reader.fetched + fits:
                last = reader.fetched + fits
            size = (last - reader.fetched) * shard.even
        else:
            last, size = self._weigh(reader, last)
        if app.parallel == 1:
            reader.lanes[0].reads(reader.fetched, last)
        reader.fetched = last
        reader.ends.append(last)
        paid: i64 = size * SECOND // READ_BYTES
        if app.fan_out:
            reader.free_at = (reader.free_at if reader.free_at > ctx.now else ctx.now) + paid
        else:
            shard.free_at = ctx.now + paid
        for lane in reader.lanes:
            self.make_ready(ctx, lane)

    def _weigh(self, reader: Reader, last: i64) -> tuple[i64, i64]:
        """Up to where one read reaches, and how many bytes that is; with several lanes each record goes to that of its key."""
        app, shard = reader.app, reader.shard
        number: i64 = reader.fetched
        size: i64 = 0
        while number < last and size < MOST_BYTES:
            call = shard.log[number - shard.base]
            assert call is not None
            content = call.content
            if content is None:
                content = call.message.mix
            size += content.size if content is not None and content.size > 0 else self.size
            if app.parallel > 1:
                reader.lanes[self.key_of(call) % app.parallel].numbers.append(number)
            number += 1
        return number, size

    # Deliveries

    def make_ready(self, ctx: Context, lane: Lane) -> None:
        """The next batch of a lane may go out, if there is one."""
        owner = lane.reader.owner
        if owner is not None and lane.idle():
            if not lane.listed:
                lane.listed = True
                owner.ready.append(lane)
            self._serve(ctx, owner)

    def _serve(self, ctx: Context, member: Member) -> None:
        """Give what is ready to whoever of a member asks."""
        while not self.down and member.waits() and member.lane() is not None:
            receive = member.next_asked()
            timer = receive.timer2
            if timer is not None:
                ctx.cancel(timer)
                receive.timer2 = None
            if ctx.reachable(receive):
                self._deliver(ctx, member, receive)
            else:
                receive.served = True

    def on_receive(self, ctx: Context, receive: Receive) -> None:
        app = self.apps[receive.outlet]
        member = app.member(receive.caller.index, receive.caller_epoch, ctx.now)
        member.latest = receive
        if app.joining:
            self.joined(ctx, app)
        if not member.waits() and member.lane() is not None:
            self._deliver(ctx, member, receive)
        elif receive.wait > 0:
            member.asking.append(receive)
            receive.timer2 = ctx.after_same(receive.wait, TIMED_OUT, receive)
        else:
            receive.served = True
            ctx.deliver(receive)

    def _deliver(self, ctx: Context, member: Member, receive: Receive) -> None:
        """Whoever works in batches gets one of one lane; others one record of each of so many lanes, to be worked on at once."""
        receive.served = True
        n: i64 = 0
        while n < receive.most:
            lane = member.lane()
            if lane is None:
                break
            member.took()
            if not lane.reader.app.runs:
                self._fly(ctx, lane, receive, 1)
                n += 1
                continue
            count: i64 = lane.count()
            if count > receive.most:
                count = receive.most
            if lane.halves and count > lane.halves[len(lane.halves) - 1]:
                count = lane.halves[len(lane.halves) - 1]
            self._fly(ctx, lane, receive, count)
            break
        ctx.deliver(receive)

    def _fly(self, ctx: Context, lane: Lane, receive: Receive, count: i64) -> None:
        """The next records of a lane go out together."""
        shard = lane.reader.shard
        lane.sent = ctx.now
        lane.left = count
        lane.receive = receive
        lane.calls = []
        self.flying += count
        i: i64 = 0
        while i < count:
            kept = shard.log[lane.number(i) - shard.base]
            assert kept is not None
            lane.calls.append(ctx.delivery(receive, kept, lane))
            i += 1

    def on_answer(self, ctx: Context, call: Call) -> None:
        lane = call.cause
        assert isinstance(lane, Lane)
        if call.sent != lane.sent or lane.left <= 0:
            return
        lane.left -= 1
        self.flying -= 1
        if lane.left == 0:
            self.batch_over(ctx, lane)

    def batch_over(self, ctx: Context, lane: Lane) -> None:
        """A batch has its answers: go on behind what succeeded."""
        calls = lane.calls
        lane.calls = []
        lane.receive = None
        lane.sent = -1
        good: i64 = 0
        while good < len(calls) and calls[good].outcome == YES:
            good += 1
        if good > 0:
            lane.pass_over(good)
            lane.failures = 0
            self._less_of_part(lane, good)
        if good < len(calls):
            self._failed(ctx, lane, len(calls) - good)
        lane.drop(lane.reader.shard.floor)
        self.progress(ctx, lane.reader)
        self.make_ready(ctx, lane)

    def _less_of_part(self, lane: Lane, count: i64) -> None:
        """So many records of a part of a split batch are through."""
        if lane.halves:
            left: i64 = lane.halves.pop() - count
            if left > 0:
                lane.halves.append(left)

    def _failed(self, ctx: Context, lane: Lane, count: i64) -> None:
        """Of what is first in a lane so many failed: try them again, split them, or give them up."""
        app = lane.reader.app
        old: i64 = 0
        while app.max_age >= 0 and old < count and self._age(ctx, lane, old) >= app.max_age:
            old += 1
        if old > 0:
            self._give_up(ctx, lane, old, TOO_OLD)
            lane.failures = 0
            return
        if app.bisect and count > 1:
            if lane.halves:
                lane.halves.pop()
            lane.halves.append(count // 2)
            lane.halves.append(count - count // 2)
        else:
            lane.failures += 1
            if 0 <= app.retries < lane.failures:
                self._give_up(ctx, lane, count, GIVEN_UP)
                lane.failures = 0
                return
        app.retried += 1
        lane.waits = True
        lane.retry = ctx.after_same(AGAIN, RETRY, lane)

    def _age(self, ctx: Context, lane: Lane, at: i64) -> i64:
        """How long ago a record of a lane was written; one that is gone is older than any."""
        since = lane.reader.shard.arrived(lane.number(at))
        return ctx.now - since

    def _give_up(self, ctx: Context, lane: Lane, count: i64, code: int) -> None:
        """So many of the first are not tried again: to the failure destination, or lost for this application."""
        app, shard = lane.reader.app, lane.reader.shard
        i: i64 = 0
        while i < count:
            number: i64 = lane.number(i)
            kept = shard.get(number)
            i += 1
            if kept is None:
                continue
            if app.failed and ctx.ready(app.failed):
                app.dead += 1
                part = ctx.share_of(app.outlet, kept)
                ctx.bury(part, FOR_DEAD)
                entry = Entry(part, ctx.now)
                entry.buried = True
                ctx.transfer(app.failed, entry)
            else:
                app.skipped += 1
                shard.lost[int(number)] = code
        lane.pass_over(count)
        self._less_of_part(lane, count)
