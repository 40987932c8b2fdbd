"""Services: replicas with worker slots."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.dist import Dist
from topology.message import ERROR, FAILED_WORK, REFUSED, YES, Item, reason
from topology.node import SERVICE, Call, Context, Node, Receive
from topology.parameters import choice, count, dist, duration, share
from topology.policy import NodePolicy
from topology.waiting import Waiting

QUEUE_FULL: Final = reason("queue full")
DROPPED: Final = reason("dropped from a full queue")
WORK: Final = 0
AGAIN: Final = 1
RETRY_RECEIVE: Final = 1_000_000_000
"""A consumer whose queue refused or was silent asks again after a second."""
SHORT_POLL: Final = 100_000_000
"""One that does not wait for messages, and got none, asks again after a tenth of a second."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Service(Node):
    """Does work for each call: takes a slot, works on a core, then calls what it depends on, one link after the other in
    file order, holding its slot until it answers. Hand-offs come last; their acceptance is part of the answer.

    When all slots are taken, calls wait in memory. A queue that it consumes is asked for as many messages as slots are free.
    """

    role: ClassVar[str] = SERVICE
    params: ClassVar[dict[str, Any]] = {
        "slots": count(
            8, "Calls that one replica has in work at once; each holds its slot until it is answered.", ge=1, le=100_000
        ),
        "cores": count(None, "Calls that one replica computes at once; without it as many as slots.", ge=1, le=100_000),
        "takes": dist("10ms", "Its own work for one message, without waiting for others."),
        "fails": share(0, "The share of executions that end in an error, after the work."),
        "order": choice(
            "sequence",
            "Whether it calls what it depends on one after the other or all at once.",
            options=("sequence", "parallel"),
        ),
        "start": duration("0s", "How long a new or restarted replica needs until it is ready.", ge="0s", le="1h"),
    }

    def __init__(self) -> None:
        self.busy: i64 = 0
        self.working: i64 = 0
        self.polls: i64 = 0
        self.asked: list[int] = []
        self.turn: i64 = 0
        self.backing_off = False
        self.waiting = Waiting()
        self.ready = Waiting()
        self.guards: list[NodePolicy] = []
        self.limit: i64 = -1
        self.lifo = False
        self.drops = False

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.slots: i64 = values["slots"]
        cores = values["cores"]
        self.cores: i64 = self.slots if cores is None else cores
        self.takes: Dist = values["takes"]
        self.fails: float = values["fails"]
        self.parallel: bool = values["order"] == "parallel"
        self.work_dice: Dice = ctx.dice("work")
        self.error_dice: Dice = ctx.dice("errors")
        out = values["out"]
        self.optional: list[bool] = [bool(link.get("optional")) for link in out]
        self.handoffs: i64 = len([link for link in out if link["mode"] == "=>"])
        self.calls: i64 = len(out) - self.handoffs
        inlets = values["in"]
        self.batches: list[int] = [link["batch"] for link in inlets]
        self.waits: list[int] = [link["wait"] for link in inlets]
        if len(self.asked) != len(inlets):
            self.asked = [0] * len(inlets)
        self.guards = policies
        self.limit = -1
        for guard in self.guards:
            if guard.limit() >= 0:
                self.limit = guard.limit()
            self.lifo = self.lifo or guard.newest_first()
            self.drops = self.drops or guard.drops_oldest()
        self._fill(ctx)

    def on_start(self, ctx: Context) -> None:
        self._ask(ctx)

    def on_crash(self, ctx: Context) -> None:
        self.busy = 0
        self.working = 0
        self.polls = 0
        self.asked = [0] * len(self.asked)
        self.backing_off = False
        self.waiting.clear()
        self.ready.clear()

    def on_close(self) -> None:
        self.waiting.clear()
        self.ready.clear()

    # Work that arrives

    def on_message(self, ctx: Context, call: Call) -> None:
        for guard in self.guards:
            code = guard.admit(ctx, call, self.busy, self.slots, self.waiting.count)
            if code:
                ctx.answer(call, REFUSED, code)
                return
        if call.handoff and (self.limit < 0 or self.busy < self.slots or self.waiting.count < self.limit):
            ctx.accept(call)
        if self.busy < self.slots:
            self._begin(ctx, call)
        elif self.limit >= 0 and self.waiting.count >= self.limit:
            self._full(ctx, call)
        else:
            self.waiting.add(call)
            ctx.meter.queued += 1

    def _full(self, ctx: Context, call: Call) -> None:
        """No slot is free and no more may wait."""
        victim = self.waiting.take_oldest() if self.drops else None
        if victim is None:
            ctx.answer(call, REFUSED, QUEUE_FULL)
            return
        if call.handoff:
            ctx.accept(call)
        self.waiting.add(call)
        if victim.kept:
            ctx.finish(victim, False, DROPPED)
        else:
            ctx.answer(victim, REFUSED, DROPPED)

    def _begin(self, ctx: Context, call: Call) -> None:
        """A slot is free: the call takes it and starts to work."""
        now = ctx.now
        meter = ctx.meter
        if meter.at != now:
            meter.upto(now)
        self.busy += 1
        meter.busy = self.busy
        meter.wait_ns += now - call.arrived
        call.started = now
        call.visit = ctx.visit(call.message)
        work: i64 = self.takes.sample(self.work_dice.uniform(call.message.root, call.visit))
        if ctx.slow != 1.0:
            work = int(float(work) * ctx.slow + 0.5)
        if self.working < self.cores:
            self._work(ctx, call, work)
        else:
            call.work = work
            self.ready.add(call)

    def _work(self, ctx: Context, call: Call, work: i64) -> None:
        self.working += 1
        meter = ctx.meter
        meter.working = self.working
        meter.service_ns += work
        meter.served += 1
        ctx.after(work, WORK, call)

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == AGAIN:
            self.backing_off = False
            self._ask(ctx)
            return
        assert isinstance(item, Call)
        meter = ctx.meter
        if meter.at != ctx.now:
            meter.upto(ctx.now)
        self.working -= 1
        meter.working = self.working
        if self.ready.count > 0:
            call = self.ready.take_oldest()
            if call is not None:
                self._work(ctx, call, call.work)
        self._worked(ctx, item)

    def _worked(self, ctx: Context, call: Call) -> None:
        """Its own work is done: fail, or go on to what it depends on."""
        message = call.message
        if self.fails > 0.0 and self.error_dice.uniform(message.root, 2 * call.visit) < self.fails:
            self._end(ctx, call, ERROR, FAILED_WORK)
        elif ctx.error_share > 0.0 and self.error_dice.uniform(message.root, 2 * call.visit + 1) < ctx.error_share:
            self._end(ctx, call, ERROR, ctx.error_reason if ctx.error_reason else FAILED_WORK)
        elif ctx.links == 0:
            self._end(ctx, call, YES, 0)
        elif self.parallel and self.calls > 0:
            call.step = self.calls
            call.work = self.calls
            link: i64 = 0
            while link < self.calls:
                ctx.send(link, call, message)
                link += 1
        else:
            ctx.send(0, call, message)

    # Answers

    def on_answer(self, ctx: Context, call: Call) -> None:
        cause = call.cause
        assert isinstance(cause, Call)
        if cause.ended or cause.started < 0:
            return
        failed = call.outcome != YES and not self.optional[call.link]
        if failed:
            self._end(ctx, cause, ERROR, call.reason)
        elif self.parallel and call.link < self.calls:
            cause.work -= 1
            if cause.work == 0:
                self._go_on(ctx, cause)
        else:
            cause.step = call.link + 1
            self._go_on(ctx, cause)

    def _go_on(self, ctx: Context, call: Call) -> None:
        if call.step < ctx.links:
            ctx.send(call.step, call, call.message)
        else:
            self._end(ctx, call, YES, 0)

    def _end(self, ctx: Context, call: Call, outcome: i64, code: int) -> None:
        """The slot is free again; whoever waits takes it."""
        meter = ctx.meter
        if meter.at != ctx.now:
            meter.upto(ctx.now)
        self.busy -= 1
        meter.busy = self.busy
        if call.kept:
            ctx.finish(call, outcome == YES, code)
        else:
            ctx.answer(call, outcome, code)
        if self.waiting.count > 0:
            self._fill(ctx)
        if ctx.inlets > 0:
            self._ask(ctx)

    def _fill(self, ctx: Context) -> None:
        """Whoever waits takes what is free."""
        waiting = self.waiting
        while waiting.count > 0 and self.busy < self.slots:
            following = waiting.take_newest() if self.lifo else waiting.take_oldest()
            if following is None:
                break
            ctx.meter.queued -= 1
            self._begin(ctx, following)

    # Work that it fetches

    def _ask(self, ctx: Context) -> None:
        """Ask the queues for as many messages as there are free slots; the one that was asked for least comes first."""
        if ctx.inlets == 0 or self.backing_off:
            return
        free: i64 = self.slots - self.busy - self.waiting.count
        while self.polls < free:
            inlet: i64 = 0 if ctx.inlets == 1 else self._least_asked(ctx.inlets)
            most: i64 = self.batches[inlet]
            if most > free - self.polls:
                most = free - self.polls
            self.polls += most
            self.asked[inlet] += most
            ctx.receive(inlet, most, self.waits[inlet])

    def _least_asked(self, inlets: i64) -> i64:
        """The queue of which the fewest messages are asked for; among equals, each in turn."""
        self.turn += 1
        found: i64 = self.turn % inlets
        i: i64 = 1
        while i < inlets:
            other: i64 = (self.turn + i) % inlets
            if self.asked[other] < self.asked[found]:
                found = other
            i += 1
        return found

    def on_received(self, ctx: Context, receive: Receive) -> None:
        self.polls -= receive.most
        self.asked[receive.link] -= receive.most
        for call in receive.calls:
            if self.busy < self.slots:
                self._begin(ctx, call)
            else:
                self.waiting.add(call)
                ctx.meter.queued += 1
        pause: i64 = 0
        if receive.refused:
            pause = RETRY_RECEIVE
        elif receive.wait == 0 and not receive.calls:
            pause = SHORT_POLL
        if pause > 0 and not self.backing_off:
            self.backing_off = True
            ctx.after(pause, AGAIN, None)
        else:
            self._ask(ctx)

    def slots_now(self) -> int:
        return self.slots

    def cores_now(self) -> int:
        return self.cores if self.cores < self.slots else self.slots

    def gauges(self, ctx: Context) -> dict[str, float]:
        return {"working": float(self.working), "asking": float(self.polls)}
