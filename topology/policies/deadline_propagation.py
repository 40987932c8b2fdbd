"""Deadlines that are passed on."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import Item, Message
from topology.node import Call, Context
from topology.parameters import duration
from topology.policy import LinkPolicy

PAGE: Final = "gRPC guides, Deadlines (deadline propagation)"


@mypyc_attr(allow_interpreted_subclasses=True)
class DeadlinePropagation(LinkPolicy):
    """An attempt waits no longer than somebody above still waits for it, and tells its callee so; when no time is left it is
    not made at all. So a chain that has timed out stops working for nobody. What runs in the background (behind a queue or
    a hand-off, or to take back what was done) has no deadline.
    """

    params: ClassVar[dict[str, Any]] = {
        "reserve": duration("0s", "So much of the time that is left is kept for the caller's own work.", ge="0s", le="1h"),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.reserve: i64 = values["reserve"]

    def limit_for(self, ctx: Context, call: Call, limit: i64) -> i64:
        if call.undo:
            return limit
        deadline = inherited(call)
        if deadline > 0:
            left: i64 = deadline - ctx.now - self.reserve
            if left <= 0:
                return -1
            if limit <= 0 or left < limit:
                limit = left
        if limit > 0:
            call.deadline = ctx.now + limit
        return limit


def inherited(call: Call) -> i64:
    """The instant after which nobody above waits for this call: the nearest known one; 0 where there is none."""
    above: Item | None = call.cause
    while isinstance(above, Call):
        if above.deadline > 0:
            return above.deadline
        if above.inlet > 0 or above.handoff or above.undo:
            return 0
        above = above.cause
    return above.deadline if isinstance(above, Message) else 0
