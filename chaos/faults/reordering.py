"""Messages overtake each other."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault
from topology.parameters import share


class Reordering(Fault):
    """Lets a share of the messages of a standard queue overtake up to ten that came before them: its order is best effort only.

    You will see later messages done before earlier ones as soon as there is a backlog; without one there is nobody to
    overtake. Whoever needs an order must number its messages, or take a FIFO queue. Healing restores the order of what comes
    from then on.
    """

    params = {
        "share": share("20%", "The share of the messages that overtake others.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"reordered"})
    hint = "it acts on a standard queue; a FIFO queue keeps its order"
    past = "shuffled"
    tone = "warn"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 60/s}
  backlog: {kind: sqs, visibility: 3s}
  app: {kind: service, slots: 1, takes: 20ms}
designs:
  only:
    links: [web => backlog => app]
timeline:
  - {at: 20s, inject: reordering, on: backlog, for: 20s, share: 20%}
"""
