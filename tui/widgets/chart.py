"""A workflow's graph on screen: it scrolls by itself to keep the chosen state in sight."""

from __future__ import annotations

from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize
from textual.message import Message
from textual.strip import Strip

from tui.draw.canvas import Canvas, Run, strip_of
from tui.draw.layout import node_at
from tui.draw.palette import Palette
from tui.draw.scene import Window
from tui.draw.states import Chart, Look
from tui.widgets.lines import Lines

STEP = 3
"""Rows that a turn of the wheel scrolls."""


class StateChart(Lines):
    """The boxes and ways of one graph."""

    DEFAULT_CSS = """
    StateChart { height: 1fr; width: 1fr; }
    """

    class Chosen(Message):
        """A state was clicked."""

        def __init__(self, state: int) -> None:
            super().__init__()
            self.state = state

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.chart: Chart | None = None
        self.look: Look | None = None
        self.canvas = Canvas(0, 0)
        self.left = 0
        self.top = 0

    def show(self, chart: Chart, look: Look, palette: Palette) -> None:
        """Draw it as it is now."""
        moved = self.look is None or look.chosen != self.look.chosen or chart is not self.chart
        self.chart, self.look, self.palette = chart, look, palette
        width, height = self.size
        if width <= 0 or height <= 0:
            return
        before = chart.picture
        picture = chart.fit(width, height)
        if moved or picture is not before:
            self._follow(chart, look.chosen)
        self.left = _bounded(self.left, picture.width, width)
        self.top = _bounded(self.top, picture.height, height)
        window = Window(max(self.left, 0), max(self.top, 0), min(width, picture.width), min(height, picture.height))
        self.canvas = chart.draw(look, window)
        self.refresh()

    @property
    def extent(self) -> str:
        """Which rows and columns are seen, where that is not all."""
        if self.chart is None or self.size.width <= 0:
            return ""
        whole, room = self.chart.picture, self.size
        found = []
        if whole.height > room.height:
            found.append(f"rows {self.top + 1}–{self.top + room.height} of {whole.height}")
        if whole.width > room.width:
            found.append(f"columns {self.left + 1}–{self.left + room.width} of {whole.width}")
        return ", ".join(found)

    def scroll_by(self, rows: int, columns: int = 0) -> None:
        """Look at another part."""
        self.top += rows
        self.left += columns
        if self.chart is not None and self.look is not None:
            self.show(self.chart, self.look, self.palette)

    def _follow(self, chart: Chart, chosen: int) -> None:
        if not 0 <= chosen < len(chart.picture.boxes):
            return
        box = chart.picture.boxes[chosen]
        self.left = _brought(self.left, self.size.width, box.x, box.width)
        self.top = _brought(self.top, self.size.height, box.y, box.height)

    def render_line(self, y: int) -> Strip:
        """A row of the canvas."""
        row = y + min(self.top, 0)
        runs: list[Run] = []
        if 0 <= row < self.canvas.height:
            pad: list[Run] = [(" " * -self.left, "text")] if self.left < 0 else []
            runs = pad + self.canvas.runs(row)
        return strip_of(runs, self.size.width, self.palette)

    def on_click(self, event: Click) -> None:
        """Choose the state under the pointer."""
        if self.chart is not None:
            at = node_at(self.chart.picture, event.x + self.left, event.y + self.top)
            if at is not None:
                self.post_message(self.Chosen(self.chart.state_of(at)))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Scroll down."""
        self.scroll_by(STEP)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Scroll up."""
        self.scroll_by(-STEP)

    def on_resize(self, event: Resize) -> None:
        """Lay out again for the new size."""
        self.scroll_by(0)


def _bounded(offset: int, whole: int, room: int) -> int:
    """Where it all fits it is centred, with a negative offset; else the offset stays inside."""
    return -((room - whole) // 2) if whole <= room else min(max(offset, 0), whole - room)


def _brought(offset: int, room: int, at: int, size: int) -> int:
    """Where to scroll to so that something is seen: not at all where it is, else to have it in the middle."""
    return offset if offset <= at and at + size <= offset + room else at - (room - size) // 2
