"""Load shedding."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import reason
from topology.node import Call, Context
from topology.parameters import REQUIRED, duration
from topology.policy import NODE, NodePolicy

SHED: Final = reason("shed: it would wait too long")


@mypyc_attr(allow_interpreted_subclasses=True)
class Shed(NodePolicy):
    """Refuses a call at the door when it would wait longer than `wait`, judged by the calls that wait and by how long
    work has taken lately: better a quick no than a yes that comes too late.
    """

    on: ClassVar[str] = NODE
    kinds: ClassVar[tuple[str, ...]] = ("service",)
    params: ClassVar[dict[str, Any]] = {
        "wait": duration(REQUIRED, "The longest wait that a newcomer is let into.", ge="0s", le="1h")
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.wait: i64 = values["wait"]

    def admit(self, ctx: Context, call: Call, busy: i64, slots: i64, queued: i64) -> int:
        meter = ctx.meter
        if busy < slots or meter.served == 0:
            return 0
        mean = float(meter.service_ns) / float(meter.served)
        expected = mean * float(queued + 1) / float(slots)
        return SHED if expected > float(self.wait) else 0
