"""Everything takes longer."""

from __future__ import annotations

from chaos.fault import Fault
from topology.parameters import number


class Slow(Fault):
    """Makes work take longer by a factor: a noisy neighbour, a cold cache, a disk that retries.

    You will see slots held longer, then queues, then timeouts; where callers retry, more load on what is already slow.
    Healing gives new work its old speed; what is under way ends as slowly as it began.
    """

    params = {
        "factor": number(10.0, "By how much work takes longer: 10 turns 20 ms into 200 ms.", gt=0, le=10_000),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"slow"})
    hint = "it acts on what does work, such as a service or a database"
    past = "slowed down"
    tone = "warn"
