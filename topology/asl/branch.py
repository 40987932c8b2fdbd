"""One flow being followed: the whole execution, a branch of a Parallel, or an item of a Map."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Generator
from typing import Any

from topology.asl.failures import Failure
from topology.asl.history import History
from topology.asl.states import Flow, State

Following = Generator[None, Any, Any]


class Branch:
    """Where a flow stands. Its events go to a history, which its parent shares unless it is an execution of its own."""

    def __init__(self, flow: Flow, history: History, parent: Branch | None, index: int, *, own: bool) -> None:
        self.flow, self.history, self.parent, self.index = flow, history, parent, index
        self.own = own
        """Whether it is an execution of its own: the root, or a child of a distributed Map."""
        seen = parent.variables.maps if parent is not None and not own else []
        self.variables: ChainMap[str, Any] = ChainMap({}, *seen)
        self.context: dict[str, Any] = dict(parent.context) if parent is not None else {}
        self.following: Following | None = None
        self.state: State | None = None
        self.entered = self.entered_after = self.last = 0
        """The event that entered the state, the one before it, and the last of this branch."""
        self.closing = 0
        """The event that ended it as an item of a Map."""
        self.waits_for = 0
        """The request it waits for, or 0."""
        self.limit = 0
        """The request that says when it has taken too long as an execution of its own, or 0."""
        self.children: dict[int, Branch] = {}
        self.inbox: list[Branch] = []
        self.map_runs: list[Any] = []
        """Of an execution of its own: the distributed Maps that it has run."""
        self.done = False
        self.output: Any = None
        self.failure: Failure | None = None

    @property
    def root(self) -> Branch:
        """The execution that it belongs to."""
        branch = self
        while not branch.own and branch.parent is not None:
            branch = branch.parent
        return branch

    def record(self, type: str, state: str = "", details: Any = None) -> None:
        """Record an event that follows from this branch's last one."""
        self.last = self.history.add(type, self.last, state, details)
