"""GIFs: every frame is the picture, point by point, for as long as it shows in the film."""

from __future__ import annotations

from io import BytesIO

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from tests.tui.record.drawn import blank, grids, reel
from tui.record.canvas import Canvas
from tui.record.cast import Grid
from tui.record.formats.gif import PAUSE, film
from tui.record.pictures import Film, read


def made(text: str) -> tuple[Film, Image.Image]:
    """A film, and its GIF opened again."""
    opened = read(text, "x.cast")
    return opened, Image.open(BytesIO(film(opened, lambda share: None)))


@settings(max_examples=25, deadline=None)
@given(st.lists(grids, min_size=1, max_size=5))
def test_every_frame_is_its_picture(taken: list[Grid]) -> None:
    opened, gif = made(reel(taken))
    canvas = Canvas(picture.grid for picture in opened.pictures)
    frames = [frame.convert("RGB") for frame in ImageSequence.Iterator(gif)]
    assert len(frames) == len(opened.pictures)
    for frame, picture in zip(frames, opened.pictures, strict=True):
        canvas.show(picture.grid)
        assert frame.tobytes() == canvas.coloured().convert("RGB").tobytes()


def test_it_takes_as_long_as_the_film_and_a_pause_and_starts_again() -> None:
    """Seven pictures a second divide no hundredths, and still nothing drifts."""
    opened, gif = made(reel([blank(sign) for sign in "abcdefghijklmno"], fps=7))
    delays = [frame.info["duration"] for frame in ImageSequence.Iterator(gif)]
    assert sum(delays) == round(1000 * (opened.seconds + PAUSE))
    assert set(delays[:-1]) <= {140, 150}
    assert gif.info["loop"] == 0


def test_a_still_film_stays_on_its_picture() -> None:
    _, gif = made(reel([blank("a"), blank("a"), blank("a"), blank("b")]))
    assert [frame.info["duration"] for frame in ImageSequence.Iterator(gif)] == [300, 3000]
