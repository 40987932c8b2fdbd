"""A cache is emptied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.node import GATEWAY, PROXY, SERVICE
from topology.world import Target, World


class CacheFlush(Fault):
    """Empties a cache, all of its replicas at once: a deploy that changes what is stored, a FLUSHALL in the wrong window.

    You will see every lookup miss and the origin get the whole load, many times over for what is wanted most, unless one
    miss of a key asks for all. It is over at once: there is nothing to heal, the cache fills itself again.
    """

    needs = frozenset({"flush"})
    roles = frozenset({PROXY, SERVICE, GATEWAY})
    past = "flushed"
    tone = "warn"
    hint = "it acts on a cache"

    def fits(self, world: World, target: Target) -> bool:
        """Whether the target keeps anything that it can forget."""
        return super().fits(world, target) and world.takes("flush", target)

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Flush every target, and leave nothing to undo."""
        for target in targets:
            world.flush(target.node)
        return ()
