"""Application Load Balancers of AWS."""

from typing import Any, ClassVar

from mypy_extensions import mypyc_attr

from topology.balancing import WAYS
from topology.node import Context
from topology.nodes.load_balancer import LoadBalancer
from topology.parameters import choice, count, duration, flag, group

CHECKS = "ELB User Guide for Application Load Balancers, Health checks for target groups"
ATTRIBUTES = "ELB User Guide for Application Load Balancers, Edit target group attributes"


@mypyc_attr(allow_interpreted_subclasses=True)
class Alb(LoadBalancer):
    """An Application Load Balancer with the defaults that AWS documents. It speaks HTTP: a target that cannot be reached is
    a 502, no registered target a 503, a target that is silent for the idle timeout a 504. Give it `zones` and as many
    replicas for its nodes in each zone. What `cross_zone: false` leaves without a healthy target is not taken out of DNS.
    """

    params: ClassVar[dict[str, Any]] = {
        "choose": choice(
            "round_robin",
            "The routing algorithm of its target group.",
            options=("round_robin", "least_outstanding", "weighted_random"),
            source=ATTRIBUTES,
        ),
        "cross_zone": flag(
            True,
            "Whether each of its nodes spreads over the targets of all zones, or only of its own.",
            source="ELB User Guide for Application Load Balancers, Cross-zone load balancing for target groups",
        ),
        "stickiness": group(
            {
                "for": duration(
                    "1d",
                    "How long after a client's last call its cookie lasts.",
                    ge="1s",
                    le="7d",
                    source="ELB User Guide for Application Load Balancers, Sticky sessions",
                ),
            },
            "Sends a client to the same target again, by a cookie of the balancer's own; left out: it does not.",
            short="for",
        ),
        "slow_start": duration(
            "0s",
            "How long a target that has come in gets less than its share, growing evenly: 30 s to 900 s, or 0 s for off.",
            le="900s",
            source=ATTRIBUTES,
        ),
        "deregistration_delay": duration(
            "300s",
            "How long calls that a leaving target still holds may take; then they end as a 502.",
            ge="0s",
            le="3600s",
            source=ATTRIBUTES,
        ),
        "idle_timeout": duration(
            "60s",
            "Silence of a target for so long is a 504.",
            ge="1s",
            le="4000s",
            source="ELB User Guide for Application Load Balancers, Connection idle timeout",
        ),
        "health_check": group(
            {
                "interval": duration("30s", "The time between two checks of one target.", ge="5s", le="300s", source=CHECKS),
                "timeout": duration("5s", "Silence for so long is a failed check.", ge="2s", le="120s", source=CHECKS),
                "failures": count(2, "Failures in a row that take a target out.", ge=2, le=10, source=CHECKS),
                "passes": count(5, "Passes in a row that take it back in.", ge=2, le=10, source=CHECKS),
                "deep": flag(False, "Whether the page that it asks for does what a call does, and fails as often."),
            },
            "How its target group checks health. A new target needs one pass.",
            default={},
        ),
    }

    @staticmethod
    def prepare(values: dict[str, Any]) -> dict[str, Any]:
        """See that settings fit together; ValueError names what does not."""
        slow = values["slow_start"]
        if 0 < slow < 30_000_000_000:
            raise ValueError("slow_start is 0 s (off) or from 30 s to 900 s")
        if slow and values["choose"] == "least_outstanding":
            raise ValueError("slow_start does not go with choose: least_outstanding")
        return values

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.check.configure(ctx, values["health_check"], ctx.node)
        self.chooses(ctx, WAYS[values["choose"]], values["cross_zone"], values["slow_start"])
        sticky = values["stickiness"]
        self.sticks(ctx, "" if sticky is None else "client", 0 if sticky is None else sticky["for"])
        self.draining = values["deregistration_delay"]
        self.silence = values["idle_timeout"]
