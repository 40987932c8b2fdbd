"""Everything restarts at once, empty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.parameters import duration
from topology.world import Beat, Target, World


class ColdRestart(Fault):
    """Restarts processes, all at once: a power cut, an upgrade without care. They come back by themselves, empty and cold.

    You will see a short outage, and after it a longer one where warmth mattered: caches miss, services that must warm up are
    slow, clients reconnect together. Healing before they are back starts them at once; after that it changes nothing.
    """

    params = {
        "restart": duration("5s", "How long they are down. A node's own start time comes on top.", gt="0s", le="1h"),
    }
    needs = frozenset({"kill"})
    past = "restarted"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Kill every target, once and for so long."""
        beats = Beat(on_ns=values["restart"])
        return tuple(world.kill(target, ramp_ns, beats=beats) for target in targets)
