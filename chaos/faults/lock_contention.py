"""Transactions hold their locks for too long."""

from __future__ import annotations

from chaos.fault import Fault
from topology.parameters import number


class LockContention(Fault):
    """Lets a database's transactions hold their locks and connections many times as long: a report that locks what it reads, a
    missing index, a caller that thinks while its transaction is open.

    You will see writes to one row wait for each other, connections taken by those who wait, and then refusals for reads,
    too, while the cores idle. Healing lets new transactions commit as quickly as before; those under way end as they began.
    """

    params = {
        "factor": number(50.0, "How many times as long a write holds its lock.", gt=1, le=100_000),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"locks"})
    past = "made transactions hold their locks in"
