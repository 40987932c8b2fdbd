"""One wrong setting, everywhere at the same instant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.parameters import duration, share
from topology.world import ERRORS, Beat, Target, World


class ConfigPush(Fault):
    """Restarts all replicas at once with a configuration in which a share of the work fails: a flag, a certificate, a limit
    that was pushed to the whole fleet.

    You will see everything gone for as long as a restart takes, and then errors on all replicas alike: no balancer and no
    retry finds a good one. Healing pushes the old configuration back.
    """

    params = {
        "restart": duration("3s", "How long the replicas are away while they read it.", ge="1ms", le="1h"),
        "share": share(1.0, "The share of the work that fails from then on.", gt=0),
    }
    needs = frozenset({"kill", "lay"})
    lays = frozenset({"errors"})
    hint = "it acts on what does work, such as a service or a database"
    past = "pushed a bad configuration to"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Restart every target, and let its work fail."""
        undo: list[int] = []
        for target in targets:
            undo.append(world.kill(target, beats=Beat(on_ns=int(values["restart"]))))
            undo.append(world.lay(ERRORS, target, {"share": values["share"], "reason": "bad configuration"}))
        return tuple(undo)
