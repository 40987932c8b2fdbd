"""Links as cells: masks of directions become box-drawing joints, with arrows, marks, and dots that move."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from topology.plan import PULL
from tui.draw import glyphs
from tui.draw.canvas import Canvas
from tui.draw.glyphs import DOWN_BIT, LEFT_BIT, RIGHT_BIT, UP_BIT
from tui.draw.layout import Path, Picture

SPACING = 4
"""Cells between two moving dots."""
FASTEST = 6.5
"""Cells a second that dots move, over the whole run; the eye follows them up to four times that."""

SOLID, DOUBLE, DASHED, ASIDE = "solid", "double", "dashed", "aside"
TABLES = {SOLID: glyphs.SOLID, DOUBLE: glyphs.DOUBLE, DASHED: glyphs.DASHED, ASIDE: glyphs.DASHED}

Cell = tuple[int, int]
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


@dataclass(frozen=True, slots=True)
class Wires:
    """What of a picture's links does not change from frame to frame."""

    masks: dict[Cell, int]
    shared: frozenset[Cell]
    ports: tuple[tuple[int, int, int, int], ...]
    """Column and row of a border where a link leaves or arrives, which border (0 right, 1 left), and the path."""


def wires_of(picture: Picture) -> Wires:
    """Computed once per layout."""
    return Wires(_masks(picture.paths), frozenset(_shared(picture.paths)), tuple(_ports(picture)))


WEIGHTS = {"faint": 0, "dim": 1, "line": 2, "warn": 3, "bad": 4}


def draw_links(canvas: Canvas, picture: Picture, lines: list[Line], wires: Wires) -> None:
    """Draw all links; those in trouble come last, so that they are seen where several share a way."""
    order = sorted(picture.paths, key=lambda p: (WEIGHTS[lines[p.edge].ink], p.edge))
    for path in order:
        _draw_line(canvas, path, lines[path.edge], wires.masks)
    for path in order:
        _draw_head(canvas, path, lines[path.edge], wires.shared)


def _masks(paths: tuple[Path, ...]) -> dict[Cell, int]:
    masks: dict[Cell, int] = {}
    for path in paths:
        cells = path.cells
        for (x, y), (to_x, to_y) in pairwise(cells):
            there, back = _bits(to_x - x, to_y - y)
            masks[x, y] = masks.get((x, y), 0) | there
            masks[to_x, to_y] = masks.get((to_x, to_y), 0) | back
        for end, inner in ((cells[0], cells[1:2]), (cells[-1], cells[-2:-1])):
            outward = LEFT_BIT if not inner or inner[0][0] > end[0] else RIGHT_BIT
            masks[end] = masks.get(end, 0) | (outward if inner else LEFT_BIT | RIGHT_BIT)
    return masks


def _bits(dx: int, dy: int) -> tuple[int, int]:
    if dx:
        return (RIGHT_BIT, LEFT_BIT) if dx > 0 else (LEFT_BIT, RIGHT_BIT)
    return (DOWN_BIT, UP_BIT) if dy > 0 else (UP_BIT, DOWN_BIT)


def _shared(paths: tuple[Path, ...]) -> set[Cell]:
    seen: set[Cell] = set()
    twice: set[Cell] = set()
    for path in paths:
        for cell in path.cells:
            (twice if cell in seen else seen).add(cell)
    return twice


def _draw_line(canvas: Canvas, path: Path, line: Line, masks: dict[Cell, int]) -> None:
    table, ink, chars, inks = TABLES[line.style], line.ink, canvas.chars, canvas.inks
    for cell in path.cells:
        x, y = cell
        chars[y][x] = table[masks[cell]]
        inks[y][x] = ink
    if line.phase is not None:
        for x, y in path.cells[line.phase % SPACING : -1 : SPACING]:
            if masks[x, y] in STRAIGHT:
                chars[y][x] = glyphs.DOT


def _draw_head(canvas: Canvas, path: Path, line: Line, shared: frozenset[Cell]) -> None:
    arrows = glyphs.ASIDE_ARROWS if line.style == ASIDE else glyphs.ARROWS
    x, y = path.cells[-1]
    canvas.put(x, y, arrows[path.heading], line.ink)
    if line.mark and len(path.cells) > 1:
        own = [cell for cell in path.cells[:-1] if cell not in shared] or list(path.cells[:-1])
        x, y = own[len(own) // 2]
        canvas.put(x, y, line.mark, f"{line.ink}+bold")


def draw_ports(canvas: Canvas, wires: Wires, lines: list[Line], states: list[tuple[str, str]]) -> None:
    """Where a link meets a border, the border shows it; `states` are those of each link's caller and callee."""
    for at, (x, y, side, edge) in enumerate(wires.ports):
        ports = glyphs.DOUBLE_PORTS if lines[edge].style == DOUBLE else glyphs.PORTS
        canvas.chars[y][x] = ports[states[edge][at % 2]][side]


def _ports(picture: Picture) -> list[tuple[int, int, int, int]]:
    """Two for each path: where it leaves, and where it arrives; none where nodes have no borders."""
    if picture.detail.height < 3:
        return []
    found: list[tuple[int, int, int, int]] = []
    for path in picture.paths:
        (x, y), (to_x, to_y) = path.cells[0], path.cells[-1]
        found.append((x - path.leaving, y, 0 if path.leaving == 1 else 1, path.edge))
        found.append((to_x + path.heading, to_y, 1 if path.heading == 1 else 0, path.edge))
    return found
