"""The search line: what is found, in which order, and that it ends where it should."""

from __future__ import annotations

import pytest

from tests.tui import grid
from tests.tui.test_app import app, go, settle
from tests.tui.worlds import frame, node
from topology.frame import LayerFrame
from tui.widgets.search import SearchBar, found

SOME = frame(
    [
        node("web", "producer"),
        node("old-svc", state="strained"),
        node("svc-1"),
        node("svc", state="down"),
        node("front", "load_balancer", layers=(LayerFrame(1, "slow", "slow"),)),
        node("backlog", "sqs", state="down"),
    ],
    [],
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("svc", ["svc", "svc-1", "old-svc"]),
        ("SVC-", ["svc-1"]),
        ("down", ["svc", "backlog"]),
        ("✖", ["svc", "backlog"]),
        ("sqs down", ["backlog"]),
        ("balancer", ["front"]),
        ("load_bal", ["front"]),
        ("slow", ["front"]),
        ("nothing", []),
        ("  ", []),
    ],
)
def test_names_kinds_and_states_are_found(text: str, names: list[str]) -> None:
    assert found(SOME, text) == names


async def test_typing_chooses_at_once_and_arrows_go_on() -> None:
    play = app()
    async with play.run_test(size=(120, 40)) as pilot:
        await go(pilot, 1)
        await pilot.press("slash", *"orders")
        await settle(pilot)
        assert play.session.node == "orders"
        assert "1 of 1: orders" in grid.text(play)
        await pilot.press(*["backspace"] * 6, "s", "e", "r", "v", "down")
        await settle(pilot)
        assert "2 of 2: inventory" in grid.text(play)
        await pilot.press("up")
        assert play.session.node == "orders"
        await pilot.press("enter")
        await settle(pilot)
        assert play.session.node == "orders"
        assert not play.screen.query_one(SearchBar).display
        assert "f fault" in grid.text(play)


async def test_escape_goes_back_to_where_the_search_began() -> None:
    play = app()
    async with play.run_test(size=(120, 40)) as pilot:
        await go(pilot, 1)
        before = play.session.node
        await pilot.press("slash", "w", "e", "b")
        assert play.session.node == "web"
        await pilot.press("escape")
        await settle(pilot)
        assert play.session.node == before
        await pilot.press("c")
        assert play.session.runner.commands, "keys are keys again"


async def test_keys_typed_into_the_search_do_nothing_else() -> None:
    play = app()
    async with play.run_test(size=(120, 40)) as pilot:
        await go(pilot, 1)
        await pilot.press("slash", *"crash", "1", "plus", "space")
        assert not play.session.runner.commands
        assert not play.session.pace.paused
