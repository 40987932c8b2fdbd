"""Somebody purges a queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from chaos.fault import Fault, Undo
from topology.node import QUEUE
from topology.world import Target, World


class QueuePurged(Fault):
    """Deletes everything that a queue keeps, in flight or not: the wrong button, the wrong queue, a script for the test account.

    You will see a backlog gone in a moment, and as many messages lost that were accepted. A queue can be purged once in 60
    seconds. There is nothing to heal: what is deleted does not come back.
    """

    needs = frozenset({"flush"})
    roles = frozenset({QUEUE})
    hint = "it acts on a queue"
    past = "purged"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 60/s}
  backlog: {kind: sqs, visibility: 3s}
  app: {kind: service, slots: 1, takes: 20ms}
designs:
  only:
    links: [web => backlog => app]
timeline:
  - {at: 20s, inject: queue_purged, on: backlog}
"""

    def fits(self, world: World, target: Target) -> bool:
        """Whether the target keeps messages that can be deleted."""
        return super().fits(world, target) and world.takes("flush", target)

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Purge every target, and leave nothing to undo."""
        for target in targets:
            world.flush(target.node)
        return ()
