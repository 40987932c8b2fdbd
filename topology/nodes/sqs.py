"""Amazon SQS standard queues."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chain import Chain, Knot
from topology.message import EXPIRED, YES, Item, reason
from topology.node import QUEUE, Call, Context, Node, Receive, Timer
from topology.parameters import REQUIRED, count, duration, group, node

VISIBLE: Final = 0
TIMED_OUT: Final = 1
RETIRE: Final = 2
MOVE: Final = 3
FLYING: Final = 1
READY: Final = 2
PARAMETERS: Final = "SQS Developer Guide, Configuring queue parameters"
QUOTAS: Final = "SQS Developer Guide, Amazon SQS message quotas"
DEAD: Final = "SQS Developer Guide, Using dead-letter queues"
LIMIT: Final = "SQS Developer Guide, Amazon SQS visibility timeout"
MOMENT: Final = 1_000_000
"""What is given back at the very instant of its delivery is visible again a millisecond later: a call of the service takes
that long, and without it nothing would ever move on from an instant in which a consumer keeps giving a message back."""
TOO_OFTEN: Final = reason("received too often")
TOO_OLD: Final = EXPIRED
DISCARDED: Final = reason("taken out of the dead letters undone")


class Entry(Knot):
    """One message in a queue. `since` is when it was first enqueued: a dead-letter queue keeps it for its retention."""

    def __init__(self, call: Call, since: i64) -> None:
        self.call: Call = call
        self.since: i64 = since
        self.received: i64 = 0
        self.delivered: i64 = -1
        """The instant of its latest delivery."""
        self.state: i64 = READY
        self.gone = False
        self.buried = False
        self.source = ""
        self.receipt: Call | None = None
        self.hidden: Timer | None = None


@mypyc_attr(allow_interpreted_subclasses=True)
class Sqs(Node):
    """An SQS standard queue: accepts at once and keeps; consumers receive, and delete when they succeeded.

    A message that is received is invisible for the visibility timeout and comes back when it was not deleted by then, so a
    slow consumer sees duplicates. After so many receives it goes to the dead-letter queue, if there is one; after the
    retention it is gone. Order is best effort: here first in, first out among the visible.
    """

    role: ClassVar[str] = QUEUE
    managed: ClassVar[bool] = True
    params: ClassVar[dict[str, Any]] = {
        "visibility": duration(
            "30s", "How long a received message stays invisible.", ge="0s", le="12h", source=PARAMETERS
        ),
        "retention": duration("4d", "How long a message is kept.", ge="60s", le="14d", source=QUOTAS),
        "in_flight": count(
            120_000,
            "Received and not yet deleted at once; at the limit a receive yields nothing.",
            ge=1,
            le=120_000,
            source=LIMIT,
        ),
        "dead_letter": group(
            {
                "to": node(
                    REQUIRED, "The queue that takes what was received too often.", options=("queue",), source=DEAD
                ),
                "after": count(
                    REQUIRED, "So many receives, then it goes there (maxReceiveCount).", ge=1, le=1000, source=DEAD
                ),
            },
            "What becomes of a message that its consumers keep failing on; without it, it is tried until its retention ends.",
            source=DEAD,
        ),
        "redrive_rate": count(
            500,
            "Messages per second that a redrive moves at the most.",
            ge=1,
            le=500,
            source="SQS API Reference, StartMessageMoveTask",
        ),
    }

    def __init__(self) -> None:
        self.ready = Chain()
        """What is visible, in the order in which it became so."""
        self.visible: i64 = 0
        self.flying: i64 = 0
        self.asking: list[Receive] = []
        self.head: i64 = 0
        self.moving = False
        self.dead_to = ""
        self.dead_after: i64 = 0
        self.by_age: list[Entry] = []
        self.retiring: Timer | None = None
        self.redrives: i64 = 0

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.visibility: i64 = values["visibility"]
        self.retention: i64 = values["retention"]
        self.limit: i64 = values["in_flight"]
        self.redrive_rate: i64 = values["redrive_rate"]
        dead = values["dead_letter"]
        if dead is not None:
            self.dead_to = dead["to"]
            self.dead_after = dead["after"]
        self._watch_oldest(ctx)

    # Sends

    def on_message(self, ctx: Context, call: Call) -> None:
        ctx.accept(call)
        self._take(ctx, Entry(call, ctx.now))

    def on_transfer(self, ctx: Context, item: Item) -> None:
        assert isinstance(item, Entry)
        self._take(ctx, item)

    def _take(self, ctx: Context, entry: Entry) -> None:
        """Keep one more; whoever waits for a message gets it at once."""
        by_age = self.by_age
        if len(by_age) > 64 and len(by_age) > 2 * (self.visible + self.flying + 1):
            by_age = [e for e in by_age if not e.gone]
            self.by_age = by_age
        at: i64 = len(by_age)
        while at > 0 and by_age[at - 1].since > entry.since:
            at -= 1
        by_age.insert(at, entry)
        if at == 0:
            self._watch_oldest(ctx)
        self._show(entry)
        self._serve(ctx)

    def _watch_oldest(self, ctx: Context) -> None:
        """Wake up when the retention of the oldest entry ends."""
        timer = self.retiring
        if timer is not None:
            ctx.cancel(timer)
        self.retiring = None
        if self.by_age:
            left: i64 = self.retention - (ctx.now - self.by_age[0].since)
            self.retiring = ctx.after(left if left > 0 else 0, RETIRE, None)

    def _show(self, entry: Entry) -> None:
        entry.state = READY
        self.ready.put_after(self.ready.last, entry)
        self.visible += 1

    def _hide(self, entry: Entry) -> None:
        self.ready.take_out(entry)
        self.visible -= 1

    # Receives

    def _trim(self) -> None:
        """Forget those who asked and were served, now and then."""
        if self.head > 64 and self.head * 2 > len(self.asking):
            del self.asking[: self.head]
            self.head = 0

    def on_receive(self, ctx: Context, receive: Receive) -> None:
        if self.visible > 0 and self.flying < self.limit and self._unasked():
            self._deliver(ctx, receive)
        elif receive.wait <= 0:
            ctx.deliver(receive)
        else:
            self.asking.append(receive)
            receive.timer2 = ctx.after_same(receive.wait, TIMED_OUT, receive)

    def _unasked(self) -> bool:
        return self.head >= len(self.asking)

    def _serve(self, ctx: Context) -> None:
        """Give what is visible to those who wait, in the order in which they asked."""
        while self.visible > 0 and self.flying < self.limit and not self._unasked():
            receive = self.asking[self.head]
            self.head += 1
            self._trim()
            if receive.served or not ctx.reachable(receive):
                self._forget(ctx, receive)
                continue
            self._forget(ctx, receive)
            self._deliver(ctx, receive)

    def on_crash(self, ctx: Context) -> None:
        """The API is gone, and with it the connections of those who wait; what is kept stays."""
        asking = self.asking[self.head :]
        self.asking = []
        self.head = 0
        for receive in asking:
            self._forget(ctx, receive)
            if not receive.served:
                receive.served = True
                receive.refused = True
                ctx.deliver(receive)

    def _forget(self, ctx: Context, receive: Receive) -> None:
        timer = receive.timer2
        if timer is not None:
            ctx.cancel(timer)
            receive.timer2 = None

    def _deliver(self, ctx: Context, receive: Receive) -> None:
        """Up to `most` messages become invisible and go out; what was received too often goes to the dead-letter queue."""
        receive.served = True
        n: i64 = 0
        while n < receive.most and self.flying < self.limit:
            entry = self.ready.first
            if entry is None:
                break
            assert isinstance(entry, Entry)
            self._hide(entry)
            if self.dead_after > 0 and entry.received >= self.dead_after and self._bury(ctx, entry):
                continue
            entry.received += 1
            entry.delivered = ctx.now
            entry.state = FLYING
            self.flying += 1
            entry.receipt = ctx.delivery(receive, entry.call, entry)
            entry.hidden = ctx.after_same(self.visibility, VISIBLE, entry)
            n += 1
        ctx.deliver(receive)

    def _bury(self, ctx: Context, entry: Entry) -> bool:
        """Give an entry to the dead-letter queue; False when that cannot take it now."""
        if not ctx.ready(self.dead_to):
            return False
        if not entry.buried:
            ctx.bury(entry.call, TOO_OFTEN)
        else:
            ctx.pass_on(entry.call)
        entry.gone = True
        entry.receipt = None
        moved = Entry(entry.call, entry.since)
        moved.buried = True
        moved.source = ctx.node
        ctx.transfer(self.dead_to, moved)
        return True

    # Deletes and time

    def on_answer(self, ctx: Context, call: Call) -> None:
        entry = call.cause
        assert isinstance(entry, Entry)
        if entry.gone:
            return
        if call.outcome == YES:
            if entry.receipt is call:
                self._delete(ctx, entry)
        elif entry.receipt is call and entry.state == FLYING:
            self._given_back(ctx, entry)

    def _given_back(self, ctx: Context, entry: Entry) -> None:
        """A consumer failed and says so: the message is visible at once, or a moment after its delivery."""
        if entry.delivered < ctx.now:
            self._reappear(ctx, entry)
            return
        timer = entry.hidden
        if timer is not None:
            ctx.cancel(timer)
        entry.hidden = ctx.after_same(MOMENT, VISIBLE, entry)

    def _delete(self, ctx: Context, entry: Entry) -> None:
        if entry.state == FLYING:
            self._land(ctx, entry)
        else:
            self._hide(entry)
        entry.gone = True
        entry.receipt = None
        if entry.buried:
            ctx.decay(entry.call, DISCARDED)
        else:
            ctx.finish(entry.call, True, 0)
        self._serve(ctx)

    def _land(self, ctx: Context, entry: Entry) -> None:
        self.flying -= 1
        timer = entry.hidden
        if timer is not None:
            ctx.cancel(timer)
            entry.hidden = None

    def _reappear(self, ctx: Context, entry: Entry) -> None:
        self._land(ctx, entry)
        self._show(entry)
        ctx.touch()
        self._serve(ctx)

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == TIMED_OUT:
            assert isinstance(item, Receive)
            item.timer2 = None
            if not item.served:
                item.served = True
                ctx.deliver(item)
            while self.head < len(self.asking) and self.asking[self.head].served:
                self.head += 1
            self._trim()
        elif tag == RETIRE:
            self._retire(ctx)
        elif tag == VISIBLE:
            assert isinstance(item, Entry)
            item.hidden = None
            if not item.gone and item.state == FLYING:
                self._reappear(ctx, item)
        else:
            self._move(ctx)

    def _retire(self, ctx: Context) -> None:
        """The oldest entries reached the end of their retention."""
        self.retiring = None
        gone: i64 = 0
        for entry in self.by_age:
            if not entry.gone and ctx.now - entry.since < self.retention:
                break
            gone += 1
            if not entry.gone:
                self._expire(ctx, entry)
        del self.by_age[:gone]
        self._watch_oldest(ctx)
        self._serve(ctx)

    def _expire(self, ctx: Context, entry: Entry) -> None:
        if entry.state == FLYING:
            self._land(ctx, entry)
        else:
            self._hide(entry)
        entry.gone = True
        entry.receipt = None
        if entry.buried:
            ctx.decay(entry.call, TOO_OLD)
        else:
            ctx.finish(entry.call, False, TOO_OLD)

    # Redrive

    def on_redrive(self, ctx: Context) -> None:
        """Move what was dead-lettered back to where it came from, at most so many a second."""
        if not self.moving and self.visible > 0:
            self.moving = True
            self.redrives = self.visible
            self._move(ctx)

    def _first_dead(self) -> Entry | None:
        """The oldest visible entry that came as a dead letter, and so has a source to go back to."""
        knot = self.ready.first
        while knot is not None:
            assert isinstance(knot, Entry)
            if knot.source:
                return knot
            knot = knot.behind
        return None

    def _move(self, ctx: Context) -> None:
        entry = self._first_dead()
        if entry is None or self.redrives <= 0 or not ctx.ready(entry.source):
            self.moving = False
            return
        self.redrives -= 1
        self._hide(entry)
        entry.gone = True
        moved = Entry(entry.call, ctx.now)
        ctx.raise_again(entry.call)
        ctx.transfer(entry.source, moved)
        ctx.after_same(1_000_000_000 // self.redrive_rate, MOVE, None)

    def on_close(self) -> None:
        for entry in self.by_age:
            entry.receipt = None
            entry.hidden = None
        self.ready.clear()
        self.asking = []

    # Looking

    def depth(self) -> int:
        return self.visible + self.flying

    def unfinished(self) -> bool:
        return self.moving

    def in_flight(self) -> int:
        return self.flying

    def oldest(self, now: int) -> int:
        gone: i64 = 0
        for entry in self.by_age:
            if not entry.gone:
                break
            gone += 1
        if gone > 0:
            del self.by_age[:gone]
        return now - self.by_age[0].since if self.by_age else 0

    def gauges(self, ctx: Context) -> dict[str, float]:
        return {
            "visible": float(self.visible),
            "in flight": float(self.flying),
            "receives waiting": float(len(self.asking) - self.head),
        }
