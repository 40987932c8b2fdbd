"""A new version with a mistake is rolled out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.parameters import duration, share
from topology.world import ERRORS, Beat, Target, World

FOR_GOOD = 10**18
"""About 30 years, in nanoseconds: until it is healed."""


class BadDeploy(Fault):
    """Restarts one replica after the other, and those that are new fail a share of their work: a rolling deploy that nobody
    stops, because health checks pass.

    You will see the share of errors climb in steps, one step a replica, while each replica is away for its restart.
    Healing rolls back at once: the errors end, and what is still restarting comes up.
    """

    params = {
        "step": duration("10s", "The time from one replica to the next.", ge="0s", le="1h"),
        "restart": duration("5s", "How long each replica is away.", ge="1ms", le="1h"),
        "share": share(1.0, "The share of the work that fails in a new replica.", gt=0),
    }
    needs = frozenset({"kill", "lay"})
    lays = frozenset({"errors"})
    hint = "it acts on what does work, such as a service or a database"
    past = "rolled out a bad version of"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Restart the replicas of every target in turn; each errs from then on."""
        undo: list[int] = []
        away = int(values["restart"])
        ones = [Target(target.node, (replica,)) for target in targets for replica in target.replicas]
        for i, one in enumerate(ones):
            at = i * int(values["step"])
            errs = {"share": values["share"], "reason": "bad version"}
            undo.append(world.kill(one, beats=Beat(on_ns=away, after_ns=at)))
            undo.append(world.lay(ERRORS, one, errs, beats=Beat(on_ns=FOR_GOOD, after_ns=at + away)))
        return tuple(undo)
