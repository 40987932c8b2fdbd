"""A page that plays the film: one file, nothing from outside, with keys, chapters and markers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import Any

from tui.record.cast import Grid
from tui.record.formats import Progress
from tui.record.looks import Look, css, look_of
from tui.record.paths import box_path, outline_path
from tui.record.pictures import Film
from tui.record.shapes import CELL, HEIGHT, WIDTH, Box, Shape, shape

UNDERLINE, STRIKE = 0.9, 0.5
"""Where these lines are, in heights of a cell."""
still = None


def film(film: Film, progress: Progress) -> str:
    """The page."""
    page = files(__package__).joinpath("player.html").read_text(encoding="utf-8")
    told = _told(film, progress)
    # No sign in the film can end the element that it stands in.
    kept = json.dumps(told, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    values = {"TITLE": escape(film.title), "VERDICT": escape(film.verdict), "PAPER": told["paper"], "FILM": kept}
    return re.sub("@([A-Z]+)@", lambda found: values[found[1]], page)


def missing() -> str:
    """Nothing is needed."""
    return ""


def _told(film: Film, progress: Progress) -> dict[str, Any]:
    """What the player needs to know."""
    inks = list(dict.fromkeys(ink for picture in film.pictures for row in picture.grid for _, ink in row))
    numbers = {ink: number for number, ink in enumerate(inks)}
    pictures: list[list[Any]] = []
    wide: set[str] = set()
    before: Grid = ()
    for picture in film.pictures:
        pictures.append([picture.seconds, list(_runs(before, picture.grid, numbers, wide))])
        before = picture.grid
        progress(len(pictures) / len(film.pictures))
    signs = sorted({sign for picture in film.pictures for row in set(picture.grid) for sign, _ in row})
    drawn = {sign: shape(sign, WIDTH * (2 if sign in wide else 1), HEIGHT) for sign in signs}
    return {
        "size": film.size,
        "cell": CELL,
        "seconds": film.seconds,
        "paper": css(look_of(inks[0]).paper),
        "looks": [_look(look_of(ink)) for ink in inks],
        "shapes": {sign: _path(parts) for sign, parts in drawn.items() if parts},
        "wide": sorted(wide),
        "marks": [(mark.seconds, mark.kind.rstrip(": "), mark.words) for mark in film.stops],
        "pictures": pictures,
    }


def _runs(before: Grid, after: Grid, numbers: dict[str, int], wide: set[str]) -> Iterator[list[Any]]:
    """What changed: row, column, look, and the signs from there on; a text where each is one character."""
    for y, row in enumerate(after):
        old = before[y] if before else ()
        if row is old:
            continue
        fresh = [(x, *cell) for x, cell in enumerate(row) if cell[0] and (not old or old[x] != cell)]
        wide.update(sign for x, sign, _ in fresh if row[x + 1 : x + 2] and not row[x + 1][0])
        for _, run in groupby(_followed(fresh, wide), key=lambda cell: cell[0]):
            cells = list(run)
            signs = [sign for _, _, sign, _ in cells]
            plain = all(len(sign) == 1 for sign in signs)
            yield [y, cells[0][1], numbers[cells[0][3]], "".join(signs) if plain else signs]


def _followed(cells: list[tuple[int, str, str]], wide: set[str]) -> Iterator[tuple[int, int, str, str]]:
    """Each cell with the number of its run: side by side, and of one look."""
    number, after, look = -1, -1, ""
    for x, sign, ink in cells:
        number += x != after or ink != look
        after, look = x + (2 if sign in wide else 1), ink
        yield number, x, sign, ink


def _look(look: Look) -> dict[str, Any]:
    style = f"{'italic' if look.italic else 'normal'} {'bold' if look.bold else 'normal'}"
    lines = [place for place, on in ((UNDERLINE, look.underline), (STRIKE, look.strike)) if on]
    return {"ink": css(look.ink), "paper": css(look.paper), "style": style, "lines": lines}


def _path(parts: Shape) -> str:
    return "".join(box_path(part, 0, 0) if isinstance(part, Box) else outline_path(part, 0, 0) for part in parts)
