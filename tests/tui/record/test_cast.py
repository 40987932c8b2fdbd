"""The lines of a film, on their own: what an emulated terminal shows is what was drawn."""

from __future__ import annotations

import json

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tui.record.drawn import HEIGHT, WIDTH, plain_grids
from tests.tui.record.replay import looks, shown, text_of
from tui.record.cast import Grid, changes, event, header


def fresh(grid: Grid) -> pyte.Screen:
    """A terminal on which only this was drawn."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    pyte.Stream(screen).feed(changes((), grid))
    return screen


@settings(max_examples=150, deadline=None)
@given(st.lists(plain_grids, min_size=1, max_size=4))
def test_changes_lead_from_each_picture_to_the_next(film: list[Grid]) -> None:
    screen = pyte.Screen(WIDTH, HEIGHT)
    before: Grid = ()
    for grid in film:
        pyte.Stream(screen).feed(changes(before, grid))
        before = grid
        assert shown(screen) == text_of(grid)
        assert looks(screen) == looks(fresh(grid))


def test_nothing_changed_is_nothing_to_say() -> None:
    grid: Grid = ((("a", ""), ("b", "1")),)
    assert changes(grid, grid) == ""


def test_only_what_changed_is_drawn() -> None:
    before: Grid = (tuple((sign, "") for sign in "counted 1"), (("x", "1"),))
    after: Grid = (tuple((sign, "") for sign in "counted 2"), (("x", "1"),))
    assert changes(before, after) == "\x1b[1;9H\x1b[0m2"


def test_neighbours_of_one_look_share_their_codes() -> None:
    grid: Grid = (tuple((sign, "1") for sign in "abc"),)
    assert changes((), grid) == "\x1b[1;1H\x1b[0;1mabc"


def test_lines_are_the_format_that_asciinema_reads() -> None:
    assert json.loads(event(1.23456, "o", "\x1b[2J✖")) == [1.235, "o", "\x1b[2J✖"]
    head = json.loads(header((100, 30), 12.5, "shop", {"seed": 7}))
    assert head == {
        "version": 2,
        "width": 100,
        "height": 30,
        "duration": 12.5,
        "title": "shop",
        "env": {"TERM": "xterm-256color"},
        "knockon": {"seed": 7},
    }
