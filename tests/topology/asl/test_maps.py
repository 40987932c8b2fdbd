"""Map states: inline and distributed, concurrency, failures, batches, reading and writing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.topology.asl.playing import SECOND, START_NS, Failed, Never, Player, echo, one, play, types
from topology.asl import Invoke

TASK: dict[str, Any] = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}


def flow(state: dict[str, Any] = TASK, far: bool = False) -> dict[str, Any]:
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}} if far else {}
    return {"StartAt": "I", "States": {"I": {**state, "End": True}}, **config}


def over(far: bool = False, **more: Any) -> dict[str, Any]:
    return one({"Type": "Map", "ItemProcessor": flow(far=far), **more})


@pytest.mark.parametrize(
    ("far", "most", "at_once"),
    [(False, 3, 3), (False, 0, 40), (False, 100, 40), (True, 3, 3), (True, 0, 100)],
)
def test_how_many_items_are_worked_on_at_once(far: bool, most: int, at_once: int) -> None:
    player = Player(over(far, MaxConcurrency=most))
    player.start(list(range(100)))
    assert len(player.invokes()) == at_once
    seen = at_once
    while player.invokes():
        player.answer(player.invokes()[-1], lambda request: request.input * 2)
        seen = max(seen, len(player.invokes()))
    assert seen == at_once
    assert player.run.output == [2 * i for i in range(100)]


@pytest.mark.parametrize("far", [False, True])
def test_items_are_selected_and_shaped(far: bool) -> None:
    selector = {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "all.$": "$.all"}
    run = play(over(far, ItemsPath="$.list", ItemSelector=selector, ResultPath="$.done"), {"list": ["a", "b"], "all": 1})
    assert run.output["done"] == [{"v": "a", "i": 0, "all": 1}, {"v": "b", "i": 1, "all": 1}]


def test_items_in_jsonata() -> None:
    state = {
        "Type": "Map",
        "Items": "{% $states.input.n.[$, $ * 2] %}",
        "ItemSelector": {"v": "{% $states.context.Map.Item.Value %}"},
        "ItemProcessor": flow({"Type": "Pass", "Output": "{% $states.input.v %}"}),
    }
    assert play(one(state, QueryLanguage="JSONata"), {"n": [1, 2]}).output == [[1, 2], [2, 4]]


def test_what_is_no_array_fails_the_execution() -> None:
    run = play(over(ItemsPath="$.list"), {"list": 5})
    assert (run.error, run.status) == ("States.Runtime", "FAILED")
    assert 'Reference path "$.list" must point to array.' in str(run.cause)


def fail_on(*items: Any) -> Any:
    def answer(request: Invoke) -> Any:
        if request.input in items:
            raise Failed("E", f"item {request.input}")
        return request.input

    return answer


def test_one_failed_item_ends_an_inline_map() -> None:
    player = Player(over())
    player.start([0, 1, 2])
    player.answer(player.invokes()[0], echo)
    player.answer(player.invokes()[0], fail_on(1))
    assert (player.run.status, player.run.error) == ("FAILED", "E")
    tail = list(player.run.history)[-7:]
    assert [event.type for event in tail] == [
        "TaskFailed",
        "MapIterationFailed",
        "TaskStateAborted",
        "MapIterationAborted",
        "TaskStateAborted",
        "MapStateFailed",
        "ExecutionFailed",
    ]
    assert {event.previous for event in tail[1:-1]} == {tail[0].id}


def test_a_failed_map_is_tried_again_as_a_whole_and_then_caught() -> None:
    state = {
        "Type": "Map",
        "ItemProcessor": flow(),
        "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C", "ResultPath": "$[0]"}],
        "Next": "C",
    }
    run = play({"StartAt": "S", "States": {"S": state, "C": {"Type": "Succeed"}}}, [1, 2], fail_on(2))
    assert types(run).count("MapStateStarted") == 2
    assert run.output == [{"Error": "E", "Cause": "item 2"}, 2]


@pytest.mark.parametrize(
    ("more", "bad", "status"),
    [
        ({}, 1, "FAILED"),
        ({"ToleratedFailureCount": 2}, 2, "SUCCEEDED"),
        ({"ToleratedFailureCount": 2}, 3, "FAILED"),
        ({"ToleratedFailurePercentage": 30}, 3, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 30}, 4, "FAILED"),
        ({"ToleratedFailurePercentagePath": "$[9]"}, 0, "SUCCEEDED"),
    ],
)
def test_a_distributed_map_tolerates_failures(more: dict[str, Any], bad: int, status: str) -> None:
    run = play(over(True, MaxConcurrency=1, **more), list(range(10)), fail_on(*range(bad)))
    assert run.status == status
    counted = run.map_runs[0]
    if status == "SUCCEEDED":
        assert (counted.total, counted.succeeded, counted.failed, counted.status) == (10, 10 - bad, bad, "SUCCEEDED")
        assert run.output == list(range(bad, 10))
    else:
        assert run.error == "States.ExceedToleratedFailureThreshold"
        assert types(run)[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_the_items_of_a_distributed_map_have_histories_of_their_own() -> None:
    run = play(over(True), list(range(50)))
    assert types(run) == [
        "ExecutionStarted",
        "MapStateEntered",
        "MapStateStarted",
        "MapRunStarted",
        "MapRunSucceeded",
        "MapStateSucceeded",
        "MapStateExited",
        "ExecutionSucceeded",
    ]


def test_a_stopped_execution_leaves_no_map_running() -> None:
    player = Player(over(True))
    player.start([1, 2, 3])
    assert (player.run.map_runs[0].running, player.run.map_runs[0].status) == (3, "RUNNING")
    player.run.stop()
    assert (player.run.map_runs[0].running, player.run.map_runs[0].status) == (0, "ABORTED")


def test_a_runtime_error_of_one_item_fails_only_its_own_execution() -> None:
    state = {"Type": "Map", "ToleratedFailureCount": 1, "ItemProcessor": flow({"Type": "Pass", "InputPath": "$.a"}, far=True)}
    run = play(one(state), [{"a": 1}, {}])
    assert (run.status, run.output) == ("SUCCEEDED", [1])


def test_an_express_item_has_five_minutes() -> None:
    inner = {**flow(), "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}}
    player = Player(one({"Type": "Map", "ItemProcessor": inner, "ToleratedFailureCount": 1, "MaxConcurrency": 1}))
    player.start([1, 2])

    def answer(request: Invoke) -> Any:
        if request.input == 1:
            raise Never
        return request.input

    run = player.finish(answer)
    assert player.now_ns == START_NS + 300 * SECOND
    assert (run.status, run.output, player.open) == ("SUCCEEDED", [2], {})


def test_batches() -> None:
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"k.$": "$[0]"}}
    run = play(over(True, ItemBatcher=batcher), [7, 8, 9])
    assert run.output == [{"BatchInput": {"k": 7}, "Items": [7, 8]}, {"BatchInput": {"k": 7}, "Items": [9]}]
    run = play(over(True, ItemBatcher={"MaxInputBytesPerBatch": 40}), ["x" * 10] * 4)
    assert [len(batch["Items"]) for batch in run.output] == [2, 2]


@pytest.mark.parametrize(
    ("config", "text", "items"),
    [
        ({"InputType": "JSON"}, '[1, {"a": 2}]', [1, {"a": 2}]),
        ({"InputType": "JSON", "MaxItems": 1}, "[1, 2]", [1]),
        ({"InputType": "JSONL"}, "1\n\n[2]\n", [1, [2]]),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "a,b\n1,2\n3\n", [{"a": "1", "b": "2"}, {"a": "3", "b": ""}]),
        (
            {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["x"], "CSVDelimiter": "PIPE"},
            '"1|2"|3',
            [{"x": "1|2"}],
        ),
    ],
)
def test_items_are_read(config: dict[str, Any], text: str, items: list[Any]) -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config, "Parameters": {"Key.$": "$.k"}}
    asked = []

    def answer(request: Invoke) -> Any:
        asked.append(request.input)
        return text if request.purpose == "read items" else request.input

    run = play(over(True, ItemReader=reader), {"k": "file"}, answer)
    assert (run.output, asked[0]) == (items, {"Key": "file"})


def test_items_that_cannot_be_read_fail_the_map() -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}}
    for text in ("{", '{"a": 1}'):
        run = play(over(True, ItemReader=reader), {}, lambda _, text=text: text)
        assert (run.status, run.error) == ("FAILED", "States.ItemReaderFailed")


def test_results_are_written() -> None:
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "jobs"}}
    written = []

    def answer(request: Invoke) -> Any:
        if request.purpose == "write results":
            written.append(request.input["Results"])
        return request.input

    run = play(over(True, ResultWriter=writer), [1, 2], answer)
    assert written == [[1, 2]]
    assert run.output["ResultWriterDetails"] == {"Bucket": "b", "Key": f"jobs/{run.map_runs[0].name}/manifest.json"}


def test_the_item_is_in_the_context_only_inside_the_map() -> None:
    inner = flow({"Type": "Pass", "Parameters": {"i.$": "$$.Map.Item.Index"}})
    states = {
        "S": {"Type": "Map", "ItemProcessor": inner, "Next": "After"},
        "After": {"Type": "Pass", "Parameters": {"r.$": "$", "c.$": "$$"}, "End": True},
    }
    run = play({"StartAt": "S", "States": states}, ["a", "b"])
    assert run.output["r"] == [{"i": 0}, {"i": 1}]
    assert "Map" not in run.output["c"]


def test_an_empty_map_gives_an_empty_array() -> None:
    assert play(over(), []).output == []
    assert play(over(True), []).output == []
