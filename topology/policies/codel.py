"""Controlled delay."""

import math
from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.dist import whole
from topology.message import reason
from topology.node import Call, Context
from topology.parameters import choice, duration
from topology.policy import NODE, NodePolicy

STANDING: Final = reason("dropped from a standing queue")
PAGE: Final = "Nichols and Jacobson, Controlling Queue Delay (ACM Queue 2012)"
MAURER: Final = "Maurer, Fail at Scale (ACM Queue 2015)"


@mypyc_attr(allow_interpreted_subclasses=True)
class Codel(NodePolicy):
    """Tells a good queue, which takes up a burst and empties again, from a standing one, which only adds delay, and drops
    calls from the latter at their turn, by how long they have waited. How long the queue is does not matter.

    As in routers (`codel`), the drops come faster and faster until the wait is below `target` again. As for requests
    (`controlled_delay`), a call may wait no longer than `target` while the queue has not been empty for an `interval`,
    else no longer than an `interval`.
    """

    on: ClassVar[str] = NODE
    kinds: ClassVar[tuple[str, ...]] = ("service",)
    watches: ClassVar[bool] = True
    params: ClassVar[dict[str, Any]] = {
        "target": duration("5ms", "A wait below this is never too long.", gt="0s", le="1h", source=PAGE),
        "interval": duration(
            "100ms", "A wait above the target for so long is a standing queue.", gt="0s", le="1h", source=PAGE
        ),
        "variant": choice(
            "codel",
            "Whose rule it drops by: that for packets, or that for requests.",
            options=("codel", "controlled_delay"),
            source=MAURER,
        ),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.target: i64 = values["target"]
        self.interval: i64 = values["interval"]
        self.plain: bool = values["variant"] == "controlled_delay"
        self.reset()

    def reset(self) -> None:
        self.empty_at: i64 = 0
        """When the queue was empty last."""
        self.late_at: i64 = 0
        """When the wait will have been above the target for an interval; 0 while it is below."""
        self.dropping = False
        self.next_at: i64 = 0
        self.count: i64 = 0
        self.before: i64 = 0

    def begun(self, ctx: Context, call: Call) -> None:
        if call.arrived == ctx.now:
            self.empty_at = ctx.now
            self.late_at = 0
            self.dropping = False

    def drops(self, ctx: Context, call: Call, queued: i64) -> int:
        wait: i64 = ctx.now - call.arrived
        if self.plain:
            return self._too_long(ctx.now, wait, queued)
        standing = self._standing(ctx.now, wait, queued)
        if self.dropping:
            return self._next_drop(ctx.now, standing)
        if not standing:
            return 0
        self._begins(ctx.now)
        return STANDING

    def _too_long(self, now: i64, wait: i64, queued: i64) -> int:
        """The rule for requests: a time limit that depends on when the queue was empty last."""
        most = self.target if now - self.empty_at > self.interval else self.interval
        if queued == 0:
            self.empty_at = now
        return STANDING if wait > most else 0

    def _standing(self, now: i64, wait: i64, queued: i64) -> bool:
        """Whether the wait has been above the target for a whole interval."""
        if wait < self.target or queued == 0:
            self.late_at = 0
            return False
        if self.late_at == 0:
            self.late_at = now + self.interval
            return False
        return now >= self.late_at

    def _begins(self, now: i64) -> None:
        """Drops begin: where they left off, if that was only just now."""
        self.dropping = True
        fresh: i64 = self.count - self.before
        self.count = fresh if fresh > 1 and now - self.next_at < 16 * self.interval else 1
        self.before = self.count
        self.next_at = now + self._gap()

    def _next_drop(self, now: i64, standing: bool) -> int:
        if not standing:
            self.dropping = False
            return 0
        if now < self.next_at:
            return 0
        self.count += 1
        self.next_at += self._gap()
        return STANDING

    def _gap(self) -> i64:
        """The time to the next drop shrinks with the square root of how many there were."""
        return whole(float(self.interval) / math.sqrt(float(self.count)))

    def state(self) -> str:
        return "dropping" if self.dropping else ""
