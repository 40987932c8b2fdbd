"""The groups of a topic begin somewhere else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.parameters import choice
from topology.world import Target, World


class OffsetReset(Fault):
    """Resets the positions of all groups of a Kafka topic: a script for another group, a changed group id, offsets that expired.

    To the earliest you will see everything that is still there processed once more, and what is new wait behind it. To the
    latest you will see a lag that is gone in a moment, and as many records that nobody processes. There is nothing to heal:
    what was skipped does not come back, and what was read again was.
    """

    params = {
        "to": choice(
            "earliest",
            "Where the groups begin: at the oldest record that is still there, or behind the latest.",
            options=("earliest", "latest"),
        ),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"reset_to_earliest"})
    hint = "it acts on a topic of an msk"
    past = "reset the offsets of"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Reset every target at once, whatever the ramp; each one resets anew."""
        return tuple(world.lay(f"reset_to_{values['to']}", target, {}) for target in targets)
