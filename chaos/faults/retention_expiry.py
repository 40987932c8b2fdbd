"""What waits in a queue or stream is thrown away sooner."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault
from topology.parameters import share


class RetentionExpiry(Fault):
    """Shortens the retention of a queue or stream to a part of what was set; what is older than that is gone for good, at once
    (on MSK when the log is looked at next, within five minutes).

    You will see a backlog that ends at an age instead of growing, and as many messages lost that nobody was told of. On a
    dead-letter queue the dead letters expire before anybody has looked at them; of a stream a consumer that is late loses the
    rest. Healing restores the retention; what is gone is gone.
    """

    params = {
        "factor": share("0.01%", "What is left of the retention: of four days 35 s.", gt=0, lt=1),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"retention"})
    hint = "it acts on a queue or stream"
    past = "shortened the retention of"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 60/s}
  backlog: {kind: sqs, visibility: 3s}
  app: {kind: service, slots: 1, takes: 20ms}
designs:
  only:
    links: [web => backlog => app]
timeline:
  - {at: 20s, inject: retention_expiry, on: backlog, for: 20s, factor: 0.001%}
"""
