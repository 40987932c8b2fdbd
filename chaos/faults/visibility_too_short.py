"""Messages come back while they are worked on."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault
from topology.parameters import share


class VisibilityTooShort(Fault):
    """Shortens the visibility timeout of a queue to a part of what was set: somebody changed it, or never adapted it to the work.

    You will see messages that are still in work delivered to somebody else, each of them done several times, and soon a load
    that nobody ordered; what comes back often enough ends in the dead-letter queue although it was done. Healing restores
    the timeout for what is received from then on.
    """

    params = {
        "factor": share("10%", "What is left of the visibility timeout.", gt=0, lt=1),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"visibility"})
    hint = "it acts on a queue"
    past = "shortened the visibility timeout of"
    tone = "warn"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 20/s}
  backlog: {kind: sqs, visibility: 5s}
  app: {kind: service, slots: 20, takes: {median: 500ms, p99: 2s}}
designs:
  only:
    links: [web => backlog => app]
timeline:
  - {at: 10s, inject: visibility_too_short, on: backlog, for: 20s, factor: 10%}
"""
