"""A consumer group that is never done with sharing out its partitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from chaos.fault import Fault, Undo
from topology.parameters import duration
from topology.world import Beat, Target, World


class RebalanceStorm(Fault):
    """Makes all groups of a Kafka topic rebalance again and again: members whose pauses are longer than their session, a
    deployment that never ends, a coordinator that moves.

    You will see a lag that grows though everybody is alive and nothing fails: members that share out eagerly let go of
    everything until the last of them has joined, with its next heartbeat; cooperative ones go on meanwhile. Healing lets the
    last rebalance end.
    """

    params = {
        "period": duration("10s", "The time from one rebalance to the next.", ge="100ms", le="1h"),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"rebalanced"})
    hint = "it acts on a topic of an msk that groups read"
    past = "stirred up the groups of"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 100/s}
  clicks: {kind: msk, partitions: 4}
  app: {kind: service, replicas: 2, takes: 5ms}
designs:
  only:
    links: [web => clicks => app]
timeline:
  - {at: 10s, inject: rebalance_storm, on: clicks, for: 30s, period: 4s}
"""

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Order every target to rebalance in a beat, whatever the ramp."""
        period = int(values["period"])
        beats = Beat(on_ns=period // 2, off_ns=period - period // 2)
        return tuple(world.lay("rebalanced", target, {}, beats=beats) for target in targets)
