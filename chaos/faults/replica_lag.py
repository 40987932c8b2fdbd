"""Read replicas fall behind."""

from __future__ import annotations

from chaos.fault import Fault
from topology.parameters import duration


class ReplicaLag(Fault):
    """Makes a database's read replicas show writes later: a long transaction, a replica that is too small, a slow line.

    You will see no errors at all: readers are told yes and shown what was true some time ago, which is counted as
    degraded. A crash meanwhile loses more where a replica takes over. Healing lets the replicas catch up at once.
    """

    params = {
        "extra": duration("5s", "How much later a replica shows a write.", gt="0s", le="1d"),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"lag"})
    past = "held back the replicas of"
    tone = "warn"
