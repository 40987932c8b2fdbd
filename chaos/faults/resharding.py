"""A stream gets other shards while it is in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from chaos.fault import Fault, Undo
from topology.parameters import choice
from topology.world import Target, World

FACTORS = {"double": 2.0, "half": 0.5}


class Resharding(Fault):
    """Splits every shard of a Kinesis stream, or merges each with its neighbour, while records come and are read.

    You will see who reads it stop at the new shards until the old ones are read to their end, so that what waits in them is
    what the new records wait for, and leases that move. Merged shards take half as much: what is more is refused. Healing
    takes as many shards as before, by the same rules: at most twice or half as many, ten times in 24 hours.
    """

    params = {
        "to": choice("double", "Whether there are twice as many shards, or half as many.", options=tuple(FACTORS)),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"resharded"})
    hint = "it acts on a kinesis stream that is not on demand"
    past = "resharded"
    tone = "warn"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 200/s}
  clicks: {kind: kinesis, shards: 4}
  app: {kind: service, replicas: 2, takes: 5ms}
designs:
  only:
    links: [web => clicks => app]
timeline:
  - {at: 10s, inject: resharding, on: clicks, for: 30s, to: half}
"""

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Reshard every target, at once."""
        factor = FACTORS[str(values["to"])]
        return tuple(world.lay("resharded", target, {"factor": factor}) for target in targets)
