"""The clock is wrong."""

from __future__ import annotations

from typing import Any

from chaos.fault import ANYTHING, Fault
from topology.parameters import duration, flag


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

    def strength(self, values: dict[str, Any]) -> dict[str, Any]:
        """How far ahead the clock is; two of them add up."""
        return {"by": -int(values["by"]) if values["behind"] else int(values["by"])}
