"""Readers of a stream come too late with their iterators."""

from __future__ import annotations

from chaos.fault import Fault
from topology.parameters import share


class IteratorExpired(Fault):
    """Lets the iterators of a stream's readers expire before they are used, all of them or a share: the table of leases that is
    throttled, a reader that pauses for longer than an iterator lives.

    You will see reads that bring nothing, iterator ages that grow, and no error at any producer. With the share of all nothing
    is read at all, and what waits for longer than the retention is lost. Consumers with enhanced fan-out have no iterators.
    Healing lets them read on where they were.
    """

    params = {
        "share": share("100%", "The share of the reads whose iterator has expired.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"expired"})
    hint = "it acts on a kinesis stream that is read without fan-out"
    past = "expired the iterators of"
