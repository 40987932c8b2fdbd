"""A drawing that browsers, and so GitHub, show moving in an <img>: no script, no font of its own, nothing from outside.

What never changes is drawn once. Each stretch of cells that does change is a strip of all that it ever shows, which is
moved so that one of these is in the picture and the others far outside; so only what changed is in the file, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from tui.record.cast import Grid, Row
from tui.record.formats import Progress
from tui.record.looks import Colour, Look, css, look_of
from tui.record.paths import box_path, number, outline_path
from tui.record.pictures import Film
from tui.record.shapes import BASELINE, FONT_SIZE, HEIGHT, MARGIN, WIDTH, Box, Outline, shape

FONTS = "ui-monospace,'JetBrains Mono','SF Mono',Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"
PAUSE = 3.0
"""How long the last picture stays before it starts again, in seconds."""
OVERLAP = 0.5
LAST_LINE = "╿"
NEAR = 3
"""Changing cells with so few others between them are one stretch."""


def film(film: Film, progress: Progress) -> str:
    """The whole film, again and again."""
    drawing = Drawing(film.pictures[0].grid)
    whole = film.seconds + PAUSE
    instants = [picture.seconds / whole for picture in film.pictures]
    rows = film.size[1]
    for y in range(rows):
        history = [picture.grid[y] for picture in film.pictures]
        drawing.row(y, history, instants, whole)
        progress((y + 1) / rows)
    return drawing.text(film)


def still(grid: Grid, seconds: float, film: Film) -> str:
    """One picture."""
    drawing = Drawing(grid)
    for y, row in enumerate(grid):
        drawing.row(y, [row], [0.0], 1.0)
    return drawing.text(film)


def missing() -> str:
    """Nothing is needed."""
    return ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Cells of a row, side by side, from `start` to before `end`."""

    start: int
    end: int


def moving(history: Sequence[Row]) -> list[Stretch]:
    """Which stretches of a row ever change. Both halves of a wide sign belong together."""
    first = history[0]
    fresh = {id(row): row for row in history[1:] if row is not first}.values()
    columns = sorted({x for row in fresh for x, cell in enumerate(row) if cell != first[x]})
    halves = {x for row in (first, *fresh) for x, (sign, _) in enumerate(row) if not sign}
    found: list[Stretch] = []
    for x in columns:
        if found and x - found[-1].end < NEAR:
            found[-1] = Stretch(found[-1].start, x + 1)
        else:
            found.append(Stretch(x, x + 1))
    return _joined([_whole(stretch, halves) for stretch in found])


def _whole(stretch: Stretch, halves: set[int]) -> Stretch:
    start, end = stretch.start, stretch.end
    while start in halves:
        start -= 1
    while end in halves:
        end += 1
    return Stretch(start, end)


def _joined(stretches: list[Stretch]) -> list[Stretch]:
    found: list[Stretch] = []
    for stretch in stretches:
        if found and stretch.start <= found[-1].end:
            found[-1] = Stretch(found[-1].start, max(found[-1].end, stretch.end))
        else:
            found.append(stretch)
    return found


class Drawing:
    """The parts of a drawing, and the classes that its texts and shapes share."""

    def __init__(self, grid: Grid) -> None:
        self.size = (len(grid[0]), len(grid))
        self.apart = (len(grid) + 2) * HEIGHT
        """From one content of a strip to the next: when one is in the picture, the next is outside."""
        inks = sorted(ink for row in grid for _, ink in row)
        self.paper = look_of(max(dict.fromkeys(inks), key=inks.count)).paper
        self.parts: list[str] = []
        self._fills: dict[Colour, str] = {}
        self._styles: dict[Look, str] = {}

    def row(self, y: int, history: Sequence[Row], instants: Sequence[float], seconds: float) -> None:
        """Draw a row: what stays, and a strip for each stretch that moves."""
        top = y * HEIGHT
        strips = moving(history)
        x = 0
        for stretch in [*strips, Stretch(len(history[0]), len(history[0]))]:
            self.parts.append(self._cells(history[0][x : stretch.start], x, top))
            x = stretch.end
        for stretch in strips:
            self.parts.append(self._strip(stretch, top, history, instants, seconds))

    def _strip(
        self, stretch: Stretch, top: int, history: Sequence[Row], instants: Sequence[float], seconds: float
    ) -> str:
        """All contents one below the other, and when which of them is in the picture."""
        places: dict[Row, int] = {}
        steps: list[tuple[float, int]] = []
        for instant, row in zip(instants, history, strict=True):
            place = places.setdefault(row[stretch.start : stretch.end], len(places))
            if not steps or steps[-1][1] != place:
                steps.append((instant, place))
        drawn = "".join(self._cells(cells, stretch.start, top + self.apart * place) for cells, place in places.items())
        values = ";".join(f"0 {-self.apart * place}" for _, place in steps)
        times = ";".join(number(instant, 5) for instant, _ in steps)
        return (
            f'<g>{drawn}<animateTransform attributeName="transform" type="translate" calcMode="discrete" '
            f'values="{values}" keyTimes="{times}" dur="{number(seconds, 2)}s" repeatCount="indefinite"/></g>'
        )

    def _cells(self, cells: Row, start: int, top: int) -> str:
        """Cells side by side, from a column on."""
        inside = [(x, sign, ink) for x, (sign, ink) in enumerate(cells, start)]
        runs = [(look_of(ink), list(run)) for ink, run in groupby(inside, key=lambda cell: cell[2])]
        papers = "".join(self._paper(look, run, top) for look, run in runs)
        return papers + "".join(self._run(look, run, top) for look, run in runs)

    def _paper(self, look: Look, run: list[tuple[int, str, str]], top: int) -> str:
        if look.paper == self.paper:
            return ""
        box = f"M{run[0][0] * WIDTH} {top}h{len(run) * WIDTH}v{HEIGHT}h{-len(run) * WIDTH}z"
        return f'<path class="{self._fill(look.paper)} e" d="{box}"/>'

    def _run(self, look: Look, run: list[tuple[int, str, str]], top: int) -> str:
        """Cells of one look: their shapes as one path, their letters as few texts."""
        lines: list[Box] = []
        blocks: list[Box] = []
        outlines: list[str] = []
        letters: list[tuple[int, str, int]] = []
        for x, sign, _ in run:
            cells = 2 if _is_wide(run, x) else 1
            drawn = shape(sign, cells * WIDTH, HEIGHT) if sign else ()
            if drawn is None:
                letters.append((x, sign, cells))
            for part in drawn or ():
                if isinstance(part, Outline):
                    outlines.append(outline_path(part, x * WIDTH, top))
                else:
                    (lines if sign <= LAST_LINE else blocks).append(_moved(part, x * WIDTH))
        fill = self._fill(look.ink)
        data = "".join([*(box_path(_reaching(box), 0, top) for box in merged(lines)), *outlines])
        told = f'<path class="{fill}" d="{data}"/>' if data else ""
        data = "".join(box_path(box, 0, top) for box in merged(blocks))
        told += f'<path class="{fill} e" d="{data}"/>' if data else ""
        return told + "".join(self._text(look, text, top) for text in _texts(letters))

    def _text(self, look: Look, text: tuple[int, str, int], top: int) -> str:
        x, words, width = text
        length = f' textLength="{width * WIDTH}"' if width > 1 else ""
        at = f'x="{x * WIDTH}" y="{number(top + BASELINE)}"'
        return f'<text class="{self._style(look)}" {at}{length}>{escape(words, quote=False)}</text>'

    def _fill(self, colour: Colour) -> str:
        return self._fills.setdefault(colour, f"f{len(self._fills)}")

    def _style(self, look: Look) -> str:
        on = Look(look.ink, (0, 0, 0), look.bold, look.italic, look.underline, look.strike)
        return self._styles.setdefault(on, f"t{len(self._styles)}")

    def text(self, film: Film) -> str:
        """The whole file."""
        width, height = self.size[0] * WIDTH + 2 * MARGIN, self.size[1] * HEIGHT + 2 * MARGIN
        title = escape(film.title, quote=False)
        said = f"<desc>{escape(film.verdict, quote=False)}</desc>" if film.verdict else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img"><title>{title}</title>{said}<style>{self._rules()}</style>'
            f'<rect width="100%" height="100%" rx="6" fill="{css(self.paper)}"/>'
            f'<g transform="translate({MARGIN} {MARGIN})">\n'
            + "\n".join(part for part in self.parts if part)
            + "\n</g></svg>\n"
        )

    def _rules(self) -> str:
        rules = [f"text{{font:{FONT_SIZE}px {FONTS};white-space:pre}}.e{{shape-rendering:crispEdges}}"]
        rules += [f".{name}{{fill:{css(colour)}}}" for colour, name in self._fills.items()]
        rules += [f".{name}{{{_declared(look)}}}" for look, name in self._styles.items()]
        return "".join(rules)


def _declared(look: Look) -> str:
    lines = [word for word, on in (("underline", look.underline), ("line-through", look.strike)) if on]
    return ";".join(
        [
            f"fill:{css(look.ink)}",
            *(["font-weight:bold"] if look.bold else []),
            *(["font-style:italic"] if look.italic else []),
            *([f"text-decoration:{' '.join(lines)}"] if lines else []),
        ]
    )


def _is_wide(run: list[tuple[int, str, str]], x: int) -> bool:
    """Whether the sign at this place of a run fills two cells."""
    after = x - run[0][0] + 1
    return after < len(run) and not run[after][1]


def _texts(letters: list[tuple[int, str, int]]) -> Iterator[tuple[int, str, int]]:
    """Letters with at most single blanks between them: where they start, what they are, how many cells they take."""
    start, words, end = 0, "", 0
    for x, sign, cells in letters:
        if sign == " ":
            continue
        if words and x - end <= 1:
            words += " " * (x - end) + sign
        else:
            if words:
                yield start, words, end - start
            start, words = x, sign
        end = x + cells
    if words:
        yield start, words, end - start


def merged(boxes: list[Box]) -> list[Box]:
    """Boxes that continue each other to the right, as one."""
    found: list[Box] = []
    for box in sorted(boxes, key=lambda box: (box.top, box.bottom, box.left)):
        last = found[-1] if found else None
        if last is not None and (last.top, last.bottom, last.right) == (box.top, box.bottom, box.left):
            found[-1] = Box(last.left, last.top, box.right, last.bottom)
        else:
            found.append(box)
    return found


def _moved(box: Box, left: int) -> Box:
    return Box(box.left + left, box.top, box.right + left, box.bottom)


def _reaching(box: Box) -> Box:
    """A line that ends at the edge of its cell reaches a little into the next, so that no gap shows at any size."""
    right = box.right + (OVERLAP if box.right % WIDTH == 0 else 0)
    return Box(box.left, box.top, right, box.bottom + (OVERLAP if box.bottom == HEIGHT else 0))
