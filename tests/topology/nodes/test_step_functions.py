"""Workflows: definitions whose tasks call the nodes around them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.topology.worlds import S, all_of, check_frame, flow, node, reasons, to_the_end
from topology.asl import Invoke
from topology.asl.definition import _machine
from topology.asl.resource import compile_resource
from topology.frame import FlowFrame
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld
from topology.spec import load_text
from topology.workflows import answer_to

TASK = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"}
CHAIN = {
    "StartAt": "Check",
    "States": {"Check": TASK | {"Next": "Store"}, "Store": TASK | {"End": True}},
}
NODES = {"check": {"kind": "service", "takes": "10ms"}, "store": {"kind": "service", "takes": "20ms"}}


def workflow(
    definition: Any,
    links: list[Any] | None = None,
    nodes: dict[str, Any] | None = None,
    web: dict[str, Any] | None = None,
    **more: Any,
) -> SimWorld:
    """Customers who start executions, and what their tasks call."""
    declared = {
        "web": {"kind": "producer", "rate": "10/s", "deadline": "1h", **(web or {})},
        **(NODES if nodes is None else nodes),
        "flow": {"kind": "step_functions", **({} if definition is None else {"definition": definition}), **more},
    }
    chosen = links or ["web => flow -> check", "flow -> store"]
    text = json.dumps({"playground": "it", "duration": "1h", "nodes": declared, "designs": {"only": {"links": chosen}}})
    made = load_text(text)
    return SimWorld(made.designs[0], made, 1)


def view(one: SimWorld, state: str, figure: str) -> float:
    return one.parts("flow")[state][figure]


def gauge(one: SimWorld, name: str) -> float:
    return dict(node(one, "flow").gauges)[name]


def after(one: SimWorld, seconds: int) -> FlowFrame:
    one.advance(seconds * S)
    check_frame(one)
    found = to_the_end(one, 90 * 24 * 3600)
    check_frame(one)
    return found


def test_tasks_call_the_nodes_of_their_names_one_after_the_other() -> None:
    one = workflow(CHAIN)
    found = after(one, 50)
    assert found.served == found.offered == node(one, "check").arrivals == node(one, "store").arrivals == gauge(one, "succeeded")
    assert view(one, "Check", "entered") == view(one, "Store", "entered") == found.offered
    assert found.completion_p50_ns == pytest.approx(30_000_000, rel=0.02)
    assert found.latency_p50_ns == 0  # it is accepted at once


def test_whoever_calls_it_waits_for_the_end() -> None:
    one = workflow(CHAIN, ["web -> flow", "flow -> check", "flow -> store"])
    found = after(one, 20)
    assert found.latency_p50_ns == pytest.approx(30_000_000, rel=0.02)


def test_a_choice_goes_by_the_body_of_the_message() -> None:
    choice = {
        "StartAt": "Size",
        "States": {
            "Size": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericGreaterThan": 5, "Next": "Store"}],
                "Default": "Check",
            },
            "Check": TASK | {"End": True},
            "Store": TASK | {"End": True},
        },
    }
    mix = {"small": {"weight": 3, "body": {"n": 1}}, "large": {"weight": 1, "body": {"n": 9}}}
    one = workflow(choice, web={"mix": mix, "work": ["flow"]})
    found = after(one, 100)
    assert node(one, "store").arrivals == pytest.approx(found.offered / 4, rel=0.15)
    assert node(one, "check").arrivals + node(one, "store").arrivals == found.offered


def test_a_failed_task_is_tried_again_as_its_definition_says() -> None:
    """AWS Step Functions Developer Guide, Handling errors: IntervalSeconds x BackoffRate^(n-1)."""
    retry = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 2.0}]
    definition = {"StartAt": "Check", "States": {"Check": TASK | {"Retry": retry, "End": True}}}
    one = workflow(definition, ["web => flow -> check"], {"check": {"kind": "service", "takes": "10ms", "fails": "100%"}})
    found = after(one, 20)
    assert node(one, "check").arrivals == 4 * found.offered
    assert found.lost == found.offered == gauge(one, "failed") == view(one, "Check", "failed in it")
    one = workflow(definition, ["web => flow -> check"], {"check": {"kind": "service", "takes": "10ms"}})
    handle = one.kill(all_of(one, "check"))
    one.advance(5 * S)
    one.lift(handle)
    found = after(one, 10)
    assert found.served == found.offered
    assert found.completion_p99_ns > 5 * S


def test_without_retry_an_execution_fails_and_says_so() -> None:
    one = workflow(CHAIN)
    one.kill(all_of(one, "store"))
    found = after(one, 20)
    assert found.lost == found.offered
    assert reasons(one) == {"flow: the execution failed: States.TaskFailed": found.lost}
    assert found.half_done == found.offered  # checked, and not stored


def test_a_catch_leads_elsewhere() -> None:
    definition = {
        "StartAt": "Check",
        "States": {
            "Check": TASK | {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Store"}], "End": True},
            "Store": TASK | {"End": True},
        },
    }
    one = workflow(definition, web={"work": ["flow"]})
    one.kill(all_of(one, "check"))
    found = after(one, 20)
    assert found.served == found.offered == node(one, "store").arrivals


def test_a_task_that_takes_too_long_times_out() -> None:
    definition = {"StartAt": "Check", "States": {"Check": TASK | {"TimeoutSeconds": 5, "End": True}}}
    one = workflow(definition, ["web => flow -> check"], {"check": {"kind": "service", "slots": 1000, "takes": "60s"}})
    found = after(one, 20)
    assert found.lost == found.offered == gauge(one, "failed")
    assert view(one, "Check", "failed in it") == found.offered


def test_a_map_works_on_each_item_and_a_parallel_on_each_branch() -> None:
    definition = {
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2, "Next": "Both",
                "ItemProcessor": {"StartAt": "Check", "States": {"Check": TASK | {"End": True}}},
            },
            "Both": {
                "Type": "Parallel", "End": True,
                "Branches": [
                    {"StartAt": "Store", "States": {"Store": TASK | {"End": True}}},
                    {"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": 3, "End": True}}},
                ],
            },
        },
    }  # fmt: skip
    one = workflow(definition, web={"mix": {"five": {"body": {"items": [1, 2, 3, 4, 5]}}}})
    found = after(one, 20)
    assert node(one, "check").arrivals == 5 * found.offered
    assert found.done == found.offered
    assert found.duplicates == 4 * found.offered  # five executions for one message: the ledger counts messages
    assert found.completion_p50_ns == pytest.approx(3 * S + 30_000_000, rel=0.02)


def test_a_task_with_a_token_waits_for_its_callback() -> None:
    """AWS Step Functions Developer Guide, Discover service integration patterns: wait for a callback with a task token."""
    token = {
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "HeartbeatSeconds": 20,
        "Parameters": {"QueueUrl": "jobs", "MessageBody": {"Token.$": "$$.Task.Token"}}, "End": True,
    }  # fmt: skip
    definition = {"StartAt": "Ask", "States": {"Ask": token}}
    nodes = {"jobs": {"kind": "sqs"}, "check": {"kind": "service", "takes": "10ms"}}
    links = ["web => flow => jobs => check"]
    one = workflow(definition, links, nodes, {"work": ["check"]}, callback="90s")
    found = after(one, 20)
    assert found.served == found.offered
    assert found.completion_p50_ns < S  # the consumer was done long before
    assert gauge(one, "succeeded") == found.offered
    quiet = workflow(definition, links, nodes, callback="90s")
    quiet.lay("heartbeats_lost", all_of(quiet, "flow"), {"share": 1.0})
    after(quiet, 20)
    assert gauge(quiet, "failed") == flow(quiet).offered
    lost = workflow(definition, links, nodes, callback="1s")
    lost.lay("callbacks_lost", all_of(lost, "flow"), {"share": 1.0})
    lost.advance(20 * S)
    assert gauge(lost, "succeeded") == 0


def test_more_starts_than_its_rate_are_refused() -> None:
    one = workflow(CHAIN, starts="5/s", burst=20)
    one.advance(100 * S)
    assert gauge(one, "started") == pytest.approx(520, abs=5)
    assert reasons(one) == {"flow: too many requests (429)": flow(one).refused}


def test_while_it_is_down_every_execution_stands_where_it_stood() -> None:
    rest = {"Type": "Wait", "Seconds": 10, "Next": "Check"}
    wait = {"StartAt": "Wait", "States": {"Wait": rest, "Check": TASK | {"End": True}}}
    one = workflow(wait, ["web => flow -> check"], {"check": NODES["check"]})
    one.advance(9 * S)
    handle = one.kill(all_of(one, "flow"))
    started = gauge(one, "started")
    one.advance(60 * S)
    check_frame(one)
    assert node(one, "check").arrivals == 0
    assert gauge(one, "running") == started
    one.lift(handle)
    found = after(one, 61)
    assert found.served + found.refused == found.offered


def test_errors_of_functions_have_their_own_names() -> None:
    """AWS Step Functions Developer Guide, Call Lambda: retry Lambda.TooManyRequestsException and Lambda.ServiceException."""
    retry = [{"ErrorEquals": ["Lambda.TooManyRequestsException"], "IntervalSeconds": 1, "MaxAttempts": 99, "BackoffRate": 1}]
    definition = {"StartAt": "Check", "States": {"Check": TASK | {"Retry": retry, "End": True}}}
    nodes = {"check": {"kind": "lambda", "takes": "100ms", "reserved": 1}}
    one = workflow(definition, ["web => flow -> check"], nodes, {"rate": "5/s"})
    found = after(one, 30)
    assert found.served == found.offered
    assert node(one, "check").errors


def test_a_definition_may_lie_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "chain.asl.json"
    path.write_text(json.dumps(CHAIN), "utf-8")
    found = after(workflow(None, file=str(path)), 10)
    assert found.served == found.offered
    path.write_text("{", "utf-8")
    with pytest.raises(PlaygroundError, match="is no JSON"):
        workflow(None, file=str(path))
    with pytest.raises(PlaygroundError, match="there is no file"):
        workflow(None, file=str(tmp_path / "none.json"))


@pytest.mark.parametrize(
    ("definition", "more", "words"),
    [
        ({"StartAt": "A", "States": {"A": TASK}}, {}, r"definition\.States\.A"),
        ({"StartAt": "B", "States": {"A": TASK | {"End": True}}}, {}, "StartAt"),
        ({"StartAt": "A", "States": {"A": TASK | {"End": True}}}, {}, "nobody knows what the task 'A' calls"),
        (CHAIN, {"tasks": {"Check": "nobody"}}, "to which no link leads"),
        (CHAIN, {"outputs": {"Chek": 1}}, "there is no state 'Chek'"),
        (CHAIN, {"begins": "today"}, "expected a date and time"),
        (None, {}, "either a definition or a file"),
    ],
)
def test_what_is_no_workflow_is_refused_with_its_place(definition: Any, more: dict[str, Any], words: str) -> None:
    with pytest.raises(PlaygroundError, match=words):
        workflow(definition, **more)


def nested(pattern: str, mode: str, child: Any, **more: Any) -> SimWorld:
    """A workflow whose task starts an execution of another one."""
    start = {"Type": "Task", "Resource": f"arn:aws:states:::states:startExecution{pattern}", "Parameters": {"Input.$": "$"}}
    definition = {"StartAt": "Child", "States": {"Child": start | {"Next": "Store"}, "Store": TASK | {"End": True}}}
    nodes = NODES | {"child": {"kind": "step_functions", "definition": child}}
    links = [f"web => flow {mode} child -> check", "flow -> store"]
    return workflow(definition, links, nodes, {"work": ["check", "store"]}, **more)


CHILD = {
    "StartAt": "Rest",
    "States": {"Rest": {"Type": "Wait", "Seconds": 20, "Next": "Check"}, "Check": TASK | {"End": True}},
}


@pytest.mark.parametrize("pattern", [".sync", ".sync:2"])
def test_a_nested_execution_is_waited_for_where_its_task_says_so(pattern: str) -> None:
    """AWS Step Functions Developer Guide, Start workflow executions from a task state in Step Functions."""
    one = nested(pattern, "->", CHILD)
    one.advance(19 * S)
    assert node(one, "store").arrivals == 0
    found = after(one, 30)
    assert found.done == found.offered
    assert dict(node(one, "child").gauges)["succeeded"] == gauge(one, "succeeded") == found.offered
    assert found.completion_p50_ns == pytest.approx(20 * S + 30_000_000, rel=0.01)


def test_an_execution_that_is_only_started_is_not_waited_for() -> None:
    one = nested("", "=>", CHILD)
    one.advance(10 * S)
    assert node(one, "store").arrivals > 80
    found = after(one, 30)
    assert found.done == found.offered
    assert gauge(one, "succeeded") == found.offered


def test_a_nested_execution_that_fails_is_its_tasks_error() -> None:
    child = {"StartAt": "Bad", "States": {"Bad": {"Type": "Fail", "Error": "E"}}}
    one = nested(".sync:2", "->", child)
    found = after(one, 20)
    assert gauge(one, "failed") == found.offered
    assert node(one, "store").arrivals == 0
    assert reasons(one) == {"flow: the execution failed: States.TaskFailed": found.offered}
    assert dict(node(one, "child").gauges)["failed"] == found.offered


@pytest.mark.parametrize(("pattern", "mode", "other"), [(".sync:2", "=>", "->"), ("", "->", "=>")])
def test_a_nested_execution_over_the_wrong_link_is_refused(pattern: str, mode: str, other: str) -> None:
    with pytest.raises(PlaygroundError, match=f"the task 'Child' starts an execution of child .*: link them with {other}"):
        nested(pattern, mode, CHILD)


@pytest.mark.parametrize(("pattern", "shown"), [(".sync:2", {"n": 1}), (".sync", '{"n": 1}')])
def test_the_output_of_a_nested_execution_is_json_or_a_text(pattern: str, shown: Any) -> None:
    request = Invoke(7, compile_resource(f"arn:aws:states:::states:startExecution{pattern}", ()), {"Input": {"n": 1}}, "Child")
    answer = answer_to(request)
    found = json.loads(answer["Output"]) if isinstance(shown, str) else answer["Output"]
    assert (found, type(answer["Output"])) == ({"n": 1}, type(shown))
    assert answer["Status"] == "SUCCEEDED"
    assert answer["ExecutionArn"].endswith(":execution:nested:Child-7")


@pytest.mark.parametrize(("most", "seconds"), [(1, 5), (2, 3), (0, 1)])
def test_a_distributed_map_works_on_so_many_items_at_once(most: int, seconds: int) -> None:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Check",
        "States": {"Check": TASK | {"End": True}},
    }
    each = {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": most, "ItemProcessor": processor, "End": True}
    nodes = {"check": {"kind": "service", "takes": "1s", "slots": 100}}
    web = {"rate": "1/s", "mix": {"five": {"body": {"items": [1, 2, 3, 4, 5]}}}}
    one = workflow({"StartAt": "Each", "States": {"Each": each}}, ["web -> flow -> check"], nodes, web)
    found = after(one, 30)
    assert node(one, "check").arrivals == 5 * found.offered
    assert found.latency_p50_ns == pytest.approx(seconds * S, rel=0.01)


@pytest.mark.parametrize(("sort", "ended", "after_s"), [("express", "timed out", 300), ("standard", "succeeded", 400)])
def test_an_express_execution_has_five_minutes(sort: str, ended: str, after_s: int) -> None:
    """AWS Step Functions Developer Guide, Choosing workflow type."""
    rest = {"Type": "Wait", "Seconds": 400, "End": True}
    one = workflow({"StartAt": "Rest", "States": {"Rest": rest}}, ["web => flow", "web -> check"], web={"rate": "1/s"}, type=sort)
    one.advance((after_s - 1) * S)
    assert gauge(one, ended) == 0
    one.advance((after_s + 10) * S)
    assert gauge(one, ended) == pytest.approx(10, abs=7)


def test_only_standard_executions_have_a_limit_while_they_are_open() -> None:
    rest = {"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": 100, "End": True}}}
    links = ["web => flow", "web -> check"]
    for sort, running in (("standard", 50), ("express", pytest.approx(100, abs=25))):
        one = workflow(rest, links, type=sort, open=50)
        one.advance(10 * S)
        assert gauge(one, "running") == running


@pytest.mark.slow
def test_a_long_history_ends_a_standard_execution() -> None:
    """AWS Step Functions Developer Guide, Service quotas: 25,000 events; a poll has five, and a wait two."""
    poll = {
        "StartAt": "Poll",
        "States": {
            "Poll": TASK | {"Next": "Rest"},
            "Rest": {"Type": "Wait", "Seconds": 1, "Next": "Poll"},
        },
    }
    nodes = {"poll": {"kind": "service", "takes": "1ms"}}
    one = workflow(poll, ["web => flow -> poll"], nodes, {"rate": "1/s"}, starts="0.0001/s", burst=1)
    one.advance(3500 * S)
    assert (gauge(one, "running"), gauge(one, "failed")) == (1, 0)
    one.advance(3590 * S)
    assert (gauge(one, "running"), gauge(one, "failed")) == (0, 1)
    assert node(one, "poll").arrivals == pytest.approx(25_000 / 7, abs=2)


def test_a_definition_is_read_once() -> None:
    """By the file, by its links and by each world; this one nobody else has."""
    definition = CHAIN | {"Comment": "read once"}
    before = _machine.cache_info().misses
    workflow(definition)
    # Itself, and its next version with a mistake.
    assert _machine.cache_info().misses == before + 2
