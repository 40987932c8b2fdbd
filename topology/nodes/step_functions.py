"""AWS Step Functions."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.asl import Cancel, Delay, Execution, Invoke, Mistakes, Outside, StateMachine, load
from topology.asl.resource import TOKEN
from topology.asl.states import Map
from topology.asl.tally import Tally
from topology.begins import BEGINS, begin_of
from topology.bucket import Bucket
from topology.chance import Dice
from topology.dist import Dist
from topology.executions import Recent, count_of
from topology.importers.asl import read_definition
from topology.message import ERROR, REFUSED, TOO_MANY, YES, Item, lasts, reason
from topology.node import FUNCTION, Call, Context, Node, content_of
from topology.parameters import choice, count, data, dist, path, rate
from topology.problems import Refused
from topology.workflow_frame import StateCount, WorkflowFrame
from topology.workflow_update import with_a_mistake
from topology.workflows import NANOS, Clock, Draws, Running, Step, answer_to, check_nested, chosen, states_of, tasks_of

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
    inside: ClassVar[str] = "states"
    layers: ClassVar[dict[str, str]] = {
        "callbacks_lost": "either",
        "heartbeats_lost": "either",
        "updated": "either",
        "open_taken": "either",
        "bad_items": "either",
    }
    """The shares of the tasks that never call back, and whose heartbeats do not come; of the new executions that follow the
    next version; of the open executions that others have; and of the executions with an item that no task takes."""
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
        "open": count(1_000_000, "Standard executions that run at once; more are refused.", ge=1, le=1_000_000, source=QUOTAS),
        "update": data(
            None,
            "The next version of the definition, which the fault workflow_update brings; left out: this one, in which the last "
            "task reads a field that nobody writes.",
        ),
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
        """What became of each state."""
        self.recent = Recent()
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
        versions = [_loaded(values, given[0])] + ([] if values["update"] is None else [_loaded(values, "update")])
        states = {one.name for machine in versions for one in states_of(machine)}
        tasks = {task.name for machine in versions for task in tasks_of(machine)}
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
        machine = _loaded(values, "definition")
        for task in [*tasks_of(machine), *tasks_of(_next(values, machine))]:
            callee, kind, said = links[chosen(task, values["tasks"] or {}, nodes)]
            check_nested(task, callee, kind, said["mode"])

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.machine: StateMachine = _loaded(values, "definition")
        self.definition: Any = values["definition"]
        self.sort: str = values["type"]
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
        self.callees: list[str] = nodes
        self.functions = [link["kind"] == "lambda" for link in out]
        self.targets = {task.name: chosen(task, values["tasks"] or {}, nodes) for task in tasks_of(self.machine)}
        self.update: StateMachine = _next(values, self.machine)
        self.update_targets = {task.name: chosen(task, values["tasks"] or {}, nodes) for task in tasks_of(self.update)}
        self.update_dice: Dice = ctx.dice("update")
        self.item_dice: Dice = ctx.dice("items")
        for state in states_of(self.machine):
            self.tallies.setdefault(state.name, Tally())

    # Executions

    def on_message(self, ctx: Context, call: Call) -> None:
        bucket = self.bucket
        if self.sort == "standard" and len(self.running) >= self._most_open(ctx):
            ctx.answer(call, REFUSED, LIMIT)
            return
        if bucket is not None and not bucket.grants(ctx.now, self.starts, self.burst):
            self.throttled += 1
            ctx.answer(call, REFUSED, TOO_MANY)
            return
        if call.handoff:
            ctx.accept(call)
        self._start(ctx, call)

    def _most_open(self, ctx: Context) -> int:
        """How many executions may be open: what others in the account leave of the quota."""
        taken = ctx.strength("open_taken")
        return int(self.most) if taken <= 0.0 else round(float(self.most) * (1.0 - taken))

    def _start(self, ctx: Context, call: Call) -> None:
        clock = self.clock
        assert clock is not None
        self.started += 1
        call.started = ctx.now
        call.visit = ctx.visit(call.message)
        draws = Draws(self.dice, call.message.root + 4096 * call.visit)
        outside = Outside(clock.now_ns, draws.uniform, draws.uuid, self.tallies)
        newer = ctx.strength("updated")
        updated = newer > 0.0 and self.update_dice.uniform(draws.root, 0) < newer
        run = Execution(self.update if updated else self.machine, outside, f"e-{self.started}", ctx.node)
        one = Running(call, run, self.update_targets if updated else self.targets)
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
        link = one.targets.get(request.state, -1)
        if request.purpose != "task" or link < 0:
            # What a Map reads and writes is at hand: `outputs` says what there is.
            self._succeed(ctx, step)
        elif self._refuses(ctx, one, request):
            one.run.failed(request.id, "States.TaskFailed", "the item is not valid")
            self._over(ctx, step, one)
        else:
            ctx.send(link, step, one.call.message)

    def _refuses(self, ctx: Context, one: Running, request: Invoke) -> bool:
        """Whether a task gets the bad item of its Map: the first one, as often as it is tried."""
        bad = ctx.strength("bad_items")
        return bad > 0.0 and one.run.item_of(request.id) == 0 and self.item_dice.uniform(one.call.message.root, 0) < bad

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

    # Ends

    def _look(self, ctx: Context, number: int, one: Running) -> None:
        """When it has ended, tell whoever waits."""
        if one.run.status != "RUNNING":
            self._end(ctx, number, one)

    def _end(self, ctx: Context, number: int, one: Running) -> None:
        if number not in self.running:
            return
        del self.running[number]
        ctx.meter.upto(ctx.now)
        ctx.meter.busy = len(self.running)
        status = one.run.status
        self.ended[status] = self.ended.get(status, 0) + 1
        self.recent.add(number, one.run)
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
        if layer == "updated":
            return self.update is not self.machine
        if layer == "bad_items":
            return len([one for one in states_of(self.machine) if isinstance(one, Map) and tasks_of(one.flow)]) > 0
        if layer == "open_taken":
            return self.sort == "standard"
        waiting = [task for task in tasks_of(self.machine) if task.resource.pattern == TOKEN]
        if layer == "heartbeats_lost":
            waiting = [task for task in waiting if task.heartbeat is not None]
        return layer not in self.layers or len(waiting) > 0

    def depth(self) -> int:
        return len(self.running)

    def oldest(self, now: int) -> int:
        for one in self.running.values():
            return now - one.call.started
        return 0

    def gauges(self, ctx: Context) -> dict[str, float]:
        return {
            "running": float(len(self.running)),
            "started": float(self.started),
            "throttled": float(self.throttled),
            **{status.lower().replace("_", " "): float(n) for status, n in self.ended.items()},
        }

    def views(self, ctx: Context) -> dict[str, dict[str, float]]:
        return {
            name: {
                "entered": float(one.entered),
                "in it now": float(one.now),
                "failed in it": float(one.failed + one.stopped),
                "caught": float(one.caught),
                "retried": float(one.retried),
            }
            for name, one in self.tallies.items()
        }

    def workflow(self, ctx: Context, execution: int) -> WorkflowFrame | None:
        clock = self.clock
        begins_ns = 0 if clock is None else clock.begins * NANOS
        graph = self.recent.graph(self.machine, self.definition)
        return WorkflowFrame(
            ctx.now,
            self.sort,
            graph,
            tuple([self._count(state.name, begins_ns) for state in graph.states]),
            len(self.running),
            int(self.started),
            tuple(self.ended.items()),
            int(self.throttled),
            self.recent.lines(self.running, begins_ns),
            self.recent.shown(execution, self.running, begins_ns),
            self.down,
        )

    def _count(self, state: str, begins_ns: int) -> StateCount:
        link = self.targets.get(state, -1)
        return count_of(self.tallies.get(state) or Tally(), begins_ns, self.callees[link] if link >= 0 else "")


def _next(values: dict[str, Any], machine: StateMachine) -> StateMachine:
    """The next version: what is said, else the machine with a mistake in its last task; itself where it has none."""
    if values["update"] is not None:
        return _loaded(values, "update")
    tasks = tasks_of(machine)
    return load(with_a_mistake(values["definition"], tasks[-1]), express=values["type"] == "express") if tasks else machine


def _loaded(values: dict[str, Any], where: str) -> StateMachine:
    """The machine that is given there; a file's is in `definition`. Refused names the place of what is wrong."""
    try:
        return load(values["definition" if where == "file" else where], express=values["type"] == "express")
    except Mistakes as mistakes:
        first = mistakes.all[0]
        more = f" (and {len(mistakes.all) - 1} more)" if len(mistakes.all) > 1 else ""
        raise Refused((where, *first.path), f"{first.words}{more}") from None
