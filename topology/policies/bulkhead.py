"""Bulkheads."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import reason
from topology.node import Call, Context
from topology.parameters import REQUIRED, count, duration
from topology.policy import WAIT, LinkPolicy

FULL: Final = reason("bulkhead full")
PAGE: Final = "Resilience4j, Bulkhead"


@mypyc_attr(allow_interpreted_subclasses=True)
class Bulkhead(LinkPolicy):
    """At most `limit` attempts of one caller replica are in flight on this link, so that a slow callee can never hold all of
    the caller's slots. One more is refused at once, or waits for up to `wait`. A timeout frees its place at once.
    """

    parks: ClassVar[bool] = True
    short: ClassVar[str] = "limit"
    params: ClassVar[dict[str, Any]] = {
        "limit": count(REQUIRED, "Attempts of one caller replica that may be in flight at once.", ge=1, le=1_000_000),
        "wait": duration("0s", "How long one more waits for a place; 0: it is refused at once.", ge="0s", le="1h", source=PAGE),
        "waiting": count(None, "How many may wait at once; without it any number.", ge=0, le=1_000_000),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.limit: i64 = values["limit"]
        self.wait: i64 = values["wait"]
        waiting = values["waiting"]
        self.waiting: i64 = -1 if waiting is None else waiting
        self.inside: i64 = 0

    def reset(self) -> None:
        self.inside = 0

    def admits(self, ctx: Context, call: Call) -> int:
        if self.inside < self.limit:
            self.inside += 1
            return 0
        return WAIT if self.wait > 0 else FULL

    def wait_ns(self) -> i64:
        return self.wait

    def waited_out(self) -> int:
        return FULL

    def most_waiting(self) -> i64:
        return self.waiting

    def heard(self, ctx: Context, call: Call) -> None:
        self.inside -= 1

    def withdrawn(self, ctx: Context, call: Call) -> None:
        self.inside -= 1

    def state(self) -> str:
        return "bulkhead full" if self.inside >= self.limit else ""
