"""Some brokers are on the wrong side of a cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from chaos.fault import Fault, Undo
from topology.parameters import count
from topology.world import Target, World


class MinorityPartition(Fault):
    """Cuts the fewer brokers of a Kafka cluster off from the others and the controller. Clients still reach both sides.

    You will see the minority lead what it led, alone: with `acks: all` nothing that it takes is acknowledged, with `acks: 1`
    everything is. When the controller misses it (`broker_session`) the majority elects others; what only the minority had
    is sent again with `acks: all`, and lost with `acks: 1`. A partition of which most copies are in the minority has fewer in
    sync than `min_insync`, and is not written with `acks: all`. Healing lets the minority follow the new leaders.
    """

    params = {
        "brokers": count(None, "How many are cut off, from `first` on; left out: the most that are a minority.", ge=1, le=29),
        "first": count(1, "The first of them, by its number; after the last one comes broker 1.", ge=1, le=30),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"broker_1_cut", "broker_2_cut"})
    hint = "it acts on the cluster of an msk that has more brokers than are cut off"
    past = "cut off the minority of"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 20/s, deadline: 1m}
  clicks: {kind: msk, brokers: 5, partitions: 5, acks: "1"}
  app: {kind: service, takes: 20ms}
designs:
  only:
    links: [web => clicks => app]
timeline:
  - {at: 10s, inject: minority_partition, on: clicks, for: 30s}
"""

    def reaches(self, world: World, target: Target, values: dict[str, Any]) -> bool:
        """Whether there are so many brokers."""
        n = _brokers(world, target)
        return values["first"] <= n and (values["brokers"] or 1) < n

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Cut these brokers of every target off."""
        undo = []
        for target in targets:
            n = _brokers(world, target)
            for i in range(values["brokers"] or max(1, (n - 1) // 2)):
                broker = (values["first"] - 1 + i) % n + 1
                undo.append(world.lay(f"broker_{broker}_cut", target, {}, ramp_ns))
        return tuple(undo)


def _brokers(world: World, target: Target) -> int:
    """How many brokers a target has."""
    node = world.plan.node(target.node)
    return 0 if node is None else int(node.values["brokers"])
