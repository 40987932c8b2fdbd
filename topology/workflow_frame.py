"""Pictures of a workflow: the graph of its states, what became of each, and the path of an execution. Nobody can change them.

Instants are nanoseconds of the run; one before the run's begin is negative.
"""

from __future__ import annotations

from dataclasses import dataclass

NEXT, CHOICE, DEFAULT, CATCH, FORK, JOIN = "next", "choice", "default", "catch", "fork", "join"
"""The sorts of ways: to the next state; by a rule of a Choice, or where none holds; when a failure is caught; from a Parallel or
a Map to the first state of a branch; and from the last state of a branch back to it."""


@dataclass(frozen=True, slots=True)
class StatePart:
    """One state: its name, type, what it does in words, and where it stands."""

    name: str
    type: str
    words: str = ""
    """What a task calls, how long a Wait waits, how many items at once."""
    within: int = -1
    """The Parallel or Map around it, by index; -1 for none."""
    first: bool = False
    last: bool = False
    """Whether its flow begins or ends with it."""
    rules: tuple[str, ...] = ()
    """Its Retry in words, one for each rule."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way from a state to another, by index, with its sort; `words`: the condition, or the errors that are caught.

    `rule`: which rule of a Choice it is, from 1.
    """

    source: int
    target: int
    sort: str
    words: str = ""
    rule: int = 0


@dataclass(frozen=True, slots=True)
class StateGraph:
    """All states of a machine, those of branches and of what is done for each item behind the state around them."""

    states: tuple[StatePart, ...]
    ways: tuple[Way, ...]
    comment: str = ""

    def at(self, name: str) -> int:
        """The index of a state; -1 where there is none of that name."""
        return next((i for i, state in enumerate(self.states) if state.name == name), -1)


@dataclass(frozen=True, slots=True)
class StateCount:
    """What became of a state in all executions so far; `failed_ns` and others: when that happened last, -1 for never."""

    entered: int = 0
    now: int = 0
    failed: int = 0
    caught: int = 0
    retried: int = 0
    stopped: int = 0
    failed_ns: int = -1
    caught_ns: int = -1
    retried_ns: int = -1
    calls: str = ""
    """The node that a task calls."""


@dataclass(frozen=True, slots=True)
class EventFrame:
    """One event of a history, as the service numbers them; `words`: error and cause of a failure."""

    id: int
    type: str
    previous: int
    state: str
    at_ns: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class ExecutionLine:
    """One execution in a list: its number and name, how it stands, and when it began and ended (-1: it has not)."""

    number: int
    name: str
    status: str
    started_ns: int
    stopped_ns: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class ExecutionFrame:
    """One execution with its history: the first and the last events of a long one; `left_out` of the middle are not kept."""

    line: ExecutionLine
    cause: str
    events: tuple[EventFrame, ...]
    left_out: int
    standing: tuple[str, ...]
    """The states that it is in, one for each place at which it stands."""
    map_runs: tuple[str, ...] = ()
    """How its distributed Maps stand, in words: their items have histories of their own."""


@dataclass(frozen=True, slots=True)
class WorkflowFrame:
    """One workflow at one instant."""

    at_ns: int
    sort: str
    """Standard or express."""
    graph: StateGraph
    counts: tuple[StateCount, ...]
    """In the order of the graph's states."""
    running: int
    started: int
    ended: tuple[tuple[str, int], ...]
    """How many ended with which status."""
    refused: int
    """Starts that were refused because there were too many."""
    executions: tuple[ExecutionLine, ...]
    """The newest first: some of those that run, and the last that ended or failed."""
    shown: ExecutionFrame | None = None
    """The execution that was asked for; None where it is not kept any more."""
    down: bool = False
