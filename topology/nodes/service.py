"""Services: replicas with worker slots."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.dist import Dist, whole
from topology.message import ERROR, REFUSED, YES, Item, reason
from topology.node import SERVICE, Call, Context, Node, Receive
from topology.parameters import REQUIRED, choice, count, dist, duration, group, number, share
from topology.policies.outbox import RELAY, Outbox, Posted, Relay
from topology.policies.saga import UNDO, Saga
from topology.policy import NodePolicy
from topology.queues.waiting import Waiting
from topology.runs import BATCH, SINGLE, Run

QUEUE_FULL: Final = reason("queue full")
DROPPED: Final = reason("dropped from a full queue")
WORK: Final = 0
AGAIN: Final = 1
PAUSE: Final = 2
RETRY_RECEIVE: Final = 1_000_000_000
"""A consumer whose queue refused or was silent asks again after a second."""
SHORT_POLL: Final = 100_000_000
"""One that does not wait for messages, and got none, asks again after a tenth of a second."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Service(Node):
    """Does work for each call: takes a slot, works on a core, then calls what it depends on, one link after the other in
    file order, holding its slot until it answers. Hand-offs come last; their acceptance is part of the answer.

    When all slots are taken, calls wait in memory. A queue that it consumes is asked for as many messages as slots are free;
    with a batch listener, for as many batches.
    """

    role: ClassVar[str] = SERVICE
    inlet_params: ClassVar[dict[str, Any]] = {
        "listener": choice(
            SINGLE,
            "Whether each message that it receives takes a slot (single), or all that one receive brings share one and are "
            "worked on one after the other (batch). Then a stream gives many records of one shard or partition at once. They are "
            "done when the last one is; one that fails ends its batch.",
            options=(SINGLE, BATCH),
        ),
    }
    params: ClassVar[dict[str, Any]] = {
        "slots": count(
            8, "Calls that one replica has in work at once; each holds its slot until it is answered.", ge=1, le=100_000
        ),
        "cores": count(None, "Calls that one replica computes at once; without it as many as slots.", ge=1, le=100_000),
        "takes": dist("10ms", "Its own work for one message, without waiting for others."),
        "fails": share(0, "The share of executions that end in an error, after the work."),
        "grows": number(
            0, "How much longer work takes when all slots are taken: 1 is twice as long, 0 just as long.", ge=0, le=1000
        ),
        "order": choice(
            "sequence",
            "Whether it calls what it depends on one after the other or all at once.",
            options=("sequence", "parallel"),
        ),
        "start": duration("0s", "How long a new or restarted replica needs until it is ready.", ge="0s", le="1h"),
        "warmup": group(
            {
                "over": duration(REQUIRED, "How long it takes until work is as quick as ever.", gt="0s", le="1d"),
                "factor": number(3, "How many times as long work takes at first.", ge=1, le=1000),
            },
            "After a start work is slow at first: caches are cold, code is not compiled yet.",
        ),
        "pauses": group(
            {
                "every": dist(REQUIRED, "The time from one pause to the next.", gt="0s"),
                "lasts": dist(REQUIRED, "How long one lasts.", gt="0s"),
            },
            "Garbage collections that stop the world: the replica stands still, and what arrives waits.",
        ),
    }

    def __init__(self) -> None:
        self.busy: i64 = 0
        self.working: i64 = 0
        self.polls: i64 = 0
        self.running = False
        """Whether the process is there: while it is not, it asks for nothing."""
        self.asked: list[int] = []
        self.in_runs: list[bool] = []
        self.runs: list[Run] = []
        self.late_runs: list[Run] = []
        """Batches that wait for a slot: some were taken away after they had been asked for."""
        self.turn: i64 = 0
        self.backing_off = False
        self.waiting = Waiting()
        self.ready = Waiting()
        self.guards: list[NodePolicy] = []
        self.watchers: list[NodePolicy] = []
        self.recallers: list[NodePolicy] = []
        self.relay: Relay | None = None
        self.saga: Saga | None = None
        self.configured = False
        self.limit: i64 = -1
        self.drops = False
        self.slots: i64 = 1
        self.cores: i64 = 1
        self.all_slots: i64 = 1
        self.all_cores: i64 = 1
        self.warm_at: i64 = 0
        self.pause_count: i64 = 0
        self.checks: i64 = 0

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.all_slots = values["slots"]
        cores = values["cores"]
        self.all_cores = self.all_slots if cores is None else cores
        self.takes: Dist = values["takes"]
        self.fails: float = values["fails"]
        self.grows: float = float(values["grows"])
        self.parallel: bool = values["order"] == "parallel"
        self._configure_rest(ctx, values)
        out = values["out"]
        self.optional: list[bool] = [bool(link.get("optional")) for link in out]
        self.handoffs: i64 = len([link for link in out if link["mode"] == "=>"])
        self.calls: i64 = len(out) - self.handoffs
        inlets = values["in"]
        self.batches: list[int] = [link["batch"] for link in inlets]
        self.waits: list[int] = [link["wait"] for link in inlets]
        self.in_runs = [link.get("listener") == BATCH for link in inlets]
        if len(self.asked) != len(inlets):
            self.asked = [0] * len(inlets)
        if not self.configured:
            self.configured = True
            self._guarded_by(ctx, policies)
        self.on_layers(ctx)

    def _configure_rest(self, ctx: Context, values: dict[str, Any]) -> None:
        """What few services have."""
        self.work_dice: Dice = ctx.dice("work")
        self.error_dice: Dice = ctx.dice("errors")
        self.pause_dice: Dice = ctx.dice("pauses")
        warmup = values["warmup"]
        self.warm_over: i64 = 0 if warmup is None else warmup["over"]
        self.cold: float = 1.0 if warmup is None else float(warmup["factor"])
        pauses = values["pauses"]
        self.pause_every: Dist | None = None if pauses is None else pauses["every"]
        self.pause_lasts: Dist | None = None if pauses is None else pauses["lasts"]

    def _guarded_by(self, ctx: Context, policies: list[Any]) -> None:
        """Take over the policies at the door, once: they have a memory, and so has the line of waiting calls."""
        for one in policies:
            if isinstance(one, Outbox):
                self.relay = Relay(one, ctx.shelf("outbox"))
            elif isinstance(one, Saga):
                self.saga = one
            assert isinstance(one, NodePolicy)
            self.guards.append(one)
            if one.watching():
                self.watchers.append(one)
            if one.recaller:
                self.recallers.append(one)
            if one.limit() >= 0:
                self.limit = one.limit()
            line = one.line()
            if line is not None:
                self.waiting = line
            self.drops = self.drops or one.drops_oldest()

    def on_layers(self, ctx: Context) -> None:
        """Slots and cores that are taken away; one of each is always left."""
        self.slots = less(self.all_slots, ctx.slots_lost)
        self.cores = less(self.all_cores, ctx.cores_lost)
        self._fill(ctx)
        self._compute(ctx)
        if ctx.inlets > 0 and self.running:
            self._ask(ctx)

    def on_start(self, ctx: Context) -> None:
        self.running = True
        self.warm_at = ctx.now + self.warm_over if self.cold > 1.0 and ctx.now > 0 else 0
        for guard in self.guards:
            guard.reset()
        self._ask(ctx)
        self._pause_later(ctx)
        if self.relay is not None:
            self.relay.send(ctx)

    def on_crash(self, ctx: Context) -> None:
        self.busy = 0
        self.working = 0
        self.polls = 0
        self.running = False
        self.asked = [0] * len(self.asked)
        self.backing_off = False
        self.waiting.clear()
        self.ready.clear()
        self._drop_runs()
        if self.relay is not None:
            self.relay.release(ctx)

    def on_close(self) -> None:
        self.waiting.clear()
        self.ready.clear()
        self._drop_runs()
        if self.relay is not None:
            self.relay.close()

    # Work that arrives

    def on_message(self, ctx: Context, call: Call) -> None:
        for guard in self.guards:
            code = guard.admit(ctx, call, self.busy, self.slots, self.waiting.count)
            if code:
                ctx.answer(call, REFUSED, code)
                return
        if self.recallers and self._known(ctx, call):
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

    def _known(self, ctx: Context, call: Call) -> bool:
        """Whether it was done before, and then the answer is yes and nothing is done again; or is in work and must wait."""
        for guard in self.recallers:
            if guard.recalls(ctx, call):
                call.recalled = True
                if call.kept:
                    ctx.finish(call, True, 0)
                else:
                    ctx.answer(call, YES, 0)
                return True
            code = guard.conflicts(ctx, call)
            if code:
                self._turn_away(ctx, call, code)
                return True
        return False

    def _full(self, ctx: Context, call: Call) -> None:
        """No slot is free and no more may wait."""
        victim = self.waiting.take_victim(call) if self.drops else None
        if victim is None:
            ctx.answer(call, REFUSED, QUEUE_FULL)
            return
        if call.handoff:
            ctx.accept(call)
        self.waiting.add(call)
        self._turn_away(ctx, victim, DROPPED)

    def _turn_away(self, ctx: Context, call: Call, code: int) -> None:
        """A call that waited is not begun."""
        if call.kept:
            ctx.finish(call, False, code)
        else:
            ctx.answer(call, REFUSED, code)

    def _begin(self, ctx: Context, call: Call) -> None:
        """A slot is free: the call takes it and starts to work."""
        now = ctx.now
        meter = ctx.meter
        if meter.at != now:
            meter.upto(now)
        if call.run is None:
            self.busy += 1
            meter.busy = self.busy
        meter.wait_ns += now - call.arrived
        call.started = now
        call.visit = ctx.visit(call.message)
        for watcher in self.watchers:
            watcher.begun(ctx, call)
        work = self.work_for(ctx, call)
        if self.working < self.cores:
            self._work(ctx, call, work)
        else:
            call.work = work
            self.ready.add(call)

    def work_for(self, ctx: Context, call: Call) -> i64:
        """How long the work for a call takes here and now, in nanoseconds."""
        work: i64 = self.takes.sample(self.work_dice.uniform(call.message.root, call.visit))
        if self.grows > 0.0 and self.slots > 1:
            work = whole(float(work) * (1.0 + self.grows * float(self.busy - 1) / float(self.slots - 1)))
        if self.warm_at > ctx.now:
            left = float(self.warm_at - ctx.now) / float(self.warm_over)
            work = whole(float(work) * (1.0 + (self.cold - 1.0) * left))
        if ctx.slow != 1.0 or ctx.tails:
            work = ctx.stretched(work, call.message.root, call.visit)
        return work

    def _work(self, ctx: Context, call: Call, work: i64) -> None:
        self.working += 1
        meter = ctx.meter
        meter.working = self.working
        meter.service_ns += work
        meter.served += 1
        ctx.after(work, WORK, call)

    def _compute(self, ctx: Context) -> None:
        """Whoever has a slot and waits for a core takes what is free."""
        while self.ready.count > 0 and self.working < self.cores:
            call = self.ready.take_oldest()
            if call is not None:
                ctx.meter.upto(ctx.now)
                self._work(ctx, call, call.work)

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag != WORK:
            self._other_timer(ctx, tag, item)
            return
        assert isinstance(item, Call)
        meter = ctx.meter
        if meter.at != ctx.now:
            meter.upto(ctx.now)
        self.working -= 1
        meter.working = self.working
        if self.ready.count > 0:
            self._compute(ctx)
        run = item.run
        if isinstance(run, Run) and run.whole:
            self._run_over(ctx, run)
        else:
            self.worked(ctx, item)

    def _other_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == AGAIN:
            self.backing_off = False
            self._ask(ctx)
        elif tag == PAUSE:
            lasts = self.pause_lasts
            if lasts is not None:
                ctx.pause(lasts.sample(self.pause_dice.uniform(ctx.index + 1, 2 * self.pause_count + 1)))
            self._pause_later(ctx)
        elif tag == RELAY and self.relay is not None:
            self.relay.send(ctx)
        elif tag == UNDO and self.saga is not None:
            assert isinstance(item, Call)
            self.saga.tries_again(ctx, item)

    def _pause_later(self, ctx: Context) -> None:
        every = self.pause_every
        if every is not None:
            self.pause_count += 1
            ctx.after(every.sample(self.pause_dice.uniform(ctx.index + 1, 2 * self.pause_count)), PAUSE, None)

    def worked(self, ctx: Context, call: Call) -> None:
        """Its own work is done: fail, or go on to what it depends on."""
        message = call.message
        code = ctx.failure(self.error_dice, self.fails, message.root, call.visit)
        if code:
            self._end(ctx, call, ERROR, code)
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
            self._go_on(ctx, call)

    def checks_out(self, ctx: Context) -> bool:
        """A deep health check does what a call does: it fails as often, by the replica's own count."""
        self.checks += 1
        share = 1.0 - (1.0 - self.fails) * (1.0 - ctx.error_share)
        return share <= 0.0 or self.error_dice.uniform(1_000_003 * (ctx.index + 1), self.checks) >= share

    # Answers

    def on_answer(self, ctx: Context, call: Call) -> None:
        cause = call.cause
        if isinstance(cause, Posted):
            if self.relay is not None:
                self.relay.heard(ctx, call, cause)
            return
        assert isinstance(cause, Call)
        if cause.ended or cause.started < 0:
            return
        if call.undo and not cause.undo:
            self._took_back(ctx, call, cause)
            return
        if cause.backwards:
            return
        failed = call.outcome != YES and not self.optional[call.link]
        if failed:
            self._fail(ctx, cause, call)
        elif self.parallel and call.link < self.calls:
            cause.work -= 1
            if cause.work == 0:
                self._go_on(ctx, cause)
        else:
            cause.step = call.link + 1
            self._go_on(ctx, cause)

    def _go_on(self, ctx: Context, call: Call) -> None:
        """The next of what it depends on; with an outbox, hand-offs are only noted and made later."""
        relay = self.relay
        if relay is not None and call.step >= self.calls:
            while call.step < ctx.links:
                relay.post(ctx, call.step, call.message, call.undo)
                call.step += 1
        if call.step < ctx.links:
            ctx.send(call.step, call, call.message)
        else:
            self._end(ctx, call, YES, 0)

    def _fail(self, ctx: Context, cause: Call, step: Call) -> None:
        """A step failed for good: with a saga, what was done before it is taken back first."""
        saga = self.saga
        if saga is None or cause.undo:
            self._end(ctx, cause, ERROR, step.reason)
            return
        saga.begins(cause, step, self.calls if self.parallel else 0)
        if not saga.goes_on(ctx, cause):
            self._end(ctx, cause, ERROR, cause.reason)

    def _took_back(self, ctx: Context, call: Call, cause: Call) -> None:
        """A compensation was answered."""
        saga = self.saga
        if saga is None or not saga.took_back(ctx, call, cause):
            self._end(ctx, cause, ERROR, cause.reason)

    def _end(self, ctx: Context, call: Call, outcome: i64, code: int) -> None:
        """The slot is free again; whoever waits takes it."""
        run = call.run
        if isinstance(run, Run):
            self._run_on(ctx, call, run, outcome, code)
            return
        meter = ctx.meter
        if meter.at != ctx.now:
            meter.upto(ctx.now)
        self.busy -= 1
        meter.busy = self.busy
        for watcher in self.watchers:
            watcher.ended(ctx, call, outcome)
        if call.kept:
            ctx.finish(call, outcome == YES, code)
        else:
            ctx.answer(call, outcome, code)
        self._slot_free(ctx)

    def _slot_free(self, ctx: Context) -> None:
        if self.waiting.count > 0 or self.late_runs:
            self._fill(ctx)
        if ctx.inlets > 0:
            self._ask(ctx)

    def _fill(self, ctx: Context) -> None:
        """Whoever waits takes what is free."""
        while self.late_runs and self.busy < self.slots:
            late = self.late_runs.pop(0)
            ctx.meter.queued -= len(late.calls)
            self._begin_run(ctx, late)
        waiting = self.waiting
        while waiting.count > 0 and self.busy < self.slots:
            following = waiting.take(ctx.now)
            if following is None:
                break
            ctx.meter.queued -= 1
            code = self._unwanted(ctx, following) if self.watchers and not following.kept else 0
            if code:
                self._turn_away(ctx, following, code)
            elif not (self.recallers and self._known(ctx, following)):
                self._begin(ctx, following)

    def _unwanted(self, ctx: Context, call: Call) -> int:
        """Why a call that waited is not worth beginning any more; 0 when it is."""
        for watcher in self.watchers:
            code = watcher.drops(ctx, call, self.waiting.count)
            if code:
                return code
        return 0

    # Work that it fetches

    def _ask(self, ctx: Context) -> None:
        """Ask the queues for as many messages as there are free slots; the one that was asked for least comes first."""
        if ctx.inlets == 0 or self.backing_off:
            return
        free: i64 = self.slots - self.busy - self.waiting.count - len(self.late_runs)
        while self.polls < free:
            inlet: i64 = 0 if ctx.inlets == 1 else self._least_asked(ctx.inlets)
            most: i64 = self.batches[inlet]
            if self.in_runs[inlet]:
                self.polls += 1
                self.asked[inlet] += 1
                ctx.receive(inlet, most, self.waits[inlet])
                continue
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
        if self.in_runs[receive.link]:
            self.polls -= 1
            self.asked[receive.link] -= 1
            self._take_run(ctx, receive.calls)
        else:
            self.polls -= receive.most
            self.asked[receive.link] -= receive.most
            self._take_each(ctx, receive.calls)
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

    def _take_each(self, ctx: Context, calls: list[Call]) -> None:
        """Each of what was received takes a slot."""
        for call in calls:
            if self.recallers and self._known(ctx, call):
                continue
            if self.busy < self.slots:
                self._begin(ctx, call)
            else:
                self.waiting.add(call)
                ctx.meter.queued += 1

    # Batches

    def _take_run(self, ctx: Context, calls: list[Call]) -> None:
        """All of what was received takes one slot."""
        if self.recallers:
            calls = [call for call in calls if not self._known(ctx, call)]
        if not calls:
            return
        run = Run(calls)
        if self.busy < self.slots:
            self._begin_run(ctx, run)
        else:
            self.late_runs.append(run)
            ctx.meter.queued += len(calls)

    def _begin_run(self, ctx: Context, run: Run) -> None:
        """A slot is free: a batch takes it. Where its messages need nothing but work, this is one stretch of time."""
        meter = ctx.meter
        meter.upto(ctx.now)
        self.busy += 1
        meter.busy = self.busy
        self.runs.append(run)
        first = run.calls[0]
        first.run = run
        run.current = first
        run.whole = ctx.links == 0 and not self.watchers
        if not run.whole:
            self._begin(ctx, first)
            return
        work = self._work_for_run(ctx, run)
        if self.working < self.cores:
            self._work(ctx, first, work)
        else:
            first.work = work
            self.ready.add(first)

    def _work_for_run(self, ctx: Context, run: Run) -> i64:
        """The work for a batch, up to the first message that fails."""
        may_fail = self.fails > 0.0 or ctx.error_share > 0.0 or ctx.poison_share > 0.0
        meter = ctx.meter
        work: i64 = 0
        waited: i64 = 0
        done: i64 = 0
        for call in run.calls:
            waited += ctx.now + work - call.arrived
            call.started = ctx.now + work
            message = call.message
            call.visit = ctx.visit(message)
            work += self.work_for(ctx, call)
            if may_fail:
                run.code = ctx.failure(self.error_dice, self.fails, message.root, call.visit)
                if run.code:
                    break
            done += 1
        run.good = done
        meter.wait_ns += waited
        meter.served += (done if run.code else done - 1)
        return work

    def _run_on(self, ctx: Context, call: Call, run: Run, outcome: i64, code: int) -> None:
        """One message of a batch is through: the next one, or the end."""
        for watcher in self.watchers:
            watcher.ended(ctx, call, outcome)
        call.run = None
        run.current = None
        if outcome == YES:
            run.good += 1
        else:
            run.code = code
        if outcome == YES and run.good < len(run.calls):
            following = run.calls[run.good]
            following.run = run
            run.current = following
            self._begin(ctx, following)
        else:
            self._run_over(ctx, run)

    def _run_over(self, ctx: Context, run: Run) -> None:
        """A batch is over: its messages are answered, and its slot is free."""
        meter = ctx.meter
        if meter.at != ctx.now:
            meter.upto(ctx.now)
        self.busy -= 1
        meter.busy = self.busy
        self.runs.remove(run)
        calls = run.calls
        good = run.good
        code = run.code
        run.close()
        ctx.answer_all(calls, good, code)
        self._slot_free(ctx)

    def _drop_runs(self) -> None:
        """The batches in work are gone with the process."""
        for run in self.runs:
            run.close()
        self.runs = []
        self.late_runs = []

    def slots_now(self) -> int:
        return self.slots

    def cores_now(self) -> int:
        return self.cores if self.cores < self.slots else self.slots

    def gauges(self, ctx: Context) -> dict[str, float]:
        found = {"working": float(self.working), "asking": float(self.polls)}
        if self.relay is not None:
            found["outbox"] = float(self.relay.left()) if ctx.index == 0 else 0.0
        return found


def less(count: i64, share: float) -> i64:
    """What is left of a count when a share is taken away: at least one."""
    left: i64 = int(float(count) * (1.0 - share) + 0.5)
    return left if left > 1 else 1
