"""Definitions with a field taken out, put in or changed at random are refused or run, and nothing else."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.asl.playing import Failed, Player
from tests.topology.worlds import S, all_of, check_frame
from topology.asl import Invoke, Mistakes
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld
from topology.spec import load_text

OWN: list[Any] = [
    {
        "Comment": "Everything in JSONPath",
        "StartAt": "Shape",
        "TimeoutSeconds": 600,
        "States": {
            "Shape": {
                "Type": "Pass",
                "Parameters": {"n.$": "States.MathAdd($.n, 1)", "l": [1, 2]},
                "Assign": {"v.$": "$.n"},
                "Next": "Which",
            },
            "Which": {
                "Type": "Choice",
                "Choices": [{"Not": {"Variable": "$.n", "NumericEquals": 0}, "Next": "Call"}],
                "Default": "Bad",
            },
            "Call": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                "Parameters": {"t.$": "$$.Task.Token", "v.$": "$v"},
                "ResultPath": "$.r",
                "TimeoutSeconds": 9,
                "HeartbeatSeconds": 3,
                "Retry": [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 2, "JitterStrategy": "FULL"}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Later"}],
                "Next": "Both",
            },
            "Both": {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "L", "States": {"L": {"Type": "Wait", "SecondsPath": "$.n", "End": True}}},
                    {"StartAt": "R", "States": {"R": {"Type": "Succeed", "OutputPath": "$.l"}}},
                ],
                "ResultSelector": {"both.$": "$"},
                "ResultPath": "$.p",
                "Next": "Each",
            },
            "Each": {
                "Type": "Map",
                "ItemsPath": "$.l",
                "MaxConcurrency": 1,
                "ItemSelector": {"x.$": "$$.Map.Item.Value"},
                "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}},
                "End": True,
            },
            "Later": {"Type": "Wait", "Timestamp": "2030-01-01T00:00:00Z", "Next": "Bad"},
            "Bad": {"Type": "Fail", "ErrorPath": "$.e.Error", "Cause": "because"},
        },
    },
    {
        "QueryLanguage": "JSONata",
        "StartAt": "Shape",
        "States": {
            "Shape": {
                "Type": "Pass",
                "Output": {"n": "{% $states.input.n + 1 %}", "l": [1, 2]},
                "Assign": {"v": "{% 1 %}"},
                "Next": "Which",
            },
            "Which": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input.n > 0 %}", "Next": "Call"}],
                "Default": "Bad",
            },
            "Call": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:x:1:function:f",
                "Arguments": "{% $states.input %}",
                "TimeoutSeconds": "{% 4 + 5 %}",
                "Catch": [{"ErrorEquals": ["E"], "Output": "{% $states.errorOutput %}", "Next": "Bad"}],
                "Output": "{% $merge([$states.input, {'r': $states.result}]) %}",
                "Next": "Each",
            },
            "Each": {
                "Type": "Map",
                "Items": "{% $states.input.l %}",
                "ToleratedFailurePercentage": 50,
                "ItemBatcher": {"MaxItemsPerBatch": 2},
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                    "StartAt": "I",
                    "States": {"I": {"Type": "Wait", "Seconds": "{% 1 %}", "End": True}},
                },
                "End": True,
            },
            "Bad": {"Type": "Fail", "Error": "{% 'E' %}", "Cause": "{% $string($states.input.n) %}"},
        },
    },
]
DETAIL = {"bucket": {"name": "b"}, "object": {"key": "images/x"}}
INPUT = {"n": 1, "Id": "7", "detail": DETAIL, "bucketArray": ["a"], "message": "m"}
JUNK = [None, True, 0, -1, 1.5, 10**20, "", "$", "$.n", "$$", "$v", "{% $v %}", "{% ( %}", "States.UUID()", "S"]
JUNK += [[], {}, [1], {"a.$": "$.n"}]
FIELDS = [
    *("Type", "Next", "End", "Parameters", "Arguments", "Output", "Assign", "ResultPath", "InputPath", "OutputPath", "Retry"),
    *("Catch", "Default", "Seconds", "TimestampPath", "Items", "ItemsPath", "MaxConcurrencyPath", "QueryLanguage", "Result"),
    *("ResultSelector", "TimeoutSecondsPath", "ErrorEquals", "Condition", "Variable", "a.$", "Comment", "StartAt", "States"),
]


def given_definitions() -> list[Any]:
    """Definitions of others, where they lie beside the recorded cases, and our own."""
    folder = Path(os.environ.get("KNOCKON_CASES") or "nowhere").parent / "data" / "asl"
    found = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    assert found or not folder.is_dir(), f"{folder} holds no definition"
    return [*OWN, *found]


def containers(value: Any) -> list[Any]:
    """Every object and array inside a value."""
    found, left = [], [value]
    while left:
        value = left.pop()
        if isinstance(value, (dict, list)):
            found.append(value)
            left.extend(value.values() if isinstance(value, dict) else value)
    return found


def changed(definition: Any, draw: Any) -> Any:
    """The definition with one to three changes."""
    definition = copy.deepcopy(definition)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(containers(definition)))
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        how = draw(st.sampled_from(["take", "take", "change", "put"]))
        junk = copy.deepcopy(draw(st.sampled_from(JUNK)))
        if how == "put" or not keys:
            if isinstance(place, dict):
                place[draw(st.sampled_from(FIELDS))] = junk
            else:
                place.append(junk)
        elif how == "take":
            del place[draw(st.sampled_from(keys))]
        else:
            place[draw(st.sampled_from(keys))] = junk
    return definition


def reaction(request: Invoke) -> Any:
    """Some calls fail, some are answered with an object, some with what they were given."""
    if request.id % 7 == 3:
        raise Failed("E", "why")
    return {"Labels": [{"Name": "Cat"}], "Item": {"Id": {"S": "1"}}, "n": 2} if request.id % 2 else request.input


@pytest.mark.parametrize("definition", given_definitions(), ids=lambda one: str(one.get("Comment", one["StartAt"]))[:40])
def test_the_definition_itself_loads_and_runs(definition: Any) -> None:
    player = Player(definition)
    player.start({**INPUT, "StartTimestamp": "2030-01-01T00:00:00Z", "details": {"accountId": "1", "bookedStatus": "x"}})
    assert player.finish(reaction).status in ("SUCCEEDED", "FAILED")


def refused_or_run(data: st.DataObject) -> None:
    """Change a definition; it is refused, or an execution of it ends."""
    definition = changed(data.draw(st.sampled_from(given_definitions())), data.draw)
    try:
        player = Player(definition)
    except Mistakes:
        return
    player.start(INPUT)
    assert player.finish(reaction).status in ("SUCCEEDED", "FAILED", "TIMED_OUT")


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_changed_definition_is_refused_or_runs(data: st.DataObject) -> None:
    refused_or_run(data)


@pytest.mark.slow
@settings(max_examples=2_000, deadline=None)
@given(st.data())
def test_many_changed_definitions_are_refused_or_run(data: st.DataObject) -> None:
    refused_or_run(data)


def refused_or_played(data: st.DataObject) -> None:
    """A playground with a changed definition is refused by name, or runs with all its messages accounted for."""
    definition = changed(data.draw(st.sampled_from(given_definitions())), data.draw)
    nodes = {
        "web": {"kind": "producer", "rate": "2/s", "mix": {"run": {"body": INPUT}}},
        "app": {"kind": "service", "takes": "20ms", "fails": "10%"},
        "flow": {"kind": "step_functions", "definition": definition},
    }
    designs = {"only": {"links": ["web => flow -> app"]}}
    try:
        made = load_text(json.dumps({"playground": "it", "duration": "1m", "nodes": nodes, "designs": designs}))
    except PlaygroundError:
        return
    world = SimWorld(made.designs[0], made, 1)
    if world.takes("updated", all_of(world, "flow")):
        world.lay("updated", all_of(world, "flow"), {"share": 0.5})
    world.advance(5 * S)
    check_frame(world)
    world.close()


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_playground_with_a_changed_definition_is_refused_or_runs(data: st.DataObject) -> None:
    refused_or_played(data)


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None)
@given(st.data())
def test_many_playgrounds_with_a_changed_definition_are_refused_or_run(data: st.DataObject) -> None:
    refused_or_played(data)
