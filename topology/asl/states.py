"""What a checked definition consists of: machines, flows and states, ready for an execution to follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from topology.asl import choice
from topology.asl.paths import Path
from topology.asl.resource import Resource
from topology.asl.templates import JSONATA, JSONPATH, Constant, Place, Selection, Setting, Template

MAX_SECONDS = 99_999_999
"""The longest timeout, wait or retry interval in seconds."""


@dataclass(frozen=True, slots=True)
class Retrier:
    """When a failed state is tried again: after interval x rate^(n-1) seconds, at most `longest`."""

    errors: tuple[str, ...]
    interval: int = 1
    attempts: int = 3
    rate: float = 2.0
    longest: int | None = None
    jitter: bool = False

    def delay(self, n: int, share: float) -> float:
        """Seconds before the n-th retry, from 1; `share` from 0 to 1 picks a part of it where there is jitter."""
        longest = float(MAX_SECONDS if self.longest is None else self.longest)
        delay = float(self.interval)
        for _ in range(n - 1 if self.rate > 1 else 0):
            if delay >= longest:
                break
            delay *= self.rate
        delay = min(delay, longest)
        return delay * share if self.jitter else delay


@dataclass(frozen=True, slots=True)
class Catcher:
    """Where a failed state goes on. `result_path` None replaces nothing: the error output is dropped."""

    errors: tuple[str, ...]
    next: str
    result_path: Path | None = None
    assign: Template | None = None
    output: Template | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a Choice: a test, or a condition in JSONata."""

    next: str
    test: choice.Test | None
    condition: Setting | None
    assign: Template
    output: Template | None = None


@dataclass(slots=True)
class State:
    """What all states have. `next` is None where the state ends its branch; a path that is None stands for null."""

    name: str
    type: str
    language: str
    place: Place
    comment: str = ""
    next: str | None = None
    input_path: Selection | None = None
    output_path: Selection | None = None
    result_path: Path | None = None
    parameters: Template | None = None
    selector: Template | None = None
    assign: Template | None = None
    output: Template | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()

    @property
    def in_jsonata(self) -> bool:
        """Whether its expressions are JSONata."""
        return self.language == JSONATA


@dataclass(slots=True)
class Task(State):
    """A call to something outside."""

    resource: Resource = field(default_factory=lambda: Resource("", "lambda", "lambda", "invoke", ""))
    timeout: Setting | None = None
    heartbeat: Setting | None = None
    credentials: Template | None = None


@dataclass(slots=True)
class Pass(State):
    """A state that only shapes data. `result` is a constant in its place, if it has one."""

    result: Constant | None = None


@dataclass(slots=True)
class Choice(State):
    """A branching. `default` is None where nothing is said."""

    rules: tuple[Rule, ...] = ()
    default: str | None = None


@dataclass(slots=True)
class Wait(State):
    """A delay. `way` names which of the four ways to say it is used."""

    until: Setting = field(default_factory=lambda: Constant(0))
    way: str = "Seconds"


@dataclass(slots=True)
class Succeed(State):
    """A good end."""


@dataclass(slots=True)
class Fail(State):
    """A bad end."""

    error: Callable[[Any], Any] | None = None
    cause: Callable[[Any], Any] | None = None


@dataclass(slots=True)
class Flow:
    """States with a first one: a machine, a branch or what is done for each item."""

    start: str
    states: dict[str, State]


@dataclass(slots=True)
class Parallel(State):
    """Branches at the same time."""

    branches: tuple[Flow, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Where the items of a distributed Map are read from. `form`: JSON, JSONL, CSV, or empty for a list of objects."""

    resource: Resource
    parameters: Template | None
    form: str = ""
    headers: tuple[str, ...] | None = None
    delimiter: str = ","
    most: Setting | None = None


@dataclass(frozen=True, slots=True)
class Batcher:
    """How items are put together for one child execution."""

    most: Setting | None = None
    most_bytes: Setting | None = None
    also: Template | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """Where the results of a distributed Map are written."""

    resource: Resource
    parameters: Template | None


@dataclass(slots=True)
class Map(State):
    """The same flow for each item. `distributed`: each in an execution of its own; `express`: of the Express kind."""

    flow: Flow = field(default_factory=lambda: Flow("", {}))
    distributed: bool = False
    express: bool = False
    items: Setting | Template | None = None
    item_selector: Template | None = None
    reader: Reader | None = None
    batcher: Batcher | None = None
    writer: Writer | None = None
    concurrency: Setting = field(default_factory=lambda: Constant(0))
    tolerated: Setting | None = None
    tolerated_percent: Setting | None = None
    label: str = ""


@dataclass(slots=True)
class StateMachine(Flow):
    """A whole definition. `timeout` in seconds, None for none."""

    language: str = JSONPATH
    comment: str = ""
    timeout: int | None = None
    express: bool = False


CLASSES: dict[str, Callable[..., State]] = {
    "Task": Task,
    "Pass": Pass,
    "Choice": Choice,
    "Wait": Wait,
    "Succeed": Succeed,
    "Fail": Fail,
    "Parallel": Parallel,
    "Map": Map,
}


def targets(state: State) -> tuple[str, ...]:
    """The states that a state may go to."""
    found = [state.next] if state.next is not None else []
    found += [catcher.next for catcher in state.catch]
    if isinstance(state, Choice):
        found += [rule.next for rule in state.rules]
        found += [state.default] if state.default is not None else []
    return tuple(found)


def inner_flows(state: State) -> tuple[Flow, ...]:
    """The branches of a Parallel, or what a Map does for each item; nothing of any other state."""
    if isinstance(state, Parallel):
        return state.branches
    return (state.flow,) if isinstance(state, Map) else ()
