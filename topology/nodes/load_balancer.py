"""Load balancers."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.balancing import LEAST_OUTSTANDING, ROUND_ROBIN, WAYS, Chooser, Pins, Target
from topology.message import REFUSED, Item, reason
from topology.node import Call, Context
from topology.parameters import choice, data, duration, flag, group, share
from topology.policies.health_check import HealthCheck
from topology.proxy import Proxy, owner_of

NO_TARGET: Final = reason("no target (503)")
CHECK: Final = 0
LATE_CHECK: Final = 1
LEFT: Final = 2


@mypyc_attr(allow_interpreted_subclasses=True)
class LoadBalancer(Proxy):
    """Spreads calls over healthy targets. It checks each target's health, takes a failing one out and a new one in
    by itself; when none is healthy it sends to all of them (fail-open). It is a proxy and holds no slot: an answer of a
    target is its answer, a target that cannot be reached is a 502, no target at all a 503.
    """

    params: ClassVar[dict[str, Any]] = {
        "choose": choice(
            "round_robin",
            "How it chooses: each in turn, the one for which the fewest calls wait, the better of two picked by chance, "
            "any by chance, or in turn by weight.",
            options=("round_robin", "least_outstanding", "power_of_two", "random", "weighted"),
        ),
        "weights": data(
            None, "For `weighted`: a list of numbers, by replica and then over again, or a mapping by zone ({a: 3, b: 1})."
        ),
        "cross_zone": flag(
            True,
            "Whether each of its replicas spreads over all targets, or only over those of its own zone. It matters where both "
            "have `zones`.",
        ),
        "stickiness": group(
            {
                "by": choice(
                    "client", "What is sent to the same target again.", options=("client", "tenant", "key"),
                ),
                "for": duration("1d", "How long after its last call.", gt="0s", le="7d"),
            },
            "Sends whoever it knows to the same target again, as long as that is healthy (a cookie).",
            short="by",
        ),
        "slow_start": duration(
            "0s", "How long a target that has come in gets less than its share, growing evenly from nothing.", ge="0s", le="1h"
        ),
        "draining": duration(
            "30s", "How long calls that a leaving target still holds may take; then they end as a 502.", ge="0s", le="1d"
        ),
        "panic": share(0, "Where a smaller share of the targets than this is healthy, it sends to all of them."),
    }

    def __init__(self) -> None:
        super().__init__()
        self.chooser = Chooser()
        self.pins: Pins | None = None
        self.pinned_by = ""
        self.draining: i64 = 0
        self.hangs_up = True
        """Whether it closes what a leaving target still holds when `draining` is over."""
        self.check = HealthCheck()

    @staticmethod
    def prepare(values: dict[str, Any]) -> dict[str, Any]:
        """See that weights fit; ValueError names what is wrong."""
        weights = values["weights"]
        if (weights is None) == (values["choose"] == "weighted"):
            raise ValueError("`weights` and `choose: weighted` belong together: write both or none")
        if weights is not None:
            checked_weights(weights)
        return values

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        for one in policies:
            if isinstance(one, HealthCheck):
                self.check = one
        self.chooses(ctx, WAYS[values["choose"]], values["cross_zone"], values["slow_start"])
        weights = values["weights"]
        if weights is not None:
            self.chooser.zonal = isinstance(weights, dict)
            self.chooser.weights = checked_weights(weights)
        self.chooser.panic = values["panic"]
        sticky = values["stickiness"]
        self.sticks(ctx, "" if sticky is None else sticky["by"], 0 if sticky is None else sticky["for"])
        self.draining = values["draining"]

    def chooses(self, ctx: Context, way: i64, cross_zone: bool, slow_start: i64) -> None:
        """How it chooses, from now on."""
        chooser = self.chooser
        chooser.way = way
        chooser.own_zone = not cross_zone
        chooser.slow_start = slow_start
        chooser.dice = ctx.dice("targets")

    def sticks(self, ctx: Context, by: str, lasts: i64) -> None:
        """Whom it sends to the same target again. Cookies are kept by the clients: they outlive a crash of this balancer."""
        self.pinned_by = by
        self.pins = Pins(ctx.shelf("cookies"), lasts) if by else None

    def on_start(self, ctx: Context) -> None:
        self._look(ctx)
        for target in self.chooser.targets:
            target.healthy = True
            target.fresh = False

    def on_crash(self, ctx: Context) -> None:
        super().on_crash(ctx)
        self.chooser.targets = []
        self.chooser.left = []
        self.chooser.turn = 0

    def _look(self, ctx: Context) -> None:
        """Take notice of targets that were registered since; each is checked from now on."""
        targets = self.chooser.targets
        while len(targets) < ctx.targets(0):
            target = Target(len(targets))
            targets.append(target)
            ctx.after(self.check.interval * (target.index % 8) // 8, CHECK, target)

    # Health

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if not isinstance(item, Target):
            super().on_timer(ctx, tag, item)
            return
        if tag == LEFT:
            ctx.hang_up(0, item.index)
        elif not ctx.registered(0, item.index):
            self._leaves(ctx, item)
        elif tag == LATE_CHECK:
            if item.heard < item.asked:
                item.heard = item.asked
                self._judge(ctx, item, False)
        else:
            item.asked += 1
            ctx.probe(0, item.index, self.check.deep)
            ctx.after_same(self.check.timeout, LATE_CHECK, item)
            ctx.after_same(self.check.interval, CHECK, item)

    def on_probe(self, ctx: Context, link: i64, target: i64, healthy: bool) -> None:
        known = self.chooser.targets[target]
        if known.heard < known.asked:
            known.heard = known.asked
            self._judge(ctx, known, healthy)

    def _judge(self, ctx: Context, target: Target, passed: bool) -> None:
        if passed:
            target.passes += 1
            target.fails = 0
            if not target.healthy and (target.fresh or target.passes >= self.check.passes):
                self._comes_in(ctx, target)
        else:
            target.fails += 1
            target.passes = 0
            if target.healthy and target.fails >= self.check.failures:
                target.healthy = False
                ctx.note(f"takes target {target.index} out: {target.fails} checks failed")
                self.went_out(ctx, target)

    def _comes_in(self, ctx: Context, target: Target) -> None:
        """It is well: it takes calls, few at first where it starts slowly and there are others to take the rest."""
        others = any(t.healthy for t in self.chooser.targets)
        target.healthy = True
        target.fresh = False
        target.since = ctx.now if others and self.chooser.slow_start > 0 else -1
        target.credit = 0.0
        ctx.note(f"takes target {target.index} in")

    def went_out(self, ctx: Context, target: Target) -> None:
        """A target was found unhealthy; calls that it holds are left alone."""

    def _leaves(self, ctx: Context, target: Target) -> None:
        """A target is registered no more: it gets nothing new, and what it holds may take so long."""
        target.healthy = False
        if not target.leaving:
            target.leaving = True
            if self.hangs_up:
                ctx.after(self.draining, LEFT, target)

    def _see_off(self, ctx: Context) -> None:
        left = self.chooser.left
        self.chooser.left = []
        for target in left:
            self._leaves(ctx, target)

    # Calls

    def on_message(self, ctx: Context, call: Call) -> None:
        chooser = self.chooser
        if len(chooser.targets) < ctx.targets(0):
            self._look(ctx)
        pins = self.pins
        owner: i64 = 0 if pins is None else self.owner(call)
        chosen: i64 = -1
        if pins is not None and owner != 0:
            chosen = self._pinned(ctx, pins, owner)
        if chosen < 0:
            chosen = self._choose(ctx, call, owner)
        if chooser.left:
            self._see_off(ctx)
        if chosen < 0:
            self.turned_away(ctx, call)
            return
        if pins is not None and owner != 0:
            pins.put(owner, chosen, ctx.now)
        self.opened(ctx, call)
        ctx.send_to(0, chosen, call, call.message)

    def owner(self, call: Call) -> i64:
        """Who is sent to the same target again; 0 for a call that belongs to nobody."""
        return owner_of(call.message, self.pinned_by)

    def turned_away(self, ctx: Context, call: Call) -> None:
        """There is no target at all."""
        ctx.answer(call, REFUSED, NO_TARGET)

    def _pinned(self, ctx: Context, pins: Pins, owner: i64) -> i64:
        """The target that it was sent to before, if that still may be chosen."""
        index = pins.target(owner, ctx.now)
        targets = self.chooser.targets
        if index < 0 or index >= len(targets):
            return -1
        return index if self.chooser.usable(ctx, targets[index], 1) else -1

    def _choose(self, ctx: Context, call: Call, owner: i64) -> i64:
        way = self.chooser.way
        if way in (ROUND_ROBIN, LEAST_OUTSTANDING):
            return self.chooser.choose(ctx, 0, 0)
        if owner != 0:
            return self.chooser.choose(ctx, owner, 0)
        return self.chooser.choose(ctx, call.message.root, ctx.visit(call.message))

    def retarget(self, ctx: Context, link: i64) -> i64:
        self.chooser.draws += 1
        return self.chooser.choose(ctx, self.chooser.draws, 1 << 20)

    def gauges(self, ctx: Context) -> dict[str, float]:
        known = [t for t in self.chooser.targets if ctx.registered(0, t.index)]
        found = {"targets": float(len(known)), "healthy targets": float(len([t for t in known if t.healthy]))}
        if self.pins is not None:
            found["pinned"] = float(len(self.pins.table.rows))
        return found


def checked_weights(weights: Any) -> list[float]:
    """Weights as numbers, by replica or by zone (a, b, …); ValueError where they are none."""
    if isinstance(weights, dict):
        names = [chr(97 + i) for i in range(len(weights))]
        if sorted(weights) != names:
            raise ValueError("weights by zone name every zone from a on, such as {a: 3, b: 1}")
        weights = [weights[name] for name in names]
    if not isinstance(weights, list) or not weights:
        raise ValueError("expected weights as a list such as [3, 1], or a mapping such as {a: 3, b: 1}")
    numbers = [float(w) for w in weights if isinstance(w, int | float) and not isinstance(w, bool) and 0 <= w <= 1e6]
    if len(numbers) < len(weights) or sum(numbers) <= 0:
        raise ValueError("each weight is a number from 0 to 1,000,000, and not all are 0")
    return numbers
