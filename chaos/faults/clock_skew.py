"""The clock is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.parameters import duration, flag
from topology.world import Target, World


class ClockSkew(Fault):
    """Sets the clock of a replica ahead or back. What it compares with instants that others wrote goes wrong: a queue that
    drops what has expired finds deadlines past or far away, and jobs run at the wrong time.

    You will see nothing where nobody compares clocks, and refusals without any load where somebody does.
    Healing sets the clock right.
    """

    params = {
        "by": duration("30s", "How far the clock is off.", gt="0s", le="30d"),
        "behind": flag(False, "Whether it is behind; else it is ahead."),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"skew"})
    past = "set the clock wrong on"
    tone = "warn"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Lay a skew on every target; two of them add up."""
        by = -int(values["by"]) if values["behind"] else int(values["by"])
        return tuple(world.lay("skew", target, {"by": by}, ramp_ns) for target in targets)
