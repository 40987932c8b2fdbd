"""Load balancers."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import ERROR, REFUSED, REFUSED_CONNECTION, RESET, YES, Item, reason
from topology.node import PROXY, Call, Context, Node
from topology.policies.health_check import HealthCheck

NO_TARGET: Final = reason("no target (503)")
BAD_GATEWAY: Final = reason("bad gateway (502)")
CHECK: Final = 0
LATE_CHECK: Final = 1


class Target(Item):
    """What a balancer knows of one target."""

    def __init__(self, index: i64) -> None:
        self.index: i64 = index
        self.healthy = False
        self.fails: i64 = 0
        self.passes: i64 = 0
        self.asked: i64 = 0
        self.heard: i64 = 0
        self.fresh = True


@mypyc_attr(allow_interpreted_subclasses=True)
class LoadBalancer(Node):
    """Spreads calls over healthy targets in turn. It checks each target's health, takes a failing one out and a new one in
    by itself; when none is healthy it sends to all of them (fail-open). It is a proxy and holds no slot: an answer of a
    target is its answer, a target that cannot be reached is a 502, no target at all a 503.
    """

    role: ClassVar[str] = PROXY
    params: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        self.targets: list[Target] = []
        self.turn: i64 = 0

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        check = HealthCheck()
        check.interval = 5_000_000_000
        check.timeout = 2_000_000_000
        check.failures = 2
        check.passes = 2
        for one in policies:
            if isinstance(one, HealthCheck):
                check = one
        self.interval: i64 = check.interval
        self.timeout: i64 = check.timeout
        self.failures: i64 = check.failures
        self.passes: i64 = check.passes

    def on_start(self, ctx: Context) -> None:
        self.targets = []
        self._look(ctx)
        for target in self.targets:
            target.healthy = True
            target.fresh = False

    def on_crash(self, ctx: Context) -> None:
        self.targets = []
        self.turn = 0

    def _look(self, ctx: Context) -> None:
        """Take notice of targets that were registered since; each is checked from now on."""
        while len(self.targets) < ctx.targets(0):
            target = Target(len(self.targets))
            self.targets.append(target)
            ctx.after(self.interval * (target.index % 8) // 8, CHECK, target)

    # Health

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        assert isinstance(item, Target)
        if not ctx.registered(0, item.index):
            item.healthy = False
            return
        if tag == LATE_CHECK:
            if item.heard < item.asked:
                item.heard = item.asked
                self._judge(ctx, item, False)
            return
        item.asked += 1
        ctx.probe(0, item.index)
        ctx.after_same(self.timeout, LATE_CHECK, item)
        ctx.after_same(self.interval, CHECK, item)

    def on_probe(self, ctx: Context, link: i64, target: i64, healthy: bool) -> None:
        known = self.targets[target]
        if known.heard < known.asked:
            known.heard = known.asked
            self._judge(ctx, known, healthy)

    def _judge(self, ctx: Context, target: Target, passed: bool) -> None:
        if passed:
            target.passes += 1
            target.fails = 0
            if not target.healthy and (target.fresh or target.passes >= self.passes):
                target.healthy = True
                target.fresh = False
                ctx.note(f"takes target {target.index} in")
        else:
            target.fails += 1
            target.passes = 0
            if target.healthy and target.fails >= self.failures:
                target.healthy = False
                ctx.note(f"takes target {target.index} out: {target.fails} checks failed")

    # Calls

    def on_message(self, ctx: Context, call: Call) -> None:
        if len(self.targets) < ctx.targets(0):
            self._look(ctx)
        chosen = self.retarget(ctx, 0)
        if chosen < 0:
            ctx.answer(call, REFUSED, NO_TARGET)
        else:
            call.started = ctx.now
            ctx.send_to(0, chosen, call, call.message)

    def retarget(self, ctx: Context, link: i64) -> i64:
        chosen = self._choose(ctx, True)
        return chosen if chosen >= 0 else self._choose(ctx, False)

    def _choose(self, ctx: Context, healthy: bool) -> i64:
        """The next registered target in turn, -1 when there is none."""
        n: i64 = len(self.targets)
        i: i64 = 0
        while i < n:
            self.turn += 1
            target = self.targets[self.turn % n]
            if (target.healthy or not healthy) and ctx.registered(0, target.index):
                return target.index
            i += 1
        return -1

    def on_answer(self, ctx: Context, call: Call) -> None:
        cause = call.cause
        assert isinstance(cause, Call)
        if cause.ended:
            return
        code = call.reason & 0xFFFF
        if call.outcome == YES:
            ctx.answer(cause, YES, 0)
        elif code in (REFUSED_CONNECTION, RESET):
            ctx.answer(cause, ERROR, BAD_GATEWAY)
        elif call.outcome == REFUSED:
            ctx.answer(cause, REFUSED, call.reason)
        else:
            ctx.answer(cause, ERROR, call.reason)

    def gauges(self, ctx: Context) -> dict[str, float]:
        known = [t for t in self.targets if ctx.registered(0, t.index)]
        return {"targets": float(len(known)), "healthy targets": float(len([t for t in known if t.healthy]))}
