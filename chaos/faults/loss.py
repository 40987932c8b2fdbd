"""The wire loses some of what it carries."""

from __future__ import annotations

from chaos.fault import LINKS, Fault
from topology.parameters import choice, share


class Loss(Fault):
    """Drops a share of what crosses a link, silently: a bad cable, an overfull switch.

    You will see callers wait for answers that never come, until their timeout. A retry helps, and may do the work
    twice. A node name means all its links. Healing lets everything through again.
    """

    params = {
        "share": share(0.2, "The share of the crossings that is lost.", gt=0),
        "direction": choice(
            "both", "What is lost: both ways, only requests (to), or only answers (from).", ("both", "to", "from")
        ),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"loss"})
    acts_on = LINKS
    past = "made lossy"
    tone = "warn"
