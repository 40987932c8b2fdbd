"""Messages that nobody can ever work on."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault
from topology.parameters import share


class PoisonMessage(Fault):
    """Makes a share of the messages poison for whoever works on them: a field that is missing, a date that cannot be read. Each
    of them fails every time that it comes, however often that is; the others go through.

    You will see a queue deliver the same few messages again and again until they are dead-lettered or too old, and a FIFO
    queue stand still behind them; a push service does not even try twice. Healing deploys a worker that can read them.
    """

    params = {
        "share": share("1%", "The share of the messages that are poison.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"poison"})
    hint = "it acts on what does work, such as a service, a function or an endpoint"
    past = "let poison messages come to"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 20/s}
  backlog: {kind: sqs, visibility: 5s, dead_letter: {to: graveyard, after: 3}}
  graveyard: {kind: sqs}
  app: {kind: service, takes: 20ms}
designs:
  only:
    links: [web => backlog => app]
timeline:
  - {at: 10s, inject: poison_message, on: app, for: 20s, share: 5%}
"""
