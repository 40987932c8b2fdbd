"""A permission that a link needs is gone."""

from __future__ import annotations

from typing import Any

from chaos.fault import LINKS, Fault
from topology.message import lasting, reason_words

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

    def strength(self, values: dict[str, Any]) -> dict[str, Any]:
        """Every attempt is refused, for a reason that another attempt meets again."""
        return {"share": 1.0, "reason": reason_words(DENIED)}
