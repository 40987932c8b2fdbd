"""A widget that shows rows of inked text; what all our widgets draw with."""

from __future__ import annotations

from textual.strip import Strip
from textual.widget import Widget

from tui.draw.canvas import Run, strip_of
from tui.draw.palette import DARK, Palette

WHEEL = 3
"""Rows that a turn of the wheel scrolls."""


class Lines(Widget):
    """Rows of runs, drawn line by line; it asks to be drawn again only when something changed."""

    ALLOW_SELECT = False
    can_focus = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.rows: list[list[Run]] = []
        self.palette: Palette = DARK

    def show_rows(self, rows: list[list[Run]], palette: Palette) -> None:
        """Show these rows from now on."""
        if rows != self.rows or palette is not self.palette:
            self.rows = rows
            self.palette = palette
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row, filled to the full width."""
        runs = self.rows[y] if y < len(self.rows) else []
        return strip_of(runs, self.size.width, self.palette)


def rule(words: str, width: int) -> list[Run]:
    """A line across, with a few words in it."""
    if not words:
        return [("─" * width, "faint")]
    return [("─ ", "faint"), (words, "dim"), (" " + "─" * max(0, width - len(words) - 3), "faint")]
