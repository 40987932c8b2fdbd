"""A permission that a link needs is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import LINKS, Fault, Undo
from topology.message import lasting, reason_words
from topology.world import Target, World

DENIED = lasting("permission denied (403)")


class PermissionLost(Fault):
    """Takes the permission away that a link needs: a policy that was tightened, a role that was deleted. Every attempt is refused
    at once (403).

    You will see no retry help: who knows the answer does not try again, and push services give up to their dead-letter
    queues at once. Nothing is down and nothing is slow. Healing gives the permission back; what was given up does not come
    by itself.
    """

    needs = frozenset({"lay"})
    lays = frozenset({"refuse"})
    acts_on = LINKS
    past = "took the permission from"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Refuse every attempt on every link, for a reason that another attempt meets again."""
        denied = {"share": 1.0, "reason": reason_words(DENIED)}
        return tuple(world.lay("refuse", target, denied, ramp_ns) for target in targets)
