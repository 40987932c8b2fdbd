"""How each type of state is run, one event after another, as Step Functions records them.

Each function is a generator: it stops where the execution has to wait, and goes on with what it waited for or fails with it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from topology.asl import jsontext, timestamps
from topology.asl.branch import Branch, Following
from topology.asl.desk import SECOND, Desk, arrivals
from topology.asl.failures import DATA_LIMIT, QUERY, RUNTIME, Failure, Unresolved, runtime
from topology.asl.history import MAX_EVENTS
from topology.asl.jsonata import text_of
from topology.asl.paths import Path, put
from topology.asl.requests import Invoke
from topology.asl.resource import TOKEN
from topology.asl.states import (
    Catcher,
    Choice,
    Fail,
    Map,
    Parallel,
    Pass,
    Retrier,
    Rule,
    State,
    Task,
    Wait,
)
from topology.asl.templates import Query, Selection, Setting, Template

MAX_PAYLOAD = 262_144
"""Bytes that a state or a task may pass on (Step Functions Developer Guide, "Service quotas")."""

MAX_WAIT_S = 2_147_483_647
"""A wait until an instant farther away than this fails."""

MAX_AT_ONCE = 20_000
"""Transitions of one branch without anything happening outside; more are taken for an endless loop."""

Outcome = tuple[Any, str | None]
"""What a state passes on, and the next state."""

Attempt = Generator[None, Any, Outcome]


def follow(desk: Desk, branch: Branch, value: Any) -> Following:
    """Run a flow from its first state to its end; gives the output."""
    name: str | None = branch.flow.start
    hurried = 0
    at_ns = desk.outside.now_ns()
    while name is not None:
        tally = desk.tally(name)
        tally.enter()
        try:
            value, name = yield from _state(desk, branch, branch.flow.states[name], value)
        except Failure:
            tally.fail(desk.outside.now_ns())
            raise
        except GeneratorExit:
            tally.stopped += 1
            raise
        finally:
            tally.now -= 1
        now = desk.outside.now_ns()
        hurried, at_ns = (hurried + 1, at_ns) if now == at_ns else (0, now)
        if hurried > MAX_AT_ONCE:
            raise Failure(RUNTIME, f"More than {MAX_AT_ONCE:,} transitions in no time: an endless loop.", fatal=True)
    return value


def _state(desk: Desk, branch: Branch, state: State, value: Any) -> Attempt:
    """Enter a state, run it and leave it."""
    branch.state, branch.entered_after = state, branch.last
    branch.record(f"{state.type}StateEntered", state.name, value)
    branch.entered = branch.last
    entered = timestamps.show(desk.outside.now_ns())
    branch.context["State"] = {"EnteredTime": entered, "Name": state.name, "RetryCount": 0}
    if branch.history.full:
        raise history_full()
    try:
        output, target = yield from desk.runners[state.type](desk, branch, state, value)
        check_size(output, state.name)
    except Failure as failure:
        raise noted(branch, failure) from None
    branch.record(f"{state.type}StateExited", state.name, output)
    return output, target


def noted(branch: Branch, failure: Failure) -> Failure:
    """A failure with the state in which it happened; an expression that could not be evaluated is recorded."""
    assert branch.state is not None
    if not failure.bare:
        return failure
    found = failure.placed(branch.state.name, branch.entered)
    if failure.error == QUERY:
        early = branch.last == branch.entered and branch.state.type != "Wait"
        branch.last = branch.entered_after if early else branch.last
        branch.record("EvaluationFailed", details={**found.output(), "Location": failure.location})
    return found


def check_size(value: Any, name: str) -> None:
    """Raise a Failure that nothing catches for a payload that is too large."""
    if value is None or isinstance(value, (bool, int, float)) or (isinstance(value, str) and len(value) < MAX_PAYLOAD // 8):
        return
    try:
        large = jsontext.size(value) > MAX_PAYLOAD
    except ValueError as fault:
        raise runtime(f"The output is no JSON: {fault}") from None
    if large:
        raise too_large(name, fatal=True)


def history_full() -> Failure:
    """The failure of an execution that would need more events than it may have."""
    return Failure(RUNTIME, f"The execution reached the maximum number of history events ({MAX_EVENTS}).", fatal=True)


def too_large(name: str, *, fatal: bool) -> Failure:
    """The failure of what passes on too much."""
    words = f"The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service limit."
    return Failure(DATA_LIMIT, words, fatal=fatal)


def effective(desk: Desk, branch: Branch, state: State, value: Any) -> Any:
    """What InputPath leaves of the input."""
    if state.in_jsonata:
        return value
    return _through(desk, branch, state.input_path, value)


def _through(desk: Desk, branch: Branch, path: Selection | None, value: Any) -> Any:
    """What InputPath or OutputPath leaves of a value; an empty object for null."""
    if path is None:
        return {}
    if not path.path.steps and path.path.root == "$":
        return value
    try:
        return desk.scope(branch, value).select(path.path)
    except Unresolved as gap:
        raise runtime(f"Invalid path '{path.text}' : {gap.words}") from None


def payload(desk: Desk, branch: Branch, state: State, value: Any, seen: Any) -> Any:
    """What a task or the branches get: Parameters or Arguments, or the input itself."""
    if state.parameters is None:
        return seen
    return state.parameters.evaluate(desk.scope(branch, seen, {"input": value}))


def leave(desk: Desk, branch: Branch, state: State, value: Any, result: Any) -> Any:
    """The output of a state that has a result, and the variables that it sets; both see the variables as they were."""
    states = {"input": value, "result": result}
    new = assigned(desk, branch, state.assign, result, states)
    if state.in_jsonata:
        output = result if state.output is None else state.output.evaluate(desk.scope(branch, result, states))
    else:
        chosen = result if state.selector is None else state.selector.evaluate(desk.scope(branch, result))
        output = _through(desk, branch, state.output_path, placed(state.result_path, value, chosen))
    branch.variables.update(new)
    return output


def placed(path: Path | None, value: Any, result: Any) -> Any:
    """A result at its place in the input."""
    if path is None:
        return value
    try:
        return put(path, value, result)
    except Unresolved as gap:
        raise runtime(f"{gap.words}: {text_of(value)[:1_000]}") from None


def assigned(desk: Desk, branch: Branch, assign: Template | None, value: Any, states: dict[str, Any]) -> dict[str, Any]:
    """The variables that a state sets."""
    if assign is None:
        return {}
    new: dict[str, Any] = assign.evaluate(desk.scope(branch, value, states))
    for name, one in new.items():
        check_size(one, name)
    return new


def _pass(desk: Desk, branch: Branch, state: Pass, value: Any) -> Attempt:
    if state.in_jsonata:
        return _plainly(desk, branch, state, value, value), state.next
    result = payload(desk, branch, state, value, effective(desk, branch, state, value))
    if state.result is not None:
        result = state.result.value
    return leave(desk, branch, state, value, result), state.next
    yield


def _plainly(
    desk: Desk,
    branch: Branch,
    state: State,
    value: Any,
    seen: Any,
    assign: Template | None = None,
    output: Template | None = None,
) -> Any:
    """The output of a state that has no result of its own, and the variables that it sets."""
    states = {"input": value}
    new = assigned(desk, branch, assign or state.assign, seen, states)
    template = output or state.output
    if state.in_jsonata:
        found = value if template is None else template.evaluate(desk.scope(branch, value, states))
    else:
        found = _through(desk, branch, state.output_path, seen)
    branch.variables.update(new)
    return found


def _succeed(desk: Desk, branch: Branch, state: State, value: Any) -> Attempt:
    return _plainly(desk, branch, state, value, effective(desk, branch, state, value)), None
    yield


def _fail(desk: Desk, branch: Branch, state: Fail, value: Any) -> Attempt:
    scope = desk.scope(branch, value, {"input": value})
    error, cause = (None if part is None else part(scope) for part in (state.error, state.cause))
    for name, found in (("Error", error), ("Cause", cause)):
        if found is not None and not isinstance(found, str):
            raise _wrong(state, name, f"The {name} field refers to value {text_of(found)} which is not a string.")
    raise Failure(error, cause)
    yield


def _wrong(state: State, field: str, words: str) -> Failure:
    """The failure of a value of the wrong type, in either language."""
    return Failure(QUERY, words, bare=True, location=field) if state.in_jsonata else runtime(words)


def _choice(desk: Desk, branch: Branch, state: Choice, value: Any) -> Attempt:
    seen = effective(desk, branch, state, value)
    scope = desk.scope(branch, seen, {"input": value})
    for rule in state.rules:
        if _applies(rule, scope, state):
            return _plainly(desk, branch, state, value, seen, rule.assign, rule.output), rule.next
    if state.default is None:
        raise runtime("Failed to transition out of the state. The state does not point to a next state.")
    return _plainly(desk, branch, state, value, seen), state.default
    yield


def _applies(rule: Rule, scope: Any, state: Choice) -> bool:
    if rule.test is not None:
        return rule.test(scope)
    assert rule.condition is not None
    found = rule.condition.evaluate(scope)
    if not isinstance(found, bool):
        words = f"The JSONata expression '{rule.condition.text}' specified for the field 'Condition' returned an unexpected "
        raise _wrong(state, "Condition", f"{words}result type. Expected 'boolean', but was {text_of(found)}")
    return found


def _wait(desk: Desk, branch: Branch, state: Wait, value: Any) -> Attempt:
    seen = effective(desk, branch, state, value)
    found = state.until.evaluate(desk.scope(branch, seen, {"input": value}))
    now = desk.outside.now_ns()
    until = _instant(state, found) if state.way.startswith("Timestamp") else now + _seconds(state, found) * SECOND
    if until - now > MAX_WAIT_S * SECOND:
        raise runtime("Wait state delay is too long.")
    desk.pause(branch, until, "wait")
    yield
    return _plainly(desk, branch, state, value, seen), state.next


def _instant(state: Wait, found: Any) -> int:
    instant = timestamps.parse(found)
    if instant is not None:
        return instant
    shown = found if isinstance(found, str) else text_of(found)
    if state.in_jsonata:
        words = f"The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: {shown}"
        raise Failure(QUERY, words, bare=True, location="Timestamp")
    words = "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: "
    raise runtime(f"{words}{state.until.text} == {shown}")


def _seconds(state: Wait, found: Any) -> int:
    whole = whole_number(found)
    if whole is None:
        words = f"cannot be parsed as a long value: {state.until.text} == {text_of(found)}"
        raise _wrong(state, "Seconds", f"The {state.way} parameter {words}")
    if whole < 0:
        raise _wrong(state, "Seconds", f"The {state.way} parameter references a negative value: {whole}")
    return min(whole, MAX_WAIT_S + 1)


def whole_number(value: Any) -> int | None:
    """A whole number, also one in a text, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**62:
        return int(value)
    if isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) < 18:
        return int(value)
    return value if isinstance(value, int) else None


def number_of(desk: Desk, branch: Branch, state: State, setting: Setting, name: str, seen: Any, value: Any) -> int:
    """A setting that has to be a whole number."""
    found = setting.evaluate(desk.scope(branch, seen, {"input": value}))
    whole = whole_number(found)
    if whole is None:
        raise not_a(state, setting, name, found, "integer")
    return whole


def not_a(state: State, setting: Setting, name: str, found: Any, wanted: str) -> Failure:
    """The failure of a setting that refers to something else than a number."""
    if isinstance(setting, Query):
        words = f"The JSONata expression '{setting.text}' specified for the field '{name}' returned an unexpected result type."
        return Failure(QUERY, f"{words} Expected '{wanted}', but was {text_of(found)}", bare=True, location=name)
    shown = f'"{found}"' if isinstance(found, str) else f'"{text_of(found)}"'
    return runtime(f"The {name}Path field refers to value {shown} which is not a valid {wanted}: {setting.text}")


def retried(run: Callable[[Desk, Branch, Any, Any], Attempt]) -> Callable[[Desk, Branch, Any, Any], Attempt]:
    """Run a state again as its Retry says, and go on as its Catch says."""

    def attempts(desk: Desk, branch: Branch, state: State, value: Any) -> Attempt:
        used: dict[int, int] = {}
        while True:
            try:
                return (yield from run(desk, branch, state, value))
            except Failure as raw:
                failure = noted(branch, raw)
            if failure.fatal:
                raise failure
            retrier = next((i for i, one in enumerate(state.retry) if failure.matches(one.errors)), None)
            if retrier is not None and used.get(retrier, 0) < state.retry[retrier].attempts:
                used[retrier] = used.get(retrier, 0) + 1
                desk.tally(state.name).retry(desk.outside.now_ns())
                branch.context["State"] = {**branch.context["State"], "RetryCount": sum(used.values())}
                yield from _back_off(desk, branch, state.retry[retrier], used[retrier])
                continue
            if state.type in ("Map", "Parallel"):
                branch.record(f"{state.type}StateFailed", details=failure.output())
            for catcher in state.catch:
                if failure.matches(catcher.errors):
                    desk.tally(state.name).catch(desk.outside.now_ns())
                    return caught(desk, branch, state, catcher, value, failure), catcher.next
            raise failure

    return attempts


def _back_off(desk: Desk, branch: Branch, retrier: Retrier, n: int) -> Following:
    share = desk.outside.random() if retrier.jitter else 1.0
    delay_ns = int(retrier.delay(n, share) * SECOND)
    desk.pause(branch, desk.outside.now_ns() + delay_ns, "retry")
    yield


def caught(desk: Desk, branch: Branch, state: State, catcher: Catcher, value: Any, failure: Failure) -> Any:
    """What a Catch passes on, and the variables that it sets."""
    error = failure.output()
    states = {"input": value, "errorOutput": error}
    new = assigned(desk, branch, catcher.assign, error, states)
    if state.in_jsonata:
        output = error if catcher.output is None else catcher.output.evaluate(desk.scope(branch, error, states))
    else:
        output = placed(catcher.result_path, value, error)
    branch.variables.update(new)
    return output


def _task(desk: Desk, branch: Branch, state: Task, value: Any) -> Attempt:
    """One call, with its events."""
    seen = effective(desk, branch, state, value)
    token = desk.outside.uuid() if state.resource.pattern == TOKEN else ""
    branch.context.pop("Task", None)
    if token:
        branch.context["Task"] = {"Token": token}
    arguments = payload(desk, branch, state, value, seen)
    check_size(arguments, state.name)
    credentials = None
    if state.credentials is not None:
        credentials = state.credentials.evaluate(desk.scope(branch, seen, {"input": value}))
    limits = [
        None if setting is None else positive(number_of(desk, branch, state, setting, name, seen, value), state, name)
        for setting, name in ((state.timeout, "TimeoutSeconds"), (state.heartbeat, "HeartbeatSeconds"))
    ]
    branch.record(f"{state.resource.prefix}Scheduled", details=arguments)
    desk.wake(branch)
    yield
    if state.resource.kind != "activity":
        branch.record(f"{state.resource.prefix}Started")
    request = Invoke(desk.new_id(), state.resource, arguments, state.name, limits[0], limits[1], token, credentials)
    desk.ask(branch, request)
    result = yield
    return leave(desk, branch, state, value, result), state.next


def positive(number: int, state: State, name: str) -> int:
    """A number of seconds above 0."""
    if number <= 0:
        raise _wrong(state, name, f"The {name} has to be a positive number of seconds, and was {number}")
    return number


def _parallel(desk: Desk, branch: Branch, state: Parallel, value: Any) -> Attempt:
    """All branches at once; the first that fails ends the others."""
    given = payload(desk, branch, state, value, effective(desk, branch, state, value))
    branch.record("ParallelStateStarted")
    for i, flow in enumerate(state.branches):
        child = Branch(flow, branch.history, branch, i, own=False)
        child.last = branch.last
        start(desk, child, given)
    results: list[Any] = [None] * len(state.branches)
    while branch.children:
        yield
        for child in arrivals(branch):
            del branch.children[child.index]
            if child.failure is not None:
                raise broken_off(desk, branch, child)
            results[child.index], branch.last = child.output, child.last
    branch.history.add("ParallelStateSucceeded", branch.last)
    return leave(desk, branch, state, value, results), state.next


def broken_off(desk: Desk, branch: Branch, failed: Branch) -> Failure:
    """End the branches beside one that has failed; gives its failure."""
    assert failed.failure is not None
    branch.last = failed.last
    desk.record_aborted(failed, failed.last)
    for child in branch.children.values():
        if isinstance(branch.state, Map):
            branch.history.add("MapIterationAborted", failed.last, details={"Index": child.index})
        desk.abort(child, failed.last)
    branch.children.clear()
    branch.inbox.clear()
    found = failed.failure
    return Failure(found.error, found.cause, also=found.also)


def start(desk: Desk, child: Branch, value: Any) -> None:
    """Let a child branch begin in its turn."""
    assert child.parent is not None
    child.parent.children[child.index] = child
    child.following = follow(desk, child, value)
    desk.wake(child)


RUNNERS: dict[str, Callable[[Desk, Branch, Any, Any], Attempt]] = {
    "Pass": _pass,
    "Succeed": _succeed,
    "Fail": _fail,
    "Choice": _choice,
    "Wait": _wait,
    "Task": retried(_task),
    "Parallel": retried(_parallel),
}
"""How a state is run, by its type; Map has a module of its own."""
