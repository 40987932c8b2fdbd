"""Executions in virtual time: data flow, errors, time, limits and histories."""

from __future__ import annotations

from typing import Any

import pytest

from tests.topology.asl.playing import SECOND, START_NS, Failed, Never, Player, echo, one, play, types
from topology.asl import Cancel, Delay, Invoke
from topology.problems import Refused

SEND = "arn:aws:states:::sqs:sendMessage"
TASK: dict[str, Any] = {"Type": "Task", "Resource": SEND}
JSONATA = {"QueryLanguage": "JSONata"}


def output(state: dict[str, Any], value: Any = None, answer: Any = echo, **more: Any) -> Any:
    run = play(one(state, **more), value, answer)
    assert run.status == "SUCCEEDED", (run.error, run.cause)
    return run.output


def failing(*errors: str | None) -> Any:
    """An answer that fails with each of some errors, then succeeds."""
    left = list(errors)

    def answer(request: Invoke) -> Any:
        if left:
            raise Failed(left.pop(0), "why")
        return "at last"

    return answer


def test_the_pipeline_of_a_task() -> None:
    state = {
        **TASK,
        "InputPath": "$.in",
        "Parameters": {"x.$": "$.a", "who.$": "$$.State.Name"},
        "ResultSelector": {"y.$": "$.x"},
        "ResultPath": "$.out.here",
        "OutputPath": "$.out",
    }
    assert output(state, {"in": {"a": 1}, "b": 2}) == {"here": {"y": 1}}


@pytest.mark.parametrize(
    ("path", "found"),
    [("$", "r"), (None, {"a": 1}), ("$.b", {"a": 1, "b": "r"}), ("$.a", {"a": "r"}), ("$.c.d", {"a": 1, "c": {"d": "r"}})],
)
def test_where_a_result_goes(path: str | None, found: Any) -> None:
    assert output({"Type": "Pass", "Result": "r", "ResultPath": path}, {"a": 1}) == found


def test_null_paths_stand_for_an_empty_object() -> None:
    assert output({"Type": "Pass", "InputPath": None, "ResultPath": "$.r"}, {"a": 1}) == {"a": 1, "r": {}}
    assert output({"Type": "Pass", "OutputPath": None}, {"a": 1}) == {}


def test_a_path_with_nothing_to_select_gives_an_empty_array() -> None:
    for path in ("$[*]", "$.items[*]", "$.items[1:5]", "$.items[:1].itemValue"):
        assert output({"Type": "Pass", "Parameters": {"item.$": path}}, {}) == {"item": []}


def test_variables_are_set_from_the_result_and_read_later() -> None:
    states = {
        "A": {**TASK, "Assign": {"n.$": "$.v", "old.$": "$.v"}, "ResultSelector": {"other": 1}, "Next": "B"},
        "B": {"Type": "Pass", "Assign": {"n.$": "States.MathAdd($n, 1)", "old.$": "$n"}, "Next": "C"},
        "C": {"Type": "Pass", "Parameters": {"n.$": "$n", "old.$": "$old"}, "End": True},
    }
    run = play({"StartAt": "A", "States": states}, {"v": 5})
    assert run.output == {"n": 6, "old": 5}


def test_variables_of_a_branch_stay_in_it() -> None:
    inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "Assign": {"x": 2, "y": 3}, "Next": "J"}, "J": {"Type": "Succeed"}}}
    states = {
        "A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "P"},
        "P": {"Type": "Parallel", "Branches": [inner], "Next": "B"},
        "B": {"Type": "Pass", "Parameters": {"x.$": "$x"}, "Next": "C"},
        "C": {"Type": "Pass", "Parameters": {"y.$": "$y"}, "End": True},
    }
    run = play({"StartAt": "A", "States": states})
    assert (run.status, run.error) == ("FAILED", "States.Runtime")
    assert [event.details for event in run.history if event.state == "B"][-1] == {"x": 1}


def test_the_jsonata_fields() -> None:
    state = {
        **TASK,
        "Arguments": {"n": "{% $states.input.n * 2 %}"},
        "Output": {"was": "{% $states.input.n %}", "got": "{% $states.result.n %}", "v": "{% $v %}"},
        "Assign": {"v": "{% $states.result.n %}"},
    }
    run = play(one(state, **JSONATA), {"n": 4})
    assert (run.error, types(run)[-2:]) == ("States.QueryEvaluationError", ["EvaluationFailed", "ExecutionFailed"])
    assert "'Output/v' returned nothing" in str(run.cause)
    del state["Output"]["v"]
    assert output(state, {"n": 4}, **JSONATA) == {"was": 4, "got": 8}


def test_a_failed_expression_can_be_caught() -> None:
    states = {
        "S": {**TASK, "Arguments": "{% $gone %}", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}], "End": True},
        "C": {"Type": "Pass", "Output": "{% $states.input.Error %}", "End": True},
    }
    run = play({"StartAt": "S", "States": states, **JSONATA})
    assert (run.status, run.output) == ("SUCCEEDED", "States.QueryEvaluationError")


def test_the_context_object() -> None:
    run = play(one({"Type": "Pass", "Parameters": {"c.$": "$$"}}), {"a": 1})
    context = run.output["c"]
    assert context["Execution"]["Input"] == {"a": 1}
    assert context["Execution"]["Id"] == run.id
    assert context["State"] == {"EnteredTime": "2023-11-14T22:13:20.000Z", "Name": "S", "RetryCount": 0}
    assert context["StateMachine"]["Name"] == "machine"


def test_no_choice_fails_the_execution() -> None:
    rules = [{"Variable": "$.a", "NumericEquals": 1, "Next": "S"}]
    run = play(one({"Type": "Choice", "Choices": rules}), {"a": 2})
    assert (run.status, run.error) == ("FAILED", "States.Runtime")
    assert "does not point to a next state" in str(run.cause)


@pytest.mark.parametrize(
    ("state", "seconds"),
    [
        ({"Type": "Wait", "Seconds": 3}, 3.0),
        ({"Type": "Wait", "SecondsPath": "$.s"}, 7.0),
        ({"Type": "Wait", "Timestamp": "2023-11-14T22:13:30Z"}, 10.0),
        ({"Type": "Wait", "TimestampPath": "$.t"}, 0.5),
        ({"Type": "Wait", "Seconds": "{% $states.input.s + 1 %}", **JSONATA}, 8.0),
        ({"Type": "Wait", "Timestamp": "2001-01-01T00:00:00Z"}, -721_692_800.0),
    ],
)
def test_how_long_a_wait_lasts(state: dict[str, Any], seconds: float) -> None:
    player = Player(one(state))
    player.start({"s": 7, "t": "2023-11-14T22:13:20.5Z"})
    run = player.finish(echo)
    assert (run.status, player.waited) == ("SUCCEEDED", [("wait", seconds)])
    assert player.now_ns == START_NS + max(0, int(seconds * SECOND))


def test_retries_wait_longer_each_time_up_to_the_maximum() -> None:
    retry = {"ErrorEquals": ["E"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 4, "MaxDelaySeconds": 20}
    player = Player(one({**TASK, "Retry": [retry]}))
    player.start()
    run = player.finish(failing("E", "E", "E", "E"))
    assert [seconds for _, seconds in player.waited] == [2.0, 6.0, 18.0, 20.0]
    assert run.output == "at last"
    assert types(run).count("TaskScheduled") == 5


def test_jitter_takes_a_share_of_the_delay() -> None:
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 8, "JitterStrategy": "FULL"}
    player = Player(one({**TASK, "Retry": [retry]}), share=0.25)
    player.start()
    player.finish(failing("E"))
    assert player.waited == [("retry", 2.0)]


def test_each_retrier_counts_by_itself_and_the_first_that_matches_decides() -> None:
    retry = [{"ErrorEquals": ["A"], "MaxAttempts": 1}, {"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}]
    assert output({**TASK, "Retry": retry}, answer=failing("A", "B")) == "at last"
    run = play(one({**TASK, "Retry": retry}), answer=failing("A", "A"))
    assert (run.error, types(run).count("TaskScheduled")) == ("A", 2)


def test_no_attempts_is_no_retry() -> None:
    run = play(one({**TASK, "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 0}]}), answer=failing("E"))
    assert (run.error, run.cause, types(run).count("TaskScheduled")) == ("E", "why", 1)


@pytest.mark.parametrize(
    ("names", "error", "caught"),
    [
        (["E"], "E", True),
        (["F"], "E", False),
        (["States.ALL"], "E", True),
        (["States.TaskFailed"], "E", True),
        (["States.ALL"], None, True),
        (["States.ALL"], "States.DataLimitExceeded", True),
        (["States.Runtime"], "States.Runtime", True),
        (["States.ALL"], "States.Runtime", False),
    ],
)
def test_what_a_catch_catches(names: list[str], error: str | None, caught: bool) -> None:
    catch = [{"ErrorEquals": names, "ResultPath": "$.e", "Next": "C"}]
    states = {"S": {**TASK, "Catch": catch, "End": True}, "C": {"Type": "Succeed"}}
    run = play({"StartAt": "S", "States": states}, {"a": 1}, failing(error))
    assert run.status == ("SUCCEEDED" if caught else "FAILED")
    if caught:
        assert run.output == {"a": 1, "e": {"Error": error, "Cause": "why"}}


def never(_: Invoke) -> Any:
    raise Never


@pytest.mark.parametrize(
    ("limits", "name", "caught"),
    [
        ({"TimeoutSeconds": 5}, "States.Timeout", True),
        ({"TimeoutSeconds": 5}, "States.TaskFailed", False),
        ({"TimeoutSeconds": 5}, "States.HeartbeatTimeout", False),
        ({"TimeoutSeconds": 9, "HeartbeatSeconds": 5}, "States.HeartbeatTimeout", True),
        ({"TimeoutSeconds": 9, "HeartbeatSeconds": 5}, "States.Timeout", True),
        ({"TimeoutSecondsPath": "$.five"}, "States.ALL", True),
    ],
)
def test_timeouts(limits: dict[str, Any], name: str, caught: bool) -> None:
    states = {"S": {**TASK, **limits, "Catch": [{"ErrorEquals": [name], "Next": "C"}], "End": True}, "C": {"Type": "Succeed"}}
    player = Player({"StartAt": "S", "States": states})
    player.start({"five": 5})
    run = player.finish(never)
    assert player.now_ns == START_NS + 5 * SECOND
    assert "TaskTimedOut" in types(run)
    assert run.status == ("SUCCEEDED" if caught else "FAILED")
    assert (run.output or {"Error": run.error})["Error"] == "States.Timeout"


def test_heartbeats_put_the_timeout_off() -> None:
    player = Player(one({**TASK, "Resource": f"{SEND}.waitForTaskToken", "HeartbeatSeconds": 5, "TimeoutSeconds": 60}))
    player.start()
    call = player.invokes()[0]
    for _ in range(3):
        player.now_ns += 4 * SECOND
        assert not player.run.elapsed(call.id)
        assert player.run.heartbeat(call.id)
    assert player.run.due_ns(call.id) == player.now_ns + 5 * SECOND
    player.now_ns += 5 * SECOND
    assert player.run.elapsed(call.id)
    assert not player.run.succeeded(call.id, 1)
    player.run.requests()
    assert (player.run.status, player.run.error) == ("FAILED", "States.Timeout")


def test_a_task_token_is_in_the_context_and_the_request() -> None:
    player = Player(one({**TASK, "Resource": f"{SEND}.waitForTaskToken", "Parameters": {"t.$": "$$.Task.Token"}}))
    player.start()
    call = player.invokes()[0]
    assert (call.token, call.input) == ("uuid-1", {"t": "uuid-1"})
    assert player.run.submitted(call.id, "sent")
    assert not player.run.submitted(call.id)
    player.run.succeeded(call.id, "back")
    player.run.requests()
    assert types(player.run)[2:6] == ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]
    assert player.run.output == "back"


def test_an_activity_starts_when_a_worker_takes_it() -> None:
    player = Player(one({**TASK, "Resource": "arn:aws:states:eu-1:1:activity:pick", "TimeoutSeconds": 5}))
    player.start()
    call = player.invokes()[0]
    player.now_ns += 4 * SECOND
    assert player.run.begun(call.id)
    assert player.run.due_ns(call.id) == player.now_ns + 5 * SECOND
    player.run.succeeded(call.id, 1)
    player.run.requests()
    assert types(player.run)[2:5] == ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]


def test_a_nested_execution_is_described_to_its_parent() -> None:
    child = play(one({"Type": "Pass", "Result": {"r": 1}}), {"i": 1})
    assert child.described(".sync:2")["Output"] == {"r": 1}
    assert (child.described(".sync")["Output"], child.described(".sync")["Status"]) == ('{"r":1}', "SUCCEEDED")
    bad = play(one({"Type": "Fail", "Error": "E", "Cause": "C"}))
    assert bad.described()["Error"] == "E"


def test_the_history_names_what_led_to_what() -> None:
    run = play(one({**TASK, "Retry": [{"ErrorEquals": ["E"]}]}), answer=failing("E"))
    assert [(event.type, event.id, event.previous, event.state) for event in run.history] == [
        ("ExecutionStarted", 1, 0, ""),
        ("TaskStateEntered", 2, 0, "S"),
        ("TaskScheduled", 3, 2, ""),
        ("TaskStarted", 4, 3, ""),
        ("TaskFailed", 5, 4, ""),
        ("TaskScheduled", 6, 5, ""),
        ("TaskStarted", 7, 6, ""),
        ("TaskSucceeded", 8, 7, ""),
        ("TaskStateExited", 9, 8, "S"),
        ("ExecutionSucceeded", 10, 9, ""),
    ]
    assert [event.at_ns - START_NS for event in run.history] == [0] * 5 + [SECOND] * 5


def branch(name: str, state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": name, "States": {name: {**state, "End": True}}}


def test_branches_run_at_the_same_time_and_give_their_outputs_in_order() -> None:
    branches = [branch("A", TASK), branch("B", {"Type": "Wait", "Seconds": 2}), branch("C", TASK)]
    player = Player(one({"Type": "Parallel", "Branches": branches}))
    player.start({"v": 1})
    assert sorted(player.run.states) == ["A", "B", "C", "S"]
    first, second = player.invokes()
    player.run.succeeded(second.id, "c")
    player.run.succeeded(first.id, "a")
    player.take(player.run.requests())
    del player.open[first.id], player.open[second.id]
    assert player.run.status == "RUNNING"
    assert player.finish(echo).output == ["a", {"v": 1}, "c"]


def test_a_failed_branch_ends_the_others() -> None:
    branches = [branch("A", TASK), branch("B", {"Type": "Wait", "Seconds": 9}), branch("C", TASK)]
    player = Player(one({"Type": "Parallel", "Branches": branches}))
    player.start()
    first, second = player.invokes()
    player.run.failed(first.id, "E", "why")
    requests = player.run.requests()
    assert {request.id for request in requests if isinstance(request, Cancel)} == set(player.open) - {first.id}
    assert (player.run.status, player.run.error) == ("FAILED", "E")
    aborted = [event.type for event in player.run.history if "Aborted" in event.type]
    assert aborted == ["TaskStateAborted", "WaitStateAborted", "TaskStateAborted"]
    assert not player.run.succeeded(second.id, 1)
    assert player.run.requests() == []


def test_a_runtime_error_in_a_branch_ends_the_execution_whatever_is_caught() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "C"}]
    bad = branch("A", {"Type": "Pass", "InputPath": "$.gone"})
    states = {
        "S": {"Type": "Parallel", "Branches": [bad, branch("B", TASK)], "Catch": catch, "End": True},
        "C": {"Type": "Succeed"},
    }
    run = play({"StartAt": "S", "States": states})
    assert (run.status, run.error) == ("FAILED", "States.Runtime")
    assert "executing the state 'A' (entered at the event id #4)" in str(run.cause)


def test_stop_aborts() -> None:
    player = Player(one(TASK))
    player.start()
    assert player.run.stop("E", "enough")
    assert not player.run.stop()
    assert player.run.requests() == [Cancel(player.invokes()[0].id)]
    assert (player.run.status, player.run.error, types(player.run)[-1]) == ("ABORTED", "E", "ExecutionAborted")


@pytest.mark.parametrize(("express", "seconds"), [(False, 400), (True, 300)])
def test_an_execution_has_a_timeout_of_its_own(express: bool, seconds: int) -> None:
    player = Player(one(TASK, TimeoutSeconds=400), express=express)
    player.start()
    limit = next(request for request in player.seen if isinstance(request, Delay))
    assert (limit.purpose, limit.until_ns) == ("timeout", START_NS + seconds * SECOND)
    run = player.finish(never)
    assert (run.status, run.error, types(run)[-1]) == ("TIMED_OUT", "States.Timeout", "ExecutionTimedOut")


def test_payloads_have_a_limit() -> None:
    large = "x" * 262_144
    with pytest.raises(Refused):
        play(one({"Type": "Succeed"}), {"a": large})
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "C"}]
    states = {"S": {**TASK, "Catch": catch, "End": True}, "C": {"Type": "Succeed"}}
    run = play({"StartAt": "S", "States": states}, answer=lambda _: large)
    assert ("TaskFailed" in types(run), run.output["Error"]) == (True, "States.DataLimitExceeded")
    twice = {"a.$": "$.b", "b.$": "$.b"}
    run = play(one({"Type": "Pass", "Parameters": twice}), {"b": "x" * 200_000})
    assert (run.error, types(run)[-1]) == ("States.DataLimitExceeded", "ExecutionFailed")


def test_a_history_has_25_000_events() -> None:
    run = play({"StartAt": "S", "States": {"S": {"Type": "Pass", "Next": "S"}}})
    assert (run.status, run.error, len(run.history)) == ("FAILED", "States.Runtime", 25_000)
    assert "maximum number of history events" in str(run.cause)
    assert run.history[-1].type == "ExecutionFailed"


def test_retries_without_end_fill_the_history() -> None:
    run = play(one({**TASK, "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 99_999_999, "MaxDelaySeconds": 1}]}), answer=always)
    assert (run.error, len(run.history), run.history[-1].type) == ("States.Runtime", 25_000, "ExecutionFailed")


def always(_: Invoke) -> Any:
    raise Failed("E")


def test_an_endless_loop_of_an_express_machine_ends() -> None:
    run = play({"StartAt": "S", "States": {"S": {"Type": "Pass", "Next": "S"}}}, express=True)
    assert (run.status, len(run.history)) == ("FAILED", 25_000)


def test_the_same_reports_give_the_same_history() -> None:
    definition = one({**TASK, "Parameters": {"r.$": "States.MathRandom(1, 100)", "u.$": "States.UUID()"}})
    assert play(definition).history == play(definition).history
