"""Choice rules and whole executions as Step Functions took them, the recorded outputs of tasks played back."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.conformance.recorded import rows
from tests.topology.asl.playing import Player
from topology.asl import Delay, Invoke, Mistakes
from topology.asl.choice import compile_rule
from topology.asl.scope import Outside, Scope

STATUS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}
ENDS = ("Submitted", "Succeeded", "Failed", "TimedOut")
CALLS = ("Task", "LambdaFunction", "Activity")


@pytest.mark.parametrize("row", rows("step_functions_choices.json"))
def test_a_recorded_choice(row: Any) -> None:
    operator, value = row["operator"], row["input"]
    wanted = "$.Value" if operator.endswith("Path") else value.get("Value")
    test = compile_rule({"Variable": "$.Variable", operator: wanted, "Next": "Yes"}, ())
    outside = Outside(lambda: 0, lambda: 0.5, lambda: "uuid")
    assert test(Scope(value, {}, {}, outside)) is row["holds"]


OTHER = "the recording is of another definition or input than the row shows"
NOT_AS_RECORDED = {
    "test_base_map[ITEMS]": OTHER,
    "test_base_map[ITEMS_DOUBLE_QUOTES]": OTHER,
    "test_base_map_from_input[ITEMS]": OTHER,
    "TestTaskServiceSqs::test_sqs_failure_in_wait_for_task_tok#": OTHER,
    "test_task_lambda_catch_state_all_data_limit_exceeded_on_large_utf8_response": OTHER,
    "test_wait_timestamp_jsonata#": OTHER,
    "test_wait_timestamp_jsonata[NANOSECONDS]": OTHER,
    "[BASE_REFERENCE_IN_LAMBDA_TASK_FIELDS]": OTHER,
    "test_json_path_array_wildcard_or_slice_with_no_input": OTHER,
    "test_raise_custom_exception#": f"refused by name, an empty ErrorEquals: {OTHER}",
    "TestSnfBase::test_result_selector#": f"refused by name, a path that is a placeholder: {OTHER}",
    "test_activity_task_on_deleted": f"its activity's ARN is hidden: {OTHER}",
    "local_mocking/test_base_scenarios.py::TestBaseScenarios::test_parallel_state_lambda#": "its output is hidden",
    "[MAP_STATE_REFERENCE_IN_ITEM_SELECTOR]": "its last events are chained otherwise than in all other distributed Maps",
}
"""Rows that cannot come out as recorded, and why; each of them has to differ."""


def known(row: Any) -> Any:
    """The row, marked where it cannot come out as recorded."""
    name = str(row.values[0]["name"]) if row.values[0] else ""
    for part, why in NOT_AS_RECORDED.items():
        if part in name:
            return pytest.param(*row.values, id=row.id, marks=pytest.mark.xfail(reason=why, strict=True))
    return row


@pytest.mark.parametrize("row", [known(row) for row in rows("step_functions_executions.json")])
def test_a_recorded_execution(row: Any) -> None:
    try:
        played = Playback(row)
    except Mistakes as refusal:
        pytest.fail(f"refused by name: {refusal}")
    run = played.whole()
    assert compared(run.history, row["history"]) == ""
    assert run.status == STATUS[row["status"]]
    if row["output_comparable"] and row["status"] == "ExecutionSucceeded":
        assert is_same(run.output, row["output"])
    if row["status"] == "ExecutionFailed":
        assert run.error == row["error"]


class Playback(Player):
    """Plays one row: what tasks gave is reported in the recorded order, delays pass at once."""

    def __init__(self, row: Any) -> None:
        super().__init__(row["definition"])
        self.row, self.calls = row, {}
        self.played = 0

    def take(self, requests: list[Any]) -> None:
        """Find for each call the event that started it."""
        fresh = [event for event in self.run.history if event.id not in self.calls and event.type.endswith("Started")]
        fresh = [event for event in fresh if event.type.removesuffix("Started") in CALLS]
        invokes = [request for request in requests if isinstance(request, Invoke) and request.purpose == "task"]
        for event, request in zip(fresh, invokes, strict=False):
            self.calls[event.id] = request
        super().take(requests)

    def whole(self) -> Any:
        """Play to the end of what was recorded."""
        text = self.row["input"]
        self.start(from_text(text) if isinstance(text, str) else text)
        self.settle()
        reports = [event for event in self.row["events"] or [] if is_report(event["type"])]
        for i, event in enumerate(reports):
            self.report(event)
            following = reports[i + 1]["id"] if i + 1 < len(reports) else None
            if not isinstance(event["id"], int) or following != event["id"] + 1:
                self.take(self.run.requests())
                self.settle()
        return self.run

    def settle(self) -> None:
        """Let delays pass and results be written, until only tasks are waited for."""
        while True:
            delays = [request for request in self.open.values() if isinstance(request, Delay)]
            writes = [request for request in self.invokes() if request.purpose == "write results"]
            if writes:
                self.answer(writes[0], lambda _: None)
            elif delays:
                self.now_ns = max(self.now_ns, delays[0].until_ns)
                del self.open[delays[0].id]
                self.run.elapsed(delays[0].id)
                self.take(self.run.requests())
            else:
                return

    def report(self, event: Any) -> None:
        """Report what a recorded event says."""
        request = self.calls.pop(event["previousEventId"], None)
        if request is None:
            known = [id for id, request in self.calls.items() if request.id in self.open]
            request = self.calls.pop(known[0]) if known else None
        if request is None:
            return
        how = next(end for end in ENDS if event["type"].endswith(end))
        details = next((value for name, value in event.items() if name.endswith("Details")), {})
        if how == "Submitted":
            self.run.submitted(request.id, details.get("output"))
            self.calls[event["id"]] = request
            return
        self.open.pop(request.id, None)
        if how == "Succeeded":
            self.run.succeeded(request.id, from_text(details.get("output")))
        elif how == "Failed":
            self.run.failed(request.id, details.get("error"), as_text(details.get("cause")))
        else:
            self.now_ns = max(self.now_ns, self.run.due_ns(request.id) or 0)
            self.run.elapsed(request.id)


def is_report(type: str) -> bool:
    """Whether an event says how a task stands."""
    return any(type == f"{call}{end}" for call in CALLS for end in ENDS)


def from_text(value: Any) -> Any:
    """What a recorded value is: JSON text is kept as text unless it is an object."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def as_text(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def opened(value: Any) -> Any:
    """A value in which texts that are JSON are read, as the recording did."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        read = from_text(value)
        return opened(read) if not isinstance(read, str) else read
    if isinstance(value, dict):
        return {name: opened(item) for name, item in value.items()}
    return [opened(item) for item in value] if isinstance(value, list) else value


def is_same(ours: Any, recorded: Any) -> bool:
    """Whether an output is the recorded one."""
    return opened(ours) in (opened(recorded), opened(from_text(recorded)))


def compared(history: Any, recorded: list[Any]) -> str:
    """How our history differs from the recorded one, in words; where numbers were hidden, only what is left is compared."""
    ours = [(event.type, event.id, event.previous, event.state or None) for event in history]
    theirs = [tuple(event) for event in recorded]
    if all(isinstance(event[1], int) for event in theirs):
        if ours == theirs:
            return ""
        pairs = enumerate(zip(ours, theirs, strict=False))
        at = next((i for i, (one, other) in pairs if one != other), min(len(ours), len(theirs)))
        return f"event {at + 1}: ours {ours[at : at + 3]}, recorded {theirs[at : at + 3]}"
    numbered = {event[1]: event for event in ours}
    wrong = [event for event in theirs if isinstance(event[1], int) and numbered.get(event[1]) != event]
    missing = Counter((event[0], event[3]) for event in theirs) - Counter((event[0], event[3]) for event in ours)
    return f"{wrong} {dict(missing)}" if wrong or missing else ""
