"""Signs that are drawn and not taken from a font: lines that must meet across cells, blocks, and the signs of the screen.

So they look the same everywhere, no browser turns one into a coloured picture, and no gap is between two of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import cos, pi, sin

CELL = WIDTH, HEIGHT = (9, 18)
"""Of a cell, in points of a screen."""
MARGIN = 8
"""Around all cells, in the same points."""
FONT_SIZE, BASELINE = 15, 13.5
"""At which the letters of most fonts of one width are as wide as a cell, and where they stand in it."""

Point = tuple[float, float]
NONE, LIGHT, HEAVY, DOUBLE = range(4)
_WEIGHTS = {"LIGHT": LIGHT, "SINGLE": LIGHT, "HEAVY": HEAVY, "DOUBLE": DOUBLE}
_SIDES = {"UP": "u", "DOWN": "d", "LEFT": "l", "RIGHT": "r", "VERTICAL": "ud", "HORIZONTAL": "lr"}
_DASHES = {"DOUBLE DASH": 2, "TRIPLE DASH": 3, "QUADRUPLE DASH": 4}


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in whole points of the cell where its size is whole."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Outline:
    """A filled outline."""

    points: tuple[Point, ...]


Shape = tuple[Box | Outline, ...]


@lru_cache(maxsize=4096)
def shape(sign: str, width: int, height: int) -> Shape | None:
    """What to fill to draw a sign into a cell of this size; None: a font has it."""
    if len(sign) != 1:
        return None
    if "─" <= sign <= "╿":
        return _lines(sign, width, height)
    if "▀" <= sign <= "▟":
        return _block(ord(sign) - ord("▀"), width, height)
    drawn = _SIGNS.get(sign)
    return None if drawn is None else tuple(Outline(tuple(_placed(points, width, height))) for points in drawn)


@dataclass(frozen=True, slots=True)
class Arms:
    """The weights of the four arms of a line, how often it is dashed, and whether its corner is round."""

    u: int = NONE
    d: int = NONE
    l: int = NONE  # noqa: E741
    r: int = NONE
    dashes: int = 0
    round: bool = False


@lru_cache(maxsize=256)
def arms(sign: str) -> Arms | None:
    """What a line consists of, by its name in Unicode; None for the diagonals."""
    words = unicodedata.name(sign).removeprefix("BOX DRAWINGS ")
    if "DIAGONAL" in words:
        return None
    dashes = next((count for dash, count in _DASHES.items() if dash in words), 0)
    for dash in _DASHES:
        words = words.replace(f" {dash}", "")
    found: dict[str, int] = {}
    weight = NONE
    for clause in words.replace(" ARC", "").split(" AND "):
        parts = clause.split()
        weight = next((_WEIGHTS[part] for part in parts if part in _WEIGHTS), weight)
        found |= {side: weight for part in parts if part in _SIDES for side in _SIDES[part]}
    return Arms(**found, dashes=dashes, round=" ARC " in words)


def _lines(sign: str, width: int, height: int) -> Shape | None:
    found = arms(sign)
    if found is None:
        return None
    thin = max(1, round(width / 9))
    if found.round:
        return tuple(_rounded(found, width, height, thin))
    if found.dashes:
        return tuple(_dashed(found, width, height, thin))
    return _filled(list(_strokes(found, width, height, thin)), width, height)


def _band(size: int, thick: int) -> tuple[int, int]:
    """Where a line of this thickness lies in the middle of a cell's side."""
    start = (size - thick) // 2
    return start, start + thick


Stroke = tuple[bool, Box]
"""What to fill, or to clear again."""


def _strokes(found: Arms, width: int, height: int, thin: int) -> Iterator[Stroke]:
    """What to draw one over the other: the double arms, the space between their two lines, then all the others."""
    spans = [_Span(found.l, found.r, (found.u, found.d), width, height, thin, True),
             _Span(found.u, found.d, (found.l, found.r), height, width, thin, False)]  # fmt: skip
    for fill in (True, False):
        for span in spans:
            yield from span.doubles(fill)
    for span in spans:
        yield from span.singles()


@dataclass(frozen=True, slots=True)
class _Span:
    """The two arms of one direction."""

    first: int
    second: int
    crossing: tuple[int, int]
    along: int
    across: int
    thin: int
    flat: bool

    def doubles(self, fill: bool) -> Iterator[Stroke]:
        """The outer edges of a double line, or the space between."""
        thick = 3 * self.thin if fill else self.thin
        meets = thick if DOUBLE in self.crossing else self._thickness(max(self.crossing))
        yield from ((fill, box) for arm, box in self._boxes(thick, _band(self.along, meets)) if arm == DOUBLE)

    def singles(self) -> Iterator[Stroke]:
        """Light and heavy arms. One that comes from a side against a double line stops at the nearer line of it."""
        meets = _band(self.along, self._thickness(max(self.crossing)))
        if self.crossing == (DOUBLE, DOUBLE) and NONE in (self.first, self.second):
            low, high = _band(self.along, self.thin)
            meets = (high, low)
        for weight in (LIGHT, HEAVY):
            yield from ((True, box) for arm, box in self._boxes(self._thickness(weight), meets) if arm == weight)

    def _boxes(self, thick: int, meets: tuple[int, int]) -> Iterator[tuple[int, Box]]:
        low, high = _band(self.across, thick)
        for arm, start, end in ((self.first, 0, meets[1]), (self.second, meets[0], self.along)):
            yield arm, Box(start, low, end, high) if self.flat else Box(low, start, high, end)

    def _thickness(self, weight: int) -> int:
        return self.thin * (1, 1, 2, 3)[weight]


def _filled(strokes: list[Stroke], width: int, height: int) -> Shape:
    """What is left filled after all strokes, as boxes that do not overlap."""
    xs = sorted({0, width, *(x for _, box in strokes for x in (box.left, box.right))})
    ys = sorted({0, height, *(y for _, box in strokes for y in (box.top, box.bottom))})
    open_boxes: dict[tuple[float, float], float] = {}
    done: list[Box] = []
    for top, bottom in pairwise([*ys, height]):
        columns = [(left, right) for left, right in pairwise(xs) if bottom > top and _inked(strokes, left, top)]
        runs = set(_runs(columns))
        for run in [run for run in open_boxes if run not in runs]:
            done.append(Box(run[0], open_boxes.pop(run), run[1], top))
        for run in runs:
            open_boxes.setdefault(run, top)
    return tuple(sorted(done, key=lambda box: (box.top, box.left)))


def _inked(strokes: list[Stroke], x: float, y: float) -> bool:
    covering = [fill for fill, box in strokes if box.left <= x < box.right and box.top <= y < box.bottom]
    return bool(covering) and covering[-1]


def _runs(parts: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Neighbours joined."""
    start = end = None
    for left, right in parts:
        if left != end:
            if start is not None and end is not None:
                yield start, end
            start = left
        end = right
    if start is not None and end is not None:
        yield start, end


def _dashed(found: Arms, width: int, height: int, thin: int) -> Iterator[Box]:
    flat = bool(found.l)
    along, across = (width, height) if flat else (height, width)
    low, high = _band(across, thin * max(found.l, found.u))
    for number in range(found.dashes):
        start, end = (round(along * part / found.dashes) for part in (number, number + 1))
        end -= max(1, round((end - start) / 3))
        yield Box(start, low, end, high) if flat else Box(low, start, high, end)


def _rounded(found: Arms, width: int, height: int, thin: int) -> Iterator[Box | Outline]:
    """A quarter of a ring between two arms."""
    left, right = _band(width, thin)
    top, bottom = _band(height, thin)
    radius = min(left, top, width - right, height - bottom)
    x, forth = (right + radius, -1) if found.r else (left - radius, 1)
    y, down = (bottom + radius, -1) if found.d else (top - radius, 1)
    ring = [(x + forth * reach * cos(turn * pi / 16), y + down * reach * sin(turn * pi / 16))
            for reach, turns in ((radius + thin, range(9)), (radius, range(8, -1, -1))) for turn in turns]  # fmt: skip
    yield Outline(tuple(ring))
    if (stem := Box(left, 0, right, y) if found.u else Box(left, y, right, height)).bottom > stem.top:
        yield stem
    if (arm := Box(0, top, x, bottom) if found.l else Box(x, top, width, bottom)).right > arm.left:
        yield arm


def _block(number: int, width: int, height: int) -> Shape:
    """The signs from ▀ to ▟, by their number in that row."""
    lower = Box(0, height - round(height * number / 8), width, height)
    middle = (width // 2, height // 2)
    if 1 <= number <= 8:
        return (lower,)
    if 9 <= number <= 15:
        return (Box(0, 0, round(width * (16 - number) / 8), height),)
    if 17 <= number <= 19:
        return tuple(_shade(number - 16, width, height))
    if number >= 22:
        return tuple(_corner(corner, middle, (width, height)) for corner in _CORNERS[number - 22].split())
    halves = {
        0: Box(0, 0, width, middle[1]),
        16: Box(middle[0], 0, width, height),
        20: Box(0, 0, width, round(height / 8)),
        21: Box(round(width * 7 / 8), 0, width, height),
    }
    return (halves[number],)


_CORNERS = ("ll", "lr", "ul", "ul ll lr", "ul lr", "ul ur ll", "ul ur lr", "ur", "ur ll", "ur ll lr")


def _corner(corner: str, middle: tuple[int, int], size: tuple[int, int]) -> Box:
    left, right = (0, middle[0]) if corner[1] == "l" else (middle[0], size[0])
    top, bottom = (0, middle[1]) if corner[0] == "u" else (middle[1], size[1])
    return Box(left, top, right, bottom)


def _shade(quarters: int, width: int, height: int) -> Iterator[Box]:
    """So many of every four points."""
    side = max(1, round(width / 9))
    for top in range(0, height, side):
        for left in range(0, width, side):
            odd = (top // side % 2) * 2 + left // side % 2
            if odd in (0, 3, 1)[:quarters]:
                yield Box(left, top, min(width, left + side), min(height, top + side))


def _turned(points: tuple[Point, ...], turns: int) -> tuple[Point, ...]:
    """Quarter turns to the right."""
    for _ in range(turns):
        points = tuple((-y, x) for x, y in points)
    return points


def _round_points(radius: float, count: int = 24) -> tuple[Point, ...]:
    return tuple((radius * cos(2 * pi * n / count), radius * sin(2 * pi * n / count)) for n in range(count))


def _hollow(outer: tuple[Point, ...], inner: tuple[Point, ...]) -> tuple[Point, ...]:
    return (*outer, outer[0], *((inner[0], *reversed(inner))))


def _strip(start: Point, end: Point, half: float) -> tuple[Point, ...]:
    """A straight stroke."""
    (x0, y0), (x1, y1) = start, end
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    x, y = (y0 - y1) / length * half, (x1 - x0) / length * half
    return (x0 + x, y0 + y), (x1 + x, y1 + y), (x1 - x, y1 - y), (x0 - x, y0 - y)


_ARROW = ((-1.0, -0.95), (1.0, 0.0), (-1.0, 0.95))
_SMALL = ((-0.55, -0.8), (0.65, 0.0), (-0.55, 0.8))
_OPEN = _hollow(_ARROW, ((-0.72, -0.52), (0.35, 0.0), (-0.72, 0.52)))
_CROSS = tuple(point for turns in range(4) for point in _turned(((-0.32, 0.0), (-0.95, -0.6), (-0.6, -0.95)), turns))
_RING = _hollow(_round_points(0.82), _round_points(0.58))
_AGAIN = tuple((reach * cos(turn * pi / 12), reach * sin(turn * pi / 12))
               for reach, turns in ((0.82, range(-3, 16)), (0.58, range(15, -4, -1))) for turn in turns)  # fmt: skip
_SIGNS: dict[str, tuple[tuple[Point, ...], ...]] = {
    "●": (_round_points(0.82),),
    "○": (_RING,),
    "■": (((-0.75, -0.75), (0.75, -0.75), (0.75, 0.75), (-0.75, 0.75)),),
    "▲": (((0.0, -0.8), (0.92, 0.75), (-0.92, 0.75)),),
    "▼": (((0.0, 0.8), (0.92, -0.75), (-0.92, -0.75)),),
    "▶": (_ARROW,),
    "◀": (_turned(_ARROW, 2),),
    "▷": (_OPEN,),
    "◁": (_turned(_OPEN, 2),),
    "▸": (_SMALL,),
    "◂": (_turned(_SMALL, 2),),
    "✖": (_CROSS,),
    "✔": (_strip((-0.8, 0.1), (-0.25, 0.65), 0.17), _strip((-0.3, 0.7), (0.8, -0.7), 0.17)),
    "✓": (_strip((-0.8, 0.1), (-0.25, 0.65), 0.11), _strip((-0.3, 0.7), (0.8, -0.7), 0.11)),
    "↻": (_AGAIN, ((0.95, -0.95), (0.9, -0.2), (0.2, -0.5))),
    "⏸": (_strip((-0.4, -0.8), (-0.4, 0.8), 0.22), _strip((0.4, -0.8), (0.4, 0.8), 0.22)),
    "⊘": (_RING, _strip((-0.5, 0.5), (0.5, -0.5), 0.12)),
    "↵": (_strip((0.7, -0.8), (0.7, 0.3), 0.11), _strip((0.8, 0.2), (-0.5, 0.2), 0.11), ((-0.9, 0.2), (-0.3, -0.3), (-0.3, 0.7))),
    "🔎": (_RING, _strip((0.55, 0.55), (1.1, 1.1), 0.2)),
}  # fmt: skip
"""In halves of a cell's width from its middle, to the right and down."""


def _placed(points: tuple[Point, ...], width: int, height: int) -> Iterator[Point]:
    for x, y in points:
        yield width / 2 * (1 + x), height / 2 + width / 2 * y
