"""What the faults of one broker of a cluster have in common: which broker, and the layer that is its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from chaos.fault import Fault, Undo
from topology.parameters import count
from topology.world import Target, World


class OfBroker(Fault):
    """A fault of one broker of a Kafka cluster, by its number; each broker has a layer of its own."""

    params: Mapping[str, Any] = {
        "broker": count(1, "Which broker, by its number; they are numbered from 1.", ge=1, le=30),
    }
    needs = frozenset({"lay"})
    hint = "it acts on a broker that is in the cluster of an msk, by its number"
    layer: ClassVar[str] = ""
    """The layer of a broker, with {} for its number."""

    def reaches(self, world: World, target: Target, values: dict[str, Any]) -> bool:
        """Whether there is a broker of that number."""
        return world.takes(self.layer.format(values["broker"]), target)

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Lay it on that broker of every target."""
        layer = self.layer.format(values["broker"])
        return tuple(world.lay(layer, target, values, ramp_ns) for target in targets)
