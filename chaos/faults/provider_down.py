"""A third party is down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.node import ENDPOINT
from topology.parameters import flag
from topology.world import Target, World


class ProviderDown(Fault):
    """Takes an endpoint of somebody else away: a bank, a carrier, a mailbox provider. It refuses every call at once, or,
    silently, does not answer at all, which callers without a timeout wait for for ever.

    You will see their retries, what they keep meanwhile, and the rush when it is back. Healing brings it back.
    """

    params = {
        "silent": flag(False, "Whether it vanishes in silence instead of refusing."),
    }
    needs = frozenset({"kill"})
    roles = frozenset({ENDPOINT})
    hint = "it acts on an endpoint of a third party"
    past = "took down"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Take every target down."""
        return tuple(world.kill(target, ramp_ns, silent=bool(values["silent"])) for target in targets)
