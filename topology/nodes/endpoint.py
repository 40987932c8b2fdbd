"""Endpoints: services of third parties."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.bucket import Bucket, Quota
from topology.chance import Dice
from topology.dist import Dist
from topology.message import ERROR, REFUSED, TOO_MANY, YES, Item, reason
from topology.node import ENDPOINT, Call, Context, Node
from topology.parameters import REQUIRED, count, dist, duration, group, rate, share

QUOTA_USED: Final = reason("quota used up (429)")
TOO_MANY_OPEN: Final = reason("too many at once (429)")


@mypyc_attr(allow_interpreted_subclasses=True)
class Endpoint(Node):
    """Someone else's service: answers after a time, fails now and then, refuses above its limits: calls per second, calls at
    once, calls of a day. Its insides are not ours to see, so it has no slots: below its limits it takes any number of calls.
    """

    role: ClassVar[str] = ENDPOINT
    layers: ClassVar[dict[str, str]] = {"turned_away": "either"}
    """`turned_away`: the share of the calls that it refuses, whatever its limits are."""
    params: ClassVar[dict[str, Any]] = {
        "takes": dist("50ms", "The time until it answers."),
        "fails": share(0, "The share of calls that it answers with an error."),
        "limit": rate(None, "Calls per second that it accepts; without it any number.", gt="0/s"),
        "burst": count(
            None, "Calls that it accepts at once after a rest, where it has a limit; without it one second's worth.", ge=1
        ),
        "at_once": count(None, "Calls that it works on at once; without it any number.", ge=1),
        "quota": group(
            {
                "calls": count(REQUIRED, "Calls that it accepts in each stretch of time.", ge=1),
                "per": duration("1d", "How long a stretch lasts.", ge="1s", le="30d"),
            },
            "A limit on all calls of a day (or another stretch); left out: there is none.",
            short="calls",
        ),
    }

    def __init__(self) -> None:
        self.busy: i64 = 0
        self.bucket: Bucket | None = None
        self.used = Quota()
        self.turned_away = 0.0

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.takes: Dist = values["takes"]
        self.fails: float = values["fails"]
        limit = values["limit"]
        burst = values["burst"]
        self.limit: float = 0.0 if limit is None else float(limit)
        self.burst: float = max(1.0, self.limit if burst is None else float(burst))
        if self.bucket is None:
            self.bucket = Bucket(self.burst, ctx.now)
        self.at_once: i64 = 0 if values["at_once"] is None else values["at_once"]
        quota = values["quota"]
        self.quota: i64 = 0 if quota is None else quota["calls"]
        self.per: i64 = 1 if quota is None else quota["per"]
        self.work_dice: Dice = ctx.dice("work")
        self.error_dice: Dice = ctx.dice("errors")
        self.refusal_dice: Dice = ctx.dice("refusals")

    def on_crash(self, ctx: Context) -> None:
        self.busy = 0

    def on_layers(self, ctx: Context) -> None:
        self.turned_away = ctx.strength("turned_away")

    def refusal(self, ctx: Context, call: Call) -> int:
        """Why it turns a call away; 0 when it does not."""
        return self.limited(ctx.now, 1.0)

    def outcome(self, ctx: Context, call: Call) -> int:
        """Why its work for a call failed; 0 when it did not."""
        return ctx.failure(self.error_dice, self.fails, call.message.root, call.visit)

    def remark(self, ctx: Context, call: Call) -> int:
        """What it lets its caller know beside a yes; 0: nothing."""
        return 0

    def limited(self, now: i64, tokens: float) -> int:
        """Which of its limits turns a call away that counts as so many; 0 for none."""
        if self.at_once > 0 and self.busy >= self.at_once:
            return TOO_MANY_OPEN
        bucket = self.bucket
        if self.limit > 0.0 and bucket is not None and not bucket.grants(now, self.limit, self.burst, tokens):
            return TOO_MANY
        if self.quota > 0 and not self.used.grants(now, self.quota, self.per):
            return QUOTA_USED
        return 0

    def on_message(self, ctx: Context, call: Call) -> None:
        now = ctx.now
        code = self.refusal(ctx, call)
        if not code and self.turned_away > 0.0 and self.refusal_dice.uniform(call.message.root, now) < self.turned_away:
            code = TOO_MANY
        if code:
            ctx.answer(call, REFUSED, code)
            return
        meter = ctx.meter
        meter.upto(now)
        self.busy += 1
        meter.busy = self.busy
        call.started = now
        call.visit = ctx.visit(call.message)
        work: i64 = self.takes.sample(self.work_dice.uniform(call.message.root, call.visit))
        if ctx.slow != 1.0 or ctx.tails:
            work = ctx.stretched(work, call.message.root, call.visit)
        meter.service_ns += work
        meter.served += 1
        ctx.after(work, 0, call)

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        assert isinstance(item, Call)
        meter = ctx.meter
        meter.upto(ctx.now)
        self.busy -= 1
        meter.busy = self.busy
        code = self.outcome(ctx, item)
        if code:
            ctx.answer(item, ERROR, code)
        else:
            ctx.answer(item, YES, self.remark(ctx, item))

    def gauges(self, ctx: Context) -> dict[str, float]:
        found: dict[str, float] = {}
        bucket = self.bucket
        if self.limit > 0.0 and bucket is not None:
            found["tokens"] = bucket.level(ctx.now, self.limit, self.burst)
        if self.quota > 0:
            found["quota used"] = float(self.used.spent(ctx.now, self.per))
        return found
