"""Health checks of a balancer's targets."""

from typing import Any, ClassVar

from mypy_extensions import i64, mypyc_attr

from topology.node import Context
from topology.parameters import count, duration, flag
from topology.policy import NODE, NodePolicy


@mypyc_attr(allow_interpreted_subclasses=True)
class HealthCheck(NodePolicy):
    """A balancer asks each target in turn whether it is healthy, takes it out after so many failures in a row and back
    after so many passes. A new target needs one pass. Silence for `timeout` is a failure. A shallow check only asks
    whether the process answers; a deep one does what a call does, and so fails where calls fail.
    """

    on: ClassVar[str] = NODE
    kinds: ClassVar[tuple[str, ...]] = ("load_balancer",)
    params: ClassVar[dict[str, Any]] = {
        "interval": duration("5s", "The time between two checks of one target.", ge="10ms", le="1h"),
        "timeout": duration("2s", "Silence for so long is a failed check.", gt="0s", le="1h"),
        "failures": count(2, "Failures in a row that take a target out.", ge=1, le=100),
        "passes": count(2, "Passes in a row that take it back in.", ge=1, le=100),
        "deep": flag(False, "Whether a check does what a call does, and fails as often, or only asks whether the process is up."),
    }

    def __init__(self) -> None:
        self.interval: i64 = 5_000_000_000
        self.timeout: i64 = 2_000_000_000
        self.failures: i64 = 2
        self.passes: i64 = 2
        self.deep: bool = False

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.interval = values["interval"]
        self.timeout = values["timeout"]
        self.failures = values["failures"]
        self.passes = values["passes"]
        self.deep = values["deep"]
