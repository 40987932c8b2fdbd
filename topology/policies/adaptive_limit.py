"""Adaptive concurrency limits."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import ln
from topology.message import YES, reason
from topology.node import Call, Context
from topology.parameters import choice, count, duration, number
from topology.policy import NODE, NodePolicy

OVER_LIMIT: Final = reason("over the concurrency limit")
PAGE: Final = "Netflix concurrency-limits"
LN10: Final = 2.302585092994046


@mypyc_attr(allow_interpreted_subclasses=True)
class AdaptiveLimit(NodePolicy):
    """Finds out by itself how many calls a replica can have at once, in work and waiting, and refuses what is above.

    By `vegas` it estimates the queue from how much longer calls take than they did at best, and lets a small one stand. By
    `aimd` it adds one call at a time while all is well, and takes a share away when calls take too long or are given up.
    Best times are measured anew after some rounds, so that lasting changes are learnt.
    """

    on: ClassVar[str] = NODE
    kinds: ClassVar[tuple[str, ...]] = ("service",)
    watches: ClassVar[bool] = True
    params: ClassVar[dict[str, Any]] = {
        "by": choice("vegas", "How it judges.", options=("vegas", "aimd"), source=PAGE),
        "initial": count(20, "The limit that it begins with.", ge=1, le=1_000_000, source=PAGE),
        "min": count(1, "The limit is never lower.", ge=1, le=1_000_000),
        "max": count(1000, "The limit is never higher.", ge=1, le=1_000_000, source=PAGE),
        "window": duration("1s", "It judges once in so long, by the mean of what ended.", gt="0s", le="1h", source=PAGE),
        "least": count(10, "It does not judge on fewer calls than these.", ge=1, le=1_000_000, source=PAGE),
        "probe": count(
            30,
            "Times the limit: after so many windows vegas measures anew how long calls take at best.",
            ge=1,
            le=1_000_000,
            source=PAGE,
        ),
        "timeout": duration("5s", "A mean time above this makes aimd back off.", gt="0s", le="1h", source=PAGE),
        "backoff": number(0.9, "What the limit is multiplied with when aimd backs off.", gt=0, lt=1, source=PAGE),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.vegas: bool = values["by"] == "vegas"
        self.initial: i64 = values["initial"]
        self.low: float = float(values["min"])
        self.high: float = float(max(values["min"], values["max"]))
        self.window: i64 = values["window"]
        self.least: i64 = values["least"]
        self.probe: i64 = values["probe"]
        self.timeout: i64 = values["timeout"]
        self.backoff: float = float(values["backoff"])
        self.reset()

    def reset(self) -> None:
        self.most: float = min(max(float(self.initial), self.low), self.high)
        self.best: float = 0.0
        """How long calls take when none waits, in nanoseconds; 0: not known yet."""
        self.rounds: i64 = 0
        self._anew(0)

    def _anew(self, now: i64) -> None:
        """A window begins."""
        self.since: i64 = now
        self.ended_ones: i64 = 0
        self.stays: float = 0.0
        self.peak: i64 = 0
        self.given_up: bool = False

    def admit(self, ctx: Context, call: Call, busy: i64, slots: i64, queued: i64) -> int:
        inside: i64 = busy + queued
        if float(inside + 1) > self.most:
            self.peak = inside
            return OVER_LIMIT
        if inside + 1 > self.peak:
            self.peak = inside + 1
        return 0

    def ended(self, ctx: Context, call: Call, outcome: i64) -> None:
        if call.left >= 0:
            self.given_up = True
        if outcome == YES:
            self.ended_ones += 1
            self.stays += float(ctx.now - call.arrived)
        if ctx.now - self.since >= self.window and (self.ended_ones >= self.least or self.given_up):
            self._judge()
            self._anew(ctx.now)

    def _judge(self) -> None:
        stay = self.stays / float(self.ended_ones) if self.ended_ones > 0 else 0.0
        most = self._by_queue(stay) if self.vegas else self._by_time(stay)
        self.most = min(max(most, self.low), self.high)

    def _by_queue(self, stay: float) -> float:
        """TCP Vegas: the queue is the part of the limit that does not show as speed."""
        most = self.most
        step = ln(most) / LN10 if most > 10.0 else 1.0
        if self.given_up:
            return most - step
        self.rounds += 1
        if self.best <= 0.0 or stay < self.best or float(self.rounds) > float(self.probe) * most:
            self.best = stay
            self.rounds = 0
            return most
        if float(self.peak) * 2.0 < most:
            return most
        queue = most * (1.0 - self.best / stay)
        if queue <= step:
            return most + 6.0 * step
        if queue < 3.0 * step:
            return most + step
        return most - step if queue > 6.0 * step else most

    def _by_time(self, stay: float) -> float:
        """Additive increase, multiplicative decrease."""
        if self.given_up or stay > float(self.timeout):
            return self.most * self.backoff
        return self.most + 1.0 if float(self.peak) * 2.0 >= self.most else self.most

    def state(self) -> str:
        return f"at most {int(self.most)} at once"
