"""Rows of inked text that scroll: only those that are seen are drawn, so that thousands cost no more than a screen."""

from __future__ import annotations

from textual.events import MouseScrollDown, MouseScrollUp
from textual.message import Message

from tui.draw.canvas import Run
from tui.draw.palette import Palette
from tui.widgets.lines import WHEEL, Lines


class ScrollLines(Lines):
    """Rows with a place in them. Whoever shows them may ask which are seen, and make no others."""

    DEFAULT_CSS = """
    ScrollLines { height: 1fr; width: 1fr; }
    """

    class Scrolled(Message):
        """The wheel was turned by so many rows."""

        def __init__(self, of: ScrollLines, rows: int) -> None:
            super().__init__()
            self.of = of
            self.rows = rows

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.top = 0
        self.whole = 0

    def place(self, whole: int, top: int) -> range:
        """Say how many rows there are, and the first that is wanted; gives those that are seen."""
        room = max(1, self.size.height)
        self.whole = whole
        self.top = max(0, min(top, whole - room))
        return range(self.top, min(whole, self.top + room))

    @property
    def at_end(self) -> bool:
        """Whether the last row is seen."""
        return self.top + self.size.height >= self.whole

    @property
    def extent(self) -> str:
        """Which rows are seen, where that is not all of them."""
        room = self.size.height
        return f"{self.top + 1:,}–{min(self.whole, self.top + room):,} of {self.whole:,}" if self.whole > room > 0 else ""

    def show_all(self, rows: list[list[Run]], top: int, palette: Palette) -> None:
        """Show what is seen of these rows, from one on."""
        seen = self.place(len(rows), top)
        self.show_rows(rows[seen.start : seen.stop], palette)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Scroll down."""
        self.post_message(self.Scrolled(self, WHEEL))

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Scroll up."""
        self.post_message(self.Scrolled(self, -WHEEL))
