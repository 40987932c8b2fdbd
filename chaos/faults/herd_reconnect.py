"""All clients come back at the same moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import PRODUCERS, Fault, Undo
from topology.parameters import count, duration
from topology.world import Beat, Target, World


class HerdReconnect(Fault):
    """Lets many clients reconnect within a moment, each with one more request: after a network hiccup, a push message, a
    restarted gateway. It may happen again and again.

    You will see one steep spike on top of the usual load; what has no bound on its queue works on it long after everybody
    has given up. Healing ends it; those who came are not sent away.
    """

    params = {
        "clients": count(1000, "How many come.", ge=1, le=10_000_000),
        "within": duration("1s", "The time within which all of them come.", ge="1ms", le="1h"),
        "again": duration("0s", "From the beginning of one herd to that of the next; 0: it comes once.", ge="0s", le="1d"),
    }
    needs = frozenset({"surge"})
    acts_on = PRODUCERS
    past = "sent a herd of clients through"
    tone = "warn"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Add a short stream of as many messages, at the rate that their number and time make."""
        within = int(values["within"])
        again = int(values["again"])
        beats = Beat(on_ns=within, off_ns=max(again - within, 1) if again else 0)
        extra = float(values["clients"]) / within * 1e9
        return tuple(world.crowd(target.node, extra, beats) for target in targets)
