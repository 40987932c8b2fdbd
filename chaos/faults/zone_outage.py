"""A whole zone loses power or network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.world import Target, World


class ZoneOutage(Fault):
    """Makes hosts vanish in silence: nobody answers for them, connections to them are not even refused. Aim it at a zone
    (zone:a), and every replica there goes at the same instant.

    You will see callers wait for their own time-outs, and balancers send into the void until their checks fail; what ran in
    the other zones has to carry it all. Healing starts the hosts, empty and cold, and resets the connections of before.
    """

    needs = frozenset({"kill"})
    past = "cut the power of"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Kill every target in silence."""
        return tuple(world.kill(target, ramp_ns, silent=True) for target in targets)
