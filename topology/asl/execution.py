"""One execution of a state machine, driven by reports from outside, in virtual or real time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from topology.asl import jsontext, timestamps
from topology.asl.branch import Branch
from topology.asl.desk import SECOND, Desk, Pending, collected
from topology.asl.failures import HEARTBEAT_TIMEOUT, RUNTIME, TIMEOUT, Failure
from topology.asl.history import Event, History
from topology.asl.maps import EXPRESS_S, MapRun, run_map
from topology.asl.requests import Cancel, Delay, Invoke, Request
from topology.asl.resource import SYNC_2
from topology.asl.scope import Outside
from topology.asl.states import StateMachine
from topology.asl.steps import MAX_PAYLOAD, RUNNERS, follow, history_full, too_large
from topology.problems import Refused

RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED = "RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"
_EVENTS = {
    SUCCEEDED: "ExecutionSucceeded",
    FAILED: "ExecutionFailed",
    TIMED_OUT: "ExecutionTimedOut",
    ABORTED: "ExecutionAborted",
}


class Execution:
    """An execution. `start` and `requests` give what it asks for; every report is followed by `requests`.

    Reports about requests that nobody waits for any more change nothing and give False. Several reports of one instant
    may be given before `requests` is asked again: their events are then recorded in that order.
    """

    def __init__(
        self, machine: StateMachine, outside: Outside, name: str = "execution", machine_name: str = "machine", role: str = "role"
    ) -> None:
        self.machine, self.name, self.machine_name, self.role = machine, name, machine_name, role
        self.status = RUNNING
        self.output: Any = None
        self.error: str | None = None
        self.cause: str | None = None
        self.started_ns = self.stopped_ns = 0
        self._desk = Desk(outside, {**RUNNERS, "Map": run_map})
        self._root = Branch(machine, History(outside.now_ns, machine.express), None, 0, own=True)

    @property
    def id(self) -> str:
        """The execution's ARN."""
        return f"arn:aws:states:local:000000000000:execution:{self.machine_name}:{self.name}"

    @property
    def history(self) -> Sequence[Event]:
        """Its events so far; those of a distributed Map's items are in histories of their own."""
        return self._root.history.events

    @property
    def map_runs(self) -> Sequence[MapRun]:
        """How its distributed Maps stand."""
        return self._root.map_runs

    @property
    def states(self) -> list[str]:
        """The names of the states that it is in, one for each place at which it stands."""
        found, left = [], [self._root]
        while left and self.status == RUNNING:
            branch = left.pop()
            left.extend(branch.children.values())
            if branch.state is not None:
                found.append(branch.state.name)
        return found

    def start(self, value: Any) -> list[Request]:
        """Begin with an input. Raises Refused for one that is no JSON or larger than 256 KiB."""
        try:
            if jsontext.size(value) > MAX_PAYLOAD:
                raise Refused(("input",), f"may have {MAX_PAYLOAD:,} bytes")
        except ValueError as fault:
            raise fault if isinstance(fault, Refused) else Refused(("input",), f"has to be JSON: {fault}") from None
        now = self.started_ns = self._desk.outside.now_ns()
        machine = f"arn:aws:states:local:000000000000:stateMachine:{self.machine_name}"
        self._root.context = {
            "Execution": {
                "Id": self.id,
                "Input": value,
                "StartTime": timestamps.show(now),
                "Name": self.name,
                "RoleArn": self.role,
                "RedriveCount": 0,
            },
            "StateMachine": {"Id": machine, "Name": self.machine_name},
        }
        self._root.history.add("ExecutionStarted", 0, details=value)
        limits = [limit for limit in (self.machine.timeout, EXPRESS_S if self.machine.express else None) if limit is not None]
        if limits:
            self._desk.limit(self._root, min(limits))
        self._root.following = follow(self._desk, self._root, value)
        self._desk.wake(self._root)
        return self.requests()

    def requests(self) -> list[Request]:
        """Go on as far as what was reported allows; gives the new requests."""
        while self._desk.ready:
            branch, signal = self._desk.ready.popleft()
            if not branch.done:
                self._go_on(branch, signal)
        asked, self._desk.asked = self._desk.asked, []
        gone = {request.id for request in asked if isinstance(request, Cancel)}
        known = {request.id for request in asked if not isinstance(request, Cancel)} & gone
        return [request for request in asked if request.id not in known]

    def submitted(self, id: int, output: Any = None) -> bool:
        """The call of a task that waits for a job or a callback was answered."""
        pending = self._invoked(id)
        if pending is None or pending.submitted or not _resource(pending).submits:
            return False
        pending.submitted = True
        pending.branch.record("TaskSubmitted", details=output)
        return True

    def begun(self, id: int) -> bool:
        """A worker has taken an activity's task; its timeout counts from here."""
        pending = self._invoked(id)
        if pending is None or pending.started or _resource(pending).kind != "activity":
            return False
        pending.started = True
        pending.since_ns = pending.beat_ns = self._desk.outside.now_ns()
        pending.branch.record("ActivityStarted")
        return True

    def heartbeat(self, id: int) -> bool:
        """The task is still at work."""
        pending = self._invoked(id)
        if pending is None:
            return False
        pending.beat_ns = self._desk.outside.now_ns()
        return True

    def succeeded(self, id: int, output: Any) -> bool:
        """A call has ended well; an output that is no JSON or larger than 256 KiB makes it fail."""
        pending = self._invoked(id)
        if pending is None:
            return False
        try:
            large = jsontext.size(output) > MAX_PAYLOAD
        except ValueError as fault:
            return self.failed(id, RUNTIME, f"The output is no JSON: {fault}")
        if large:
            resource = _resource(pending)
            failure = too_large(resource.text if resource.kind == "lambda" else resource.service, fatal=False)
            return self.failed(id, failure.error, failure.cause)
        self._record_call(pending, "Succeeded", output, id)
        self._desk.wake(pending.branch, output)
        return True

    def failed(self, id: int, error: str | None, cause: str | None = None) -> bool:
        """A call has ended badly."""
        pending = self._invoked(id)
        if pending is None:
            return False
        failure = Failure(error, cause)
        self._record_call(pending, "Failed", failure.output(), id)
        self._desk.wake(pending.branch, failure)
        return True

    def elapsed(self, id: int) -> bool:
        """A delay is over, or a call has taken as long as it may; False where it may still go on (see `due_ns`)."""
        pending = self._desk.pending.get(id)
        due = None if pending is None else self._desk.due_ns(pending)
        if pending is None or due is None or self._desk.outside.now_ns() < due:
            return False
        if isinstance(pending.request, Delay):
            del self._desk.pending[id]
            if pending.request.purpose == "timeout":
                self._timed_out(pending.branch)
            else:
                self._desk.wake(pending.branch)
            return True
        late = pending.request.timeout_s is None or due < pending.since_ns + pending.request.timeout_s * SECOND
        failure = Failure(TIMEOUT, also=(HEARTBEAT_TIMEOUT,) if late else ())
        self._record_call(pending, "TimedOut", failure.output(), id)
        self._desk.wake(pending.branch, failure)
        return True

    def due_ns(self, id: int) -> int | None:
        """The instant at which `elapsed` has to be reported for a request, or None for never; it moves with heartbeats."""
        pending = self._desk.pending.get(id)
        return None if pending is None else self._desk.due_ns(pending)

    def item_of(self, id: int) -> int | None:
        """Which item, or batch, of the outermost Map around it a call is for, from 0; None where there is no Map."""
        pending = self._desk.pending.get(id)
        branch = None if pending is None else pending.branch
        found = None
        while branch is not None and branch.parent is not None:
            parent = branch.parent
            found = branch.index if parent.state is not None and parent.state.type == "Map" else found
            branch = parent
        return found

    def stop(self, error: str | None = None, cause: str | None = None) -> bool:
        """Abort it."""
        if self.status != RUNNING:
            return False
        self._end(ABORTED, Failure(error, cause))
        return True

    def described(self, pattern: str = SYNC_2) -> dict[str, Any]:
        """What a nested execution gives the task that started it: for `.sync:2` its output as JSON, for `.sync` as a text."""
        machine = self._root.context["StateMachine"]["Id"]
        found: dict[str, Any] = {
            "ExecutionArn": self.id,
            "Name": self.name,
            "StateMachineArn": machine,
            "Status": self.status,
            "StartDate": self.started_ns // 1_000_000,
            "StopDate": self.stopped_ns // 1_000_000,
        }
        shaped = (lambda value: value) if pattern == SYNC_2 else jsontext.write
        found["Input"] = shaped(self._root.context["Execution"]["Input"])
        if self.status == SUCCEEDED:
            found["Output"] = shaped(self.output)
        else:
            found |= {"Error": self.error, "Cause": self.cause}
        return found

    def _timed_out(self, branch: Branch) -> None:
        """An execution, this one or that of a Map's item, has taken too long."""
        if branch.parent is None:
            self._end(TIMED_OUT, Failure(TIMEOUT))
        else:
            self._desk.drop(branch)
            self._ended(branch, None, Failure(TIMEOUT), "ExecutionTimedOut")

    def _invoked(self, id: int) -> Pending | None:
        pending = self._desk.pending.get(id)
        return pending if pending is not None and isinstance(pending.request, Invoke) else None

    def _record_call(self, pending: Pending, how: str, details: Any, id: int) -> None:
        """Record how a call ended, and what has to come before it."""
        del self._desk.pending[id]
        pending.branch.waits_for = 0
        request = pending.request
        if not isinstance(request, Invoke) or request.purpose != "task":
            return
        if how == "Succeeded" and request.resource.submits and not pending.submitted:
            pending.branch.record("TaskSubmitted")
        if how == "Succeeded" and request.resource.kind == "activity" and not pending.started:
            pending.branch.record("ActivityStarted")
        pending.branch.record(f"{request.resource.prefix}{how}", details=details)

    def _go_on(self, branch: Branch, signal: Any) -> None:
        """Let one branch run until it waits again or ends."""
        assert branch.following is not None
        signal = history_full() if branch.history.full else signal
        try:
            if isinstance(signal, Failure):
                branch.following.throw(signal)
            else:
                branch.following.send(signal)
        except StopIteration as end:
            self._ended(branch, end.value, None)
        except Failure as failure:
            self._ended(branch, None, failure)

    def _ended(self, branch: Branch, output: Any, failure: Failure | None, how: str = "") -> None:
        """A branch has ended: the execution with it, or its parent hears of it."""
        if failure is not None and failure.fatal and not branch.own:
            root = branch.root
            root.last = branch.last
            self._desk.drop(root)
            return self._ended(root, None, failure)
        branch.done, branch.output, branch.failure = True, output, failure
        self._desk.cancel(branch.limit)
        if branch.parent is None:
            return self._end(FAILED if failure is not None else SUCCEEDED, failure)
        if branch.own:
            how = how or _EVENTS[FAILED if failure is not None else SUCCEEDED]
            branch.history.close(how, branch.last, output if failure is None else failure.output())
        elif failure is None and branch.parent.state is not None and branch.parent.state.type == "Map":
            branch.closing = branch.history.add("MapIterationSucceeded", branch.last, details={"Index": branch.index})
        collected(self._desk, branch.parent, branch)
        return None

    def _end(self, status: str, failure: Failure | None) -> None:
        """The execution has ended."""
        if self.status != RUNNING:
            return
        last, root = self._root.last, self._root
        self.status, self.stopped_ns = status, self._desk.outside.now_ns()
        self.output = root.output
        self._desk.drop(root)
        self._desk.ready.clear()
        details: Any = root.output
        if failure is not None:
            self.error, self.cause, details = failure.error, failure.cause, failure.output()
        root.history.close(_EVENTS[status], last, details)


def _resource(pending: Pending) -> Any:
    assert isinstance(pending.request, Invoke)
    return pending.request.resource
