"""A field of a form with a few values: left, right or space go to the next; Enter is the form's."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding
from textual.events import Click
from textual.message import Message
from textual.widget import Widget


class Choice(Widget):
    """One line that shows the chosen words between two arrows."""

    can_focus = True
    BINDINGS = [
        Binding("right,space", "turn(1)", "next", show=False),
        Binding("left", "turn(-1)", "previous", show=False),
        Binding("enter", "submit", "done", show=False),
    ]
    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; padding: 0 1; background: $foreground 10%; }
    Choice:focus { background: $foreground 20%; }
    """

    class Submitted(Message):
        """Enter was pressed."""

    def __init__(self, options: Sequence[tuple[str, str]], *, id: str) -> None:
        super().__init__(id=id)
        self.options = options
        self.at = 0

    @property
    def value(self) -> str:
        """What the chosen words stand for."""
        return self.options[self.at][1]

    def render(self) -> str:
        """The chosen words."""
        return f"◂ {self.options[self.at][0]} ▸"

    def action_turn(self, steps: int) -> None:
        """Another value."""
        self.at = (self.at + steps) % len(self.options)
        self.refresh()

    def action_submit(self) -> None:
        """As Enter in any other field."""
        self.post_message(self.Submitted())

    def on_click(self, event: Click) -> None:
        """The next value."""
        self.action_turn(1)
