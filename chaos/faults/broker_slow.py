"""A broker is slow."""

from __future__ import annotations

from chaos.brokers import OfBroker
from topology.parameters import number


class BrokerSlow(OfBroker):
    """Makes one broker of a Kafka cluster slower: a disk that wears out, a neighbour, a volume without burst credits left.

    You will see every write with `acks: all` wait for it, to whichever partition it has a copy of, and no election, since it
    is still there. Only when it is later than `lag_max` it is not in sync any more, and nobody waits for it. Healing lets it
    catch up.
    """

    params = {
        **OfBroker.params,
        "factor": number(100.0, "How many times as long its writes and copies take.", gt=1, le=100_000),
    }
    lays = frozenset({"broker_1_slow"})
    layer = "broker_{}_slow"
    past = "slowed down a broker of"
