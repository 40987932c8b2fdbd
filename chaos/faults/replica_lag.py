"""Read replicas fall behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.parameters import duration
from topology.world import Target, World


class ReplicaLag(Fault):
    """Makes a database's read replicas show writes later: a long transaction, a replica that is too small, a slow line.

    You will see no errors at all: readers are told yes and shown what was true some time ago, which is counted as
    degraded. A crash meanwhile loses more where a replica takes over. Healing lets the replicas catch up at once.
    """

    params = {
        "extra": duration("5s", "How much later a replica shows a write.", gt="0s", le="1d"),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"lag"})
    past = "held back the replicas of"
    tone = "warn"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Add to the lag of every target; two of them add up."""
        return tuple(world.lay("lag", target, {"extra": values["extra"]}, ramp_ns) for target in targets)
