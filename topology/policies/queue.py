"""The queue of calls that wait for a slot."""

from typing import Any, ClassVar

from mypy_extensions import i64, mypyc_attr

from topology.node import Context
from topology.parameters import choice, count
from topology.policy import NODE, NodePolicy


@mypyc_attr(allow_interpreted_subclasses=True)
class Queue(NodePolicy):
    """Bounds the queue in front of a service's slots, and says who waits least.

    Without it the queue is unbounded and first in, first out: after an overload it serves only what nobody waits for any
    more. Newest first (LIFO) serves those who still wait.
    """

    on: ClassVar[str] = NODE
    kinds: ClassVar[tuple[str, ...]] = ("service",)
    params: ClassVar[dict[str, Any]] = {
        "limit": count(None, "How many calls may wait; without it any number.", ge=0, le=10_000_000),
        "order": choice(
            "fifo", "Who is served first: the oldest (fifo) or the newest (lifo).", options=("fifo", "lifo")
        ),
        "when_full": choice(
            "refuse", "Who goes when it is full: the newcomer or the oldest.", options=("refuse", "drop_oldest")
        ),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        limit = values["limit"]
        self.most: i64 = -1 if limit is None else limit
        self.lifo: bool = values["order"] == "lifo"
        self.drops: bool = values["when_full"] == "drop_oldest"

    def limit(self) -> i64:
        return self.most

    def newest_first(self) -> bool:
        return self.lifo

    def drops_oldest(self) -> bool:
        return self.drops
