"""PNG: the picture of an instant, twice as fine as a screen needs it."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tests.tui.record.drawn import HEIGHT, WIDTH, blank, reel
from tui.record import shapes
from tui.record.formats import still
from tui.record.looks import INK, PAPER


def test_a_still_is_the_picture_of_its_instant(tmp_path: Path) -> None:
    film = reel([blank(" "), blank("█"), blank("▄")])
    for seconds, colours in ((0.0, (PAPER, PAPER)), (0.1, (INK, INK)), (0.2, (PAPER, INK))):
        path = tmp_path / f"{seconds}.png"
        still(film, seconds, str(path))
        picture = Image.open(path).convert("RGB")
        assert picture.size == (2 * (WIDTH * shapes.WIDTH + 16), 2 * (HEIGHT * shapes.HEIGHT + 16))
        assert tuple(picture.getpixel((16 + 5, y)) for y in (16 + 5, 16 + 30)) == colours
