"""A film read back: its header, its pictures and its markers. The exact inverse of how `cast` writes them."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from tui.lookup import Mistake
from tui.record import cast
from tui.record.cast import Cell, Grid, Row, width_of

_TOKEN = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[0(?:;([\d;]+))?m|([^\x1b])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Picture:
    """What the screen shows from an instant on, in seconds of the film."""

    seconds: float
    grid: Grid


@dataclass(frozen=True, slots=True)
class Mark:
    """A marker: when, which of `cast.KINDS` (empty: none of them), and its words."""

    seconds: float
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Film:
    """A film. It has at least one picture, and the first is there from the start."""

    header: dict[str, Any]
    pictures: tuple[Picture, ...]
    marks: tuple[Mark, ...]
    text: str = ""
    """What it was read from."""

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self.header["width"], self.header["height"]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return max(float(self.header["duration"]), self.pictures[-1].seconds)

    @property
    def title(self) -> str:
        """What it is called."""
        return str(self.header.get("title", ""))

    @property
    def fps(self) -> int:
        """Pictures a second, as it was recorded."""
        return int(self.header["knockon"]["fps"])

    @property
    def verdict(self) -> str:
        """What came of it, in a sentence; empty where the film does not say."""
        return next((mark.words for mark in reversed(self.marks) if mark.kind == cast.VERDICT), "")

    @property
    def stops(self) -> tuple[Mark, ...]:
        """The markers that one may want to go to: all but captions, which the pictures show themselves."""
        return tuple(mark for mark in self.marks if mark.kind != cast.CAPTION)

    def at(self, seconds: float) -> Grid:
        """The picture that shows at an instant; before the start the first one, after the end the last."""
        after = bisect_right(self.pictures, seconds + 1e-9, key=lambda picture: picture.seconds)
        return self.pictures[max(0, after - 1)].grid


class NotOurs(ValueError):
    """Not what `cast` writes; the words say where."""


def read(text: str, name: str) -> Film:
    """The film of a .cast file; `name` stands in the sentence about one that is not ours."""
    first, *lines = text.split("\n")
    try:
        header = json.loads(first)
        about = header["knockon"]
        if header["version"] != 2 or not all(int(value) > 0 for value in (header["width"], header["height"], about["fps"])):
            raise NotOurs("the header is another one")
        float(header["duration"])
        pictures, marks = _events(header, [json.loads(line) for line in lines if line])
        return Film(header, pictures, marks, text)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise Mistake(f"{name} is not a film that knockon recorded, or it was changed since") from error


def _events(header: dict[str, Any], events: list[list[Any]]) -> tuple[tuple[Picture, ...], tuple[Mark, ...]]:
    pictures: list[Picture] = []
    marks: list[Mark] = []
    grid: Grid = ()
    for seconds, kind, text in events:
        if kind == cast.MARKER:
            marks.append(_mark(seconds, text))
        elif kind == cast.OUTPUT and text not in (cast.BEGIN, cast.END):
            grid = changed(grid, text, (header["width"], header["height"]))
            pictures.append(Picture(float(seconds), grid))
    if not pictures:
        raise NotOurs("there is no picture")
    return tuple(pictures), tuple(marks)


def _mark(seconds: float, text: str) -> Mark:
    kind = next((kind for kind in cast.KINDS if text.startswith(kind)), "")
    return Mark(float(seconds), kind, text.removeprefix(kind))


def changed(before: Grid, text: str, size: tuple[int, int]) -> Grid:
    """The picture that `before` becomes by what `cast.changes` says."""
    width, height = size
    rows: dict[int, list[Cell | None]] = {}
    y, x, look, end, fresh = -1, 0, "", 0, True
    for token in _TOKEN.finditer(text):
        if token.start() != end:
            break
        end = token.end()
        down, right, codes, sign = token.groups()
        if down is not None:
            y, x = int(down) - 1, int(right) - 1
            if not (0 <= y < height and 0 <= x < width):
                raise NotOurs(f"{right} × {down} is outside")
            if y not in rows:
                rows[y] = list(before[y]) if before else [None] * width
            fresh = True
        elif sign is None:
            look = codes or ""
        else:
            x = _put(rows[y], x, sign, look, fresh)
            fresh = False
    if end != len(text):
        raise NotOurs("there are other codes in it")
    if not before and len(rows) < height:
        raise NotOurs("the first picture is not whole")
    return tuple(_whole(rows[number]) if number in rows else before[number] for number in range(height))


def _put(row: list[Cell | None], x: int, sign: str, look: str, fresh: bool) -> int:
    """Write a sign, and say where the next one goes. What has no width of its own joins the sign before it."""
    width = width_of(sign)
    if width == 0 and not fresh:
        left = x - 1
        while (cell := row[left]) is not None and not cell[0]:
            left -= 1
        assert cell is not None
        row[left] = (cell[0] + sign, cell[1])
        return x
    row[x] = (sign, look)
    if width == 2:
        row[x + 1] = ("", look)
    return x + max(1, width)


def _whole(row: list[Cell | None]) -> Row:
    cells = tuple(cell for cell in row if cell is not None)
    if len(cells) < len(row):
        raise NotOurs("a row of the first picture is not whole")
    return cells
