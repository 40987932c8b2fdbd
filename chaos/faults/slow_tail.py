"""Slow only for one in a hundred."""

from __future__ import annotations

from chaos.fault import Fault
from topology.parameters import number, share


class SlowTail(Fault):
    """Makes a small share of the work take much longer: a cold disk block, a lock, one bad row. The median does not move.

    You will see a p99 that explodes while averages look well; whoever asks several such nodes for one answer meets it far
    more often than one in a hundred. Healing lets the next piece of work be as quick as ever.
    """

    params = {
        "share": share(0.01, "The share of the work that is slow.", gt=0),
        "stretch": number(100.0, "How many times as long it takes.", gt=0, le=100_000),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"tail"})
    hint = "it acts on what does work, such as a service or a database"
    past = "slowed the tail of"
    tone = "warn"
