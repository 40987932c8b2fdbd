"""One shard or partition gets far more than its share."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault
from topology.parameters import share


class HotShard(Fault):
    """Lets a share of what is written to a stream come with one partition key: a default that nobody changed, one device that
    never stops, a key made of the date. All of it goes to one shard, or to partition 0 of a Kafka topic.

    You will see that shard full while the others idle: of a Kinesis shard what exceeds its limit is refused, and more shards do
    not help; of a partition the lag grows, because one member reads it alone. Healing gives records their own keys again.
    """

    params = {
        "share": share(0.5, "The share of the records that come with that one key.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"hot_shard"})
    hint = "it acts on a kinesis stream, or on a topic of several partitions of an msk"
    past = "sent everything to one shard of"
    tone = "warn"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 200/s}
  clicks: {kind: msk, partitions: 4}
  app: {kind: service, replicas: 2, takes: 8ms}
designs:
  only:
    links: [web => clicks => app]
timeline:
  - {at: 10s, inject: hot_shard, on: clicks, for: 20s, share: 90%}
"""
