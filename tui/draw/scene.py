"""A design as a scene: its picture laid out once for a size, then drawn from each frame, as much of it as is seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from topology.frame import Frame, NodeFrame, idle_replicas
from topology.plan import DesignPlan
from tui.draw.boxes import draw_box
from tui.draw.canvas import Canvas
from tui.draw.crowd import Crowd, crowd_of, sum_links
from tui.draw.groups import LEVELS, Folding, Item
from tui.draw.layout import LINE, Box, Edge, Picture, arrange, fitting, rank
from tui.draw.routing import ASIDE, Line, Wires, draw_links, draw_ports, line_of, phase_of, wires_of


class Window(NamedTuple):
    """The part of a picture that is seen."""

    left: int
    top: int
    width: int
    height: int


class Scene:
    """One design at one size. `asides` are ways that are no links, such as the one to a dead-letter queue."""

    def __init__(
        self,
        names: list[str],
        links: list[tuple[str, str]],
        asides: list[tuple[str, str]],
        kinds: list[str] | None = None,
    ) -> None:
        self.names = names
        self.index = {name: at for at, name in enumerate(names)}
        self.links = [Edge(self.index[a], self.index[b]) for a, b in links]
        self.asides = [Edge(self.index[a], self.index[b]) for a, b in asides]
        self.folding = Folding(names, kinds or [""] * len(names), self.links)
        self.callers: list[list[int]] = [[] for _ in names]
        for link in self.links:
            self.callers[link.target].append(link.source)
        self.size = (-1, -1)
        self.items: list[Item] = []
        self.place: list[int] = [0] * len(names)
        self.edges: list[Edge] = []
        self.edge_of: list[int] = []
        self.first_link: list[int] = []
        self.joined = 0
        """So many edges are links; the others are asides."""
        self.grouped = False
        self.picture = Picture(LINE, 0, 0, (), ())
        self.seen: tuple[Window, list[tuple[int, Box]], Wires] | None = None

    # What is drawn where.

    def fit(self, width: int, height: int) -> Picture:
        """Lay out again where the size changed."""
        if (width, height) != self.size:
            self.size = (width, height)
            self.folding.level = self._level(width, height)
            self._lay_out(self.folding.items(), width, height)
        return self.picture

    def refold(self) -> None:
        """Lay out again after groups were opened or folded."""
        self._lay_out(self.folding.items(), *self.size)

    def _level(self, width: int, height: int) -> int:
        """The lowest level of groups on which everything fits; else the one that draws least."""
        fewest, best = 1 << 30, 0
        columns = max(1, width // LINE.least)
        for level in range(LEVELS + 1):
            items = self.folding.items(level)
            if len(items) < fewest:
                fewest, best = len(items), level
                if len(items) <= columns * height and self._fits(items, width, height):
                    return level
        return best

    def _fits(self, items: list[Item], width: int, height: int) -> bool:
        _, edges, _ = self._joined(items)
        labels = [item.label for item in items]
        return fitting(rank(len(items), edges), labels, width, height) is not None

    def _lay_out(self, items: list[Item], width: int, height: int) -> None:
        self.items = items
        self.place, self.edges, self.edge_of = self._joined(items)
        self.grouped = len(items) < len(self.names)
        self.picture = arrange([item.label for item in items], self.edges, width, height)
        self.seen = None

    def _joined(self, items: list[Item]) -> tuple[list[int], list[Edge], list[int]]:
        """For each node its item; the edges between items; and for each link its edge, -1 within a group."""
        place = [0] * len(self.names)
        for at, item in enumerate(items):
            for member in item.members:
                place[member] = at
        found: dict[tuple[int, int], int] = {}
        edge_of: list[int] = []
        for link in self.links:
            ends = (place[link.source], place[link.target])
            inside = ends[0] == ends[1] and link.source != link.target
            edge_of.append(-1 if inside else found.setdefault(ends, len(found)))
        self.joined = len(found)
        self.first_link = [0] * len(found)
        for at in range(len(self.links) - 1, -1, -1):
            if edge_of[at] >= 0:
                self.first_link[edge_of[at]] = at
        for aside in self.asides:
            if place[aside.source] != place[aside.target]:
                found.setdefault((place[aside.source], place[aside.target]), len(found))
        return place, [Edge(*ends) for ends in found], edge_of

    def item_of(self, name: str) -> int | None:
        """Where a node is drawn, as an index of items and boxes; None where the design has no such node."""
        at = self.index.get(name)
        return None if at is None else self.place[at]

    def spokesman(self, item: int, frame: Frame) -> str:
        """The node that is chosen with an item: of a group the first that is not well, else the first."""
        members = self.items[item].members
        ill = (at for at in members if frame.nodes[at].state != "ok")
        return self.names[next(ill, members[0])]

    # Drawing.

    def draw(self, frame: Frame, chosen: str, window: Window | None = None) -> Canvas:
        """The picture of one frame: all of it, or what a window shows."""
        picture = self.picture
        window = window or Window(0, 0, picture.width, picture.height)
        canvas = Canvas(window.width, window.height)
        boxes, wires = self._seen(window)
        lines = self._lines(frame, wires)
        draw_links(canvas, lines, wires)
        states: dict[int, str] = {}
        at_chosen = self.item_of(chosen)
        for at, box in boxes:
            node, crowd, idle = self._shown(frame, at)
            states[at] = node.state
            draw_box(canvas, box, node, picture.detail, at == at_chosen, idle, crowd)
        draw_ports(canvas, wires, lines, self.edges, states)
        return canvas

    def _seen(self, window: Window) -> tuple[list[tuple[int, Box]], Wires]:
        """Boxes and wires that a window shows, moved to where it shows them; kept until it moves."""
        if self.seen is None or self.seen[0] != window:
            boxes = [
                (at, replace(box, x=box.x - window.left, y=box.y - window.top))
                for at, box in enumerate(self.picture.boxes)
                if box.y < window.top + window.height
                and box.y + box.height > window.top
                and box.x < window.left + window.width
                and box.x + box.width > window.left
            ]
            self.seen = (window, boxes, wires_of(self.picture, *window))
        return self.seen[1], self.seen[2]

    def _shown(self, frame: Frame, at: int) -> tuple[NodeFrame, Crowd | None, tuple[str, ...]]:
        """An item as a node, as a crowd where it is one, and which of its replicas nobody calls."""
        members = self.items[at].members
        if len(members) > 1:
            crowd = crowd_of([frame.nodes[member] for member in members])
            return crowd.sums, crowd, ()
        node = frame.nodes[members[0]]
        return node, None, idle_replicas(node, [frame.nodes[caller] for caller in self.callers[members[0]]])

    def _lines(self, frame: Frame, wires: Wires) -> dict[int, Line]:
        """How each edge that is seen looks."""
        trunks = sum_links(frame, self.edge_of, self.joined) if self.grouped else []
        lines: dict[int, Line] = {}
        for wire in wires.wires:
            if wire.edge >= self.joined:
                lines[wire.edge] = ASIDE_LINE
            elif trunks:
                lines[wire.edge] = trunks[wire.edge].line(frame.at_ns)
            else:
                link = frame.links[self.first_link[wire.edge]]
                phase = phase_of(link.flow, frame.at_ns)
                bad = link.rate_bad
                lines[wire.edge] = line_of(link.mode, link.wiring, link.cut, link.breaker, link.rate, bad, phase)
        return lines


ASIDE_LINE = Line(ASIDE, "faint")


def scene_of(design: DesignPlan, frame: Frame) -> Scene:
    """The scene of a design; nodes and links in the frame's order."""
    names = [node.name for node in frame.nodes]
    links = [(link.caller, link.callee) for link in frame.links]
    asides = asides_of(design, set(names), set(links))
    return Scene(names, links, asides, [node.kind for node in frame.nodes])


def asides_of(design: DesignPlan, names: set[str], links: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Ways from a node to another that one of its parameters names, where no link is drawn already."""
    found: dict[tuple[str, str], None] = {}
    for node in design.nodes:
        for other in _words(node.values.values()):
            way = (node.name, other)
            if other in names and other != node.name and way not in links:
                found[way] = None
    return [way for way in found if way[0] in names]


def _words(values: Iterable[Any]) -> list[str]:
    words: list[str] = []
    for value in values:
        if isinstance(value, str):
            words.append(value)
        elif isinstance(value, dict):
            words += _words(value.values())
    return words
