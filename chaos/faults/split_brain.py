"""Two primaries at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.parameters import share
from topology.world import Target, World


class SplitBrain(Fault):
    """Lets a database have two primaries: a new one was chosen, and the old one does not know. Some calls still reach it.

    You will see nothing wrong while it lasts: everybody is told yes. Healing gives the old primary up, and whatever was
    written to it is lost, all of it at that instant, although its writers were told yes.
    """

    params = {
        "share": share(0.5, "The share of the writes that reach the old primary.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"split"})
    past = "split the primary of"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Split every target; what strays is lost when the last split of a target is healed."""
        return tuple(world.lay("split", target, {"share": values["share"]}, ramp_ns) for target in targets)
