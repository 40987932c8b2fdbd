"""Network Load Balancers of AWS."""

from typing import Any, ClassVar

from mypy_extensions import i64, mypyc_attr

from topology.balancing import HASHED, Pins, Target
from topology.message import ERROR, REFUSED, REFUSED_CONNECTION
from topology.node import Call, Context, Shelf
from topology.nodes.load_balancer import LoadBalancer
from topology.parameters import count, duration, flag, group
from topology.proxy import connection_of

CHECKS = "ELB API Reference, CreateTargetGroup"
ATTRIBUTES = "ELB User Guide for Network Load Balancers, Edit target group attributes"


@mypyc_attr(allow_interpreted_subclasses=True)
class Nlb(LoadBalancer):
    """A Network Load Balancer with the defaults that AWS documents. It knows only TCP: a client's connection is hashed to a
    target and stays there until it has been idle for long, or the target is found unhealthy; then it is reset. What a target
    says, or that it refuses, goes back as it is. Each client counts as one connection that it keeps open. A client whose
    target leaves connects anew.
    """

    params: ClassVar[dict[str, Any]] = {
        "cross_zone": flag(
            False,
            "Whether each of its nodes spreads over the targets of all zones, or only of its own.",
            source="ELB User Guide for Network Load Balancers, Cross-zone load balancing",
        ),
        "idle_timeout": duration(
            "350s",
            "A connection that was idle for so long is closed; the client's next call is hashed anew.",
            ge="60s",
            le="6000s",
            source="ELB User Guide for Network Load Balancers, Update the TCP idle timeout for your listener",
        ),
        "terminate_unhealthy": flag(
            True, "Whether it closes the connections to a target that is found unhealthy.", source=ATTRIBUTES
        ),
        "deregistration_delay": duration(
            "300s",
            "How long a leaving target keeps what it holds, where that is then closed.",
            ge="0s",
            le="3600s",
            source=ATTRIBUTES,
        ),
        "terminate_leaving": flag(
            False, "Whether it closes the connections to a leaving target when the delay is over.", source=ATTRIBUTES
        ),
        "health_check": group(
            {
                "interval": duration("30s", "The time between two checks of one target.", ge="5s", le="300s", source=CHECKS),
                "timeout": duration("10s", "Silence for so long is a failed check.", ge="2s", le="120s", source=CHECKS),
                "failures": count(2, "Failures in a row that take a target out.", ge=2, le=10, source=CHECKS),
                "passes": count(5, "Passes in a row that take it back in.", ge=2, le=10, source=CHECKS),
                "deep": flag(False, "Whether a check does what a call does (HTTP), or only connects (TCP)."),
            },
            "How its target group checks health. A new target needs one pass.",
            default={},
        ),
    }

    def __init__(self) -> None:
        super().__init__()
        self.terminates: bool = True

    @staticmethod
    def prepare(values: dict[str, Any]) -> dict[str, Any]:
        """Nothing to see to: each setting stands for itself."""
        return values

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.check.configure(ctx, values["health_check"], ctx.node)
        self.chooses(ctx, HASHED, values["cross_zone"], 0)
        idle: i64 = values["idle_timeout"]
        pins = self.pins
        self.pins = Pins(Shelf() if pins is None else pins.table, idle)
        self.terminates = values["terminate_unhealthy"]
        self.draining = values["deregistration_delay"]
        self.hangs_up = values["terminate_leaving"]

    def on_crash(self, ctx: Context) -> None:
        super().on_crash(ctx)
        pins = self.pins
        if pins is not None:
            pins.table.rows = {}

    def owner(self, call: Call) -> i64:
        return connection_of(call)

    def went_out(self, ctx: Context, target: Target) -> None:
        if self.terminates:
            ctx.hang_up(0, target.index)

    def turned_away(self, ctx: Context, call: Call) -> None:
        ctx.answer(call, REFUSED, REFUSED_CONNECTION)

    def failed(self, ctx: Context, cause: Call, call: Call) -> None:
        ctx.answer(cause, REFUSED if call.outcome == REFUSED else ERROR, call.reason)
