"""Garbage collections that never end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.parameters import duration
from topology.world import Beat, Target, World


class GcStorm(Fault):
    """Stops the process again and again for a while, as a collector does that cannot keep up: nothing runs, what arrives waits
    in the sockets, health checks of a short time-out fail.

    You will see latencies with two humps, time-outs in bursts, and now and then a target taken out that comes back at
    once. Healing lets it run; what waited meanwhile is read, however old it is.
    """

    params = {
        "between": duration("2s", "The time from the end of one pause to the beginning of the next.", ge="1ms", le="1h"),
        "lasts": duration("800ms", "How long one pause lasts.", ge="1ms", le="1h"),
    }
    needs = frozenset({"freeze"})
    past = "started a garbage-collection storm in"
    tone = "warn"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Freeze every target in a beat."""
        beats = Beat(on_ns=int(values["lasts"]), off_ns=int(values["between"]))
        return tuple(world.freeze(target, ramp_ns, beats) for target in targets)
