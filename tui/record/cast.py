"""asciicast v2, the format that asciinema and its players read: only the cells that changed, one JSON value a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from rich.cells import cell_len

Cell = tuple[str, str]
"""A sign (empty: the right half of the one before) and the codes of its look."""
Row = tuple[Cell, ...]
Grid = tuple[Row, ...]

OUTPUT, MARKER = "o", "m"
FAULT, HEAL, VERDICT, CAPTION, CHAPTER = "fault: ", "heal: ", "verdict: ", "caption: ", "chapter: "
"""How a marker begins, which says what it is about. A caption without words takes the one before away."""
KINDS = (FAULT, HEAL, VERDICT, CAPTION, CHAPTER)
BEGIN = "\x1b[0m\x1b[?25l\x1b[2J"
END = "\x1b[0m\x1b[?25h"


width_of = lru_cache(maxsize=4096)(cell_len)
"""How many cells a sign fills."""


def changes(before: Grid, after: Grid) -> str:
    """What to send to a terminal that shows `before` so that it shows `after`."""
    parts: list[str] = []
    look: str | None = None
    for y, row in enumerate(after):
        old: Row = before[y] if y < len(before) else ()
        if old == row:
            continue
        at = -1
        for x, (sign, ink) in _changed(old, row):
            if at != x:
                parts.append(f"\x1b[{y + 1};{x + 1}H")
            if ink != look:
                parts.append(f"\x1b[0;{ink}m" if ink else "\x1b[0m")
                look = ink
            parts.append(sign)
            at = x + (2 if row[x + 1 : x + 2] == (("", ink),) else 1)  # where the terminal's cursor is now
    return "".join(parts)


def _changed(old: Row, new: Row) -> Iterator[tuple[int, Cell]]:
    """The cells to draw; the right half of a wide sign comes with its left one."""
    for x, cell in enumerate(new):
        if cell[0] and (x >= len(old) or old[x] != cell):
            yield x, cell


def event(seconds: float, kind: str, text: str) -> str:
    """One line of a film, without its line end."""
    return _line([round(seconds, 3), kind, text])


def header(size: tuple[int, int], seconds: float, title: str, about: dict[str, Any]) -> str:
    """The first line. It holds no date, so that two films of one run are equal."""
    return _line(
        {
            "version": 2,
            "width": size[0],
            "height": size[1],
            "duration": round(seconds, 3),
            "title": title,
            "env": {"TERM": "xterm-256color"},
            "knockon": about,
        }
    )


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
