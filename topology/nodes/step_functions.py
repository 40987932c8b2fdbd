"""AWS Step Functions."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.asl import Cancel, Delay, Execution, Invoke, Mistakes, Outside, StateMachine, load
from topology.asl.resource import TOKEN
from topology.begins import BEGINS, begin_of
from topology.bucket import Bucket
from topology.chance import Dice
from topology.dist import Dist
from topology.importers.asl import read_definition
from topology.message import ERROR, REFUSED, TOO_MANY, YES, Item, lasts, reason
from topology.node import FUNCTION, Call, Context, Node, content_of
from topology.parameters import choice, count, data, dist, path, rate
from topology.problems import Refused
from topology.workflows import NANOS, Clock, Draws, Running, Step, Tally, answer_to, chosen, states_of, tasks_of

QUOTAS: Final = "AWS Step Functions Developer Guide, Service quotas"
TYPES: Final = "AWS Step Functions Developer Guide, Choosing workflow type"
FAILED: Final = reason("the execution failed")
TIMED_OUT: Final = reason("the execution timed out")
LIMIT: Final = reason("too many open executions (ExecutionLimitExceeded)")
MOST_ERRORS: Final = 50
"""So many errors are told apart by name."""
DUE: Final = 0
CALLBACK: Final = 1
BEAT: Final = 2


@mypyc_attr(allow_interpreted_subclasses=True)
class StepFunctions(Node):
    """A state machine in the Amazon States Language, as a definition file writes it: each message starts an execution.

    A Task calls the node of its own name, the one that its ARN names, or the one that `tasks` says; its answer is what
    `outputs` says for the state, else its input (as Payload, from lambda:invoke). A failed call is States.TaskFailed, from a
    function one of Lambda's own errors; Retry, Catch, time-outs and heartbeats are the definition's. A task with a token is
    called back after `callback`, while its worker sends heartbeats. What is handed to it (`=>`) is accepted at once; whoever
    calls it (`->`) waits for the end. The body of a message is the execution's input; what a node is called with is the
    message itself.
    """

    role: ClassVar[str] = FUNCTION
    managed: ClassVar[bool] = True
    layers: ClassVar[dict[str, str]] = {"callbacks_lost": "either", "heartbeats_lost": "either"}
    """The shares of the tasks that never call back, and whose heartbeats do not come."""
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 5/s, mix: {small: {body: {n: 1}}, large: {body: {n: 9}}}}
  check: {kind: service, takes: 10ms}
  store: {kind: service, takes: 20ms}
  flow:
    kind: step_functions
    definition:
      StartAt: Check
      States:
        Check: {Type: Task, Resource: "arn:aws:states:::lambda:invoke", Retry: [{ErrorEquals: [States.ALL]}], Next: Size}
        Size: {Type: Choice, Choices: [{Variable: $.n, NumericGreaterThan: 5, Next: Store}], Default: Done}
        Store: {Type: Task, Resource: "arn:aws:states:::lambda:invoke", End: true}
        Done: {Type: Succeed}
designs:
  only:
    links: [web => flow -> check, flow -> store]
"""
    params: ClassVar[dict[str, Any]] = {
        "definition": data(None, "The state machine itself; or name a file."),
        "file": path(None, "A file with the state machine, as JSON."),
        "type": choice(
            "standard",
            "Standard: up to a year, each state done once; express: five minutes, at least once.",
            options=("standard", "express"),
            source=TYPES,
        ),
        "tasks": data(None, "Which node each task calls, by the name of its state."),
        "outputs": data(None, "What each task answers, by the name of its state; left out: its input."),
        "callback": dist("1s", "How long after its task was taken on a worker calls back with the token."),
        "starts": rate("300/s", "Executions started per second, in the long run.", gt="0/s", source=f"{QUOTAS}, unverified"),
        "burst": count(1300, "Executions started at once after a rest.", ge=1, source=f"{QUOTAS}, unverified"),
        "open": count(1_000_000, "Executions that run at once; more are refused.", ge=1, le=1_000_000, source=QUOTAS),
        "begins": BEGINS,
    }

    def __init__(self) -> None:
        self.running: dict[int, Running] = {}
        self.started: i64 = 0
        self.ended: dict[str, int] = {"SUCCEEDED": 0, "FAILED": 0, "TIMED_OUT": 0}
        self.throttled: i64 = 0
        self.bucket: Bucket | None = None
        self.clock: Clock | None = None
        self.tallies: dict[str, Tally] = {}
        self.down = False
        self.held: list[tuple[int, Step]] = []
        """What came due while it was down."""
        self.targets: dict[str, int] = {}
        self.functions: list[bool] = []
        self.errors: dict[str, int] = {}
        """The reasons of executions that failed, by the error's name."""

    @staticmethod
    def prepare(values: dict[str, Any]) -> dict[str, Any]:
        """Read and check the definition; Refused names the place of what is wrong."""
        given = [name for name in ("definition", "file") if values[name] is not None]
        if len(given) != 1:
            raise Refused((given[1],) if given else (), "a state machine has either a definition or a file")
        if values["file"] is not None:
            values["definition"] = read_definition(values["file"])
        machine = _loaded(values, given[0])
        states = {one.name for one in states_of(machine)}
        tasks = {task.name for task in tasks_of(machine)}
        for name in ("tasks", "outputs"):
            said = values[name] or {}
            if not isinstance(said, dict):
                raise Refused((name,), "expected a mapping from the names of tasks")
            for state in said:
                if state not in states:
                    raise Refused((name, state), f"there is no state {state!r}; tasks are {', '.join(sorted(tasks))}")
        begin_of(values["begins"])
        return values

    @staticmethod
    def prepare_links(values: dict[str, Any], links: list[tuple[str, str, dict[str, Any]]]) -> None:
        """See that each task finds a node; Refused says which does not."""
        nodes = [callee for callee, _, _ in links]
        for task in tasks_of(_loaded(values, "definition")):
            chosen(task, values["tasks"] or {}, nodes)

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.machine: StateMachine = _loaded(values, "definition")
        self.outputs: dict[str, Any] = values["outputs"] or {}
        self.callback: Dist = values["callback"]
        self.starts: float = float(values["starts"])
        self.burst: float = float(values["burst"])
        self.most: i64 = values["open"]
        if self.bucket is None:
            self.bucket = Bucket(self.burst, ctx.now)
        self.clock = Clock(ctx, begin_of(values["begins"]))
        self.dice: Dice = ctx.dice("workflow")
        self.callback_dice: Dice = ctx.dice("callbacks")
        self.lost_dice: Dice = ctx.dice("lost callbacks")
        out = values["out"]
        nodes = [str(link["to"]) for link in out]
        self.functions = [link["kind"] == "lambda" for link in out]
        self.targets = {task.name: chosen(task, values["tasks"] or {}, nodes) for task in tasks_of(self.machine)}
        for state in states_of(self.machine):
            self.tallies.setdefault(state.name, Tally())

    # Executions

    def on_message(self, ctx: Context, call: Call) -> None:
        bucket = self.bucket
        if len(self.running) >= self.most:
            ctx.answer(call, REFUSED, LIMIT)
            return
        if bucket is not None and not bucket.grants(ctx.now, self.starts, self.burst):
            self.throttled += 1
            ctx.answer(call, REFUSED, TOO_MANY)
            return
        if call.handoff:
            ctx.accept(call)
        self._start(ctx, call)

    def _start(self, ctx: Context, call: Call) -> None:
        clock = self.clock
        assert clock is not None
        self.started += 1
        call.started = ctx.now
        call.visit = ctx.visit(call.message)
        draws = Draws(self.dice, call.message.root + 4096 * call.visit)
        run = Execution(self.machine, Outside(clock.now_ns, draws.uniform, draws.uuid), f"e-{self.started}", ctx.node)
        one = Running(call, run)
        number: int = self.started
        self.running[number] = one
        ctx.meter.upto(ctx.now)
        ctx.meter.busy = len(self.running)
        content = content_of(call)
        body = None if content is None else content.body
        self._ask(ctx, one, run.start({} if body is None else body))
        self._look(ctx, number, one)

    def _go_on(self, ctx: Context, one: Running) -> None:
        """After a report: what it asks for next, or its end."""
        self._ask(ctx, one, one.run.requests())
        number = int(one.run.name.removeprefix("e-"))
        self._look(ctx, number, one)

    def _ask(self, ctx: Context, one: Running, requests: list[Any]) -> None:
        for request in requests:
            if isinstance(request, Cancel):
                step = one.asked.pop(request.id, None)
                if step is not None:
                    self._let_go(ctx, step)
                continue
            step = Step(one, request.id)
            one.asked[request.id] = step
            if isinstance(request, Delay):
                self._due(ctx, step, request.until_ns)
            else:
                self._invoke(ctx, one, step, request)

    def _invoke(self, ctx: Context, one: Running, step: Step, request: Invoke) -> None:
        step.invoke = request
        due = one.run.due_ns(request.id)
        if due is not None:
            self._due(ctx, step, due)
        link = self.targets.get(request.state, -1)
        if request.purpose != "task" or link < 0:
            # What a Map reads and writes is at hand: `outputs` says what there is.
            self._succeed(ctx, step)
        else:
            ctx.send(link, step, one.call.message)

    def _due(self, ctx: Context, step: Step, at_ns: int) -> None:
        clock = self.clock
        assert clock is not None
        left: int = at_ns - clock.now_ns()
        step.timer = ctx.after(left if left > 0 else 0, DUE, step)

    def _let_go(self, ctx: Context, step: Step) -> None:
        step.gone = True
        step.of = None
        timer = step.timer
        if timer is not None:
            ctx.cancel(timer)
            step.timer = None

    # What comes back

    def on_answer(self, ctx: Context, call: Call) -> None:
        step = call.cause
        assert isinstance(step, Step)
        one = step.of
        request = step.invoke
        if step.gone or one is None or request is None:
            return
        if call.outcome != YES:
            one.run.failed(step.number, self._error(call), f"attempt failed at {ctx.node}")
            self._over(ctx, step, one)
        elif request.resource.pattern == TOKEN:
            one.run.submitted(step.number, {})
            self._go_on(ctx, one)
            self._work_on(ctx, step, one)
        else:
            self._succeed(ctx, step)

    def _work_on(self, ctx: Context, step: Step, one: Running) -> None:
        """A worker has the token: it sends heartbeats, and calls back when it is done."""
        root: i64 = one.call.message.root + 4096 * step.number
        lost = ctx.strength("callbacks_lost")
        if lost <= 0.0 or self.lost_dice.uniform(root, 0) >= lost:
            ctx.after(self.callback.sample(self.callback_dice.uniform(root, 0)), CALLBACK, step)
        request = step.invoke
        if request is not None and request.heartbeat_s is not None:
            ctx.after(request.heartbeat_s * NANOS // 2, BEAT, step)

    def _error(self, call: Call) -> str:
        """The name of the error of a call that failed."""
        if not self.functions[call.link] or lasts(call.reason):
            return "States.TaskFailed"
        if (call.reason & 0xFFFF) == TOO_MANY:
            return "Lambda.TooManyRequestsException"
        return "Lambda.ServiceException" if call.outcome != ERROR else "Lambda.Unknown"

    def _succeed(self, ctx: Context, step: Step) -> None:
        one = step.of
        request = step.invoke
        if one is None or request is None:
            return
        if request.resource.submits:
            one.run.submitted(step.number, {})
        one.run.succeeded(step.number, self.outputs[request.state] if request.state in self.outputs else answer_to(request))
        self._over(ctx, step, one)

    def _over(self, ctx: Context, step: Step, one: Running) -> None:
        """A task has its outcome."""
        one.asked.pop(step.number, None)
        self._let_go(ctx, step)
        self._go_on(ctx, one)

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        assert isinstance(item, Step)
        if item.gone:
            return
        if self.down:
            self.held.append((int(tag), item))
            return
        one = item.of
        assert one is not None
        if tag == CALLBACK:
            self._succeed(ctx, item)
        elif tag == BEAT:
            self._beat(ctx, item, one)
        else:
            item.timer = None
            self._elapsed(ctx, item, one)

    def _beat(self, ctx: Context, step: Step, one: Running) -> None:
        request = step.invoke
        if request is None or request.heartbeat_s is None:
            return
        lost = ctx.strength("heartbeats_lost")
        if lost <= 0.0 or self.lost_dice.uniform(one.call.message.root, 1) >= lost:
            one.run.heartbeat(step.number)
        ctx.after(request.heartbeat_s * NANOS // 2, BEAT, step)

    def _elapsed(self, ctx: Context, step: Step, one: Running) -> None:
        """A delay is over, or a task has taken too long; a heartbeat may have moved that."""
        if one.run.elapsed(step.number):
            one.asked.pop(step.number, None)
            self._let_go(ctx, step)
            self._go_on(ctx, one)
            return
        due = one.run.due_ns(step.number)
        if due is not None:
            self._due(ctx, step, due)

    # Counts and ends

    def _look(self, ctx: Context, number: int, one: Running) -> None:
        """Count what is new in its history; when it has ended, tell whoever waits."""
        events = one.run.history
        for event in events[one.seen :]:
            if event.type.endswith("StateEntered"):
                self._moved(one, event.state, 1)
            elif event.type.endswith("StateExited"):
                self._moved(one, event.state, -1)
        one.seen = len(events)
        if one.run.status != "RUNNING":
            self._end(ctx, number, one)

    def _moved(self, one: Running, state: str, by: int) -> None:
        tally = self.tallies.setdefault(state, Tally())
        tally.now += by
        tally.entered += 1 if by > 0 else 0
        left = one.inside.get(state, 0) + by
        if left > 0:
            one.inside[state] = left
        else:
            one.inside.pop(state, None)

    def _end(self, ctx: Context, number: int, one: Running) -> None:
        if number not in self.running:
            return
        del self.running[number]
        ctx.meter.upto(ctx.now)
        ctx.meter.busy = len(self.running)
        status = one.run.status
        self.ended[status] = self.ended.get(status, 0) + 1
        for state, n in one.inside.items():
            self.tallies[state].now -= n
            self.tallies[state].failed += n
        for step in list(one.asked.values()):
            self._let_go(ctx, step)
        one.asked = {}
        good = status == "SUCCEEDED"
        code = 0 if good else TIMED_OUT if status == "TIMED_OUT" else self._why(one.run.error)
        call = one.call
        if call.kept:
            ctx.finish(call, good, code)
        else:
            ctx.answer(call, YES if good else ERROR, code)

    def _why(self, error: str | None) -> int:
        """The reason of an execution that failed: its error by name, of those that a definition can name."""
        name = error or ""
        code = self.errors.get(name)
        if code is None:
            code = reason(f"the execution failed: {name}") if name and len(self.errors) < MOST_ERRORS else FAILED
            self.errors[name] = code
        return code

    def on_crash(self, ctx: Context) -> None:
        """The service is down: it starts nothing and moves nothing; every execution stands where it stood."""
        self.down = True

    def on_revival(self, ctx: Context) -> None:
        self.down = False
        held = self.held
        self.held = []
        for tag, step in held:
            self.on_timer(ctx, tag, step)

    def on_close(self) -> None:
        for one in self.running.values():
            for step in one.asked.values():
                step.of = None
                step.timer = None
        self.running = {}
        self.held = []
        self.clock = None

    # Looking

    def minds(self, layer: str) -> bool:
        waiting = [task for task in tasks_of(self.machine) if task.resource.pattern == TOKEN]
        if layer == "heartbeats_lost":
            waiting = [task for task in waiting if task.heartbeat is not None]
        return layer not in self.layers or len(waiting) > 0

    def depth(self) -> int:
        return len(self.running)

    def gauges(self, ctx: Context) -> dict[str, float]:
        return {
            "running": float(len(self.running)),
            "started": float(self.started),
            "throttled": float(self.throttled),
            **{status.lower().replace("_", " "): float(n) for status, n in self.ended.items()},
        }

    def views(self, ctx: Context) -> dict[str, dict[str, float]]:
        return {
            name: {"entered": float(one.entered), "in it now": float(one.now), "failed in it": float(one.failed)}
            for name, one in self.tallies.items()
        }


def _loaded(values: dict[str, Any], where: str) -> StateMachine:
    try:
        return load(values["definition"], express=values["type"] == "express")
    except Mistakes as mistakes:
        first = mistakes.all[0]
        more = f" (and {len(mistakes.all) - 1} more)" if len(mistakes.all) > 1 else ""
        raise Refused((where, *first.path), f"{first.words}{more}") from None
