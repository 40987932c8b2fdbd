"""Two primaries at once."""

from __future__ import annotations

from chaos.fault import Fault
from topology.parameters import share


class SplitBrain(Fault):
    """Lets a database have two primaries: a new one was chosen, and the old one does not know. Some calls still reach it.

    You will see nothing wrong while it lasts: everybody is told yes. Healing gives the old primary up, and whatever was
    written to it is lost, all of it at that instant, although its writers were told yes.
    """

    params = {
        "share": share(0.5, "The share of the writes that reach the old primary.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"split"})
    past = "split the primary of"
