"""An archive is replayed by mistake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from chaos.fault import Fault, Undo
from topology.node import PUSH
from topology.parameters import count
from topology.world import Target, World


class ArchiveReplayed(Fault):
    """Replays all that the archive of an event bus keeps, once or several times: somebody tried what the button does.

    You will see everything done once more that was done before, on top of what comes anyway, at the archive's replay rate.
    Whoever is idempotent only has the load. There is nothing to heal: a replay that began goes on to its end.
    """

    params = {
        "replays": count(2, "How often all of it is replayed, one replay after the other.", ge=1, le=100),
    }
    needs = frozenset({"redrive"})
    roles = frozenset({PUSH})
    hint = "it acts on an event bus with an archive"
    past = "replayed the archive of"
    tone = "warn"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 20/s}
  bus: {kind: eventbridge, archive: {replay_rate: 100/s}}
  app: {kind: service, takes: 20ms}
designs:
  only:
    links: [web => bus => app]
timeline:
  - {at: 10s, inject: archive_replayed, on: bus, replays: 2}
"""

    def fits(self, world: World, target: Target) -> bool:
        """Whether the target is a bus that keeps an archive."""
        return super().fits(world, target) and world.takes("redrive", target)

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Start the replays on every target, and leave nothing to undo."""
        for target in targets:
            for _ in range(int(values["replays"])):
                world.redrive(target.node)
        return ()
