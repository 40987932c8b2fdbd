"""Connection pools."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import SILENT, reason
from topology.node import Call, Context
from topology.parameters import count, duration, flag
from topology.policy import WAIT, LinkPolicy

NO_CONNECTION: Final = reason("no free connection in the pool")
PAGE: Final = "HikariCP, Configuration (maximumPoolSize, connectionTimeout)"
LOOK_AGAIN: Final = 100_000_000
"""While connections are taken by somebody else, the pool looks every tenth of a second whether they came back."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Pool(LinkPolicy):
    """Each caller replica has so many connections to its callee; an attempt takes one, and waits for it when none is free.

    An attempt that the caller gave up keeps its connection until the callee is through with it, as a query does whose thread
    waits on the socket: a callee that hangs empties the pool although there is a timeout. With `discard` the connection
    is closed with the attempt, and a new one takes its place at once.
    """

    parks: ClassVar[bool] = True
    short: ClassVar[str] = "size"
    params: ClassVar[dict[str, Any]] = {
        "size": count(10, "Connections of one caller replica.", ge=1, le=1_000_000, source=PAGE),
        "wait": duration("30s", "How long an attempt waits for a connection; 0: not at all.", ge="0s", le="1h", source=PAGE),
        "discard": flag(False, "Whether the connection of an attempt that was given up is closed, and replaced."),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.size: i64 = values["size"]
        self.wait: i64 = values["wait"]
        self.discard: bool = values["discard"]
        self.leased: i64 = 0
        self.stuck: i64 = 0
        self.taken: i64 = 0

    def reset(self) -> None:
        self.leased = 0
        self.stuck = 0
        self.taken = 0

    def lingers(self) -> bool:
        return not self.discard

    def admits(self, ctx: Context, call: Call) -> int:
        share = ctx.strength_on(call.link, "leased")
        self.taken = int(float(self.size) * share + 0.5) if share > 0.0 else 0
        if self.leased < self.size - self.taken:
            self.leased += 1
            return 0
        return WAIT if self.wait > 0 else NO_CONNECTION

    def wait_ns(self) -> i64:
        return self.wait

    def waited_out(self) -> int:
        return NO_CONNECTION

    def wakes_in(self, ctx: Context) -> i64:
        return LOOK_AGAIN if self.taken > 0 else -1

    def heard(self, ctx: Context, call: Call) -> None:
        if call.outcome == SILENT and call.lingers:
            self.stuck += 1
        else:
            self.leased -= 1

    def withdrawn(self, ctx: Context, call: Call) -> None:
        if call.lingers:
            self.stuck += 1
        else:
            self.leased -= 1

    def returned(self, ctx: Context, call: Call) -> None:
        self.stuck -= 1
        self.leased -= 1

    def state(self) -> str:
        if self.leased < self.size - self.taken:
            return ""
        return f"pool empty, {self.stuck} given up" if self.stuck > 0 else "pool empty"
