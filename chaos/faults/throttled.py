"""A limit that nobody knew of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.parameters import rate
from topology.world import Target, World


class Throttled(Fault):
    """Lets each replica accept only so many calls a second and turn the others away (429): a quota, a gateway, a noisy account.

    You will see everything above the limit told no at once, however idle the node is; whoever tries again at once only
    adds to it. Healing lifts this limit and no other.
    """

    params = {
        "rate": rate("10/s", "What one replica accepts, in bursts of one second's worth.", gt="0/s"),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"throttle"})
    past = "throttled"
    hint = "nobody calls it: what it does, it fetches for itself"
    tone = "warn"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Lay a limit on every target; of two, each turns away what is above its own."""
        return tuple(world.lay("throttle", target, values, ramp_ns) for target in targets)
