"""Nothing at all: the control group, and the template for a new fault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import ANYTHING, Fault, Undo
from topology.world import Target, World


class Noop(Fault):
    """Breaks nothing. You will see the run go on as if nobody had touched it, with the same windows as a real fault.

    Use it as the control group: whatever differs from a run with a fault, the fault did. There is nothing to heal.
    """

    acts_on = ANYTHING
    past = "did nothing to"
    tone = "info"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Do nothing, and leave nothing to undo."""
        return ()
