"""Amazon SQS: standard and FIFO queues."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.dist import whole
from topology.message import EXPIRED, REFUSED, TOO_MANY, YES, Item, lasting, reason
from topology.node import QUEUE, Call, Context, Node, Receive, Timer
from topology.parameters import REQUIRED, choice, count, duration, group, node, size
from topology.queues.backlog import BY, DELAYED, FLYING, READY, Backlog, Entry, Fair, Fifo, group_number
from topology.queues.fifo import SETTINGS, Quotas, Sent

__all__ = ["Entry", "Sqs"]

VISIBLE: Final = 0
TIMED_OUT: Final = 1
RETIRE: Final = 2
MOVE: Final = 3
DUE: Final = 4
PARAMETERS: Final = "SQS Developer Guide, Configuring queue parameters"
QUOTAS: Final = "SQS Developer Guide, Amazon SQS message quotas"
FIFO_QUOTAS: Final = "SQS Developer Guide, Amazon SQS FIFO queue quotas"
DEAD: Final = "SQS Developer Guide, Using dead-letter queues"
LIMIT: Final = "SQS Developer Guide, Amazon SQS visibility timeout"
DELAYS: Final = "SQS Developer Guide, Amazon SQS delay queues"
FAIR: Final = "SQS Developer Guide, Amazon SQS fair queues"
PURGE_AGAIN: Final = 60_000_000_000
"""A queue that was purged is not purged again for so long."""
MOMENT: Final = 1_000_000
"""What is given back at the very instant of its delivery is visible again a millisecond later: a call of the service takes
that long, and without it nothing would ever move on from an instant in which a consumer keeps giving a message back."""
OVERTAKES: Final = 10
"""A message out of order overtakes up to so many."""
TOO_OFTEN: Final = reason("received too often")
TOO_OLD: Final = EXPIRED
TOO_LONG: Final = lasting("message too long")
PURGED: Final = reason("purged")
DISCARDED: Final = reason("taken out of the dead letters undone")


@mypyc_attr(allow_interpreted_subclasses=True)
class Sqs(Node):
    """An SQS queue: accepts at once and keeps; consumers receive, and delete when they succeeded.

    A message that is received is invisible for the visibility timeout and comes back when it was not deleted by then, so a
    slow consumer sees duplicates. After so many receives it goes to the dead-letter queue, if there is one; after the
    retention it is gone. In a standard queue the order is best effort: here first in, first out among the visible; with a
    `group` (of tenants) it is a fair queue, in which a noisy tenant does not keep the others waiting. A FIFO queue keeps the
    order in each message group: while one of a group is in flight, the rest of the group waits. What is sent to it twice
    within five minutes is accepted and not delivered again, and its API lets only so many calls through; deletes are taken
    to go in batches, as their messages came, so that they never meet that limit first. Flushing a queue purges it.
    """

    role: ClassVar[str] = QUEUE
    managed: ClassVar[bool] = True
    gives_back: ClassVar[bool] = True
    layers: ClassVar[dict[str, str]] = {
        "duplicated": "either",
        "reordered": "either",
        "no_dead_letters": "either",
        "visibility": "times",
        "retention": "times",
    }
    """Shares of the messages of a standard queue that come once more though they were deleted, and that overtake others; while
    `no_dead_letters` lies here, the dead-letter queue takes nothing from this one; and factors on two of the settings."""
    params: ClassVar[dict[str, Any]] = {
        "visibility": duration(
            "30s", "How long a received message stays invisible.", ge="0s", le="12h", source=PARAMETERS
        ),
        "retention": duration("4d", "How long a message is kept.", ge="60s", le="14d", source=QUOTAS),
        "delay": duration(
            "0s", "How long a message is kept back before it is visible for the first time.", ge="0s", le="15m", source=DELAYS
        ),
        "max_size": size(
            "1MiB", "Messages larger than this are refused, as often as they are sent.", ge="1KiB", le="1MiB", source=QUOTAS
        ),
        "in_flight": count(
            120_000,
            "Received and not yet deleted at once; at the limit a receive yields nothing, and one of a standard queue that "
            "does not wait fails.",
            ge=1,
            le=120_000,
            source=LIMIT,
        ),
        "group": choice(
            None,
            "What senders give as message group: the same for all messages (one), what a message is about (key), whose it "
            "is (tenant), or each its own (message). A FIFO queue keeps the order in each group (left out: one); a standard "
            "queue with groups is a fair queue.",
            options=BY,
            source=FAIR,
        ),
        "fifo": group(
            SETTINGS,
            "Order within message groups, and no duplicates; left out: a standard queue.",
            short="on",
            source=FIFO_QUOTAS,
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
        self.backlog = Backlog()
        self.grouped = False
        """Whether the backlog wants to know what is kept and in flight, beside what is visible."""
        self.arranged = False
        self.fifo = False
        self.by: i64 = 0
        self.flying: i64 = 0
        self.visibility: i64 = 0
        self.retention: i64 = 0
        """As set, times the factors that lie here."""
        self.delayed: i64 = 0
        self.asking: list[Receive] = []
        self.head: i64 = 0
        self.dead_to = ""
        self.dead_after: i64 = 0
        self.by_age: list[Entry] = []
        self.retiring: Timer | None = None
        self.to_move: list[Entry] = []
        """Dead letters that a redrive moves, from `moved` on."""
        self.moved: i64 = 0
        self.moving = False
        self.stalled = False
        self.redriven: i64 = 0
        self.down = False
        self.purged: i64 = -PURGE_AGAIN
        self.sent: Sent | None = None
        self.quotas: Quotas | None = None
        self.repeated: i64 = 0
        self.turned_away: i64 = 0
        self.duplicated = 0.0
        self.reordered = 0.0
        self.no_dead = False

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.set_visibility: i64 = values["visibility"]
        self.set_retention: i64 = values["retention"]
        self.delay: i64 = values["delay"]
        self.max_size: i64 = values["max_size"]
        self.limit: i64 = values["in_flight"]
        self.redrive_rate: i64 = values["redrive_rate"]
        self.dice: Dice = ctx.dice("copies")
        dead = values["dead_letter"]
        if dead is not None:
            self.dead_to = dead["to"]
            self.dead_after = dead["after"]
        if not self.arranged:
            self._arrange(ctx, values["fifo"], values["group"] or "one")
        elif self.fifo:
            self._delay_anew(ctx)
        self.on_layers(ctx)

    def _arrange(self, ctx: Context, fifo: dict[str, Any] | None, by: str) -> None:
        """Take over, once, which sort of queue it is: that cannot be changed."""
        self.arranged = True
        self.by = BY.index(by)
        self.fifo = fifo is not None and fifo["on"]
        self.grouped = self.fifo or by in ("key", "tenant")
        if self.fifo:
            assert fifo is not None
            self.backlog = Fifo(by, fifo["scans"])
            self.quotas = Quotas(ctx.now, fifo["calls"], fifo["batch"], fifo["partitions"] or 1)
            if fifo["ids"] == "message":
                self.sent = Sent()
        else:
            self.backlog = Fair(by) if self.grouped else Backlog()

    def _delay_anew(self, ctx: Context) -> None:
        """The delay of a FIFO queue holds for what is already in it, too."""
        for entry in list(self.by_age):
            timer = entry.hidden
            if entry.state == DELAYED and not entry.gone and timer is not None:
                ctx.cancel(timer)
                entry.hidden = None
                left: i64 = entry.since + self.delay - ctx.now
                if left > 0:
                    entry.hidden = ctx.after(left, DUE, entry)
                else:  # at once, so that nothing that comes in this instant overtakes it
                    self._due(ctx, entry)

    def _due(self, ctx: Context, entry: Entry) -> None:
        """The delay of an entry is over."""
        self.delayed -= 1
        ctx.touch()
        self._show(ctx, entry)

    def on_layers(self, ctx: Context) -> None:
        self.no_dead = ctx.strength("no_dead_letters") > 0.0
        self.duplicated = 0.0 if self.fifo else ctx.strength("duplicated")
        self.reordered = 0.0 if self.fifo else ctx.strength("reordered")
        self.visibility = whole(float(self.set_visibility) * ctx.strength("visibility"))
        self.retention = whole(float(self.set_retention) * ctx.strength("retention"))
        self._watch_oldest(ctx)

    # Sends

    def on_message(self, ctx: Context, call: Call) -> None:
        mix = call.content
        if mix is None:
            mix = call.message.mix
        if mix is not None and mix.size > self.max_size:
            ctx.answer(call, REFUSED, TOO_LONG)
        elif not self.fifo or self._lets_in(ctx, call):
            ctx.accept(call)
            self._take(ctx, Entry(call, ctx.now))

    def _lets_in(self, ctx: Context, call: Call) -> bool:
        """Whether a FIFO queue keeps what is sent: not beyond its rate, and not what it was sent just before."""
        quotas = self.quotas
        if quotas is not None and not quotas.may_send(group_number(call, self.by), ctx.now):
            self.turned_away += 1
            ctx.answer(call, REFUSED, TOO_MANY)
            return False
        sent = self.sent
        number: int = call.message.root
        if sent is not None and sent.knows(-number if call.undo else number, ctx.now):
            self.repeated += 1
            ctx.accept(call)
            ctx.finish(call, False, 0)  # the first of them is kept, or its part was done: nothing is lost with this one
            return False
        return True

    def on_transfer(self, ctx: Context, item: Item) -> None:
        assert isinstance(item, Entry)
        if self.fifo:
            item.since = ctx.now
        self._take(ctx, item)

    def on_recovery(self, ctx: Context, item: Item) -> None:
        assert isinstance(item, Entry)
        call = item.call
        sent = self.sent
        if sent is not None:
            sent.knows(-call.message.root if call.undo else call.message.root, item.since)
        self._keep(ctx, item)
        hidden: i64 = item.delivered + self.visibility - ctx.now
        delayed: i64 = item.since + self.delay - ctx.now
        if item.receipt is not None and hidden > 0:
            item.state = FLYING
            self.flying += 1
            if self.grouped:
                self.backlog.fly(item, ctx.now)
            item.hidden = ctx.after(hidden, VISIBLE, item)
        elif item.received == 0 and delayed > 0:
            item.state = DELAYED
            self.delayed += 1
            item.hidden = ctx.after(delayed, DUE, item)
        else:
            self._show(ctx, item)

    def _take(self, ctx: Context, entry: Entry) -> None:
        """Keep one more; whoever waits for a message gets it at once, unless it is delayed."""
        self._keep(ctx, entry)
        if self.delay > 0:
            entry.state = DELAYED
            self.delayed += 1
            entry.hidden = ctx.after_same(self.delay, DUE, entry)
        else:
            self._show(ctx, entry)

    def _keep(self, ctx: Context, entry: Entry) -> None:
        """One more is in the books of the queue, by its age."""
        by_age = self.by_age
        if len(by_age) > 64 and len(by_age) > 2 * (self.depth() + 1):
            by_age = [e for e in by_age if not e.gone]
            self.by_age = by_age
        at: i64 = len(by_age)
        while at > 0 and by_age[at - 1].since > entry.since:
            at -= 1
        by_age.insert(at, entry)
        if at == 0:
            self._watch_oldest(ctx)
        if self.grouped:
            self.backlog.enter(entry, ctx.now)

    def _watch_oldest(self, ctx: Context) -> None:
        """Wake up when the retention of the oldest entry ends."""
        timer = self.retiring
        if timer is not None:
            ctx.cancel(timer)
        self.retiring = None
        if self.by_age:
            left: i64 = self.retention - (ctx.now - self.by_age[0].since)
            self.retiring = ctx.after(left if left > 0 else 0, RETIRE, None)

    def _show(self, ctx: Context, entry: Entry) -> None:
        """One is visible (again): whoever waits gets it."""
        entry.state = READY
        ahead: i64 = 0
        if self.reordered > 0.0 and self.dice.uniform(entry.call.message.root, 2 * entry.received) < self.reordered:
            ahead = 1 + self.dice.bits(entry.call.message.root, 2 * entry.received) % OVERTAKES
        self.backlog.show(entry, ahead)
        self._serve(ctx)

    # Receives

    def _trim(self) -> None:
        """Forget those who asked and were served, now and then."""
        if self.head > 64 and self.head * 2 > len(self.asking):
            del self.asking[: self.head]
            self.head = 0

    def on_receive(self, ctx: Context, receive: Receive) -> None:
        quotas = self.quotas
        if quotas is not None and not quotas.may_receive(ctx.now):
            self.turned_away += 1
            self._refuse(ctx, receive)
        elif self._offers(ctx) and self._unasked():
            self._deliver(ctx, receive)
        elif receive.wait > 0:
            self.asking.append(receive)
            receive.timer2 = ctx.after_same(receive.wait, TIMED_OUT, receive)
        elif self.flying >= self.limit and not self.fifo:
            self._refuse(ctx, receive)
        else:
            ctx.deliver(receive)

    def _refuse(self, ctx: Context, receive: Receive) -> None:
        """A receive fails."""
        receive.served = True
        receive.refused = True
        ctx.deliver(receive)

    def _offers(self, ctx: Context) -> bool:
        """Whether a receive would yield anything."""
        backlog = self.backlog
        return backlog.count > 0 and self.flying < self.limit and (not self.grouped or backlog.offers(ctx.now))

    def _unasked(self) -> bool:
        return self.head >= len(self.asking)

    def _serve(self, ctx: Context) -> None:
        """Give what is visible to those who wait, in the order in which they asked."""
        while not self._unasked() and self._offers(ctx):
            receive = self.asking[self.head]
            self.head += 1
            self._trim()
            self._forget(ctx, receive)
            if not receive.served and ctx.reachable(receive):
                self._deliver(ctx, receive)

    def on_crash(self, ctx: Context) -> None:
        """The API is gone, and with it the connections of those who wait; what is kept stays."""
        self.down = True
        asking = self.asking[self.head :]
        self.asking = []
        self.head = 0
        for receive in asking:
            self._forget(ctx, receive)
            if not receive.served:
                self._refuse(ctx, receive)

    def on_revival(self, ctx: Context) -> None:
        self.down = False
        if self.stalled:
            self.stalled = False
            self._move(ctx)

    def _forget(self, ctx: Context, receive: Receive) -> None:
        timer = receive.timer2
        if timer is not None:
            ctx.cancel(timer)
            receive.timer2 = None

    def _deliver(self, ctx: Context, receive: Receive) -> None:
        """Up to `most` messages become invisible and go out; what was received too often goes to the dead-letter queue."""
        receive.served = True
        backlog = self.backlog
        latest: Entry | None = None
        n: i64 = 0
        while n < receive.most and self.flying < self.limit:
            entry = backlog.take(ctx.now, latest)
            if entry is None:
                break
            if self.dead_after > 0 and entry.received >= self.dead_after and self._bury(ctx, entry):
                continue
            entry.received += 1
            entry.delivered = ctx.now
            entry.state = FLYING
            self.flying += 1
            if self.grouped:
                backlog.fly(entry, ctx.now)
            entry.receipt = ctx.delivery(receive, entry.call, entry)
            entry.hidden = ctx.after_same(self.visibility, VISIBLE, entry)
            latest = entry
            n += 1
        ctx.deliver(receive)

    def _bury(self, ctx: Context, entry: Entry) -> bool:
        """Give an entry, just taken, to the dead-letter queue; False when that cannot take it now, or it is no dead letter."""
        if self.no_dead or entry.copied or not ctx.ready(self.dead_to):
            return False
        if not entry.buried:
            ctx.bury(entry.call, TOO_OFTEN)
        else:
            ctx.pass_on(entry.call)
        self._gone(entry)
        moved = Entry(entry.call, entry.since)
        moved.buried = True
        moved.source = ctx.node
        ctx.transfer(self.dead_to, moved)
        return True

    # Deletes and time

    def on_answer(self, ctx: Context, call: Call) -> None:
        entry = call.cause
        assert isinstance(entry, Entry)
        if entry.gone or entry.receipt is not call:
            return
        if call.outcome == YES:
            if self.duplicated > 0.0 and self._misses_a_copy(entry):
                entry.copied = True
                entry.receipt = None
                if entry.state == FLYING:
                    self._given_back(ctx, entry)
            else:
                self._delete(ctx, entry)
        elif entry.state == FLYING:
            self._given_back(ctx, entry)

    def _misses_a_copy(self, entry: Entry) -> bool:
        """Whether a server that holds a copy did not hear of the delete, so that the message comes once more."""
        return not entry.copied and self.dice.uniform(entry.call.message.root, 1) < self.duplicated

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
        self._take_out(ctx, entry)
        if entry.buried:
            ctx.decay(entry.call, DISCARDED)
        else:
            ctx.finish(entry.call, True, 0)
        self._serve(ctx)

    def _lose(self, ctx: Context, entry: Entry, code: int) -> None:
        """Nobody will ever receive this one again."""
        self._take_out(ctx, entry)
        if entry.buried:
            ctx.decay(entry.call, code)
        else:
            ctx.finish(entry.call, False, code)

    def _take_out(self, ctx: Context, entry: Entry) -> None:
        """Take an entry out for good, whatever its state."""
        if entry.state == FLYING:
            self._land(ctx, entry)
        elif entry.state == READY:
            self.backlog.hide(entry)
        else:
            self.delayed -= 1
            self._stop(ctx, entry)
        self._gone(entry)

    def _gone(self, entry: Entry) -> None:
        entry.gone = True
        entry.receipt = None
        if self.grouped:
            self.backlog.leave(entry)

    def _land(self, ctx: Context, entry: Entry) -> None:
        self.flying -= 1
        self._stop(ctx, entry)
        if self.grouped:
            self.backlog.land(entry, ctx.now)

    def _stop(self, ctx: Context, entry: Entry) -> None:
        timer = entry.hidden
        if timer is not None:
            ctx.cancel(timer)
            entry.hidden = None

    def _reappear(self, ctx: Context, entry: Entry) -> None:
        self._land(ctx, entry)
        ctx.touch()
        self._show(ctx, entry)

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
        elif tag == MOVE:
            self._move(ctx)
        else:
            assert isinstance(item, Entry)
            item.hidden = None
            if item.gone:
                return
            if tag == VISIBLE and item.state == FLYING:
                self._reappear(ctx, item)
            elif tag == DUE and item.state == DELAYED:
                self._due(ctx, item)

    def _retire(self, ctx: Context) -> None:
        """The oldest entries reached the end of their retention."""
        self.retiring = None
        gone: i64 = 0
        for entry in self.by_age:
            if not entry.gone and ctx.now - entry.since < self.retention:
                break
            gone += 1
            if not entry.gone:
                self._lose(ctx, entry, TOO_OLD)
        del self.by_age[:gone]
        self._watch_oldest(ctx)
        self._serve(ctx)

    def on_flush(self, ctx: Context) -> None:
        """Purge: whatever is kept is deleted, in flight or not; once a minute at most."""
        if self.down:
            ctx.note("not purged: its API is down")
        elif ctx.now - self.purged < PURGE_AGAIN:
            ctx.note("not purged: it was purged within the last 60 s")
        else:
            ctx.note(f"purged: {self.depth():,} messages deleted")
            self.purged = ctx.now
            by_age = self.by_age
            self.by_age = []
            for entry in by_age:
                if not entry.gone:
                    self._lose(ctx, entry, PURGED)
            self._watch_oldest(ctx)

    # Redrive

    def on_redrive(self, ctx: Context) -> None:
        """Move what was dead-lettered back to where it came from, at most so many a second."""
        if self.moving or self.down:
            return
        ready = [entry for entry in self.by_age if not entry.gone and entry.state == READY]
        self.to_move = [entry for entry in ready if entry.source]
        self.moved = 0
        if len(self.to_move) < len(ready):
            ctx.note(f"not redriven: {len(ready) - len(self.to_move):,} messages that came from no queue")
        if self.to_move:
            self.moving = True
            self._move(ctx)

    def _next_to_move(self) -> Entry | None:
        """The oldest dead letter that is still there to be moved, and visible."""
        while self.moved < len(self.to_move):
            entry = self.to_move[self.moved]
            if not entry.gone and entry.state == READY:
                return entry
            self.moved += 1
        return None

    def _move(self, ctx: Context) -> None:
        if self.down:
            self.stalled = True
            return
        entry = self._next_to_move()
        if entry is None or not ctx.ready(entry.source):
            if entry is not None:
                ctx.note(f"redrive stopped: {entry.source} takes nothing")
            self.moving = False
            self.to_move = []
            self.moved = 0
            return
        self.moved += 1
        self.redriven += 1
        self._take_out(ctx, entry)
        ctx.raise_again(entry.call)
        ctx.transfer(entry.source, Entry(entry.call, ctx.now))
        ctx.after_same(1_000_000_000 // self.redrive_rate, MOVE, None)

    def on_close(self) -> None:
        for entry in self.by_age:
            entry.receipt = None
            entry.hidden = None
            entry.group = None
        self.backlog.clear()
        self.asking = []
        self.to_move = []

    # Looking

    def minds(self, layer: str) -> bool:
        if layer in ("duplicated", "reordered"):
            return not self.fifo
        if layer == "visibility":
            return self.set_visibility > 0
        return layer != "no_dead_letters" or self.dead_to != ""

    def depth(self) -> int:
        return self.backlog.count + self.flying + self.delayed

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
        found = {
            "visible": float(self.backlog.count),
            "in flight": float(self.flying),
            "delayed": float(self.delayed),
            "receives waiting": float(len(self.asking) - self.head),
            "dead letters redriven": float(self.redriven),
            "dead letters to redrive": float(len(self.to_move) - self.moved),
        }
        if self.fifo:
            found["groups in flight"] = float(self.backlog.held_back())
            found["duplicates dropped"] = float(self.repeated)
            found["throttled"] = float(self.turned_away)
        elif self.grouped:
            found["noisy tenants"] = float(self.backlog.held_back())
        return found

    def views(self, ctx: Context) -> dict[str, dict[str, float]]:
        return self.backlog.parts() if self.grouped else {}
