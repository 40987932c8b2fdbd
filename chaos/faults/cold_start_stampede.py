"""All warm environments are gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.node import FUNCTION
from topology.world import Target, World


class ColdStartStampede(Fault):
    """Throws away every warm environment of a function, as a deploy does.

    You will see the next invocations all start cold at the same time, slower by the time that a start takes, and more
    environments at once than before; those that are always ready are made anew unseen. It is over at once: there is nothing
    to heal.
    """

    needs = frozenset({"flush"})
    roles = frozenset({FUNCTION})
    hint = "it acts on a lambda function"
    past = "threw away the environments of"
    tone = "warn"

    def fits(self, world: World, target: Target) -> bool:
        """Whether the target has environments that can be thrown away."""
        return super().fits(world, target) and world.takes("flush", target)

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Flush every target, and leave nothing to undo."""
        for target in targets:
            world.flush(target.node)
        return ()
