"""An animated GIF, for a README: one palette, and of each picture only the cells that changed."""

from __future__ import annotations

from itertools import pairwise
from struct import pack
from typing import TYPE_CHECKING

from tui.record.formats import Progress
from tui.record.formats._drawing import missing
from tui.record.pictures import Film

if TYPE_CHECKING:
    from PIL import Image

    from tui.record.canvas import Area, Canvas

__all__ = ["film", "missing", "still"]

PAUSE = 3.0
"""How long the last picture stays before it starts again, in seconds."""
still = None


def film(film: Film, progress: Progress) -> bytes:
    """The whole film, again and again."""
    from tui.record.canvas import Canvas

    canvas = Canvas(picture.grid for picture in film.pictures)
    instants = [round(100 * picture.seconds) for picture in film.pictures]
    stays = [end - begin for begin, end in pairwise([*instants, round(100 * (film.seconds + PAUSE))])]
    parts = [_head(canvas)]
    for number, (picture, delay) in enumerate(zip(film.pictures, stays, strict=True)):
        if found := canvas.patch(picture.grid):
            parts.append(_block(*found, delay))
        progress((number + 1) / len(film.pictures))
    return b"".join([*parts, b";"])


def _head(canvas: Canvas) -> bytes:
    """Size, palette, and that it goes on for ever."""
    colours = canvas.colours().ljust(3 * 256, b"\0")
    size = pack("<HHBBB", *canvas.image.size, 0xF7, 0, 0)
    return b"GIF89a" + size + colours + b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"


def _block(part: Image.Image, area: Area, delay: int) -> bytes:
    """One picture: how long it stays, where it goes, and its points, compressed."""
    from tui.record.canvas import CLEAR

    control = b"!\xf9\x04" + pack("<BHBB", 0b0000_0101, min(delay, 65_535), CLEAR, 0)
    place = b"," + pack("<HHHHB", area[0], area[1], *part.size, 0)
    return control + place + b"\x08" + part.tobytes("gif", "L", 8, 0) + b"\0"
