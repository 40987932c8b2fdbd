"""Definitions: what is refused, where, and with which words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.topology.asl.playing import one
from topology.asl import Mistakes, load
from topology.problems import Refused

PASS: dict[str, Any] = {"Type": "Pass"}
TASK: dict[str, Any] = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}
INNER = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
FAR = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
JSONATA = {"QueryLanguage": "JSONata"}


def mistakes(definition: Any, **more: Any) -> list[str]:
    with pytest.raises(Mistakes) as found:
        load(definition, **more)
    assert isinstance(found.value, Refused)
    return [str(mistake) for mistake in found.value.all]


def of(state: dict[str, Any], **more: Any) -> str:
    return "\n".join(mistakes(one(state, **more)))


def test_a_sound_definition_is_read_from_text_or_value() -> None:
    definition = {"Comment": "c", "TimeoutSeconds": 9, "Version": "1.0", **one(PASS)}
    for form in (definition, json.dumps(definition), json.dumps(definition).encode()):
        machine = load(form)
        assert (machine.start, machine.timeout, machine.comment) == ("S", 9, "c")


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ("{", "has to be JSON"),
        ("[]", "expected an object with StartAt"),
        ('{"StartAt": "A", "StartAt": "B"}', "StartAt: is given twice"),
        ({"StartAt": "A"}, "States: expected an object"),
        ({"States": {"A": {"Type": "Succeed"}}}, "StartAt: is missing"),
        ({"StartAt": "Start", "States": {"Strat": {"Type": "Succeed"}}}, "did you mean Strat"),
        ({**one(PASS), "Version": "2.0"}, "the only version is 1.0"),
        ({**one(PASS), "TimeoutSeconds": "5"}, "TimeoutSeconds: expected a whole number"),
        ({**one(PASS), "TimeOutSeconds": 5}, "did you mean TimeoutSeconds"),
        ({**one(PASS), "QueryLanguage": "jq"}, "expected JSONPath or JSONata"),
        ({"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "B": {"Type": "Succeed"}}}, "States.B: no state leads here"),
        ({"StartAt": "A" * 81, "States": {"A" * 81: {"Type": "Succeed"}}}, "1 to 80 characters"),
        (float("nan"), "has to be JSON"),
        ({"x": "a" * 1_100_000}, "1,048,576 bytes"),
    ],
)
def test_mistakes_of_a_machine(definition: Any, words: str) -> None:
    assert words in "\n".join(mistakes(definition))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"Type": "Pas"}, "S.Type: expected one of Task, Pass, Choice, Wait, Succeed, Fail, Parallel, Map (did you mean Pass?)"),
        ({**PASS, "Next": "S", "End": True}, "either Next or End"),
        ({**PASS, "End": False}, "S.End: expected true"),
        ({**PASS, "Next": "Nowhere"}, "no state 'Nowhere'"),
        ({**PASS, "Resource": "x"}, "S.Resource: is no field of a Pass state"),
        ({**PASS, "Output": 1}, "S.Output: is a field of JSONata, not of JSONPath"),
        ({**PASS, "ResultPath": "$.a[*]"}, "S.ResultPath: '$.a[*]' has to be a reference path"),
        ({**PASS, "ResultPath": "$$.a"}, "S.ResultPath: expected a place in the input"),
        ({**PASS, "InputPath": "a"}, "S.InputPath: 'a' is no path"),
        ({**PASS, "Parameters": 5}, "S.Parameters: expected an object"),
        ({**PASS, "Parameters": {"a.$": "b"}}, "S.Parameters.a.$: expected a path or an intrinsic function"),
        ({**PASS, "Parameters": {"a.$": "$.b", "a": 1}}, "'a' is given twice"),
        ({**PASS, "Parameters": [{"a.$": "States.Nope()"}]}, "S.Parameters[0].a.$:"),
        ({**PASS, "Assign": {"states": 1}}, "S.Assign.states: a variable's name"),
        ({**PASS, "Assign": {"1st.$": "$.a"}}, "a variable's name"),
        ({"Type": "Task"}, "S.Resource: is missing"),
        ({**TASK, "Resource": "arn:aws:states:::sqs:sendMessage.wait"}, "the pattern '.wait' is not supported"),
        ({**TASK, "Resource": "arn:aws:states:::"}, "no action"),
        ({**TASK, "Resource": "$.function"}, "a Resource cannot be selected by a path"),
        ({**TASK, "TimeoutSeconds": 0}, "S.TimeoutSeconds: expected a whole number from 1"),
        ({**TASK, "TimeoutSeconds": 5, "TimeoutSecondsPath": "$.t"}, "goes without TimeoutSeconds"),
        ({**TASK, "TimeoutSeconds": 5, "HeartbeatSeconds": 5}, "has to be less than TimeoutSeconds"),
        ({**TASK, "Retry": {}}, "S.Retry: expected an array"),
        ({**TASK, "Retry": [{}]}, "S.Retry[0].ErrorEquals: expected an array"),
        ({**TASK, "Retry": [{"ErrorEquals": []}]}, "that is not empty"),
        ({**TASK, "Retry": [{"ErrorEquals": ["States.Al"]}]}, "did you mean States.ALL"),
        ({**TASK, "Retry": [{"ErrorEquals": ["States.ALL", "X"]}]}, "stands alone"),
        ({**TASK, "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["X"]}]}, "in the last one"),
        ({**TASK, "Retry": [{"ErrorEquals": ["X"], "BackoffRate": 0.5}]}, "BackoffRate: expected a number of at least 1"),
        ({**TASK, "Retry": [{"ErrorEquals": ["X"], "MaxDelaySeconds": 31_622_400}]}, "MaxDelaySeconds"),
        ({**TASK, "Retry": [{"ErrorEquals": ["X"], "JitterStrategy": "SOME"}]}, "expected NONE or FULL"),
        ({**TASK, "Catch": [{"ErrorEquals": ["X"]}]}, "S.Catch[0].Next: is missing"),
        ({**TASK, "Catch": [{"ErrorEquals": ["X"], "Next": "S", "Output": 1}]}, "Catch in JSONPath"),
        ({"Type": "Choice", "Choices": []}, "S.Choices: expected an array of rules that is not empty"),
        ({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True}]}, "S.Choices[0].Next: is missing"),
        ({"Type": "Wait"}, "expected one of Seconds"),
        ({"Type": "Wait", "Seconds": -1}, "S.Seconds: expected a whole number"),
        ({"Type": "Wait", "Seconds": 1, "SecondsPath": "$.a"}, "expected one of Seconds"),
        ({"Type": "Wait", "Timestamp": "tomorrow"}, "expected a timestamp"),
        ({"Type": "Fail", "Error": 5}, "S.Error: expected a text"),
        ({"Type": "Fail", "Error": "a", "ErrorPath": "$.b"}, "goes without Error"),
        ({"Type": "Fail", "Next": "S"}, "is no field of a Fail state"),
        ({"Type": "Parallel", "Branches": []}, "S.Branches: expected an array of branches"),
        ({"Type": "Parallel", "Branches": [{**INNER, "x": 1}]}, "S.Branches[0].x: is no field of a branch"),
        ({"Type": "Parallel", "Branches": [INNER, INNER]}, "used once in the whole machine"),
        ({"Type": "Map"}, "either ItemProcessor or Iterator"),
        ({"Type": "Map", "ItemProcessor": INNER, "Label": "x"}, "goes only with a ProcessorConfig"),
        ({"Type": "Map", "ItemProcessor": {**INNER, **FAR}, "Label": "a b"}, "S.Label: a label has"),
        ({"Type": "Map", "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED"}}}, "ExecutionType: is missing"),
        ({"Type": "Map", "ItemProcessor": INNER, "ItemSelector": {}, "Parameters": {}}, "goes without ItemSelector"),
        ({"Type": "Map", "ItemProcessor": INNER, "MaxConcurrency": -1}, "S.MaxConcurrency"),
        ({"Type": "Map", "ItemProcessor": {**INNER, **FAR}, "ItemBatcher": {}}, "expected MaxItemsPerBatch or"),
        (
            {
                "Type": "Map",
                "ItemProcessor": {**INNER, **FAR},
                "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "PARQUET"}},
            },
            "'PARQUET' is not supported",
        ),
        (
            {
                "Type": "Map",
                "ItemProcessor": {**INNER, **FAR},
                "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "WriterConfig": {}},
            },
            "S.ResultWriter.WriterConfig: is no field of ResultWriter that is supported",
        ),
    ],
)
def test_mistakes_of_a_state(state: dict[str, Any], words: str) -> None:
    assert words in of(state)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({**PASS, "Parameters": {}}, "S.Parameters: is a field of JSONPath, not of JSONata"),
        ({**PASS, "QueryLanguage": "JSONPath"}, "a machine in JSONata has no states in JSONPath"),
        ({**PASS, "Output": {"a": ["{% ( %}"]}}, "S.Output.a[0]: the JSONata expression '(' cannot be read"),
        ({**TASK, "Resource": "{% $x %}"}, "a Resource cannot be computed"),
        ({**TASK, "TimeoutSeconds": "{% ( %}"}, "S.TimeoutSeconds"),
        ({**TASK, "TimeoutSeconds": "5"}, "or a JSONata expression"),
        ({"Type": "Choice", "Choices": [{"Condition": "yes", "Next": "S"}]}, "S.Choices[0].Condition: expected a JSONata"),
        ({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "S"}]}, "is no field of a rule in JSONata"),
        ({"Type": "Map", "ItemProcessor": INNER, "Items": {"a": 1}}, "an object is not supported"),
    ],
)
def test_mistakes_of_a_state_in_jsonata(state: dict[str, Any], words: str) -> None:
    assert words in of(state, **JSONATA)


def test_all_mistakes_are_named_at_once() -> None:
    found = mistakes(
        {"StartAt": "A", "States": {"A": {"Type": "Pass", "Rsult": 1, "Next": "B"}, "B": {"Type": "Wait", "End": True}}}
    )
    assert found == [
        "States.A.Rsult: is no field of a Pass state (did you mean Result?)",
        "States.B: expected one of Seconds, Timestamp, SecondsPath and TimestampPath",
    ]


@pytest.mark.parametrize("pattern", [".sync", ".waitForTaskToken"])
def test_an_express_machine_does_not_wait_for_jobs_or_tokens(pattern: str) -> None:
    definition = one({**TASK, "Resource": f"arn:aws:states:::ecs:runTask{pattern}"})
    load(definition)
    assert "Express machine" in "\n".join(mistakes(definition, express=True))
    inner = {"StartAt": "I", "States": {"I": {**TASK, "Resource": f"arn:aws:states:::ecs:runTask{pattern}", "End": True}}}
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}}
    assert "Express machine" in of({"Type": "Map", "ItemProcessor": {**inner, **config}})


def test_deep_nesting_is_refused() -> None:
    flow: dict[str, Any] = INNER
    for depth in range(25):
        flow = {"StartAt": f"P{depth}", "States": {f"P{depth}": {"Type": "Parallel", "Branches": [flow], "End": True}}}
    assert "nested 20 deep" in "\n".join(mistakes(flow))
