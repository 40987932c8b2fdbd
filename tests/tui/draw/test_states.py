"""Graphs of workflows as cells."""

from __future__ import annotations

from typing import Any

import pytest

from tests.topology.asl.test_graph import SHOP, TASK
from topology.asl import load
from topology.asl.graph import graph_of
from topology.workflow_frame import StateCount
from tui.draw.scene import Window
from tui.draw.states import RECENT, Chart, Look, condition, item_ways

S = 1_000_000_000


def chart(definition: Any) -> Chart:
    return Chart(graph_of(load(definition), definition))


def long_chain(states: int) -> dict[str, Any]:
    """Tasks in a row, each of which may give up."""
    steps: dict[str, Any] = {
        f"Step {i}": TASK | {"Next": f"Step {i + 1}", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Give up"}]}
        for i in range(states)
    }
    return {"StartAt": "Step 0", "States": {**steps, f"Step {states}": {"Type": "Succeed"}, "Give up": {"Type": "Fail"}}}


def drawn(one: Chart, width: int, height: int, look: Look | None = None) -> str:
    picture = one.fit(width, height)
    quiet = Look([StateCount() for _ in one.graph.states], 0)
    return one.draw(look or quiet, Window(0, 0, picture.width, picture.height)).text()


def test_a_choice_shows_which_rule_leads_where_and_what_happens_else() -> None:
    definition = {
        "StartAt": "Size",
        "States": {
            "Size": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "One"}], "Default": "Other"},
            "One": {"Type": "Succeed"},
            "Other": {"Type": "Fail"},
        },
    }
    assert drawn(chart(definition), 50, 9).splitlines() == [
        "                           ╭─ One ───────╮",
        "╭─ Size ──────╮ ╭────1────▶┤ ○ never     ■",
        "▶ ○ never     ├─┤          ╰─ Succeed ───╯",
        "╰─ Choice ────╯ │          ╭─ Other ─────╮",
        "                ╰───e─────▶┤ ○ never     ■",
        "                           ╰─ Fail ──────╯",
    ]


def test_branches_join_again_and_a_catch_is_another_sort_of_line() -> None:
    text = drawn(chart(SHOP), 150, 30)
    for words in ("all branches", "every item", "of Both", "of Each", "Left", "Right", "Rest", "One"):
        assert words in text
    assert "══▶" in text
    assert "┆" in text
    assert "!" in text
    assert [row[0] for row in text.splitlines()].count("▶") == 1  # it starts at one place
    assert text.count("■") == 2  # and ends where the items are joined, or failed


@pytest.mark.parametrize("size", [(80, 12), (80, 20), (97, 35), (160, 40), (60, 8)])
@pytest.mark.parametrize("states", [1, 3, 12, 40])
def test_every_state_is_a_box_of_its_own_at_any_size(size: tuple[int, int], states: int) -> None:
    one = chart(long_chain(states))
    picture = one.fit(*size)
    assert picture.width <= size[0]
    assert picture.detail.height >= 3
    taken = [(x, y) for b in picture.boxes for x in range(b.x, b.x + b.width) for y in range(b.y, b.y + b.height)]
    assert len(taken) == len(set(taken))
    text = drawn(one, *size)
    assert all(f"─ Step {i} ─" in text for i in range(states + 1))
    assert picture.height <= size[1] or picture.height <= 8 * (states + 2)


def test_counts_and_trouble_are_in_the_boxes() -> None:
    one = chart(long_chain(1))
    counts = [
        StateCount(entered=1234, now=7, retried=9, retried_ns=10 * S, calls="store"),
        StateCount(entered=800),
        StateCount(entered=3, failed=3, failed_ns=10 * S),
    ]
    text = drawn(one, 90, 14, Look(counts, 11 * S, 0, {0: "here", 2: "failed"}))
    assert "═ ▶ Step 0 ═" in text  # strained: double lines
    assert "▲ 7 now" in text
    assert "1,234 entered" in text
    assert "↻9" in text
    assert "Task → store" in text
    assert "━ ✖ Give up ━" in text  # failing: heavy lines
    assert "✖3" in text
    assert "╭─ Step 1 ─" in text
    assert "800 entered" in text


def test_trouble_is_over_after_a_while() -> None:
    failed = StateCount(failed=1, failed_ns=S)
    assert [condition(failed, at) for at in (S, S + RECENT, S + RECENT + 1)] == ["down", "down", "ok"]
    assert condition(StateCount(caught=1, caught_ns=S), 2 * S) == "strained"
    assert condition(StateCount(failed_ns=-1), 0) == "ok"


def test_the_way_of_an_execution_is_found_by_names() -> None:
    one = chart(SHOP)
    ways = item_ways(one)
    both, each = one.graph.at("Both"), one.graph.at("Each")
    joined = [len(one.graph.states) + one.joins.index(at) for at in (both, each)]
    assert ways["Both", "Left"] == [(both, one.graph.at("Left"))]
    assert ways["Rest", "Both"] == [(one.graph.at("Rest"), joined[0])]
    assert ways["Both", "Each"] == [(joined[0], each)]


def test_arrows_move_between_states_and_never_stop_at_a_join() -> None:
    one = chart(SHOP)
    one.fit(150, 30)
    seen = {0}
    for _ in range(12):
        seen |= {one.beside(at, x, y) for at in seen for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1))}
    assert seen == set(range(len(one.graph.states)))
