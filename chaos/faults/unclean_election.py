"""Only a broker that lags behind is left to lead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from chaos.brokers import OfBroker
from chaos.fault import Undo
from topology.parameters import count, duration
from topology.world import Beat, Target, World

FOR_GOOD = 10**18


class UncleanElection(OfBroker):
    """Stops replication in a Kafka cluster, and kills one broker later, when nobody else is in sync with what it leads.

    You will see nothing be refused with `acks: 1` until the broker dies. Then, where unclean elections are allowed, a follower
    leads that lacks all that was written meanwhile: it is lost, though it was acknowledged. Where they are not, the partitions
    stand still until the broker is back, and nothing is lost. With `acks: all` and a minimum of two hardly anything was
    acknowledged. Healing starts the broker again and lets the followers copy.
    """

    params = {
        "broker": count(1, "Which broker dies, by its number; they are numbered from 1.", ge=1, le=30),
        "after": duration("40s", "How long after replication stopped it dies; longer than `lag_max`.", ge="0s", le="1h"),
    }
    lays = frozenset({"replication_halted"})
    hint = "it acts on a broker that is in the cluster of an msk with several replicas, by its number"
    layer = "broker_{}_down"
    past = "let the copies lag and then killed a broker of"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 20/s, deadline: 1m}
  clicks: {kind: msk, acks: "1", lag_max: 10s}
  app: {kind: service, takes: 20ms}
designs:
  only:
    links: [web => clicks => app]
timeline:
  - {at: 10s, inject: unclean_election, on: clicks, for: 60s, after: 20s}
"""

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Stop replication now, and take the broker later, whatever the ramp."""
        dies = self.layer.format(values["broker"])
        later = Beat(on_ns=FOR_GOOD, after_ns=int(values["after"]))
        found = [world.lay("replication_halted", target, {}) for target in targets]
        return tuple(found + [world.lay(dies, target, {}, beats=later) for target in targets])
