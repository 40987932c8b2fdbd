"""A function calls itself."""

from __future__ import annotations

from chaos.fault import Fault
from topology.parameters import share


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
