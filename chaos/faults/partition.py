"""Two sides no longer hear each other."""

from __future__ import annotations

from chaos.fault import LINKS, Fault
from topology.parameters import choice


class Partition(Fault):
    """Cuts a link: nothing crosses it, and nobody is told. Both ends are up and believe the other is silent.

    You will see callers wait for their own timeouts; where there is none, slots stay held and pools empty. A node name
    means all its links. Healing joins the two sides; what was lost on the wire stays lost.
    """

    params = {
        "direction": choice(
            "both",
            "What is cut: both ways, only requests (to), or only answers (from), so that work is done unheard.",
            ("both", "to", "from"),
        ),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"cut"})
    acts_on = LINKS
    past = "cut off"
