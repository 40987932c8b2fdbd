"""A broker's disk is full."""

from __future__ import annotations

from chaos.brokers import OfBroker


class BrokerDiskFull(OfBroker):
    """Fills the disk of one broker of a Kafka cluster, so that it stops: a retention that is too long, a load that has grown.

    You will see what you see of a broker that is killed, but restarting it does not help while the disk is full. On a cluster
    that is loaded evenly the others fill up next: inject it on two of them. Healing gives it a larger disk; it copies what it
    missed before it counts as in sync.
    """

    lays = frozenset({"broker_1_full"})
    layer = "broker_{}_full"
    past = "filled the disk of a broker of"
