"""A quota on what producers write to a Kafka cluster."""

from __future__ import annotations

from typing import Any, ClassVar

from chaos.fault import Fault
from topology.parameters import size


class ProducerThrottled(Fault):
    """Lets a Kafka cluster take only so many bytes a second: a quota of the client, or what its network bears. Nobody is refused;
    what is more waits at its producer (for a stream that refuses what is too much, use `throttled`).

    You will see answers that take longer and longer, no error at first, and consumers that have less to do; after
    `delivery_timeout` the producers give up. Healing sends what waits at once.
    """

    params = {
        "bytes": size("50KiB", "So many bytes are taken each second.", ge="1B", le="1GiB"),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"quota"})
    hint = "it acts on a topic of an msk"
    past = "throttled the producers of"
    tone = "warn"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 100/s, deadline: 1m}
  clicks: {kind: msk}
  app: {kind: service, takes: 5ms}
designs:
  only:
    links: [web => clicks => app]
timeline:
  - {at: 10s, inject: producer_throttled, on: clicks, for: 20s, bytes: 50KiB}
"""

    def strength(self, values: dict[str, Any]) -> dict[str, Any]:
        """The time that each byte takes; of two quotas the lower one counts."""
        return {"by": 1e9 / int(values["bytes"])}
