"""Autoscaling."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.dist import Dist
from topology.node import Context
from topology.parameters import choice, count, dist, duration, group, share
from topology.policy import Load, ScalePolicy

PAGE: Final = "AWS, Target tracking scaling policies"
EC2: Final = "AWS, Amazon EC2 Auto Scaling, target tracking"
SLACK: Final = 0.9
"""Fewer replicas are wanted only below this share of the target, so that the number does not swing."""
NEVER: Final = -(1 << 60)


@mypyc_attr(allow_interpreted_subclasses=True)
class Autoscaling(ScalePolicy):
    """Keeps a node near a target by changing the number of its replicas: it wants as many as carry the load at the target. It
    scales out as soon as it is sure, and in late and slowly, as the documented services do.

    A replica that crashed is still wanted and not ordered twice; one that is too young is counted, but not measured.
    Machines take time to be provided, and some cannot be had: then it tries again when it looks next.
    """

    kinds: ClassVar[tuple[str, ...]] = ("service",)
    params: ClassVar[dict[str, Any]] = {
        "follow": choice(
            "utilisation",
            "What it keeps at its target: the busy share of the cores or of the slots (occupancy), or the messages in the "
            "queues that it consumes, by number for each replica (backlog) or by the age of the oldest.",
            options=("utilisation", "occupancy", "backlog", "backlog_age"),
        ),
        "target": share("50%", "The share that utilisation or occupancy is kept at.", gt=0, source=EC2),
        "backlog": count(100, "The messages for each replica that backlog is kept at.", ge=1, le=100_000_000),
        "age": duration("30s", "The age of the oldest message that backlog_age is kept at.", gt="0s", le="1d"),
        "min": count(1, "Never fewer replicas than these.", ge=0, le=1000),
        "max": count(10, "Never more replicas than these.", ge=1, le=1000),
        "every": duration("1m", "How often it looks, and over how long it takes the mean.", ge="100ms", le="1h", source=EC2),
        "out_after": duration("3m", "It scales out when it was above its target for so long.", ge="0s", le="1d", source=EC2),
        "in_after": duration(
            "15m", "It scales in when it was below 90 % of its target for so long.", ge="0s", le="1d", source=EC2
        ),
        "cooldown_out": duration("300s", "It does not scale out twice within so long.", ge="0s", le="1d", source=PAGE),
        "cooldown_in": duration("300s", "It does not scale in within so long after any scaling.", ge="0s", le="1d", source=PAGE),
        "most_out": count(None, "How many replicas it adds at most at once; without it any number.", ge=1, le=1000),
        "most_in": count(None, "How many replicas it takes away at most at once; without it any number.", ge=1, le=1000),
        "warmup": duration("300s", "A replica is not measured before it has been up for so long.", ge="0s", le="1d", source=EC2),
        "provisioner": group(
            {
                "provides": dist("0s", "How long a machine takes to be there, before the replica starts on it."),
                "fails": share(0, "The share of orders for which there is no machine."),
            },
            "Who provides the machines; without one they are there at once.",
        ),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.follow: str = values["follow"]
        self.target: float = float(values["target"])
        self.backlog: float = float(values["backlog"])
        self.age: float = float(values["age"])
        self.low: i64 = values["min"]
        self.high: i64 = max(values["min"], values["max"])
        self.every: i64 = values["every"]
        self.out_after: i64 = values["out_after"]
        self.in_after: i64 = values["in_after"]
        self.cooldown_out: i64 = values["cooldown_out"]
        self.cooldown_in: i64 = values["cooldown_in"]
        self.most_out: i64 = 1000 if values["most_out"] is None else values["most_out"]
        self.most_in: i64 = 1000 if values["most_in"] is None else values["most_in"]
        self.warmup: i64 = values["warmup"]
        provisioner = values["provisioner"]
        self.provides: Dist | None = None if provisioner is None else provisioner["provides"]
        self.fails: float = 0.0 if provisioner is None else float(provisioner["fails"])
        self.dice: Dice = ctx.dice("provisioner")
        self.orders: i64 = 0
        self.above: i64 = 0
        self.below: i64 = 0
        """For how long the value has been above the target, or well below it."""
        self.out_at: i64 = NEVER
        self.in_at: i64 = NEVER

    def every_ns(self) -> i64:
        return self.every

    def warm_ns(self) -> i64:
        return self.warmup

    def wanted(self, ctx: Context, now: i64, load: Load) -> i64:
        have = load.replicas
        if have < self.low:
            return self._out(ctx, now, self.low, f"at least {self.low}")
        if have > self.high:
            return self._in(ctx, now, self.high, f"at most {self.high}")
        ratio = self._ratio(load)
        self.above = self.above + self.every if ratio > 1.0 else 0
        self.below = self.below + self.every if ratio < SLACK else 0
        if self.above > 0 and self.above >= self.out_after and now >= self.out_at + self.cooldown_out:
            return self._more(ctx, now, load, ratio)
        quiet = self.in_at if self.in_at > self.out_at else self.out_at
        if self.below > 0 and self.below >= self.in_after and now >= quiet + self.cooldown_in:
            return self._fewer(ctx, now, load, ratio)
        return have

    def _ratio(self, load: Load) -> float:
        """How far what it follows is from its target: 1 is on it."""
        if self.follow == "utilisation":
            return load.utilisation / self.target
        if self.follow == "occupancy":
            return load.occupancy / self.target
        if self.follow == "backlog_age":
            return float(load.backlog_age) / self.age
        return float(load.backlog) / (self.backlog * float(load.replicas if load.replicas > 0 else 1))

    def _measured(self, load: Load) -> i64:
        """The replicas that the ratio speaks of: shares are of those that were measured, queues are of all."""
        return load.counted if self.follow in ("utilisation", "occupancy") else load.replicas

    def _more(self, ctx: Context, now: i64, load: Load, ratio: float) -> i64:
        """Enough for what was measured; those that were not are taken to carry nothing yet."""
        wanted = up(ratio * float(self._measured(load)))
        if wanted > load.replicas + self.most_out:
            wanted = load.replicas + self.most_out
        if wanted > self.high:
            wanted = self.high
        return self._out(ctx, now, wanted, self._words(load)) if wanted > load.replicas else load.replicas

    def _fewer(self, ctx: Context, now: i64, load: Load, ratio: float) -> i64:
        """Enough for what was measured; those that were not are taken to carry what the target says."""
        measured = self._measured(load)
        wanted = up(ratio * float(measured) + float(load.replicas - measured))
        if wanted < load.replicas - self.most_in:
            wanted = load.replicas - self.most_in
        if wanted < self.low:
            wanted = self.low
        return self._in(ctx, now, wanted, self._words(load)) if wanted < load.replicas else load.replicas

    def _out(self, ctx: Context, now: i64, wanted: i64, why: str) -> i64:
        self.out_at = now
        ctx.note(f"scales out to {wanted}: {why}")
        return wanted

    def _in(self, ctx: Context, now: i64, wanted: i64, why: str) -> i64:
        self.in_at = now
        ctx.note(f"scales in to {wanted}: {why}")
        return wanted

    def _words(self, load: Load) -> str:
        if self.follow == "utilisation":
            return f"utilisation {int(load.utilisation * 100.0 + 0.5)} %"
        if self.follow == "occupancy":
            return f"occupancy {int(load.occupancy * 100.0 + 0.5)} %"
        if self.follow == "backlog":
            return f"backlog {load.backlog}"
        return f"the oldest message is {load.backlog_age // 1_000_000_000} s old"

    def start_ns(self, ctx: Context, n: i64) -> i64:
        self.orders += 1
        if self.fails > 0.0 and self.dice.uniform(2 * self.orders, 0) < self.fails:
            self.out_at = NEVER
            ctx.note(f"no machine to be had for replica {n}")
            return -1
        provides = self.provides
        return 0 if provides is None else provides.sample(self.dice.uniform(2 * self.orders + 1, 0))


def up(x: float) -> i64:
    """Round up to a whole number of replicas; a millionth more does not count."""
    n: i64 = int(x)
    return n + 1 if x > float(n) + 1e-6 else n
