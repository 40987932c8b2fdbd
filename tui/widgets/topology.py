"""A design's picture: one widget with a canvas of cells, however many nodes there are."""

from __future__ import annotations

from dataclasses import dataclass

from textual.events import Click
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from topology.frame import Frame
from tui.draw import figures
from tui.draw.canvas import Run, strip_of
from tui.draw.crowd import signs, states_of
from tui.draw.layout import neighbour, node_at
from tui.draw.palette import Palette
from tui.draw.scene import Scene
from tui.widgets.panned import Panned


@dataclass(frozen=True)
class View:
    """What a topology shows: a frame, the chosen node (or none), the words beside its name, and colours."""

    frame: Frame
    chosen: str
    sign: str
    words: str
    ink: str
    palette: Palette


class Topology(Panned):
    """One design. It scrolls by itself to keep the chosen node in sight."""

    HEAD = 1
    DEFAULT_CSS = """
    Topology { height: 1fr; }
    """

    class Chosen(Message):
        """A node was clicked."""

        def __init__(self, design: str, node: str) -> None:
            super().__init__()
            self.design = design
            self.node = node

    def __init__(self, design: str, scene: Scene) -> None:
        super().__init__()
        self.design = design
        self.scene = scene
        self.view: View | None = None

    @property
    def seen(self) -> bool:
        """Whether its column is on screen."""
        return isinstance(self.parent, Widget) and self.parent.display

    def show(self, view: View) -> None:
        """Draw a frame; called once a picture."""
        moved = self.view is None or view.chosen != self.view.chosen
        self.view = view
        self.palette = view.palette
        width, height = self.room
        if width <= 0 or height <= 0:
            return
        before = self.scene.picture
        picture = self.scene.fit(width, height)
        if moved or picture is not before:
            self._follow(view.chosen)
        self.canvas = self.scene.draw(view.frame, view.chosen, self.bound(picture))
        self.refresh()

    def toggle(self, name: str) -> bool:
        """Open the group that a node is drawn in, or fold the one around it; False where there is none."""
        at = self.scene.index.get(name)
        return at is not None and self._refolded(self.scene.folding.toggle(at))

    def reveal(self, name: str) -> bool:
        """Open every group that hides a node."""
        at = self.scene.index.get(name)
        return at is not None and self._refolded(self.scene.folding.reveal(at))

    def toggle_all(self) -> bool:
        """Open all groups, or fold all; whether they are folded now."""
        folded = self.scene.folding.toggle_all()
        self._refolded(True)
        return folded

    def _refolded(self, changed: bool) -> bool:
        if changed:
            self.scene.refold()
            if self.view is not None:
                self._follow(self.view.chosen)
        return changed

    def _follow(self, chosen: str) -> None:
        at = self.scene.item_of(chosen)
        if at is not None:
            self.follow(self.scene.picture.boxes[at])

    def render_line(self, y: int) -> Strip:
        """The title, or a row of the canvas."""
        if self.view is None:
            return strip_of([], self.size.width, self.palette)
        runs = self._title(self.view) if y == 0 else self.picture_row(y - self.HEAD)
        return strip_of(runs, self.size.width, self.palette)

    def _title(self, view: View) -> list[Run]:
        width = self.size.width
        name = figures.fit(self.design, max(8, width // 2))
        words = f"{view.sign} {view.words}" if len(view.words) + len(name) + 8 <= width else view.sign
        extent = self._extent(view)
        if extent and len(extent) + len(words) + len(name) + 12 <= width:
            words = f"{extent} {'━' if view.chosen else '─'} {words}"
        line = "━" if view.chosen else "─"
        ink = "title" if view.chosen else "faint"
        middle = line * max(0, width - len(name) - len(words) - 7)
        return [
            (line, ink),
            (f" {name} ", "title+bold+reverse" if view.chosen else "title"),
            (f"{line}{middle} ", ink),
            (words, f"{view.ink}+bold"),
            (" ", "text"),
        ]

    def _extent(self, view: View) -> str:
        """Where not every node is seen by itself: how many there are, how they are, and which rows are shown."""
        whole, room = self.scene.picture.height, self.room[1]
        if not self.scene.grouped and whole <= room and self.scene.picture.width <= self.size.width:
            return ""
        nodes = view.frame.nodes
        part = f", rows {self.top + 1}–{self.top + room} of {whole}" if whole > room else ""
        return f"{len(nodes):,} nodes: {signs(states_of(nodes))}{part}"

    def beside(self, chosen: str, step_x: int, step_y: int) -> str:
        """The node next to another, in a direction."""
        at = self.scene.item_of(chosen) or 0
        beside = neighbour(self.scene.picture, at, step_x, step_y) if self.scene.picture.boxes else at
        if beside == at or self.view is None:
            return chosen
        return self.scene.spokesman(beside, self.view.frame)

    def on_click(self, event: Click) -> None:
        """Choose the node under the pointer; the title chooses the design."""
        at = node_at(self.scene.picture, event.x + self.left, event.y - self.HEAD + self.top)
        name = self.scene.spokesman(at, self.view.frame) if at is not None and self.view is not None else ""
        self.post_message(self.Chosen(self.design, name))

    def again(self) -> None:
        """Draw the frame that was shown last."""
        if self.view is not None:
            self.show(self.view)
