"""One table of keys: no key means two things, and everything in the table exists."""

from __future__ import annotations

from collections import Counter

from textual.keys import _character_to_key

from topology.spec.screenplay import REFUSED, VIEW_KEYS
from tui import actions
from tui.screens.play import PlayScreen

WANTED = [
    "f",
    "c",
    "h",
    "H",
    "+",
    "-",
    "w",
    "u",
    ".",
    "<",
    ">",
    "r",
    "n",
    "g",
    "/",
    "o",
    "O",
    "?",
    "q",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
    "space",
    "tab",
    "enter",
    "left",
    "right",
    "up",
    "down",
    "z",
    "R",
]
LATER = ["k", "K", "y", "b", "e", "x"]


def keys_of(some: tuple[actions.Action, ...]) -> list[str]:
    return [key for action in some for key in action.keys]


def test_no_key_has_two_meanings() -> None:
    counted = Counter(_character_to_key(key) if len(key) == 1 else key for key in keys_of(actions.ACTIONS))
    assert [key for key, times in counted.items() if times > 1] == []


def test_no_id_is_used_twice() -> None:
    assert len({action.id for action in actions.ACTIONS}) == len(actions.ACTIONS)


def test_every_promised_key_is_there() -> None:
    assert set(WANTED) <= set(keys_of(actions.OFFERED))
    assert set(LATER) <= set(keys_of(actions.RESERVED))


def test_every_offered_action_can_be_done() -> None:
    assert [a.id for a in actions.OFFERED if not hasattr(PlayScreen, f"action_{a.id}")] == []


def test_every_action_says_what_it_does() -> None:
    for action in actions.ACTIONS:
        assert action.help.endswith(".") or action.help.endswith("?")
        assert action.group in actions.GROUPS


def test_a_narrow_footer_keeps_what_matters_most() -> None:
    shown = {action.id for action in actions.footer(60)}
    assert {"quit", "crash", "heal", "help"} <= shown


def test_a_footer_never_overflows() -> None:
    for width in range(20, 220, 7):
        used = 1 + sum(len(a.shown) + len(a.label) + 3 for a in actions.footer(width))
        assert used <= width


def test_a_wide_footer_shows_everything_meant_for_it() -> None:
    assert len(actions.footer(250)) == sum(1 for action in actions.OFFERED if action.footer)


def test_a_screenplay_may_press_what_looks_and_nothing_that_acts() -> None:
    for action in actions.OFFERED:
        looks = action.group == actions.LOOK or action.id == "help"
        assert set(action.keys) <= set(VIEW_KEYS if looks else REFUSED), action.id
    assert not set(VIEW_KEYS) & set(REFUSED)
