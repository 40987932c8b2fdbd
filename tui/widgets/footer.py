"""The keys that matter most, as many as fit; a click on one is the key."""

from __future__ import annotations

from textual.events import Click
from textual.message import Message

from tui import actions
from tui.draw.canvas import Run
from tui.draw.palette import Palette
from tui.widgets.lines import Lines


class KeyFooter(Lines):
    """Keys and labels, read from the table of actions."""

    DEFAULT_CSS = """
    KeyFooter { height: 1; dock: bottom; }
    """

    class Pressed(Message):
        """A label was clicked."""

        def __init__(self, action: actions.Action) -> None:
            super().__init__()
            self.action = action

    first: tuple[str, ...] = ()
    """What matters more just now."""

    def show(self, palette: Palette, first: tuple[str, ...] = ()) -> None:
        """Show what fits."""
        self.first = first
        self.show_rows([footer_row(self.size.width, first)], palette)

    def on_click(self, event: Click) -> None:
        """Find the label under the pointer."""
        at = 1
        for action in actions.footer(self.size.width, self.first):
            end = at + len(action.shown) + len(action.label) + 3
            if at <= event.x < end:
                self.post_message(self.Pressed(action))
                return
            at = end


def footer_row(width: int, first: tuple[str, ...] = ()) -> list[Run]:
    """Keys and labels at a width; some that matter more just now before others."""
    runs: list[Run] = [(" ", "text")]
    for action in actions.footer(width, first):
        runs += [(action.shown, "key+bold"), (f" {action.label}  ", "dim")]
    return runs
