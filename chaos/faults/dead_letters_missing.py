"""The dead-letter queue takes nothing."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault


class DeadLettersMissing(Fault):
    """Lets the dead-letter queues of a node take nothing from it: the permission is missing, or the queue was deleted.

    You will see what was given up lost for good instead of kept; a queue cannot give it up at all, so that its consumers
    meet the same message again and again until it is too old. Nobody is told. Healing lets the next dead letter through;
    what was lost before stays lost.
    """

    needs = frozenset({"lay"})
    lays = frozenset({"no_dead_letters"})
    hint = "it acts on what has a dead-letter queue"
    past = "took the dead-letter queue from"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 20/s}
  backlog: {kind: sqs, visibility: 5s, dead_letter: {to: graveyard, after: 2}}
  graveyard: {kind: sqs}
  app: {kind: service, takes: 20ms, fails: 20%}
designs:
  only:
    links: [web => backlog => app]
timeline:
  - {at: 10s, inject: dead_letters_missing, on: backlog, for: 20s}
"""
