"""All brokers of a zone are gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from chaos.fault import Fault, Undo
from topology.parameters import count
from topology.world import Target, World


class ZoneOfBrokersLost(Fault):
    """Takes all brokers of one availability zone of a Kafka cluster away at the same instant: power, network, cooling.

    You will see the partitions that they lead stand still until the controller misses them (`broker_session`). In three zones
    with three copies and `min_insync: 2` it goes on then; in fewer, or with more copies demanded, writes are refused, and
    reads go on. Healing starts the brokers; they copy what they missed.
    """

    params = {
        "zone": count(1, "Which zone: 1 is the zone of broker 1, 2 that of broker 2, and so on, round after round.", ge=1, le=3),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"zone_1_down"})
    hint = "it acts on a zone that has brokers of an msk, by its number"
    past = "cut the power of a zone of"
    layer: ClassVar[str] = "zone_{}_down"

    def reaches(self, world: World, target: Target, values: dict[str, Any]) -> bool:
        """Whether that zone has brokers."""
        return world.takes(self.layer.format(values["zone"]), target)

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Lay it on that zone of every target; a broker is there again when neither its zone nor itself is down."""
        layer = self.layer.format(values["zone"])
        return tuple(world.lay(layer, target, values, ramp_ns) for target in targets)
