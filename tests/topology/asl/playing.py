"""Runs state machines in virtual time: tasks are answered as a test says, delays pass at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from topology.asl import Cancel, Delay, Execution, Invoke, Outside, Request, load
from topology.asl.tally import Tally

START_NS = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


class Failed(Exception):
    """What an answer raises to make its task fail."""

    def __init__(self, error: str | None, cause: str | None = None) -> None:
        super().__init__(error)
        self.error, self.cause = error, cause


class Never(Exception):
    """What an answer raises to let its task run into its timeout."""


Answer = Callable[[Invoke], Any]


class Player:
    """An execution with a clock that a test moves."""

    def __init__(self, definition: Any, *, share: float = 0.5, express: bool = False) -> None:
        self.now_ns = START_NS
        numbers = itertools.count(1)
        self.tallies: dict[str, Tally] = {}
        outside = Outside(lambda: self.now_ns, lambda: share, lambda: f"uuid-{next(numbers)}", self.tallies)
        self.run = Execution(load(definition, express=express), outside)
        self.open: dict[int, Request] = {}
        self.seen: list[Request] = []
        self.waited: list[tuple[str, float]] = []

    def take(self, requests: list[Request]) -> None:
        """Note what is asked for."""
        for request in requests:
            self.seen.append(request)
            if isinstance(request, Cancel):
                self.open.pop(request.id, None)
            else:
                self.open[request.id] = request

    def start(self, value: Any = None) -> None:
        """Begin."""
        self.take(self.run.start({} if value is None else value))

    def invokes(self) -> list[Invoke]:
        """The calls that are out."""
        return [request for request in self.open.values() if isinstance(request, Invoke)]

    def answer(self, request: Invoke, answer: Answer) -> None:
        """Let a call end as the answer says."""
        try:
            output = answer(request)
        except Failed as failure:
            del self.open[request.id]
            self.run.failed(request.id, failure.error, failure.cause)
        except Never:
            return
        else:
            del self.open[request.id]
            self.run.succeeded(request.id, output)
        self.take(self.run.requests())

    def pass_time(self) -> bool:
        """Move the clock to the next thing that is due; False when there is none."""
        due = [(at, id) for id in self.open if (at := self.run.due_ns(id)) is not None]
        if not due:
            return False
        at, id = min(due)
        request = self.open.pop(id)
        if isinstance(request, Delay):
            self.waited.append((request.purpose, (at - self.now_ns) / SECOND))
        self.now_ns = max(self.now_ns, at)
        assert self.run.elapsed(id)
        self.take(self.run.requests())
        return True

    def finish(self, answer: Answer) -> Execution:
        """Run to the end, every call answered as soon as it is made."""
        for _ in range(200_000):
            if self.run.status != "RUNNING":
                return self.run
            known = set(self.open)
            for request in self.invokes():
                if request.id in self.open:
                    self.answer(request, answer)
            if set(self.open) == known and not self.pass_time():
                break
        return self.run


def echo(request: Invoke) -> Any:
    """The input as the output."""
    return request.input


def play(definition: Any, value: Any = None, answer: Answer = echo, **more: Any) -> Execution:
    """Run a machine to its end."""
    player = Player(definition, **more)
    player.start(value)
    return player.finish(answer)


def one(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A machine of one state, S, that ends it, unless it ends by itself."""
    ends = {} if state.get("Type") in ("Succeed", "Fail", "Choice") or "Next" in state else {"End": True}
    return {"StartAt": "S", "States": {"S": {**ends, **state}}, **more}


def types(run: Execution) -> list[str]:
    """The types of an execution's events."""
    return [event.type for event in run.history]
