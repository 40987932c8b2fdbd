"""Some still have the old address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import LINKS, Fault, Undo
from topology.parameters import flag, share
from topology.world import Target, World


class DnsStale(Fault):
    """Lets a share of the callers hold an address at which nobody lives any more: a record that moved, a cache that does
    not look again.

    You will see some clients fail for good while others notice nothing, and no replica look ill. In silence (the host is
    gone) their slots fill; refused (the port is closed) they fail at once. Healing lets everybody look the address up anew.
    """

    params = {
        "share": share(0.3, "The share of the callers that are affected.", gt=0),
        "silent": flag(True, "Whether attempts meet silence; else they are refused at once."),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"refuse"})
    acts_on = LINKS
    past = "left stale addresses on"
    tone = "warn"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Lay stale addresses on every link; two of them affect callers independently."""
        stale = {"share": values["share"], "silent": values["silent"], "sticky": True, "reason": "stale address"}
        return tuple(world.lay("refuse", target, stale, ramp_ns) for target in targets)
