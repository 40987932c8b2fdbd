"""A pool has nearly nothing left to give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import ANYTHING, Fault, Undo
from topology.parameters import share
from topology.world import Target, World


class PoolExhausted(Fault):
    """Takes connections or worker slots away, as when code forgets to give them back: they are taken and nobody uses them.

    You will see a database refuse with "too many connections", or calls of a service wait for the few slots that are left,
    while cores idle; one is always left there. Aimed at a link, it takes connections of its callers' pools, down to none, and
    they wait with the callee idle. With a ramp they leak away bit by bit. Healing gives all of them back.
    """

    params = {
        "share": share(0.9, "The share of the connections or slots that is taken.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"slots"})
    acts_on = ANYTHING
    past = "exhausted the pool of"
    hint = "it acts on a service or a database, or on a link with a pool, such as pool: 10"

    def fits(self, world: World, target: Target) -> bool:
        """Whether the target has slots, or the link a pool."""
        return world.takes(_what(target), target)

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Take slots or connections away on every target; two of them hit independently."""
        return tuple(world.lay(_what(target), target, {"share": values["share"]}, ramp_ns) for target in targets)


def _what(target: Target) -> str:
    """What it takes there: a caller's connections over a link, or a node's own slots."""
    return "leased" if target.link else "slots"
