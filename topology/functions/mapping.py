"""How a function consumes a queue (an event source mapping): pollers fetch batches, more of them while there is a backlog."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.dist import whole
from topology.functions.function import OWN, Function, Invocation
from topology.message import ERROR, TOO_MANY, YES, Item, Message
from topology.node import STREAM, Call, Context, Receive, Timer
from topology.nodes.service import RETRY_RECEIVE, SHORT_POLL
from topology.parameters import choice, count, duration
from topology.problems import Refused
from topology.queues.backlog import FLYING, Entry

TICK: Final = OWN + 1
ASK: Final = OWN + 2
WINDOW: Final = OWN + 3
BATCH: Final = OWN + 4

SCALING: Final = "AWS Lambda Developer Guide, Configuring scaling behavior for SQS event source mappings"
SETTINGS: Final = "AWS Lambda Developer Guide, Lambda parameters for Amazon SQS event source mappings"
FAILURES: Final = "AWS Lambda Developer Guide, Handling errors for an SQS event source in Lambda"

FIRST: Final = 5
MOST: Final = 1_000
STEP: Final = 5
"""Batches at once in the beginning and in the end, and how many more each second: 300 in a minute."""
RESTING: Final = 2
"""With nothing to do for long, so few pollers are left; and a mapping that keeps failing has no fewer."""
EACH_SECOND: Final = 1_000_000_000
FETCH: Final = 10
"""Messages that one receive yields at the most."""
FIRST_WAIT: Final = 1_000_000_000
LONGEST_WAIT: Final = 300_000_000_000
"""What is throttled is tried again after a second, then after twice as long each time, up to five minutes."""

OFTEN: Final = 5
"""A batch waits no longer than after so many throttles: its messages may be visible again at any time."""

WHOLE: Final = "none"
EACH: Final = "each"
IN_ORDER: Final = "in_order"

INLET_PARAMS: dict[str, Any] = {
    "batch": count(
        10, "How many messages one invocation gets at most (above 10 it needs a window).", ge=1, le=10_000, source=SETTINGS
    ),
    "window": duration("0s", "How long messages are gathered before a batch goes out.", ge="0s", le="5m", source=SETTINGS),
    "max_concurrency": count(
        None, "Batches in work at once, at most; left out: 1,000.", ge=2, le=MOST, source=SCALING
    ),
    "partial": choice(
        WHOLE,
        "What comes back when a message of a batch fails: the whole batch; each that failed (partial batch responses); or the "
        "first that failed and all behind it, as a FIFO queue needs it.",
        options=(WHOLE, EACH, IN_ORDER),
        source=FAILURES,
    ),
}


class Mapping(Item):
    """One queue that a function consumes: how many batches may be in work at once now, and what its pollers do."""

    def __init__(self, inlet: i64, queue: str) -> None:
        self.inlet: i64 = inlet
        self.queue = queue
        self.most: i64 = MOST
        self.limited = False
        self.allowed: i64 = FIRST
        self.polling: i64 = 0
        self.working: i64 = 0
        self.waiting: i64 = 0
        """Batches that were throttled and are tried again."""
        self.resting = False
        self.ticking = False
        self.failed = False
        self.backing_off = False
        self.filling: list[Call] = []
        self.window_ends: Timer | None = None
        self.batch: i64 = 1
        self.wait: i64 = 0
        self.window: i64 = 0
        self.partial = WHOLE
        self.stream = False
        """Whether it consumes a stream, which says itself how many batches may be in work: one for each shard, or lane of it."""

    def set(self, values: dict[str, Any]) -> None:
        """Take over the settings of its link."""
        self.stream = values.get("role") == STREAM
        self.batch = values["batch"]
        self.wait = values["wait"]
        self.window = values["window"]
        self.partial = values["partial"]
        most = values["max_concurrency"]
        self.limited = most is not None
        self.most = MOST if most is None else most
        if self.allowed > self.most:
            self.allowed = self.most

    def poll(self, ctx: Context) -> None:
        """Let every poller that has nothing to do ask the queue."""
        if self.backing_off:
            return
        most: i64 = RESTING if self.resting and self.allowed > RESTING else self.allowed
        fetch: i64 = self.batch if self.batch < FETCH or self.stream else FETCH
        if self.stream:
            most = self.working + FIRST if self.working + FIRST < self.most else self.most
        while self.polling + self.working < most:
            self.polling += 1
            ctx.receive(self.inlet, fetch, self.wait)

    def saturated(self) -> bool:
        """Whether all that it may do is in work, so that nobody asks the queue."""
        return self.polling == 0 and self.working >= self.allowed

    def grow(self) -> None:
        """A second of backlog has passed: a few more, unless something failed in it or still waits for room."""
        if not self.failed and self.waiting == 0 and self.saturated():
            self.allowed = self.allowed + STEP if self.allowed + STEP < self.most else self.most
        self.failed = False

    def came_empty(self) -> None:
        """A poller waited in vain: there are more than are needed."""
        first: i64 = FIRST if self.most > FIRST else self.most
        if self.allowed > first:
            self.allowed -= 1
        else:
            self.resting = not self.limited

    def back_off(self, throttled: bool) -> None:
        """A batch failed: one fewer; or it was throttled: half as many."""
        self.failed = True
        left: i64 = self.allowed // 2 if throttled else self.allowed - 1
        self.allowed = left if left > RESTING else RESTING

    def figures(self) -> dict[str, float]:
        """What the inspector shows of it."""
        return {
            "batches in work": float(self.working),
            "batches at most": float(self.allowed),
            "polls waiting": float(self.polling),
            "throttled batches": float(self.waiting),
            "gathered": float(len(self.filling)),
        }


@mypyc_attr(allow_interpreted_subclasses=True)
class Mapped(Function):
    """A function that queues feed: a batch is one invocation, and holds one unit of concurrency."""

    inlet_params: ClassVar[dict[str, Any]] = INLET_PARAMS

    def __init__(self) -> None:
        super().__init__()
        self.mappings: list[Mapping] = []
        self.down = False

    @staticmethod
    def prepare_inlets(values: dict[str, Any], links: list[tuple[str, str, dict[str, Any]]]) -> None:
        """See that large batches have time to be gathered."""
        for queue, _, link in links:
            if link["batch"] > FETCH and link["window"] < EACH_SECOND and link["role"] != STREAM:
                raise Refused((), f"batch {link['batch']} from {queue} needs a window of at least 1s; or take at most {FETCH}")

    def stops(self, ctx: Context, call: Call) -> bool:
        """Whether a message of a queue is turned back before it is invoked, and answered."""
        return False

    def arrange(self, ctx: Context, values: dict[str, Any]) -> None:
        self.wait_dice: Dice = ctx.dice("back-off")
        inlet: i64 = len(self.mappings)
        while inlet < len(values["in"]):
            self.mappings.append(Mapping(inlet, values["in"][inlet].get("from", "")))
            inlet += 1
        for mapping in self.mappings:
            mapping.set(values["in"][mapping.inlet])

    def on_start(self, ctx: Context) -> None:
        for mapping in self.mappings:
            mapping.poll(ctx)

    def on_crash(self, ctx: Context) -> None:
        """The service is down: nothing is begun; what is in work goes on."""
        self.down = True

    def on_revival(self, ctx: Context) -> None:
        self.down = False
        for mapping in self.mappings:
            mapping.poll(ctx)

    def on_close(self) -> None:
        for mapping in self.mappings:
            mapping.filling = []
            mapping.window_ends = None

    # Polling

    def on_received(self, ctx: Context, receive: Receive) -> None:
        mapping = self.mappings[receive.link]
        mapping.polling -= 1
        for call in receive.calls:
            if not self.stops(ctx, call):
                self._gather(ctx, mapping, call)
        if mapping.window == 0 and mapping.filling:
            self._send_out(ctx, mapping)
        pause: i64 = 0
        if receive.calls:
            mapping.resting = False
        elif receive.refused:
            pause = RETRY_RECEIVE
        else:
            mapping.came_empty()
            pause = SHORT_POLL if receive.wait == 0 else 0
        if pause > 0 and not mapping.backing_off:
            mapping.backing_off = True
            ctx.after(pause, ASK, mapping)
        self._goes_on(ctx, mapping)

    def _goes_on(self, ctx: Context, mapping: Mapping) -> None:
        """Poll with what is free; where nothing is, look again in a second whether more are needed."""
        if not self.down:
            mapping.poll(ctx)
        if not mapping.ticking and mapping.saturated() and mapping.allowed < mapping.most:
            mapping.ticking = True
            ctx.after_same(EACH_SECOND, TICK, mapping)

    def _gather(self, ctx: Context, mapping: Mapping, call: Call) -> None:
        """Put one more into the batch that fills; it goes out when it is full, or when its window ends."""
        mapping.filling.append(call)
        if len(mapping.filling) >= mapping.batch:
            self._send_out(ctx, mapping)
        elif len(mapping.filling) == 1 and mapping.window > 0:
            mapping.window_ends = ctx.after(mapping.window, WINDOW, mapping)

    def on_own_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == BATCH:
            assert isinstance(item, Invocation)
            self._invoke_again(ctx, item)
            return
        assert isinstance(item, Mapping)
        if tag == WINDOW:
            item.window_ends = None
            self._send_out(ctx, item)
        elif tag == ASK:
            item.backing_off = False
        else:
            item.ticking = False
            item.grow()
        self._goes_on(ctx, item)

    # Batches

    def _send_out(self, ctx: Context, mapping: Mapping) -> None:
        """What was gathered becomes one invocation."""
        timer = mapping.window_ends
        if timer is not None:
            ctx.cancel(timer)
            mapping.window_ends = None
        batch = Invocation(mapping.filling, mapping)
        mapping.filling = []
        mapping.working += 1
        self._invoke(ctx, mapping, batch)

    def _invoke(self, ctx: Context, mapping: Mapping, batch: Invocation) -> None:
        """Run a batch; throttled, it is tried again as long as it is invisible in its queue."""
        if not self.down and self.runs(ctx, batch):
            return
        batch.tries += 1
        mapping.waiting += 1
        mapping.back_off(True)
        tries: i64 = batch.tries if batch.tries < OFTEN else OFTEN
        ctx.after(backs_off(self.wait_dice, batch.calls[0].message, tries), BATCH, batch)

    def _invoke_again(self, ctx: Context, batch: Invocation) -> None:
        mapping = batch.owner
        assert isinstance(mapping, Mapping)
        mapping.waiting -= 1
        left: list[Call] = []
        for call in batch.calls:
            if invisible(call):
                left.append(call)
            else:
                ctx.answer(call, ERROR, TOO_MANY)
        batch.calls = left
        if left:
            self._invoke(ctx, mapping, batch)
        else:
            mapping.working -= 1
            self._goes_on(ctx, mapping)

    def failed(self, ctx: Context, invocation: Invocation, code: int) -> None:
        """With partial responses a message that failed is noted, and the batch goes on or stops."""
        owner = invocation.owner
        partial = owner.partial if isinstance(owner, Mapping) else WHOLE
        if partial == EACH:
            self.proceed(ctx, invocation, code)
        elif partial == IN_ORDER:
            while len(invocation.codes) < len(invocation.calls):
                invocation.codes.append(code)
            self.end(ctx, invocation, 0)
        else:
            self.end(ctx, invocation, code)

    def over(self, ctx: Context, invocation: Invocation, code: int) -> None:
        """What is done is deleted from the queue; the rest comes back by the queue's own rule. When the whole batch comes
        back, what was done in it is done nevertheless, and will be done once more."""
        mapping = invocation.owner
        assert isinstance(mapping, Mapping)
        if code and mapping.partial == WHOLE:
            mapping.back_off(False)
        done: i64 = len(invocation.codes)
        for i, call in enumerate(invocation.calls):
            why = invocation.codes[i] if i < done else code
            if code and i < done and why == 0:
                ctx.complete(call)
            ctx.answer(call, ERROR if code or why else YES, code or why)
        mapping.working -= 1
        self._goes_on(ctx, mapping)

    def views(self, ctx: Context) -> dict[str, dict[str, float]]:
        return {f"{one.queue} =>": one.figures() for one in self.mappings}


def invisible(call: Call) -> bool:
    """Whether a delivery still keeps its message from being delivered anew, as far as its queue is known."""
    entry = call.cause
    return not isinstance(entry, Entry) or (entry.receipt is call and entry.state == FLYING)


def repeated(call: Call) -> bool:
    """Whether this is one more attempt of the same: its caller tries again, or its queue has delivered it before."""
    entry = call.cause
    return call.tries > 1 or (isinstance(entry, Entry) and entry.received > 1)


def backs_off(dice: Dice, message: Message, tries: i64) -> i64:
    """The wait after the n-th throttle, in nanoseconds; spread by half, so that not all come back at one instant."""
    wait: i64 = FIRST_WAIT
    n: i64 = 1
    while n < tries and wait < LONGEST_WAIT:
        wait = wait * 2
        n += 1
    if wait > LONGEST_WAIT:
        wait = LONGEST_WAIT
    return whole(float(wait) * (0.5 + dice.uniform(message.root, tries)))
