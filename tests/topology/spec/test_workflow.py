"""A state machine alone, played as it is."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.topology.worlds import S, check_frame, to_the_end
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld
from topology.spec import load, load_text
from topology.spec.workflow import sample

CASES = os.environ.get("KNOCKON_CASES", "")
GIVEN = sorted((Path(CASES).parent / "data" / "asl").glob("*.json")) if CASES else []
TASK: dict[str, Any] = {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:a"}
MACHINE = {
    "Comment": "Two tasks and a choice.",
    "StartAt": "Take it in",
    "States": {
        "Take it in": TASK
        | {"Parameters": {"id.$": "$.order.id", "rows.$": "$.rows[0].n"}, "ResultPath": "$.taken", "Next": "Size"},
        "Size": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.order.kind", "StringEquals": "large", "Next": "take-it-in"}],
            "Default": "Give up",
        },
        "take-it-in": TASK | {"End": True},
        "Give up": {"Type": "Fail", "Error": "Small"},
    },
}


def run(path: Path) -> SimWorld:
    made = load(path)
    one = SimWorld(made.designs[0], made, 1)
    one.advance(20 * S)
    check_frame(one)
    to_the_end(one, 366 * 24 * 3600)
    check_frame(one)
    return one


def test_each_of_its_tasks_is_a_service_and_its_input_has_what_its_paths_ask_for(tmp_path: Path) -> None:
    path = tmp_path / "sizes.asl.json"
    path.write_text(json.dumps(MACHINE), "utf-8")
    one = run(path)
    frame = one.frame()
    assert [node.name for node in frame.nodes] == ["starts", "flow", "Take-it-in", "take-it-in"]
    assert frame.flows[0].served == frame.flows[0].offered > 20
    assert [node.arrivals for node in frame.nodes[1:]] == [frame.flows[0].offered] * 3
    assert load(path).name == "sizes"


def test_the_sample_leads_every_path_somewhere() -> None:
    assert sample(MACHINE) == {"order": {"id": "word", "kind": "large"}, "rows": [{"n": "word"}]}
    wait = {"Type": "Wait", "SecondsPath": "$.rest", "Next": "x"}
    intrinsic = {"Parameters": {"a.$": "States.Format('{}', $.who.name)"}}
    assert sample({"States": {"w": wait, "p": intrinsic}}) == {"rest": 1, "who": {"name": "word"}}


def test_a_mistake_is_named_with_its_line() -> None:
    text = json.dumps({"StartAt": "A", "States": {"A": TASK | {"Next": "B"}}}, indent=1)
    with pytest.raises(PlaygroundError, match=r"machine.json:\d+:\d+: .*States\.A") as caught:
        load_text(text, "machine.json")
    assert caught.value.problems[0].line > 1


def test_times_and_errors_of_tasks_are_settings(tmp_path: Path) -> None:
    path = tmp_path / "sizes.json"
    path.write_text(json.dumps(MACHINE), "utf-8")
    made = load(path, settings=["Take-it-in.takes=2s", "Take-it-in.fails=100%"])
    node = made.designs[0].node("Take-it-in")
    assert node is not None
    assert node.values["fails"] == 1.0


@pytest.mark.parametrize("path", GIVEN, ids=lambda path: path.name)
def test_given_definitions_load_and_run(path: Path) -> None:
    assert run(path).frame().flows[0].offered > 20
