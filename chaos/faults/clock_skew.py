"""The clock is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import ANYTHING, Fault, Undo
from topology.parameters import duration, flag
from topology.world import Target, World


class ClockSkew(Fault):
    """Sets the clock of a replica ahead or back. What it compares with instants that others wrote goes wrong: a queue that
    drops what has expired finds deadlines past or far away, and jobs run at the wrong time.

    You will see nothing where nobody compares clocks, and refusals without any load where somebody does. Of a producer the
    times on its messages are wrong, which matters to a stream processor that goes by them: one device that is ahead closes the
    windows of all others, whose events are late from then on; one that is behind is late itself. Healing sets the clock right.
    """

    params = {
        "by": duration("30s", "How far the clock is off.", gt="0s", le="30d"),
        "behind": flag(False, "Whether it is behind; else it is ahead."),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"skew"})
    acts_on = ANYTHING
    hint = "it acts on what has a clock; on a producer where a stream processor goes by the times of its messages"
    past = "set the clock wrong on"
    tone = "warn"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Lay a skew on every target; two of them add up."""
        by = -int(values["by"]) if values["behind"] else int(values["by"])
        return tuple(world.lay("skew", target, {"by": by}, ramp_ns) for target in targets)
