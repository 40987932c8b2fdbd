"""The path of an execution, read from its history."""

from __future__ import annotations

from typing import Any

from tests.topology.asl.playing import Failed, Never, Player, one
from tests.topology.asl.test_graph import CATCHER, RETRY, SHOP, TASK
from topology.executions import Ended, frame_of
from topology.workflow_frame import EventFrame, ExecutionFrame, ExecutionLine
from tui.draw.execution import Path, history_rows, path_rows


def shown(definition: Any, answer: Any, value: Any = None, *, to_the_end: bool = True) -> ExecutionFrame:
    player = Player(definition)
    player.start(value)
    if to_the_end:
        player.finish(answer)
    return frame_of(Ended(1, player.run), 0, tuple(player.run.states))


def outcomes(frame: ExecutionFrame) -> list[tuple[str, int, str]]:
    return [(visit.state, visit.depth, visit.outcome) for visit in Path(frame).visits]


def echo(request: Any) -> Any:
    return request.input


def test_a_good_one_goes_through_its_branches_and_items() -> None:
    frame = shown(SHOP, lambda request: {"items": [1, 2]} if request.state == "Right" else request.input, {"n": 9, "items": [1]})
    found = outcomes(frame)
    assert found[:5] == [("Size", 0, "done"), ("Both", 0, "done"), ("Left", 1, "done"), ("Right", 1, "done"), ("Rest", 1, "done")]


def test_items_lie_within_their_map() -> None:
    frame = shown(SHOP, echo, {"n": 1, "a": 1, "b": "y", "items": [1, 2, 3]})
    assert outcomes(frame) == [("Size", 0, "done"), ("Each", 0, "done"), *[("One", 1, "done")] * 3]
    path = Path(frame)
    assert path.gone() == {("Size", "Each"), ("Each", "One"), ("One", "Each"), ("One", "One")}


def test_a_branch_that_fails_takes_the_others_with_it_and_its_parallel_catches() -> None:
    def answer(request: Any) -> Any:
        if request.state == "Left":
            raise Failed("Bad", "no")
        raise Never

    frame = shown(SHOP, answer, {"n": 9, "items": []})
    assert outcomes(frame) == [
        ("Size", 0, "done"),
        ("Both", 0, "caught"),
        ("Left", 1, "failed"),
        ("Right", 1, "stopped"),
        ("Sorry", 0, "failed"),
    ]
    assert Path(frame).been["Sorry"] == "failed"


def test_retries_are_counted_and_a_caught_failure_is_told_from_a_success() -> None:
    def busy(_: Any) -> Any:
        raise Failed("Busy")

    definition = {
        "StartAt": "Try",
        "States": {"Try": TASK | {"Retry": RETRY, "Catch": CATCHER, "Next": "Sorry"}, "Sorry": {"Type": "Pass", "End": True}},
    }
    frame = shown(definition, busy)
    assert outcomes(frame) == [("Try", 0, "caught"), ("Sorry", 0, "done")]
    path = Path(frame)
    assert path.visits[0].attempts == 3
    text = "".join(text for text, _ in path_rows(path, frame.line.started_ns, 0, 60)[0])
    assert text.split() == ["!", "Try", "↻2", "+0", "s", "3.0", "s"]


def test_one_that_runs_is_where_it_is() -> None:
    frame = shown(one(TASK), echo, to_the_end=False)
    assert frame.standing == ("S",)
    assert outcomes(frame) == [("S", 0, "here")]
    now = frame.line.started_ns + 2_500_000_000
    assert "2.5 s" in "".join(text for text, _ in path_rows(Path(frame), frame.line.started_ns, now, 50)[0])


def test_one_that_has_taken_too_long_was_stopped() -> None:
    def never(_: Any) -> Any:
        raise Never

    frame = shown(one(TASK, TimeoutSeconds=5), never)
    assert frame.line.status == "TIMED_OUT"
    assert outcomes(frame) == [("S", 0, "stopped")]


def test_the_history_is_shown_as_it_is_and_what_is_not_kept_is_said() -> None:
    line = ExecutionLine(1, "e-1", "RUNNING", 0, -1)
    events = (
        EventFrame(1, "ExecutionStarted", 0, "", 0),
        EventFrame(2, "TaskStateEntered", 1, "Store", 1_200_000_000),
        EventFrame(901, "TaskFailed", 900, "", 5_000_000_000, "States.TaskFailed: it did not work"),
    )
    rows = ["".join(text for text, _ in row) for row in history_rows(ExecutionFrame(line, "", events, 898, ()), 70)]
    assert rows == [
        "    1      +0 s ExecutionStarted",
        "    2    +1.2 s TaskStateEntered  Store",
        "  … 898 events between these are not kept",
        "  901    +5.0 s TaskFailed  States.TaskFailed: it did not work",
    ]


def test_a_parallel_that_is_tried_again_begins_its_branches_anew() -> None:
    tries: list[int] = []

    def answer(request: Any) -> Any:
        if request.state == "Left":
            tries.append(1)
            if len(tries) == 1:
                raise Failed("Busy")
        return {"items": []} if request.state == "Right" else request.input

    frame = shown(SHOP, answer, {"n": 9, "items": []})
    found = outcomes(frame)
    assert found[1] == ("Both", 0, "done")
    assert [one for one in found if one[0] == "Left"] == [("Left", 1, "failed"), ("Left", 1, "done")]
    assert Path(frame).visits[1].attempts == 2
