"""The wire takes longer."""

from __future__ import annotations

from chaos.fault import LINKS, Fault
from topology.parameters import duration


class Latency(Fault):
    """Delays what crosses a link, on the way there and again on the way back: a long detour, a congested uplink, a distant zone.

    You will see answers arrive later, and the slots of whoever waits for them fill up. A node name means all its links.
    Healing takes this delay away and leaves any other that lies on the same link.
    """

    params = {
        "extra": duration("100ms", "How much longer every crossing takes.", ge="0s", le="1h"),
        "jitter": duration("0s", "Up to this much more or less, drawn for each crossing.", ge="0s", le="1h"),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"latency"})
    acts_on = LINKS
    past = "delayed"
    tone = "warn"
