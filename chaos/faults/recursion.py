"""A function calls itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import Fault, Undo
from topology.parameters import share
from topology.world import Target, World


class Recursion(Fault):
    """Lets a share of a function's executions invoke the function once more, asynchronously, when they are done: it writes where
    it reads from, or publishes to the topic that feeds it.

    You will see concurrency and cost that nobody ordered. The service stops a chain of requests after 16 invocations; with
    the guard switched off it goes on, and each new message adds a loop. Healing deploys the fix: what was invoked still
    runs, and nothing follows it.
    """

    params = {
        "share": share("10%", "The share of the executions that invoke it once more.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"recursive"})
    hint = "it acts on a lambda function"
    past = "made a loop of"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Lay recursion on every target; an execution invokes it once more at the most, whoever says so."""
        return tuple(world.lay("recursive", target, values, ramp_ns) for target in targets)
