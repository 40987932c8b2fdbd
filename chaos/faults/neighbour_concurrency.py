"""Another function takes the concurrency of the account."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault
from topology.parameters import share


class NeighbourConcurrency(Fault):
    """Lets other functions of the account take a share of its concurrency: a batch job next door, a loop, a test in the wrong
    account.

    You will see a function throttled (429) that does nothing unusual: callers are refused, asynchronous invocations wait,
    queues fill up. Concurrency that is reserved for it is not touched. Healing ends what the others do.
    """

    params = {
        "share": share("90%", "The share of the account's concurrency that others take.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"concurrency_taken"})
    hint = "it acts on a lambda function without reserved concurrency"
    past = "took concurrency from"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 100/s}
  resize: {kind: lambda, takes: 500ms, timeout: 3s, account: 200}
designs:
  only:
    links: [web -> resize]
timeline:
  - {at: 10s, inject: neighbour_concurrency, on: resize, for: 20s, share: 90%}
"""
