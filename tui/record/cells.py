"""The picture on screen as a grid of cells. The only module that touches Textual's private parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, cast

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.app import App

from tui.record.cast import Cell, Grid, Row, width_of

_ATTRIBUTES = (("bold", "1"), ("dim", "2"), ("italic", "3"), ("underline", "4"), ("blink", "5"), ("reverse", "7"),
               ("strike", "9"))  # fmt: skip


def grid(app: App[Any]) -> Grid:
    """What a terminal would show now, from the top row down: also what shines through under a window."""
    behind = app._background_screens
    update = cast(Any, app.screen._compositor.render_update(full=True, screen_stack=behind))
    return tuple(_row(tuple(_segments(strip))) for strip in update.strips)


def _segments(strip: Iterable[Iterable[Segment]]) -> Iterator[tuple[str, Style | None]]:
    for part in strip:
        for segment in part:
            if not segment.control:
                yield segment.text, segment.style


@lru_cache(maxsize=512)
def _row(segments: tuple[tuple[str, Style | None], ...]) -> Row:
    """The cells of a row. A wide sign fills two, the second one empty; one without a width joins the cell before it."""
    cells: list[Cell] = []
    for text, style in segments:
        ink = "" if style is None else sgr(style)
        for sign in text:
            width = width_of(sign)
            if width == 0 and cells:
                cells[-1] = (cells[-1][0] + sign, cells[-1][1])
            else:
                cells.append((sign, ink))
                cells.extend([("", ink)] * (width - 1))
    return tuple(cells)


@lru_cache(maxsize=4096)
def sgr(style: Style) -> str:
    """The codes between `ESC [` and `m` that make a plain cell look like this, in 24-bit colours."""
    codes = [code for name, code in _ATTRIBUTES if getattr(style, name)]
    return ";".join([*codes, *_colour(style.color, "38", "39"), *_colour(style.bgcolor, "48", "49")])


def _colour(colour: Color | None, code: str, default: str) -> list[str]:
    if colour is None or colour.is_default:
        return [] if colour is None else [default]
    red, green, blue = colour.get_truecolor()
    return [code, "2", str(red), str(green), str(blue)]
