"""Links as cells: masks of directions become box-drawing joints, with arrows, marks, and dots that move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from topology.plan import PULL
from tui.draw import glyphs
from tui.draw.canvas import Canvas
from tui.draw.glyphs import DOWN_BIT, LEFT_BIT, RIGHT_BIT, UP_BIT
from tui.draw.layout import Edge, Path, Picture

SPACING = 4
"""Cells between two moving dots."""
FASTEST = 6.5
"""Cells a second that dots move, over the whole run; the eye follows them up to four times that."""

SOLID, DOUBLE, DASHED, ASIDE = "solid", "double", "dashed", "aside"
TABLES = {SOLID: glyphs.SOLID, DOUBLE: glyphs.DOUBLE, DASHED: glyphs.DASHED, ASIDE: glyphs.DASHED}

Cell = tuple[int, int]
Place = tuple[int, int, int]
"""A cell of a link: its number along the way, column, row."""
STRAIGHT = (LEFT_BIT | RIGHT_BIT, UP_BIT | DOWN_BIT)


@dataclass(frozen=True, slots=True)
class Line:
    """How one link looks now: its style and ink, a mark such as ✖, and how far its dots have moved (None: no dots)."""

    style: str
    ink: str
    mark: str = ""
    phase: int | None = None


FAILING_SHARE = 0.5
WARNING_SHARE = 0.05


def line_of(mode: str, wiring: str, cut: bool, breaker: str, rate: float, rate_bad: float, phase: int) -> Line:
    """The look of a link from its figures."""
    style = DASHED if wiring == PULL else SOLID if mode == "->" else DOUBLE
    share = rate_bad / rate if rate > 0 else 0.0
    moving = phase if rate > 0 else None
    if cut:
        return Line(style, "bad", glyphs.FAILING, None)
    if breaker == "open":
        return Line(style, "bad", glyphs.OPEN_BREAKER, None)
    if share >= FAILING_SHARE:
        return Line(style, "bad", glyphs.FAILING, moving)
    if share >= WARNING_SHARE or breaker == "half-open":
        return Line(style, "warn", "", moving)
    return Line(style, "line" if rate > 0 else "dim", "", moving)


def phase_of(flow: float, at_ns: int) -> int:
    """How far the dots of a link have come, from nothing but its flow until an instant: the same in every film of it.

    A link faster than the eye moves its dots half, a quarter … as fast: many cells a picture look like standing still.
    """
    speed = flow * 1_000_000_000 / max(at_ns, 1_000_000_000)
    while speed > FASTEST:
        speed /= 2
        flow /= 2
    return int(flow)


class Port(NamedTuple):
    """Where a link meets a border: the cell, which border (0 right, 1 left), the link, and whether it leaves there."""

    x: int
    y: int
    side: int
    edge: int
    leaves: bool


@dataclass(frozen=True, slots=True)
class Wire:
    """One link's cells that are seen: each with its mask, the straight ones by their place modulo `SPACING`."""

    edge: int
    cells: tuple[tuple[int, int, int], ...]
    dots: tuple[tuple[Cell, ...], ...]
    head: Cell
    heading: int
    middle: Cell | None
    """Where a mark is drawn."""


@dataclass(frozen=True, slots=True)
class Wires:
    """What a window shows of a picture's links, where it shows it; it changes only when the window moves."""

    wires: tuple[Wire, ...]
    ports: tuple[Port, ...]


def wires_of(picture: Picture, left: int, top: int, width: int, height: int) -> Wires:
    """The links as seen through a window. What lies outside costs nothing but a look at its corners."""
    right, low = left + width, top + height
    seen: list[tuple[Path, list[Place]]] = []
    for path in picture.paths:
        if _touches(path, left, top, right, low):
            seen.append((path, path.within(left - 1, top - 1, right + 1, low + 1)))
    masks = _masks(seen)
    inside = [(path, [c for c in cells if left <= c[1] < right and top <= c[2] < low]) for path, cells in seen]
    shared = _shared(cells for _, cells in inside)
    wires = (_wire(path, cells, masks, shared, left, top) for path, cells in inside if cells)
    ports = (port._replace(x=port.x - left, y=port.y - top) for port in _ports(picture))
    return Wires(tuple(wires), tuple(port for port in ports if 0 <= port.x < width and 0 <= port.y < height))


def _touches(path: Path, left: int, top: int, right: int, low: int) -> bool:
    xs, ys = [x for x, _ in path.corners], [y for _, y in path.corners]
    return max(xs) >= left and min(xs) < right and max(ys) >= top and min(ys) < low


def _wire(path: Path, cells: list[Place], masks: dict[Cell, int], shared: set[Cell], left: int, top: int) -> Wire:
    """A link as seen; its mark sits in the middle of what it has for itself."""
    length = _length(path)
    dots: tuple[list[Cell], ...] = tuple([] for _ in range(SPACING))
    for at, x, y in cells:
        if at < length - 1 and masks[x, y] in STRAIGHT:
            dots[at % SPACING].append((x - left, y - top))
    way = [(x, y) for at, x, y in cells if at < length - 1]
    own = [cell for cell in way if cell not in shared] or way
    middle = (own[len(own) // 2][0] - left, own[len(own) // 2][1] - top) if own else None
    head = (path.corners[-1][0] - left, path.corners[-1][1] - top)
    drawn = tuple((x - left, y - top, masks[x, y]) for _, x, y in cells)
    return Wire(path.edge, drawn, tuple(map(tuple, dots)), head, path.heading, middle)


def _length(path: Path) -> int:
    return 1 + sum(abs(to_x - x) + abs(to_y - y) for (x, y), (to_x, to_y) in pairwise(path.corners))


WEIGHTS = {"faint": 0, "dim": 1, "line": 2, "title": 3, "warn": 4, "bad": 5}


def draw_links(canvas: Canvas, lines: Mapping[int, Line], wires: Wires) -> None:
    """Draw all links; those in trouble come last, so that they are seen where several share a way."""
    order = sorted(wires.wires, key=lambda wire: (WEIGHTS[lines[wire.edge].ink], wire.edge))
    for wire in order:
        _draw_line(canvas, wire, lines[wire.edge])
    for wire in order:
        _draw_head(canvas, wire, lines[wire.edge])


def _masks(seen: Sequence[tuple[Path, list[Place]]]) -> dict[Cell, int]:
    masks: dict[Cell, int] = {}
    for path, cells in seen:
        for (at, x, y), (next_at, to_x, to_y) in pairwise(cells):
            if next_at == at + 1:
                there, back = _bits(to_x - x, to_y - y)
                masks[x, y] = masks.get((x, y), 0) | there
                masks[to_x, to_y] = masks.get((to_x, to_y), 0) | back
        for way in (path.corners, path.corners[::-1]):
            masks[way[0]] = masks.get(way[0], 0) | _outward(way)
    return masks


def _outward(way: Sequence[Cell]) -> int:
    """Towards the border from which a way begins: against its first step; both ways for a single cell."""
    inner = next((corner for corner in way if corner != way[0]), None)
    if inner is None:
        return LEFT_BIT | RIGHT_BIT
    return LEFT_BIT if inner[0] > way[0][0] else RIGHT_BIT


def _bits(dx: int, dy: int) -> tuple[int, int]:
    if dx:
        return (RIGHT_BIT, LEFT_BIT) if dx > 0 else (LEFT_BIT, RIGHT_BIT)
    return (DOWN_BIT, UP_BIT) if dy > 0 else (UP_BIT, DOWN_BIT)


def _shared(paths: Iterable[list[Place]]) -> set[Cell]:
    seen: set[Cell] = set()
    twice: set[Cell] = set()
    for cells in paths:
        for _, x, y in cells:
            (twice if (x, y) in seen else seen).add((x, y))
    return twice


def _draw_line(canvas: Canvas, wire: Wire, line: Line) -> None:
    table, ink, chars, inks = TABLES[line.style], line.ink, canvas.chars, canvas.inks
    for x, y, mask in wire.cells:
        chars[y][x] = table[mask]
        inks[y][x] = ink
    if line.phase is not None:
        for x, y in wire.dots[line.phase % SPACING]:
            chars[y][x] = glyphs.DOT


def _draw_head(canvas: Canvas, wire: Wire, line: Line) -> None:
    arrows = glyphs.ASIDE_ARROWS if line.style == ASIDE else glyphs.ARROWS
    canvas.put(*wire.head, arrows[wire.heading], line.ink)
    if line.mark and wire.middle:
        canvas.put(*wire.middle, line.mark, f"{line.ink}+bold")


def draw_ports(
    canvas: Canvas, wires: Wires, lines: Mapping[int, Line], edges: Sequence[Edge], states: Mapping[int, str]
) -> None:
    """Where a link meets a border, the border shows it; `states` are those of the items that are seen."""
    for port in wires.ports:
        edge = edges[port.edge]
        state = states.get(edge.source if port.leaves else edge.target)
        if state is not None:
            ports = glyphs.DOUBLE_PORTS if lines[port.edge].style == DOUBLE else glyphs.PORTS
            canvas.chars[port.y][port.x] = ports[state][port.side]


def _ports(picture: Picture) -> list[Port]:
    """Two for each path: where it leaves, and where it arrives; none where nodes have no borders."""
    if picture.detail.height < 3:
        return []
    found: list[Port] = []
    for path in picture.paths:
        (x, y), (to_x, to_y) = path.corners[0], path.corners[-1]
        found.append(Port(x - path.leaving, y, 0 if path.leaving == 1 else 1, path.edge, True))
        found.append(Port(to_x + path.heading, to_y, 1 if path.heading == 1 else 0, path.edge, False))
    return found
