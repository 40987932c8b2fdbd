"""What a workflow service keeps: executions that run, what they wait for, and whom their tasks call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from mypy_extensions import i64

from topology.asl import Execution, Invoke, jsontext
from topology.asl.resource import SYNC, SYNC_2
from topology.asl.states import Flow, State, Task, inner_flows
from topology.chance import Dice
from topology.message import Item
from topology.node import Call, Context, Timer
from topology.problems import Refused

NANOS: Final = 1_000_000_000


class Clock:
    """The calendar of an execution: the begin of the run, and what has passed since then."""

    def __init__(self, ctx: Context, begins: int) -> None:
        self.ctx = ctx
        self.begins = begins

    def now_ns(self) -> int:
        """Nanoseconds since 1970."""
        return self.begins * NANOS + int(self.ctx.now)


class Draws:
    """The random numbers and identifiers of one execution, in order."""

    def __init__(self, dice: Dice, root: i64) -> None:
        self.dice = dice
        self.root: i64 = root
        self.drawn: i64 = 0

    def uniform(self) -> float:
        """From 0 up to but not 1."""
        self.drawn += 1
        return self.dice.uniform(self.root, self.drawn)

    def uuid(self) -> str:
        """A text that no other call gives."""
        self.drawn += 1
        low = int(self.dice.uniform(self.root, self.drawn) * 281_474_976_710_656)
        return f"{int(self.root) & 0xFFFFFFFF:08x}-{int(self.drawn) & 0xFFFF:04x}-4000-8000-{low:012x}"


class Running(Item):
    """One execution, for one message."""

    def __init__(self, call: Call, run: Execution, targets: dict[str, int]) -> None:
        self.call: Call = call
        self.run = run
        self.targets = targets
        """Whom its tasks call: an execution keeps the version that it began with."""
        self.asked: dict[int, Step] = {}
        """What it waits for, by the number of the request."""


class Step(Item):
    """One thing that an execution waits for: a task, or a delay."""

    def __init__(self, of: Running, number: int) -> None:
        self.of: Running | None = of
        self.number = number
        self.invoke: Invoke | None = None
        self.timer: Timer | None = None
        self.gone = False


def states_of(flow: Flow) -> Iterator[State]:
    """Every state, those of branches and of what is done for each item included."""
    for state in flow.states.values():
        yield state
        for inner in inner_flows(state):
            yield from states_of(inner)


def tasks_of(flow: Flow) -> list[Task]:
    """Every task of a machine, or of what is done for each item of a Map."""
    return [state for state in states_of(flow) if isinstance(state, Task)]


def chosen(task: Task, said: dict[str, Any], nodes: list[str]) -> int:
    """Which of some nodes, in file order, a task calls: the one that is said, one of its name, or the only one there is.

    Raises Refused where that is none of them, or none can be told.
    """
    wanted = said.get(task.name)
    if wanted is not None:
        if wanted not in nodes:
            there = ", ".join(nodes) or "none"
            raise Refused(("tasks", task.name), f"it is to call {wanted!r}, to which no link leads; there are {there}")
        return nodes.index(str(wanted))
    names = {plain(node): i for i, node in enumerate(nodes)}
    for name in (task.name, function_of(task), task.resource.service, f"{task.resource.service}{task.resource.action}"):
        if plain(name) in names:
            return names[plain(name)]
    if len(nodes) == 1:
        return 0
    remedy = f"say tasks: {{{task.name}: NODE}}; links lead to {', '.join(nodes) or 'nobody'}"
    raise Refused(("tasks",), f"nobody knows what the task {task.name!r} calls ({task.resource.text}): {remedy}")


def check_nested(task: Task, callee: str, kind: str, mode: str) -> None:
    """See that a task that starts an execution of another workflow waits for its end where its pattern says so.

    Raises Refused for a link of the other sort.
    """
    resource = task.resource
    if kind != "step_functions" or (resource.service, resource.action) != ("states", "startExecution"):
        return
    waits = resource.pattern in (SYNC, SYNC_2)
    wanted = "->" if waits else "=>"
    if mode != wanted:
        does = "waits for the end of the execution" if waits else "is over when the execution has begun"
        words = f"the task {task.name!r} starts an execution of {callee} and {does}: link them with {wanted}"
        raise Refused(("tasks",), words)


def answer_to(request: Invoke) -> Any:
    """What a task answers that nothing is said of: its input, in what the service puts around an answer."""
    resource = request.resource
    if (resource.service, resource.action) == ("states", "startExecution"):
        return _started(request)
    if resource.service != "lambda" or resource.action != "invoke" or "states" not in resource.text:
        return request.input
    given = request.input
    inner = given["Payload"] if isinstance(given, dict) and "Payload" in given else given
    return {"Payload": inner, "StatusCode": 200, "ExecutedVersion": "$LATEST"}


def _started(request: Invoke) -> dict[str, Any]:
    """What the start of an execution answers: its name, and where the task waits its end; its output is its input."""
    given = request.input if isinstance(request.input, dict) else {}
    name = str(given.get("Name", f"{request.state}-{request.id}"))
    machine = str(given.get("StateMachineArn", "arn:aws:states:local:000000000000:stateMachine:nested"))
    found: dict[str, Any] = {"ExecutionArn": f"{machine.replace(':stateMachine:', ':execution:')}:{name}"}
    if request.resource.pattern in (SYNC, SYNC_2):
        passed = given.get("Input", {})
        shown = passed if request.resource.pattern == SYNC_2 else jsontext.write(passed)
        found |= {"Name": name, "StateMachineArn": machine, "Status": "SUCCEEDED", "Input": shown, "Output": shown}
    return found


def function_of(task: Task) -> str:
    """The name of what a task's ARN names: of a function, or what a template puts there."""
    last = task.resource.text.rpartition(":")[2]
    for ending in ("Arn}", "ARN}", "}"):
        last = last.removesuffix(ending)
    return last.removeprefix("${")


def plain(name: str) -> str:
    """A name as far as letters and digits go."""
    return "".join(letter for letter in name.lower() if letter.isalnum())
