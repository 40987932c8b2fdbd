"""The health check does not say what is true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.parameters import choice, share
from topology.world import ERRORS, Target, World


class HealthCheckLies(Fault):
    """Lets a replica tell its balancer the wrong thing. Healthy while failing: its work fails, and checks pass, so traffic keeps
    coming. Failing while healthy: it works well and is taken out, and the others have to carry its load.

    You will see errors that no balancer routes around, or a healthy pool that shrinks, down to sending to all (fail-open).
    Healing makes the check honest.
    """

    params = {
        "says": choice("healthy", "What it tells.", options=("healthy", "unhealthy")),
        "share": share(1.0, "The share of the work that fails meanwhile where it says healthy.", ge=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"lies", "errors"})
    past = "made health checks lie on"
    hint = "no balancer checks its health"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Lay a lie on every target, and errors where it says healthy; of two that disagree, neither counts."""
        says = {"by": 1.0 if values["says"] == "healthy" else -1.0}
        undo = [world.lay("lies", target, says) for target in targets]
        if values["says"] == "healthy" and values["share"] > 0:
            errs = {"share": values["share"], "reason": "fails behind a passing check"}
            undo += [world.lay(ERRORS, target, errs, ramp_ns) for target in targets]
        return tuple(undo)
