"""A picture on a canvas that may be larger than its place: which part of it is seen, and the wheel."""

from __future__ import annotations

from textual.events import MouseScrollDown, MouseScrollUp, Resize

from tui.draw.canvas import Canvas, Run
from tui.draw.layout import Box, Picture
from tui.draw.scene import Window
from tui.widgets.lines import WHEEL, Lines


class Panned(Lines):
    """What draws boxes onto a canvas. It scrolls by itself to keep a box in sight."""

    HEAD = 0
    """Rows above the picture."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.canvas = Canvas(0, 0)
        self.left = 0
        self.top = 0

    @property
    def room(self) -> tuple[int, int]:
        """Columns and rows for the picture."""
        return self.size.width, self.size.height - self.HEAD

    def again(self) -> None:
        """Draw what was shown last; nothing before the first time."""
        raise NotImplementedError

    def follow(self, box: Box) -> None:
        """Bring a box in sight."""
        width, height = self.room
        self.left = _brought(self.left, width, box.x, box.width)
        self.top = _brought(self.top, height, box.y, box.height)

    def bound(self, picture: Picture) -> Window:
        """Keep to the picture; gives the part of it that is seen."""
        width, height = self.room
        self.left = _bounded(self.left, picture.width, width)
        self.top = _bounded(self.top, picture.height, height)
        return Window(max(self.left, 0), max(self.top, 0), min(width, picture.width), min(height, picture.height))

    def picture_row(self, y: int) -> list[Run]:
        """A row of the canvas, counted from the first below the head."""
        row = y + min(self.top, 0)
        if not 0 <= row < self.canvas.height:
            return []
        pad: list[Run] = [(" " * -self.left, "text")] if self.left < 0 else []
        return pad + self.canvas.runs(row)

    def scroll_rows(self, rows: int) -> None:
        """Look at another part."""
        self.top += rows
        self.again()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Scroll down."""
        self.scroll_rows(WHEEL)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Scroll up."""
        self.scroll_rows(-WHEEL)

    def on_resize(self, event: Resize) -> None:
        """Lay out again for the new size."""
        self.again()


def _bounded(offset: int, whole: int, room: int) -> int:
    """Where it all fits it is centred, with a negative offset; else the offset stays inside."""
    return -((room - whole) // 2) if whole <= room else min(max(offset, 0), whole - room)


def _brought(offset: int, room: int, at: int, size: int) -> int:
    """Where to scroll to so that something is seen: not at all where it is, else to have it in the middle."""
    return offset if offset <= at and at + size <= offset + room else at - (room - size) // 2
