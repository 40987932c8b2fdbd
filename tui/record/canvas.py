"""Cells as points: a picture that is drawn again only where it changed, in at most 255 colours, the same on every machine.

Letters come from JetBrains Mono, which a package brings; lines, blocks and the signs of the screen are drawn (see `shapes`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from unicodedata import normalize

from PIL import Image, ImageDraw, ImageFont

from tui.lookup import Mistake
from tui.record.cast import Grid
from tui.record.looks import Colour, Look, look_of, mixed
from tui.record.shapes import BASELINE, CELL, FONT_SIZE, MARGIN, Box, Shape, shape

REGULAR, BOLD = 400, 700
FINE = 4
"""So many times finer a shape is drawn first."""
CLEAR = 255
"""The colour number that a picture leaves free."""
SHADES = (15, 11, 7, 5, 3, 2, 1, 0)
"""How many steps between ink and paper are tried, until all colours have a number."""

Area = tuple[int, int, int, int]
Place = tuple[int, int, str, str, bool]
"""Column, row, sign, codes of its look, and whether it fills two cells."""


class Canvas:
    """A drawing of the screen in numbered colours."""

    def __init__(self, grids: Iterable[Grid], scale: int = 1) -> None:
        grids = tuple(grids)
        self.scale = scale
        self.cell = (CELL[0] * scale, CELL[1] * scale)
        self.margin = MARGIN * scale
        used = Counter(ink for grid in grids for row in set(grid) for _, ink in row)
        paper = look_of(used.most_common(1)[0][0]).paper
        self.palette, self.steps = _palette({look_of(ink) for ink in used}, paper)
        self.numbers = {colour: number for number, colour in enumerate(self.palette)}
        self._tiles: dict[tuple[str, str, bool], Image.Image] = {}
        columns, rows = len(grids[0][0]), len(grids[0])
        size = (columns * self.cell[0] + 2 * self.margin, rows * self.cell[1] + 2 * self.margin)
        self.image = Image.new("L", size, self.numbers[paper])
        self._shown: Grid = ()

    def show(self, grid: Grid) -> Area | None:
        """Draw what is new, and say where; None: nothing is."""
        places = list(self._news(grid))
        self._draw(places)
        self._shown = grid
        return self._around(places) if places else None

    def patch(self, grid: Grid) -> tuple[Image.Image, Area] | None:
        """Draw what is new, and hand back that part alone, clear where nothing changed; the first time it is the whole."""
        if not self._shown:
            self.show(grid)
            return self.image.copy(), (0, 0, *self.image.size)
        places = list(self._news(grid))
        if not places:
            return None
        area = self._around(places)
        part = Image.new("L", (area[2] - area[0], area[3] - area[1]), CLEAR)
        for x, y, sign, ink, wide in places:
            left, top = self._corner(x, y)
            part.paste(self._tile(sign, ink, wide), (left - area[0], top - area[1]))
        self._draw(places)
        self._shown = grid
        return part, area

    def coloured(self) -> Image.Image:
        """The picture with its colours."""
        picture = self.image.copy()
        picture.putpalette(self.colours())
        return picture

    def colours(self) -> bytes:
        """The palette, three bytes a colour."""
        return bytes(part for colour in self.palette for part in colour)

    def _draw(self, places: list[Place]) -> None:
        for x, y, sign, ink, wide in places:
            self.image.paste(self._tile(sign, ink, wide), self._corner(x, y))

    def _news(self, grid: Grid) -> Iterator[Place]:
        for y, row in enumerate(grid):
            old = self._shown[y] if self._shown else ()
            if row is old or row == old:
                continue
            for x, (sign, ink) in enumerate(row):
                wide = row[x + 1 : x + 2] == (("", ink),)
                if sign and (not old or old[x] != row[x] or (wide and old[x + 1] != row[x + 1])):
                    yield x, y, sign, ink, wide

    def _around(self, places: list[Place]) -> Area:
        lefts, tops = zip(*(self._corner(x, y) for x, y, *_ in places), strict=True)
        right = max(self._corner(x + (2 if wide else 1), y)[0] for x, y, _, _, wide in places)
        return min(lefts), min(tops), right, max(tops) + self.cell[1]

    def _corner(self, x: int, y: int) -> tuple[int, int]:
        return self.margin + x * self.cell[0], self.margin + y * self.cell[1]

    def _tile(self, sign: str, ink: str, wide: bool) -> Image.Image:
        tile = self._tiles.get((sign, ink, wide))
        if tile is None:
            look = look_of(ink)
            mask = stencil(normalize("NFC", sign), look, wide, self.scale)
            shades = [self.numbers[shade] for shade in _shades(look, self.steps)]
            tile = mask.point([shades[(value * (len(shades) - 1) + 127) // 255] for value in range(256)])
            self._tiles[sign, ink, wide] = tile
        return tile


def _shades(look: Look, steps: int) -> list[Colour]:
    """From paper to ink."""
    return [mixed(look.ink, look.paper, step / (steps + 1)) for step in range(steps + 2)]


def _palette(looks: set[Look], paper: Colour) -> tuple[list[Colour], int]:
    """All colours, and how many steps are between each ink and its paper."""
    for steps in SHADES:
        colours = sorted({paper, *(shade for look in looks for shade in _shades(look, steps))})
        if len(colours) <= CLEAR:
            return colours, steps
    raise Mistake(f"the film has {len(colours)} colours, and a picture out of points can have {CLEAR}: write an .svg or .html")


@lru_cache(maxsize=8192)
def stencil(sign: str, look: Look, wide: bool, scale: int) -> Image.Image:
    """Where the ink of a sign goes, from 0 to 255."""
    width, height = CELL[0] * scale * (2 if wide else 1), CELL[1] * scale
    drawn = shape(sign, width, height)
    mask = Image.new("L", (width, height), 0)
    if drawn is not None:
        mask = _filled(drawn, (width, height))
    elif sign != " ":
        font = _font(look.italic, look.bold, scale)
        at = ((width - CELL[0] * scale) / 2, BASELINE * scale)
        ImageDraw.Draw(mask).text(at, sign, fill=255, font=font, anchor="ls")
    for wanted, line in ((look.underline, height - 2 * scale), (look.strike, height // 2)):
        if wanted:
            mask.paste(255, (0, line, width, line + scale))
    return mask


def _filled(drawn: Shape, size: tuple[int, int]) -> Image.Image:
    fine = Image.new("L", (size[0] * FINE, size[1] * FINE), 0)
    pen = ImageDraw.Draw(fine)
    for part in drawn:
        if isinstance(part, Box):
            left, top, right, bottom = (round(side * FINE) for side in (part.left, part.top, part.right, part.bottom))
            fine.paste(255, (left, top, right, bottom))
        else:
            pen.polygon([(x * FINE, y * FINE) for x, y in part.points], fill=255)
    return fine.reduce(FINE)


@lru_cache(maxsize=16)
def _font(italic: bool, bold: bool, scale: int) -> ImageFont.FreeTypeFont:
    name = "JetBrainsMono-Italic[wght].ttf" if italic else "JetBrainsMono[wght].ttf"
    kept = files("fontpkg_jetbrains_mono").joinpath("files", name).read_bytes()
    font = ImageFont.truetype(BytesIO(kept), FONT_SIZE * scale, layout_engine=ImageFont.Layout.BASIC)
    font.set_variation_by_axes([BOLD if bold else REGULAR])
    return font
