"""Fallbacks."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import YES
from topology.node import Call, Context
from topology.parameters import choice, count, duration
from topology.policy import LinkPolicy

PAGE: Final = "Netflix, Hystrix wiki, How To Use (fallback)"
STALE: Final = "stale"


@mypyc_attr(allow_interpreted_subclasses=True)
class Fallback(LinkPolicy):
    """When the last attempt failed, the caller goes on with a substitute: a default, or the last good answer that this
    replica heard about the same key, if it is not older than `max_age`. The message counts as degraded; the callee's part
    is not done, and is not among the work that every message must get done unless the file lists it.
    """

    rescuer: ClassVar[bool] = True
    short: ClassVar[str] = "answer"
    params: ClassVar[dict[str, Any]] = {
        "answer": choice("default", "What stands in: a fixed default, or the last good answer.", options=("default", STALE)),
        "max_age": duration("1h", "How old a stale answer may be.", gt="0s", le="30d"),
        "keys": count(10_000, "How many keys' answers one caller replica remembers; the oldest go first.", ge=1, le=1_000_000),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.stale: bool = values["answer"] == STALE
        self.max_age: i64 = values["max_age"]
        self.most: i64 = values["keys"]
        self.good: dict[int, int] = {}

    def reset(self) -> None:
        self.good = {}

    def heard(self, ctx: Context, call: Call) -> None:
        if not self.stale or call.outcome != YES:
            return
        good = self.good
        key: int = call.message.key
        good.pop(key, None)
        good[key] = ctx.now
        if len(good) > self.most:
            del good[next(iter(good))]

    def rescues(self, ctx: Context, call: Call) -> bool:
        if not self.stale:
            return True
        at: i64 = self.good.get(call.message.key, -1)
        return at >= 0 and ctx.now - at <= self.max_age
