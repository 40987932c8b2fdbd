"""A broker's process is gone."""

from __future__ import annotations

from chaos.brokers import OfBroker


class BrokerDown(OfBroker):
    """Kills one broker of a Kafka cluster: its host dies, its process is killed.

    You will see nothing but silence from the partitions that it leads until the controller misses it (`broker_session`); then
    others that are in sync lead, and what producers sent meanwhile is written at last. Where it only follows, readers and
    writes with `acks: all` wait just as long. With `acks: 1` what nobody had copied yet is lost. Healing starts it again: it
    copies what it missed before it counts as in sync, and leads again when the cluster looks after that.
    """

    lays = frozenset({"broker_1_down"})
    layer = "broker_{}_down"
    past = "killed a broker of"
