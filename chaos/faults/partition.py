"""Two sides no longer hear each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import LINKS, Fault, Undo
from topology.parameters import choice
from topology.world import CUT, Target, World


class Partition(Fault):
    """Cuts a link: nothing crosses it, and nobody is told. Both ends are up and believe the other is silent.

    You will see callers wait for their own timeouts; where there is none, slots stay held and pools empty. A node name
    means all its links. Healing joins the two sides; what was lost on the wire stays lost.
    """

    params = {
        "direction": choice(
            "both",
            "What is cut: both ways, only requests (to), or only answers (from), so that work is done unheard.",
            ("both", "to", "from"),
        ),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"cut"})
    acts_on = LINKS
    past = "cut off"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Cut every link."""
        return tuple(world.lay(CUT, target, values, ramp_ns) for target in targets)
