"""A process stops answering without dying."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.world import Target, World


class Hang(Fault):
    """Freezes processes, as SIGSTOP does. Connections still open, and nothing answers.

    You will see the slots of the callers fill with calls that wait, first next door, then further up, until a timeout
    ends it. Healing thaws: timers that came due fire, and what arrived meanwhile is read, however old it is.
    """

    needs = frozenset({"freeze"})
    past = "froze"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Freeze every target."""
        return tuple(world.freeze(target, ramp_ns) for target in targets)
