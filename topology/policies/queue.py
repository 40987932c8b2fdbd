"""The queue of calls that wait for a slot."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import reason
from topology.node import Call, Context
from topology.parameters import choice, count, flag
from topology.policy import NODE, NodePolicy
from topology.queues.waiting import EarliestDeadline, MostImportant, NewestFirst, NewestWhenLong, Waiting, due

EXPIRED: Final = reason("its deadline passed while it waited")
PAGE: Final = "Maurer, Fail at Scale (ACM Queue 2015)"


@mypyc_attr(allow_interpreted_subclasses=True)
class Queue(NodePolicy):
    """Bounds the queue in front of a service's slots, and says who is next.

    Without it the queue is unbounded and first in, first out: after an overload it serves only what nobody waits for any
    more. Newest first serves those who still wait; so does earliest deadline first, if it drops what has expired.
    """

    on: ClassVar[str] = NODE
    kinds: ClassVar[tuple[str, ...]] = ("service",)
    watches: ClassVar[bool] = True
    params: ClassVar[dict[str, Any]] = {
        "limit": count(None, "How many calls may wait; without it any number.", ge=0, le=10_000_000),
        "order": choice(
            "fifo",
            "Who is served first: the oldest (fifo), the newest (lifo), the newest only while more than `calm` wait "
            "(adaptive_lifo), whose deadline comes first (deadline), or the most important (priority).",
            options=("fifo", "lifo", "adaptive_lifo", "deadline", "priority"),
        ),
        "calm": count(10, "Up to so many waiting calls adaptive_lifo is first in, first out.", ge=0, le=10_000_000),
        "when_full": choice(
            "refuse",
            "Who goes when it is full: the newcomer or the oldest (with priorities: of the least important).",
            options=("refuse", "drop_oldest"),
        ),
        "drop_expired": flag(
            False, "Whether a call whose deadline has passed is turned away at its turn and not begun.", source=PAGE
        ),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        limit = values["limit"]
        self.most: i64 = -1 if limit is None else limit
        self.order: str = values["order"]
        self.calm: i64 = values["calm"]
        self.victim: bool = values["when_full"] == "drop_oldest"
        self.drop_expired: bool = values["drop_expired"]

    def limit(self) -> i64:
        return self.most

    def line(self) -> Waiting | None:
        if self.order == "lifo":
            return NewestFirst()
        if self.order == "adaptive_lifo":
            return NewestWhenLong(self.calm)
        if self.order == "deadline":
            return EarliestDeadline()
        return MostImportant() if self.order == "priority" else None

    def drops_oldest(self) -> bool:
        return self.victim

    def watching(self) -> bool:
        return self.drop_expired

    def drops(self, ctx: Context, call: Call, queued: i64) -> int:
        """A queue's delivery has no deadline here: its work is wanted however late it is."""
        if call.inlet > 0:
            return 0
        return EXPIRED if ctx.now + ctx.skew > due(call) else 0
