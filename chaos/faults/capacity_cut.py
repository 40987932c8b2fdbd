"""Less room than yesterday."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.parameters import share
from topology.world import Target, World


class CapacityCut(Fault):
    """Takes a share of the slots and of the cores of each replica away: a smaller machine, a lowered limit, threads that hang.

    You will see occupancy rise, calls wait for a slot, and callers' pools fill in turn, as soon as what is left is less than
    what is needed. Healing gives slots and cores back; who waits takes them.
    """

    params = {
        "share": share(0.5, "The share that is taken; one slot and one core are always left.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"slots", "cores"})
    past = "cut the capacity of"
    hint = "it acts on what has slots, such as a service or a database"
    tone = "warn"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Take slots and cores from every target; two cuts take from what the other left."""
        return tuple(world.lay(what, target, values, ramp_ns) for target in targets for what in ("slots", "cores"))
