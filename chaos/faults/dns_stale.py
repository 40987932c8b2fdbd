"""Some still have the old address."""

from __future__ import annotations

from typing import Any

from chaos.fault import LINKS, Fault
from topology.parameters import flag, share


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

    def strength(self, values: dict[str, Any]) -> dict[str, Any]:
        """The same callers meet it each time; two of them affect callers independently."""
        return {"share": values["share"], "silent": values["silent"], "sticky": True, "reason": "stale address"}
