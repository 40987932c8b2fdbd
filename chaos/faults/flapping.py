"""Up and down, and up and down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.parameters import duration
from topology.world import Beat, Target, World


class Flapping(Fault):
    """Crashes and restarts the process over and over: a crash loop, a flaky power supply, a health check that kills too early.

    You will see more harm than one long outage does: each return lures callers back, each crash resets what they sent.
    Healing ends the loop and starts what is dead.
    """

    params = {
        "down": duration("3s", "How long it is down each time.", ge="1ms", le="1h"),
        "up": duration("7s", "How long it is up in between.", ge="1ms", le="1h"),
    }
    needs = frozenset({"kill"})
    past = "made flap"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Kill every target in a beat."""
        beats = Beat(on_ns=int(values["down"]), off_ns=int(values["up"]))
        return tuple(world.kill(target, ramp_ns, beats=beats) for target in targets)
