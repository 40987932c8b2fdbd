"""Followers copy nothing any more."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault


class InSyncBelowMinimum(Fault):
    """Stops replication in a Kafka cluster, while every broker is up and heard: a saturated network between them, fetcher threads
    that died, a quota on replication.

    You will see producers with `acks: all` wait, and readers, too, who read only what all in-sync replicas have. After
    `lag_max` the followers are out of the in-sync set, which is smaller than `min_insync` then: writes with `acks: all` are
    refused, readers go on, and with `acks: 1` all looks well, though one broker alone has the data. Healing lets the
    followers catch up, and come back into the set.
    """

    needs = frozenset({"lay"})
    lays = frozenset({"replication_halted"})
    hint = "it acts on a topic of an msk that has more than one replica"
    past = "stopped the replication of"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 20/s, deadline: 1m}
  clicks: {kind: msk, lag_max: 10s}
  app: {kind: service, takes: 20ms}
designs:
  only:
    links: [web => clicks => app]
timeline:
  - {at: 10s, inject: in_sync_below_minimum, on: clicks, for: 40s}
"""
