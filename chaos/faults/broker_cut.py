"""The rest of the cluster does not hear a broker."""

from __future__ import annotations

from chaos.brokers import OfBroker


class BrokerCut(OfBroker):
    """Cuts one broker off from the other brokers and the controller, though clients still reach it: a rule too many.

    You will see it go on leading alone: with `acks: all` nothing that it takes is acknowledged, with `acks: 1` everything is.
    When the controller misses it (`broker_session`) another one leads, and what only the minority had is not in the log any
    more: with `acks: all` it is sent again, with `acks: 1` it is lost. Healing lets it follow whoever leads now.
    """

    lays = frozenset({"broker_1_cut"})
    layer = "broker_{}_cut"
    past = "cut off a broker of"
