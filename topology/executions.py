"""The last executions of a workflow, kept for whoever looks: so many that ended and so many that failed, with their histories."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from topology.asl import Event, Execution
from topology.asl.graph import graph_of
from topology.asl.states import StateMachine
from topology.asl.tally import Tally
from topology.workflow_frame import EventFrame, ExecutionFrame, ExecutionLine, StateCount, StateGraph

MOST_ENDED, MOST_FAILED, MOST_RUNNING = 24, 12, 12
FIRST, LAST = 150, 150
"""So many events of a history are kept at its begin and at its end."""
LONGEST = 300
"""Letters of an error's words."""


class Ended:
    """An execution that has ended: how, and its history."""

    def __init__(self, number: int, run: Execution) -> None:
        self.line = line_of(number, run)
        self.cause = run.cause or ""
        events = run.history
        self.left_out = max(0, len(events) - FIRST - LAST)
        self.events: Iterable[Event] = [*events[:FIRST], *events[-LAST:]] if self.left_out else events
        self.map_runs = map_runs(run)


class Recent:
    """The last executions that ended, and of those that failed the last, too: where many succeed they would be gone at once."""

    def __init__(self) -> None:
        self.ended: deque[Ended] = deque(maxlen=MOST_ENDED)
        self.failed: deque[Ended] = deque(maxlen=MOST_FAILED)
        self.watched = 0
        """The execution that somebody looks at: it is kept when it ends."""
        self.kept: Ended | None = None
        self._graph: tuple[StateMachine, StateGraph] | None = None

    def add(self, number: int, run: Execution) -> None:
        """An execution has ended."""
        one = Ended(number, run)
        (self.ended if run.status == "SUCCEEDED" else self.failed).append(one)
        if number == self.watched:
            self.kept = one

    def find(self, number: int) -> Ended | None:
        """One that has ended; None where it is not kept any more."""
        if self.kept is not None and self.kept.line.number == number:
            return self.kept
        return next((one for one in (*self.ended, *self.failed) if one.line.number == number), None)

    def graph(self, machine: StateMachine, definition: Any) -> StateGraph:
        """The graph of a machine, made once."""
        if self._graph is None or self._graph[0] is not machine:
            self._graph = (machine, graph_of(machine, definition))
        return self._graph[1]

    def lines(self, running: Mapping[int, Any], begins_ns: int) -> tuple[ExecutionLine, ...]:
        """The newest and the oldest that run, and the last that ended, the newest first; each once."""
        numbers = [*islice(reversed(running), MOST_RUNNING), *islice(running, MOST_RUNNING)]
        found = {number: moved(line_of(number, running[number].run), begins_ns) for number in numbers}
        for one in (*self.ended, *self.failed, *([self.kept] if self.kept is not None else [])):
            found[one.line.number] = moved(one.line, begins_ns)
        return tuple(found[number] for number in sorted(found, reverse=True))

    def shown(self, number: int, running: Mapping[int, Any], begins_ns: int) -> ExecutionFrame | None:
        """One execution with its history, and from now on the one that is watched; None where it is not known."""
        self.watched = number
        if number in running:
            run: Execution = running[number].run
            one = Ended(number, run)
            return frame_of(one, begins_ns, tuple(sorted(run.states)))
        ended = self.find(number)
        if ended is None:
            return None
        self.kept = ended
        return frame_of(ended, begins_ns, ())


def line_of(number: int, run: Execution) -> ExecutionLine:
    """An execution as it stands, with instants of its own calendar."""
    return ExecutionLine(number, run.name, run.status, run.started_ns, run.stopped_ns or -1, run.error or "")


def moved(line: ExecutionLine, begins_ns: int) -> ExecutionLine:
    """A line with instants of the run."""
    stopped = line.stopped_ns - begins_ns if line.stopped_ns >= 0 else -1
    return ExecutionLine(line.number, line.name, line.status, line.started_ns - begins_ns, stopped, line.error)


def frame_of(one: Ended, begins_ns: int, standing: tuple[str, ...]) -> ExecutionFrame:
    """An execution as a picture."""
    events = tuple(
        EventFrame(e.id, e.type, e.previous, e.state, e.at_ns - begins_ns, words_of(e.type, e.details)) for e in one.events
    )
    return ExecutionFrame(moved(one.line, begins_ns), one.cause, events, one.left_out, standing, one.map_runs)


def words_of(type: str, details: Any) -> str:
    """Error and cause of an event that tells of a failure; which item it is about."""
    if isinstance(details, dict) and "Error" in details:
        error, cause = details.get("Error") or "", details.get("Cause") or ""
        return f"{error}{': ' if error and cause else ''}{cause}"[:LONGEST]
    if isinstance(details, dict) and type.startswith("MapIteration"):
        return f"item {details.get('Index')}"
    if isinstance(details, dict) and type == "MapStateStarted":
        return f"{details.get('Length')} items"
    return ""


def map_runs(run: Execution) -> tuple[str, ...]:
    """How the distributed Maps of an execution stand."""
    return tuple(
        f"{one.label}: {one.succeeded + one.failed:,} of {one.total:,} items done, {one.failed:,} failed, {one.running:,} at work"
        for one in run.map_runs
    )


def count_of(tally: Tally, begins_ns: int, calls: str) -> StateCount:
    """What became of a state, as a picture."""
    wrong = {name: at - begins_ns if at >= 0 else -1 for name, at in tally.wrong_ns.items()}
    return StateCount(
        tally.entered,
        tally.now,
        tally.failed,
        tally.caught,
        tally.retried,
        tally.stopped,
        wrong["failed"],
        wrong["caught"],
        wrong["retried"],
        calls,
    )
