"""Looking into workflows and streams, through Textual's pilot."""

from __future__ import annotations

import json

import pytest
from textual.pilot import Pilot

from chaos.registry import faults
from chaos.runner import Runner
from tests.topology.asl.test_graph import TASK
from tests.tui import grid
from tests.tui.worlds import advance
from topology.spec import load_text
from tui.app import PlayApp
from tui.screens.inspector import Inspector
from tui.screens.play import PlayScreen
from tui.screens.workflow import WorkflowScreen
from tui.session import Result

Play = Pilot[Result]

FLOW = {
    "StartAt": "Check",
    "States": {
        "Check": TASK | {"Next": "Store", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}]},
        "Store": TASK | {"Retry": [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 2}], "End": True},
        "Sorry": {"Type": "Fail", "Error": "Sorry", "Cause": "check is away"},
    },
}
SIZES = [(80, 24), (160, 45)]


def shop(nodes: dict[str, object], links: list[str]) -> PlayApp:
    """A playground whose wall clock stands still."""
    head = {"version": 1, "playground": "it", "duration": "10m", "nodes": nodes, "designs": {"only": {"links": links}}}
    playground = load_text(json.dumps(head), faults=faults())
    return PlayApp(Runner(playground, 1, timeline=False), clock=lambda: 0.0, fps=1.0)


def flow_shop() -> PlayApp:
    nodes = {
        "web": {"kind": "producer", "rate": "10/s", "deadline": "1h"},
        "check": {"kind": "service", "takes": "10ms"},
        "store": {"kind": "service", "takes": "20ms"},
        "flow": {"kind": "step_functions", "definition": FLOW},
    }
    return shop(nodes, ["web => flow -> check", "flow -> store"])


def stream_shop(**more: object) -> PlayApp:
    nodes = {
        "web": {"kind": "producer", "rate": "100/s", "deadline": "1h"},
        "log": {"kind": "msk", "partitions": 6, **more},
        "app": {"kind": "service", "replicas": 2, "slots": 4, "takes": "5ms"},
    }
    return shop(nodes, ["web => log => app"])


async def go(pilot: Play, seconds: float) -> None:
    """Let the run go on, and look."""
    advance(pilot.app.session, seconds)  # type: ignore[attr-defined]
    await look(pilot)


async def look(pilot: Play) -> None:
    """Everything drawn."""
    await pilot.pause()
    screen = pilot.app.screen
    if isinstance(screen, WorkflowScreen | Inspector):
        screen.update()
        await pilot.pause()
        screen.update()
    elif isinstance(screen, PlayScreen):
        screen.paint()
    await pilot.pause()


async def look_inside(pilot: Play, node: str = "flow") -> None:
    """The node chosen, and seen from inside."""
    pilot.app.session.choose("only", node)  # type: ignore[attr-defined]
    await pilot.press("v")
    await look(pilot)


async def crash(pilot: Play, node: str) -> None:
    session = pilot.app.session  # type: ignore[attr-defined]
    session.choose("only", node)
    session.crash()
    await pilot.pause()


async def test_a_workflow_alone_begins_with_the_way_into_it() -> None:
    play = flow_shop()
    async with play.run_test(size=(80, 24)) as pilot:
        await look(pilot)
        assert play.session.node == "flow"
        seen = grid.text(play)
        assert "press v: the states of flow" in seen
        assert "v inside" in grid.rows(play)[-1]
        await pilot.press("v")
        await pilot.pause()
        assert isinstance(play.screen, WorkflowScreen)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(play.screen, PlayScreen)


@pytest.mark.parametrize("size", SIZES)
async def test_states_counts_path_and_history_at_once(size: tuple[int, int]) -> None:
    play = flow_shop()
    async with play.run_test(size=size) as pilot:
        await go(pilot, 5)
        await pilot.press("v")
        await look(pilot)
        rows = grid.rows(play)
        assert [len(row) for row in rows] == [size[0]] * size[1]
        seen = "\n".join(rows)
        frame = play.session.runner.workflow("only", "flow")
        assert frame is not None
        assert f"{frame.running} running, {dict(frame.ended)['SUCCEEDED']} succeeded, 0 failed" in rows[0]
        for words in ("─ ✓ Check ─", "─ ✓ Store ─", "Task → check", "TaskSucceeded", "ExecutionSucceeded", "✓ succeeded after"):
            assert words in seen
        assert "Check Task → check" in seen  # the chosen state
        assert "catches States.ALL → Sorry" in seen


@pytest.mark.parametrize("size", SIZES)
async def test_the_newest_that_failed_is_shown_first_with_where_it_failed(size: tuple[int, int]) -> None:
    play = flow_shop()
    async with play.run_test(size=size) as pilot:
        await go(pilot, 3)
        await crash(pilot, "store")
        await go(pilot, 8)
        await look_inside(pilot)
        seen = grid.text(play)
        assert "✖ failed after 3.0 s States.TaskFailed" in seen
        assert "━ ✖ Store ━" in seen
        assert "✖ Store ↻2" in seen
        assert "TaskFailed" in seen
        assert "ExecutionFailed" in seen
        await pilot.press("tab")
        await look(pilot)
        assert "▶ running for" in grid.text(play)
        assert "the one that runs longest" in grid.text(play)
        number = play.screen.number  # type: ignore[attr-defined]
        await go(pilot, 5)
        assert play.screen.number == number  # type: ignore[attr-defined]
        assert f" e-{number}  ✖ failed after 3.0 s" in grid.text(play)
        await pilot.press("right_square_bracket")
        await look(pilot)
        assert play.screen.number > number  # type: ignore[attr-defined]


async def test_arrows_choose_a_state_and_z_gives_the_graph_the_screen() -> None:
    play = flow_shop()
    async with play.run_test(size=(80, 24)) as pilot:
        await go(pilot, 2)
        await pilot.press("v")
        await look(pilot)
        await pilot.press("right")
        await look(pilot)
        assert "▸ Store Task → store" in grid.text(play)
        assert "retries States.TaskFailed: 2 times after 1 s, then ×2" in grid.text(play)
        assert "ExecutionSucceeded" in grid.text(play)
        await pilot.press("z")
        await look(pilot)
        assert "ExecutionSucceeded" not in grid.text(play)
        assert "╰─ Task → store ─" in grid.text(play)


async def test_a_large_definition_scrolls_with_the_chosen_state() -> None:
    steps = {f"Step {i}": {"Type": "Pass", "Next": f"Step {i + 1}"} for i in range(60)}
    definition = {"StartAt": "Step 0", "States": {**steps, "Step 60": {"Type": "Succeed"}}}
    nodes = {"web": {"kind": "producer", "rate": "1/s"}, "flow": {"kind": "step_functions", "definition": definition}}
    play = shop(nodes, ["web => flow"])
    async with play.run_test(size=(80, 24)) as pilot:
        await go(pilot, 2)
        await pilot.press("v")
        await look(pilot)
        assert "Step 0 " in grid.text(play)
        assert "Step 60" not in grid.text(play)[:800]
        for _ in range(40):
            await pilot.press("down")
        await look(pilot)
        screen = play.screen
        assert isinstance(screen, WorkflowScreen)
        assert screen.state > 40
        assert f" ▸ Step {screen.state} " in grid.text(play)
        assert f"✓ Step {screen.state} " in grid.text(play)
        await pilot.press("home")
        await look(pilot)
        assert "    1      +0 s ExecutionStarted" in grid.text(play)
        await pilot.press("pagedown")
        await look(pilot)
        assert "    1      +0 s ExecutionStarted" not in grid.text(play)


async def test_the_inspector_leads_into_a_workflow_too() -> None:
    play = flow_shop()
    async with play.run_test(size=(80, 24)) as pilot:
        await go(pilot, 1)
        await pilot.press("enter")
        await look(pilot)
        assert "v: its states" in grid.text(play)
        await pilot.press("v")
        await look(pilot)
        assert isinstance(play.screen, WorkflowScreen)
        await pilot.press("q")
        await pilot.pause()
        assert isinstance(play.screen, PlayScreen)


async def test_v_says_where_there_is_nothing_inside() -> None:
    play = flow_shop()
    async with play.run_test(size=(80, 24)) as pilot:
        await look_inside(pilot, "check")
        assert isinstance(play.screen, PlayScreen)
        assert "v looks into workflows and streams; check is none: choose flow" in grid.text(play)
        assert "v inside" not in grid.rows(play)[-1]


@pytest.mark.parametrize("size", SIZES)
async def test_a_stream_has_a_view_for_each_of_its_tables(size: tuple[int, int]) -> None:
    play = stream_shop()
    async with play.run_test(size=size) as pilot:
        await go(pilot, 10)
        await look_inside(pilot, "log")
        seen = grid.text(play)
        assert " partitions 6   groups 1   members 2   brokers 3" in seen
        assert "all in sync · the worst first" in seen
        assert "1 2 3" in seen
        assert "leader" in seen
        for words in ("stable", "app/1   app", "up"):
            await pilot.press("tab")
            await look(pilot)
            assert words in grid.text(play)
        await pilot.press("tab")
        await look(pilot)
        assert "came so far" in grid.text(play)
        assert "partition 5" not in grid.text(play)


async def test_a_thousand_partitions_scroll_and_sort() -> None:
    play = stream_shop(partitions=1000)
    async with play.run_test(size=(80, 24)) as pilot:
        await go(pilot, 3)
        await look_inside(pilot, "log")
        assert "1–19 of 1,000" in grid.text(play)
        await pilot.press("s")
        await look(pilot)
        assert "in order" in grid.text(play)
        first = next(row for row in grid.rows(play) if " 1 2 3 " in row)
        assert first.split()[1] == "0"
        await pilot.press("end")
        await look(pilot)
        assert "982–1,000 of 1,000" in grid.text(play)
        assert any(row.split()[1:2] == ["999"] for row in grid.rows(play))


async def test_no_colour_and_light_colours_draw_a_workflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    play = flow_shop()
    async with play.run_test(size=(120, 30)) as pilot:
        play.change_colours()
        await go(pilot, 2)
        await pilot.press("v")
        await look(pilot)
        assert "Task → check" in grid.text(play)
