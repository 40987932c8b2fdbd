"""What a world tells of a workflow when it is asked: counts, the last executions, and the history of one."""

from __future__ import annotations

from typing import Any

from tests.topology.nodes.test_step_functions import CHAIN, TASK, workflow
from tests.topology.worlds import S, all_of, node
from topology.executions import FIRST, LAST, MOST_ENDED, MOST_FAILED, MOST_RUNNING
from topology.sim.world import SimWorld
from topology.workflow_frame import StateCount, WorkflowFrame

RETRY = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 1}]


def seen(one: SimWorld, execution: int = 0) -> WorkflowFrame:
    found = one.workflow("flow", execution)
    assert found is not None
    return found


def count(found: WorkflowFrame, state: str) -> StateCount:
    return found.counts[found.graph.at(state)]


def test_counts_are_those_of_the_run() -> None:
    one = workflow(CHAIN)
    one.advance(20 * S)
    found = seen(one)
    gauges = dict(node(one, "flow").gauges)
    assert found.running == gauges["running"] == sum(state.now for state in found.counts)
    assert found.started == gauges["started"] == count(found, "Check").entered
    assert dict(found.ended)["SUCCEEDED"] == gauges["succeeded"] == found.started - found.running
    assert [count(found, name).calls for name in ("Check", "Store")] == ["check", "store"]
    assert all(state.failed == state.caught == state.retried == state.stopped == 0 for state in found.counts)


def test_other_nodes_have_no_workflow() -> None:
    assert workflow(CHAIN).workflow("check", 0) is None


def test_an_execution_is_shown_with_its_history_in_the_time_of_the_run() -> None:
    one = workflow(CHAIN)
    one.advance(5 * S)
    newest = next(line for line in seen(one).executions if line.status == "SUCCEEDED")
    shown = seen(one, newest.number).shown
    assert shown is not None
    assert (shown.line, shown.line.name) == (newest, f"e-{newest.number}")
    assert [event.id for event in shown.events] == list(range(1, len(shown.events) + 1))
    assert (shown.events[0].type, shown.events[0].at_ns) == ("ExecutionStarted", shown.line.started_ns)
    assert (shown.events[-1].type, shown.events[-1].at_ns) == ("ExecutionSucceeded", shown.line.stopped_ns)
    assert 0 < shown.line.started_ns < shown.line.stopped_ns < 5 * S
    assert [event.state for event in shown.events if event.type == "TaskStateEntered"] == ["Check", "Store"]


def test_those_that_ended_are_bounded_and_those_that_failed_outlive_those_that_succeed() -> None:
    one = workflow(CHAIN)
    one.advance(5 * S)
    crash = one.kill(all_of(one, "store"))
    one.advance(8 * S)
    one.lift(crash)
    one.advance(60 * S)
    found = seen(one)
    failed = [line for line in found.executions if line.status == "FAILED"]
    ended = [line for line in found.executions if line.status == "SUCCEEDED"]
    assert (len(failed), len(ended)) == (MOST_FAILED, MOST_ENDED)
    assert dict(found.ended)["FAILED"] == count(found, "Store").failed > MOST_FAILED
    assert [line.number for line in found.executions] == sorted((line.number for line in found.executions), reverse=True)
    shown = seen(one, failed[0].number).shown
    assert shown is not None
    assert shown.events[-1].type == "ExecutionFailed"
    assert "States.TaskFailed" in shown.events[-1].words
    assert shown.line.error == "States.TaskFailed"
    assert 5 * S < count(found, "Store").failed_ns < 8 * S + 1


def test_what_is_looked_at_is_kept_when_it_has_ended_long_ago() -> None:
    one = workflow(CHAIN)
    one.advance(S)
    assert seen(one, 2).shown is not None
    one.advance(200 * S)
    shown = seen(one, 2).shown
    assert shown is not None
    assert shown.line.status == "SUCCEEDED"
    assert seen(one, 3).shown is None


def test_of_those_that_run_the_newest_and_the_oldest_are_listed() -> None:
    wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}
    one = workflow(wait, ["web => flow"], nodes={})
    one.advance(20 * S)
    found = seen(one)
    numbers = [line.number for line in found.executions]
    assert found.running == found.started > 2 * MOST_RUNNING
    assert len(numbers) == 2 * MOST_RUNNING
    assert (numbers[0], numbers[-1]) == (found.started, 1)
    shown = seen(one, 1).shown
    assert shown is not None
    assert shown.standing == ("W",)
    assert node(one, "flow").age_ns == one.now - shown.line.started_ns


def test_a_long_history_is_kept_at_both_ends() -> None:
    again: dict[str, Any] = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "More"},
            "More": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 100, "Next": "A"}], "Default": "B"},
            "B": {"Type": "Succeed"},
        },
    }
    one = workflow(again, ["web => flow"], nodes={}, web={"rate": "1/s", "mix": {"a": {"body": {"n": 0}}}, "work": ["flow"]})
    one.advance(3 * S)
    shown = seen(one, 1).shown
    assert shown is not None
    assert len(shown.events) == FIRST + LAST
    assert shown.events[-1].id == shown.left_out + FIRST + LAST == 1 + 4 * 100 + 2 + 1
    assert shown.events[FIRST].id == FIRST + shown.left_out + 1


def test_looking_changes_nothing() -> None:
    definition = {"StartAt": "Check", "States": {"Check": TASK | {"Retry": RETRY, "End": True}}}
    worlds = [workflow(definition, ["web => flow -> check"], nodes={"check": {"kind": "service", "fails": "30%"}}) for _ in "ab"]
    for second in range(1, 20):
        for one in worlds:
            one.advance(second * S)
        seen(worlds[0], second)
    assert worlds[0].fates() == worlds[1].fates()
    assert worlds[0].frame() == worlds[1].frame()


def test_one_that_runs_while_it_is_looked_at_is_kept_when_it_ends() -> None:
    wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 5, "End": True}}}
    one = workflow(wait, ["web => flow"], nodes={})
    one.advance(S)
    shown = seen(one, 2).shown
    assert shown is not None
    assert shown.line.status == "RUNNING"
    one.advance(60 * S)
    shown = seen(one, 2).shown
    assert shown is not None
    assert (shown.line.status, shown.line.stopped_ns - shown.line.started_ns) == ("SUCCEEDED", 5 * S)
    assert seen(one, 4).shown is None
