"""More customers than usual."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import PRODUCERS, Fault, Undo
from topology.parameters import number
from topology.world import Target, World


class Surge(Fault):
    """Lets a producer offer more: a sale, a bot, a front page. With a factor below 1 customers stay away.

    You will see queues grow wherever the work comes in faster than it gets done. The customers who would have come
    anyway come at the same instants as before; the others are new. Healing sends the new ones home.
    """

    params = {
        "factor": number(2.0, "How many times as much is offered: 3 is three times as much.", ge=0, le=1_000),
    }
    needs = frozenset({"surge"})
    acts_on = PRODUCERS
    past = "sent a surge through"
    tone = "warn"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Surge every producer; two of them multiply."""
        return tuple(world.surge(target.node, float(values["factor"]), ramp_ns) for target in targets)
