"""A consumer lives and does nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from chaos.fault import Fault, Undo
from topology.world import Target, World


class ConsumerStuck(Fault):
    """Lets the workers of a consumer wait for something that never comes, a deadlock, while the threads that send heartbeats run.

    You will see a lag that grows without an error, and a consumer that everybody takes for healthy. A Kafka group puts it out
    when it has asked for nothing within `poll_interval`, long after it would have missed a dead one; a Kinesis application never
    does, because its leases are renewed; SQS gives its messages to others when their visibility ends. Healing lets it go on
    where it stood, also with what others have done meanwhile.
    """

    needs = frozenset({"freeze", "lay"})
    lays = frozenset({"beats"})
    hint = "it acts on a service that consumes a queue or stream"
    past = "deadlocked"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 50/s}
  clicks: {kind: kinesis, shards: 4}
  app: {kind: service, replicas: 2, takes: 5ms}
designs:
  only:
    links: [web => clicks => app]
timeline:
  - {at: 10s, inject: consumer_stuck, on: app/1, for: 30s}
"""

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Let every target stand still, but for its heartbeats."""
        beating = [world.lay("beats", target, {}) for target in targets]
        return tuple(beating + [world.freeze(target, ramp_ns) for target in targets])
