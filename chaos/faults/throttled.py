"""A limit that nobody knew of."""

from __future__ import annotations

from chaos.fault import Fault
from topology.parameters import rate


class Throttled(Fault):
    """Lets each replica accept only so many calls a second and turn the others away (429): a quota, a gateway, a noisy account.

    You will see everything above the limit told no at once, however idle the node is; whoever tries again at once only
    adds to it. Healing lifts this limit and no other.
    """

    params = {
        "rate": rate("10/s", "What one replica accepts, in bursts of one second's worth.", gt="0/s"),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"throttle"})
    past = "throttled"
    hint = "nobody calls it: what it does, it fetches for itself"
    tone = "warn"
