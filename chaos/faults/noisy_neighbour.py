"""Somebody next door makes noise, now and then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.parameters import duration, number
from topology.world import SLOW, Beat, Target, World


class NoisyNeighbour(Fault):
    """Slows work down for a while, again and again, as another tenant of the same machine does with its batch jobs.

    You will see latency come and go without any cause of your own; averages hide it, percentiles do not.
    Healing sends the neighbour away.
    """

    params = {
        "factor": number(5.0, "By how much work takes longer while the neighbour is busy.", gt=0, le=10_000),
        "busy": duration("5s", "How long the neighbour is busy each time.", ge="1ms", le="1h"),
        "quiet": duration("10s", "How long it is quiet in between.", ge="1ms", le="1h"),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"slow"})
    hint = "it acts on what does work, such as a service or a database"
    past = "gave a noisy neighbour to"
    tone = "warn"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Lay slowness on every target in a beat; two neighbours multiply while both are busy."""
        beats = Beat(on_ns=int(values["busy"]), off_ns=int(values["quiet"]))
        return tuple(world.lay(SLOW, target, values, ramp_ns, beats) for target in targets)
