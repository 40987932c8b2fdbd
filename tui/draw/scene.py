"""A design as a scene: its picture laid out once for a size, then drawn from each frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from topology.frame import Frame, NodeFrame
from topology.plan import DesignPlan
from tui.draw.boxes import draw_box
from tui.draw.canvas import Canvas
from tui.draw.layout import Edge, Picture, arrange
from tui.draw.routing import ASIDE, Line, draw_links, draw_ports, line_of, phase_of, wires_of


class Scene:
    """One design at one size. `asides` are ways that are no links, such as the one to a dead-letter queue."""

    def __init__(self, names: list[str], links: list[tuple[str, str]], asides: list[tuple[str, str]]) -> None:
        self.names = names
        self.index = {name: at for at, name in enumerate(names)}
        self.links = len(links)
        self.edges = [Edge(self.index[a], self.index[b]) for a, b in [*links, *asides]]
        self.picture = arrange(names, self.edges, 0, 0)
        self.size = (0, 0)
        self.wires = wires_of(self.picture)

    def fit(self, width: int, height: int) -> Picture:
        """Lay out again where the size changed."""
        if (width, height) != self.size:
            self.size = (width, height)
            self.picture = arrange(self.names, self.edges, width, height)
            self.wires = wires_of(self.picture)
        return self.picture

    def draw(self, frame: Frame, chosen: str) -> Canvas:
        """The picture of one frame, at its full size."""
        picture = self.picture
        canvas = Canvas(picture.width, picture.height)
        nodes = {node.name: node for node in frame.nodes}
        lines = self._lines(frame)
        draw_links(canvas, picture, lines, self.wires)
        for name, box in zip(self.names, picture.boxes, strict=True):
            draw_box(canvas, box, nodes[name], picture.detail, name == chosen, frame.uncalled(name))
        draw_ports(canvas, self.wires, lines, self._states(nodes))
        return canvas

    def _lines(self, frame: Frame) -> list[Line]:
        lines: list[Line] = []
        for link in frame.links:
            phase = phase_of(link.flow, frame.at_ns)
            lines.append(line_of(link.mode, link.wiring, link.cut, link.breaker, link.rate, link.rate_bad, phase))
        return lines + [Line(ASIDE, "faint")] * (len(self.edges) - len(lines))

    def _states(self, nodes: Mapping[str, NodeFrame]) -> list[tuple[str, str]]:
        return [(nodes[self.names[e.source]].state, nodes[self.names[e.target]].state) for e in self.edges]


def scene_of(design: DesignPlan, frame: Frame) -> Scene:
    """The scene of a design; nodes and links in the frame's order."""
    names = [node.name for node in frame.nodes]
    links = [(link.caller, link.callee) for link in frame.links]
    return Scene(names, links, asides_of(design, set(names), set(links)))


def asides_of(design: DesignPlan, names: set[str], links: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Ways from a node to another that one of its parameters names, where no link is drawn already."""
    found: list[tuple[str, str]] = []
    for node in design.nodes:
        for other in _words(node.values.values()):
            way = (node.name, other)
            if other in names and other != node.name and way not in links and way not in found:
                found.append(way)
    return [way for way in found if way[0] in names]


def _words(values: Iterable[Any]) -> list[str]:
    words: list[str] = []
    for value in values:
        if isinstance(value, str):
            words.append(value)
        elif isinstance(value, dict):
            words += _words(value.values())
    return words
