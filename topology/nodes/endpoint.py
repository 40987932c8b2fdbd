"""Endpoints: services of third parties."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.dist import Dist
from topology.message import ERROR, FAILED_WORK, REFUSED, YES, Item, reason
from topology.node import ENDPOINT, Call, Context, Node
from topology.parameters import dist, rate, share

TOO_MANY: Final = reason("too many requests (429)")


@mypyc_attr(allow_interpreted_subclasses=True)
class Endpoint(Node):
    """Someone else's service: answers after a time, fails now and then, refuses above its limit. Its insides are not ours
    to see, so it has no slots: it takes any number of calls at once.
    """

    role: ClassVar[str] = ENDPOINT
    params: ClassVar[dict[str, Any]] = {
        "takes": dist("50ms", "The time until it answers."),
        "fails": share(0, "The share of calls that it answers with an error."),
        "limit": rate(
            None, "Calls per second that it accepts, in bursts of one second's worth; without it any number.", gt="0/s"
        ),
    }

    def __init__(self) -> None:
        self.busy: i64 = 0
        self.tokens = 0.0
        self.at: i64 = 0

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.takes: Dist = values["takes"]
        self.fails: float = values["fails"]
        limit = values["limit"]
        self.limit: float = 0.0 if limit is None else float(limit)
        self.tokens = self.limit
        self.work_dice: Dice = ctx.dice("work")
        self.error_dice: Dice = ctx.dice("errors")

    def on_crash(self, ctx: Context) -> None:
        self.busy = 0

    def on_message(self, ctx: Context, call: Call) -> None:
        if self.limit > 0.0 and not self._granted(ctx.now):
            ctx.answer(call, REFUSED, TOO_MANY)
            return
        now = ctx.now
        meter = ctx.meter
        meter.upto(now)
        self.busy += 1
        meter.busy = self.busy
        call.started = now
        call.visit = ctx.visit(call.message)
        work: i64 = self.takes.sample(self.work_dice.uniform(call.message.root, call.visit))
        if ctx.slow != 1.0:
            work = int(float(work) * ctx.slow + 0.5)
        meter.service_ns += work
        meter.served += 1
        ctx.after(work, 0, call)

    def _granted(self, now: i64) -> bool:
        """A token bucket of one second's worth."""
        self.tokens += float(now - self.at) * 1e-9 * self.limit
        self.at = now
        most = self.limit if self.limit > 1.0 else 1.0
        if self.tokens > most:
            self.tokens = most
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        assert isinstance(item, Call)
        meter = ctx.meter
        meter.upto(ctx.now)
        self.busy -= 1
        meter.busy = self.busy
        root = item.message.root
        if self.fails > 0.0 and self.error_dice.uniform(root, 2 * item.visit) < self.fails:
            ctx.answer(item, ERROR, FAILED_WORK)
        elif ctx.error_share > 0.0 and self.error_dice.uniform(root, 2 * item.visit + 1) < ctx.error_share:
            ctx.answer(item, ERROR, ctx.error_reason if ctx.error_reason else FAILED_WORK)
        else:
            ctx.answer(item, YES, 0)
