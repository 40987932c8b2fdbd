"""Every broker restarts, one after the other."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault


class RollingPatch(Fault):
    """Patches a Kafka cluster: each broker hands over what it leads, is away for `patch`, and comes back; the next one goes when
    every copy is in sync again.

    You will see an election for each partition of each broker, and one copy less while a broker is away: where every copy is
    demanded, writes are refused. Another broker that goes meanwhile leaves one of three. It ends by itself when each was
    away once. Healing lets no further one go; the one that is away comes back when it is patched.
    """

    needs = frozenset({"lay"})
    lays = frozenset({"rolling_patch"})
    hint = "it acts on the cluster of an msk"
    past = "began to patch"
    tone = "warn"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 20/s}
  clicks: {kind: msk, patch: 5s}
  app: {kind: service, takes: 20ms}
designs:
  only:
    links: [web => clicks => app]
timeline:
  - {at: 10s, inject: rolling_patch, on: clicks, for: 40s}
"""
