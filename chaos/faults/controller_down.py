"""Nobody decides who leads."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault


class ControllerDown(Fault):
    """Takes the controller of a Kafka cluster away: its quorum has no majority.

    You will see nothing at all while every broker is well. When one goes meanwhile, nobody is elected and no in-sync set
    shrinks: what it led stands still, and what it copied waits for it. Healing brings the controller back; it misses
    whoever is gone after `broker_session`, counted anew.
    """

    needs = frozenset({"lay"})
    lays = frozenset({"controller_down"})
    hint = "it acts on the cluster of an msk"
    past = "took the controller of"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 20/s, deadline: 1m}
  clicks: {kind: msk}
  app: {kind: service, takes: 20ms}
designs:
  only:
    links: [web => clicks => app]
timeline:
  - {at: 10s, inject: controller_down, on: clicks, for: 20s}
  - {at: 12s, inject: broker_down, on: clicks, for: 40s}
"""
