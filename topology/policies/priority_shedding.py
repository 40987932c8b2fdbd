"""Shedding by priority."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import reason
from topology.node import Call, Context
from topology.parameters import count, number
from topology.policy import NODE, NodePolicy

LOW: Final = reason("shed: low priority under load")
PAGE: Final = "Google, Site Reliability Engineering, Handling Overload (criticality)"


@mypyc_attr(allow_interpreted_subclasses=True)
class PriorityShedding(NodePolicy):
    """Refuses the least important calls first as a replica fills: those of priority 0 when its calls, in work and waiting,
    reach `sheds` times its slots, and each priority above `step` times the slots later. From priority `keeps` on nothing is
    shed. Important calls still wait behind those that were let in, unless `queue: {order: priority}` lets them pass.
    """

    on: ClassVar[str] = NODE
    kinds: ClassVar[tuple[str, ...]] = ("service",)
    params: ClassVar[dict[str, Any]] = {
        "sheds": number(1, "Calls per slot from which on priority 0 is refused.", gt=0, le=1e6),
        "step": number(1, "How many more calls per slot each higher priority may meet.", ge=0, le=1e6),
        "keeps": count(None, "From this priority on nothing is shed; without it every priority is.", ge=1, le=1_000_000),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.sheds: float = float(values["sheds"])
        self.step: float = float(values["step"])
        keeps = values["keeps"]
        self.keeps: i64 = -1 if keeps is None else keeps

    def admit(self, ctx: Context, call: Call, busy: i64, slots: i64, queued: i64) -> int:
        priority = call.message.priority
        if 0 <= self.keeps <= priority:
            return 0
        bound = (self.sheds + self.step * float(priority)) * float(slots)
        return LOW if float(busy + queued) >= bound else 0
