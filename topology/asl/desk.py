"""What is under way in an execution: branches that can go on, requests that are out, and how branches are given up."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from topology.asl.branch import Branch
from topology.asl.requests import Cancel, Delay, Invoke, Request
from topology.asl.scope import Outside, Scope
from topology.asl.tally import Tally

SECOND = 1_000_000_000
_ABORTED = ("Task", "Wait", "Parallel", "Map")


@dataclass(slots=True)
class Pending:
    """A request that is out. `beat_ns`: when the task was last heard of; `submitted`, `started`: what was recorded."""

    request: Invoke | Delay
    branch: Branch
    since_ns: int
    beat_ns: int
    submitted: bool = False
    started: bool = False


class Desk:
    """Keeps the order of things: first come, first served, so that the same reports always give the same history."""

    def __init__(self, outside: Outside, runners: Mapping[str, Callable[..., Any]]) -> None:
        """`runners`: how a state is run, by its type."""
        self.outside, self.runners = outside, runners
        self.ready: deque[tuple[Branch, Any]] = deque()
        self.pending: dict[int, Pending] = {}
        self.asked: list[Request] = []
        self._last_id = 0

    def new_id(self) -> int:
        """A number for a request."""
        self._last_id += 1
        return self._last_id

    def tally(self, state: str) -> Tally:
        """Where what becomes of a state is counted."""
        found = self.outside.tallies.get(state)
        if found is None:
            found = self.outside.tallies[state] = Tally()
        return found

    def wake(self, branch: Branch, signal: Any = None) -> None:
        """Let a branch go on, with a value or a Failure."""
        self.ready.append((branch, signal))

    def ask(self, branch: Branch, request: Invoke | Delay) -> None:
        """Send a request for a branch, which then waits."""
        now = self.outside.now_ns()
        branch.waits_for = request.id
        self.pending[request.id] = Pending(request, branch, now, now)
        self.asked.append(request)

    def pause(self, branch: Branch, until_ns: int, purpose: str) -> None:
        """Ask for a delay."""
        state = branch.state.name if branch.state is not None else ""
        self.ask(branch, Delay(self.new_id(), until_ns, state, purpose))

    def limit(self, branch: Branch, seconds: int) -> None:
        """Give an execution so much time; the branch does not wait for its end."""
        now = self.outside.now_ns()
        request = Delay(self.new_id(), now + seconds * SECOND, "", "timeout")
        branch.limit = request.id
        self.pending[request.id] = Pending(request, branch, now, now)
        self.asked.append(request)

    def due_ns(self, pending: Pending) -> int | None:
        """When a request has waited long enough, or None."""
        request = pending.request
        if isinstance(request, Delay):
            return request.until_ns
        limits = []
        if request.timeout_s is not None:
            limits.append(pending.since_ns + request.timeout_s * SECOND)
        if request.heartbeat_s is not None:
            limits.append(pending.beat_ns + request.heartbeat_s * SECOND)
        return min(limits) if limits else None

    def scope(self, branch: Branch, value: Any, states: dict[str, Any] | None = None) -> Scope:
        """What an expression of a branch sees."""
        return Scope(value, branch.context, branch.variables, self.outside, states or {})

    def drop(self, branch: Branch) -> None:
        """Give up a branch with all that is under it."""
        for child in list(branch.children.values()):
            self.drop(child)
        branch.children.clear()
        branch.done = True
        if branch.following is not None:
            branch.following.close()
        self.cancel(branch.waits_for)
        self.cancel(branch.limit)

    def cancel(self, id: int) -> None:
        """Take a request back, if it is out."""
        if self.pending.pop(id, None) is not None:
            self.asked.append(Cancel(id))

    def abort(self, branch: Branch, cause: int) -> None:
        """Record that a branch's state is aborted because of an event, and give the branch up."""
        self.record_aborted(branch, cause)
        self.drop(branch)

    def record_aborted(self, branch: Branch, cause: int) -> None:
        """Record the states that are aborted, outer before inner."""
        if branch.own:
            return
        if branch.state is not None and branch.state.type in _ABORTED:
            branch.history.add(f"{branch.state.type}StateAborted", cause)
        for child in branch.children.values():
            self.record_aborted(child, cause)


def collected(desk: Desk, branch: Branch, child: Branch) -> None:
    """Note that a child has ended, and let its parent go on when it waits."""
    branch.inbox.append(child)
    if len(branch.inbox) == 1:
        desk.wake(branch)


def arrivals(branch: Branch) -> Iterator[Branch]:
    """The children that have ended since the last look, in their order."""
    while branch.inbox:
        yield branch.inbox.pop(0)

