"""What runs on demand: an invocation takes an environment, works for its messages one by one, and calls what these need."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.bucket import Bucket
from topology.chance import Dice
from topology.dist import Dist
from topology.functions.environments import COLD, NOWHERE, Environments
from topology.message import YES, Item, reason
from topology.node import FUNCTION, Call, Context, Node, Timer
from topology.nodes.service import less

WORK: Final = 0
INIT: Final = 1
TIMED_OUT: Final = 2
OWN: Final = 10
"""Tags of timers from here on belong to the kind itself."""
REQUESTS: Final = 10.0
"""Invocations that may begin in a second for each unit of concurrency."""
RAN_OUT: Final = reason("the function timed out")


class Invocation(Item):
    """One execution for one message or for a batch. `owner` is what the kind keeps of its origin."""

    def __init__(self, calls: list[Call], owner: Item | None) -> None:
        self.calls: list[Call] = calls
        self.owner: Item | None = owner
        self.codes: list[int] = []
        """What became of each message so far: 0 where it is done, else why it failed."""
        self.step: i64 = 0
        self.where: i64 = NOWHERE
        self.version: i64 = 0
        self.computing = False
        self.over = False
        self.timer: Timer | None = None
        self.tries: i64 = 0

    def call(self) -> Call:
        """The message that is in work."""
        return self.calls[len(self.codes)]


@mypyc_attr(allow_interpreted_subclasses=True)
class Function(Node):
    """Runs up to so many invocations at once, each in an environment of its own.

    A kind says where invocations come from, and what follows when one is over (`over`).
    """

    role: ClassVar[str] = FUNCTION
    managed: ClassVar[bool] = True
    in_turn: ClassVar[bool] = True
    layers: ClassVar[dict[str, str]] = {"concurrency_taken": "either", "cold": "either"}
    """`concurrency_taken`: the share of the account's concurrency that others use up. `cold`: the share of the invocations
    whose environment was recycled."""

    def __init__(self) -> None:
        self.busy: i64 = 0
        self.starting: i64 = 0
        self.working: i64 = 0
        self.throttled: i64 = 0
        self.timeouts: i64 = 0
        self.environments = Environments()
        self.limit: i64 = 0
        self.bucket: Bucket | None = None
        self.reserved: i64 = -1
        self.work_links: list[int] = []

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.takes: Dist = values["takes"]
        self.fails: float = values["fails"]
        self.timeout: i64 = values["timeout"]
        self.init: Dist = values["init"]
        self.account: i64 = values["account"]
        reserved = values["reserved"]
        self.reserved = -1 if reserved is None else reserved
        self.work_dice: Dice = ctx.dice("work")
        self.error_dice: Dice = ctx.dice("errors")
        self.init_dice: Dice = ctx.dice("init")
        self.cold_dice: Dice = ctx.dice("cold")
        self.environments.set(ctx.now, values["idle"], values["scaling"], values["provisioned"])
        self.optional: list[bool] = [bool(link.get("optional")) for link in values["out"]]
        self.arrange(ctx, values)
        self.on_layers(ctx)

    def arrange(self, ctx: Context, values: dict[str, Any]) -> None:
        """Take over the kind's own values; `work_links` are those that each message takes while it is in work."""

    def over(self, ctx: Context, invocation: Invocation, code: int) -> None:
        """An invocation is over, and its environment free: 0, or why it failed as a whole."""

    def processed(self, ctx: Context, invocation: Invocation, call: Call) -> None:
        """One message of an invocation is done, so far as the function knows."""

    def failed(self, ctx: Context, invocation: Invocation, code: int) -> None:
        """A message failed: as a rule that ends the invocation."""
        self.end(ctx, invocation, code)

    def on_layers(self, ctx: Context) -> None:
        """How many may run at once; what others take of the account does not touch what is reserved."""
        limit: i64 = self.reserved
        if limit < 0:
            limit = int(float(self.account) * (1.0 - ctx.strength("concurrency_taken")) + 0.5)
        self.limit = less(limit, ctx.slots_lost) if limit > 0 and ctx.slots_lost > 0.0 else limit

    def on_flush(self, ctx: Context) -> None:
        """A new version: each environment that is there now is not used again."""
        self.environments.recycle()

    # Running

    def runs(self, ctx: Context, invocation: Invocation) -> bool:
        """Begin an invocation, unless it is throttled."""
        environments = self.environments
        message = invocation.calls[0].message
        if self.busy >= self.limit or not self._may_begin(ctx.now):
            self.throttled += 1
            return False
        share = ctx.strength("cold")
        recycled = share > 0.0 and self.cold_dice.uniform(message.root, 0) < share
        where = environments.take(ctx.now, recycled)
        if where == NOWHERE:
            self.throttled += 1
            return False
        invocation.where = where
        invocation.version = environments.version
        meter = ctx.meter
        meter.upto(ctx.now)
        self.busy += 1
        meter.busy = self.busy
        if where == COLD:
            self.starting += 1
            ctx.after(self.init.sample(self.init_dice.uniform(message.root, 0)), INIT, invocation)
        else:
            self._begin(ctx, invocation)
        return True

    def _may_begin(self, now: i64) -> bool:
        """However short they are, only so many begin in a second."""
        most = REQUESTS * float(self.limit)
        bucket = self.bucket
        if bucket is None:
            bucket = Bucket(most, now)
            self.bucket = bucket
        return bucket.grants(now, most, most)

    def _begin(self, ctx: Context, invocation: Invocation) -> None:
        """The environment is ready, and the clock of the timeout begins to run."""
        invocation.timer = ctx.after_same(self.timeout, TIMED_OUT, invocation)
        self._next(ctx, invocation)

    def _next(self, ctx: Context, invocation: Invocation) -> None:
        """Work for the next message."""
        call = invocation.call()
        message = call.message
        meter = ctx.meter
        meter.upto(ctx.now)
        if call.started < 0:
            meter.wait_ns += ctx.now - call.arrived
        call.started = ctx.now
        call.visit = ctx.visit(message)
        work: i64 = self.takes.sample(self.work_dice.uniform(message.root, call.visit))
        if ctx.slow != 1.0 or ctx.tails:
            work = ctx.stretched(work, message.root, call.visit)
        invocation.step = 0
        invocation.computing = True
        self.working += 1
        meter.working = self.working
        meter.service_ns += work
        meter.served += 1
        ctx.after(work, WORK, invocation)

    def _computed(self, ctx: Context, invocation: Invocation) -> None:
        """It computes no more for now."""
        invocation.computing = False
        ctx.meter.upto(ctx.now)
        self.working -= 1
        ctx.meter.working = self.working

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag >= OWN:
            self.on_own_timer(ctx, tag, item)
            return
        assert isinstance(item, Invocation)
        if tag == INIT:
            self.starting -= 1
            self._begin(ctx, item)
        elif item.over:
            return
        elif tag == WORK:
            self._worked(ctx, item)
        else:
            item.timer = None
            self.timeouts += 1
            self.end(ctx, item, RAN_OUT)

    def on_own_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        """A timer that the kind set itself, with a tag from `OWN` on."""

    def _worked(self, ctx: Context, invocation: Invocation) -> None:
        self._computed(ctx, invocation)
        call = invocation.call()
        code = ctx.failure(self.error_dice, self.fails, call.message.root, call.visit)
        if code:
            self.failed(ctx, invocation, code)
        else:
            self._go_on(ctx, invocation)

    def _go_on(self, ctx: Context, invocation: Invocation) -> None:
        """The next of what the message needs; after the last it is done."""
        call = invocation.call()
        if invocation.step < len(self.work_links):
            link: i64 = self.work_links[invocation.step]
            if call.undo:
                ctx.send_undo(link, invocation, call.message)
            else:
                ctx.send_as(link, invocation, call.message, call.content)
            return
        self.processed(ctx, invocation, call)
        self.proceed(ctx, invocation, 0)

    def proceed(self, ctx: Context, invocation: Invocation, code: int) -> None:
        """One message has its outcome; go on with the next, if there is one."""
        invocation.codes.append(code)
        if len(invocation.codes) == len(invocation.calls):
            self.end(ctx, invocation, 0)
        else:
            self._next(ctx, invocation)

    def on_answer(self, ctx: Context, call: Call) -> None:
        cause = call.cause
        if not isinstance(cause, Invocation):
            self.on_own_answer(ctx, call)
        elif not cause.over:
            if call.outcome != YES and not self.optional[call.link]:
                self.failed(ctx, cause, call.reason)
            else:
                cause.step += 1
                self._go_on(ctx, cause)

    def on_own_answer(self, ctx: Context, call: Call) -> None:
        """An answer to what the kind sent itself."""

    def end(self, ctx: Context, invocation: Invocation, code: int) -> None:
        """The environment is free again; one that ran out of time is not used again."""
        invocation.over = True
        if invocation.computing:
            self._computed(ctx, invocation)
        timer = invocation.timer
        if timer is not None:
            ctx.cancel(timer)
            invocation.timer = None
        ctx.meter.upto(ctx.now)
        self.busy -= 1
        ctx.meter.busy = self.busy
        self.environments.give(ctx.now, invocation.where, invocation.version, code != RAN_OUT)
        self.over(ctx, invocation, code)

    # Looking

    def slots_now(self) -> int:
        return self.limit

    def gauges(self, ctx: Context) -> dict[str, float]:
        environments = self.environments
        return {
            "concurrency": float(self.busy),
            "cold starting": float(self.starting),
            "warm and idle": float(environments.warm(ctx.now) + environments.provided - environments.provided_busy),
            "cold starts": float(environments.made),
            "throttles": float(self.throttled),
            "timeouts": float(self.timeouts),
        }
