"""Memory that is never given back."""

from __future__ import annotations

from chaos.fault import Fault
from topology.parameters import duration, number


class Leak(Fault):
    """Lets a process leak memory: all is well until it is half full, then work takes longer and longer, then the system kills
    it for it; a supervisor starts it anew, and it leaks again. Replicas fill at slightly different speeds.

    You will see a slow death: latency that climbs for no visible reason, a crash, a short relief, and the same again.
    Healing stops the leak, starts what is dead, and gives work its old speed.
    """

    params = {
        "fills": duration("60s", "How long it takes until the memory is full.", gt="0s", le="7d"),
        "thrash": number(10.0, "How many times as long work takes just before the end.", ge=1, le=10_000),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"leak"})
    past = "made leak"
    tone = "warn"
