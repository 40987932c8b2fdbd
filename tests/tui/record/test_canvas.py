"""Cells as points: only what changed is drawn, and it is what drawing everything gives."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.conftest import ROOT
from tests.tui.record.drawn import grids
from tui.lookup import Mistake
from tui.record.canvas import CLEAR, Canvas, stencil
from tui.record.cast import Grid
from tui.record.looks import INK, Look
from tui.record.shapes import HEIGHT, WIDTH

BLANK = (" ", "")


def fresh(grid: Grid, among: list[Grid], scale: int = 1) -> Image.Image:
    """A picture drawn from nothing, with the colours of a film."""
    canvas = Canvas(among, scale)
    canvas.show(grid)
    return canvas.image


@settings(max_examples=40, deadline=None)
@given(st.lists(grids, min_size=1, max_size=4))
def test_showing_one_after_the_other_is_drawing_the_last(film: list[Grid]) -> None:
    canvas = Canvas(film)
    for grid in film:
        canvas.show(grid)
        assert canvas.image.tobytes() == fresh(grid, film).tobytes()


@settings(max_examples=40, deadline=None)
@given(st.lists(grids, min_size=1, max_size=4))
def test_patches_lead_from_each_picture_to_the_next(film: list[Grid]) -> None:
    canvas = Canvas(film)
    laid = Image.new("L", canvas.image.size, 0)
    for grid in film:
        if found := canvas.patch(grid):
            part, area = found
            laid.paste(part, area[:2], part.point([0 if value == CLEAR else 255 for value in range(256)]))
        assert laid.tobytes() == fresh(grid, film).tobytes()


def test_nothing_new_is_nothing_to_draw() -> None:
    grid: Grid = ((BLANK, ("a", "")),)
    canvas = Canvas([grid])
    assert canvas.show(grid) == (8, 8, 8 + 2 * WIDTH, 8 + HEIGHT)
    assert canvas.show(grid) is None
    assert canvas.patch(grid) is None
    assert canvas.show(((BLANK, ("b", "")),)) == (8 + WIDTH, 8, 8 + 2 * WIDTH, 8 + HEIGHT)


def test_colours_are_the_films_own() -> None:
    grid: Grid = ((("█", "38;2;213;94;0;48;2;16;20;24"), (" ", "38;2;1;2;3;48;2;16;20;24"), (" ", "48;2;16;20;24")),)
    canvas = Canvas([grid])
    canvas.show(grid)
    picture = canvas.coloured().convert("RGB")
    assert picture.getpixel((8 + 4, 8 + 9)) == (213, 94, 0)
    assert picture.getpixel((8 + 13, 8 + 9)) == (16, 20, 24)
    assert picture.getpixel((0, 0)) == (16, 20, 24), "the margin is as most of the film is"


def test_many_colours_cost_shades_and_too_many_are_refused() -> None:
    def coloured(count: int) -> Grid:
        return (tuple(("x", f"38;2;{number % 256};{number // 256};99;48;2;0;0;0") for number in range(count)),)

    assert Canvas([coloured(10)]).steps == 15
    many = Canvas([coloured(120)])
    assert many.steps == 2
    assert len(many.palette) <= CLEAR
    with pytest.raises(Mistake, match="the film has 401 colours, and a picture out of points can have 255"):
        Canvas([coloured(400)])


def test_lines_meet_without_a_gap() -> None:
    """A column of │ and a row of ─ are straight lines of one colour, through all their cells."""
    upright: Grid = tuple((("│", ""),) for _ in range(3))
    canvas = Canvas([upright], 2)
    canvas.show(upright)
    picture = canvas.coloured().convert("RGB")
    colours = {picture.getpixel((16 + WIDTH, y)) for y in range(16, 16 + 3 * 2 * HEIGHT)}
    assert colours == {INK}
    across: Grid = ((("─", ""),) * 4,)
    canvas = Canvas([across], 2)
    canvas.show(across)
    picture = canvas.coloured().convert("RGB")
    assert {picture.getpixel((x, 16 + HEIGHT)) for x in range(16, 16 + 4 * 2 * WIDTH)} == {INK}


def test_letters_stand_in_their_cell_and_bold_is_heavier() -> None:
    for sign in "gjpqyÅMW@|_":
        left, top, right, bottom = stencil(sign, Look(), False, 2).getbbox() or (0, 0, 0, 0)
        assert 0 < right - left <= 2 * WIDTH
        assert 0 <= top < bottom <= 2 * HEIGHT
    ink = [sum(stencil("m", Look(bold=bold), False, 2).histogram()[128:]) for bold in (False, True)]
    assert ink[1] > ink[0] * 1.1
    assert stencil("m", Look(italic=True), False, 2).tobytes() != stencil("m", Look(), False, 2).tobytes()


def test_under_and_through() -> None:
    plain, under, through = (stencil(" ", look, False, 1) for look in (Look(), Look(underline=True), Look(strike=True)))
    assert plain.getbbox() is None
    assert under.getbbox() == (0, 16, 9, 17)
    assert through.getbbox() == (0, 9, 9, 10)


def test_every_sign_of_the_screen_can_be_drawn() -> None:
    """None of them shows as the box of a font that has no such sign."""
    used = {sign for path in (ROOT / "tui").rglob("*.py") if "record" not in path.parts for sign in path.read_text("utf-8")}
    used |= {chr(code) for code in range(32, 127)}
    absent = stencil("\ufff0", Look(), False, 1).tobytes()
    assert absent != stencil(" ", Look(), False, 1).tobytes()
    lost = [sign for sign in sorted(used) if sign.isprintable() and stencil(sign, Look(), False, 1).tobytes() == absent]
    assert lost == []


