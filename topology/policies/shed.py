"""Load shedding."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import reason
from topology.node import Call, Context
from topology.parameters import REQUIRED, duration
from topology.policy import NODE, NodePolicy

SHED: Final = reason("shed: it would wait too long")
RECENT: Final = 0.05
"""How much the latest call counts in how long calls hold their slots."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Shed(NodePolicy):
    """Refuses a call at the door when it would wait longer than `wait`, judged by the calls that wait and by how long calls
    have held their slots lately, waiting for others included: better a quick no than a yes that comes too late.
    """

    on: ClassVar[str] = NODE
    kinds: ClassVar[tuple[str, ...]] = ("service",)
    watches: ClassVar[bool] = True
    params: ClassVar[dict[str, Any]] = {
        "wait": duration(REQUIRED, "The longest wait that a newcomer is let into.", ge="0s", le="1h")
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.wait: i64 = values["wait"]
        self.held: float = 0.0

    def reset(self) -> None:
        self.held = 0.0

    def admit(self, ctx: Context, call: Call, busy: i64, slots: i64, queued: i64) -> int:
        if busy < slots:
            return 0
        expected = self.held * float(queued + 1) / float(slots)
        return SHED if expected > float(self.wait) else 0

    def ended(self, ctx: Context, call: Call, outcome: i64) -> None:
        held = float(ctx.now - call.started)
        self.held = held if self.held == 0.0 else self.held + RECENT * (held - self.held)
