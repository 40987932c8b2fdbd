"""Everything takes longer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.parameters import number
from topology.world import SLOW, Target, World


class Slow(Fault):
    """Makes work take longer by a factor: a noisy neighbour, a cold cache, a disk that retries.

    You will see slots held longer, then queues, then timeouts; where callers retry, more load on what is already slow.
    Healing gives new work its old speed; what is under way ends as slowly as it began.
    """

    params = {
        "factor": number(10.0, "By how much work takes longer: 10 turns 20 ms into 200 ms.", gt=0, le=10_000),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"slow"})
    hint = "it acts on what does work, such as a service or a database"
    past = "slowed down"
    tone = "warn"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Lay slowness on every target; two of them multiply."""
        return tuple(world.lay(SLOW, target, values, ramp_ns) for target in targets)
