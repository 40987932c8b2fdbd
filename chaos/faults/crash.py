"""A process dies; its host stays up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.world import Target, World


class Crash(Fault):
    """Kills processes. Whatever was in their memory is gone, calls in them are reset, new ones are refused at once.

    You will see callers fail fast, and a queue in front of the dead fill up. Healing starts the processes again, empty
    and cold. A managed service refuses while it is down and keeps what it had stored.
    """

    needs = frozenset({"kill"})
    past = "crashed"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Kill every target."""
        return tuple(world.kill(target, ramp_ns) for target in targets)
