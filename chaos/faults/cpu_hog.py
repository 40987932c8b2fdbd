"""Somebody else computes on the same processor."""

from __future__ import annotations

from chaos.fault import Fault
from topology.parameters import share


class CpuHog(Fault):
    """Takes a share of the processor's cores away: a backup, a virus scan, an endless loop in another process.

    You will see utilisation and waiting for a core rise while slots are still free; nothing happens as long as the cores
    that are left suffice, and a queue without end as soon as they do not. Healing gives the cores back.
    """

    params = {
        "share": share(0.5, "The share of the cores that is taken; one core is always left.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"cores"})
    past = "took processor time from"
    hint = "it acts on what has cores, such as a service or a database"
    tone = "warn"
