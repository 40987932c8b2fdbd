"""A workflow's graph on screen: it scrolls by itself to keep the chosen state in sight."""

from __future__ import annotations

from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tui.draw.canvas import strip_of
from tui.draw.layout import node_at
from tui.draw.palette import Palette
from tui.draw.states import Chart, Look
from tui.widgets.panned import Panned


class StateChart(Panned):
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

    def show(self, chart: Chart, look: Look, palette: Palette) -> None:
        """Draw it as it is now."""
        moved = self.look is None or look.chosen != self.look.chosen or chart is not self.chart
        self.chart, self.look, self.palette = chart, look, palette
        width, height = self.room
        if width <= 0 or height <= 0:
            return
        before = chart.picture
        picture = chart.fit(width, height)
        if (moved or picture is not before) and 0 <= look.chosen < len(picture.boxes):
            self.follow(picture.boxes[look.chosen])
        self.canvas = chart.draw(look, self.bound(picture))
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

    def again(self) -> None:
        """Draw it as it was last shown."""
        if self.chart is not None and self.look is not None:
            self.show(self.chart, self.look, self.palette)

    def render_line(self, y: int) -> Strip:
        """A row of the canvas."""
        return strip_of(self.picture_row(y), self.size.width, self.palette)

    def on_click(self, event: Click) -> None:
        """Choose the state under the pointer."""
        if self.chart is not None:
            at = node_at(self.chart.picture, event.x + self.left, event.y + self.top)
            if at is not None:
                self.post_message(self.Chosen(self.chart.state_of(at)))
