"""SVG: at every instant its letters stand where the film has them, and nothing in it needs more than an <img> allows."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tui.record.drawn import HEIGHT, blank, grids, reel
from tui.record import shapes
from tui.record.cast import Grid
from tui.record.formats.svg import PAUSE, film, merged, moving, still
from tui.record.pictures import read
from tui.record.shapes import Box, shape

SVG = "{http://www.w3.org/2000/svg}"


def drawing(taken: list[Grid]) -> str:
    return film(read(reel(taken), "x.cast"), lambda share: None)


def letters(text: str, share: float) -> dict[tuple[int, int], str]:
    """Column and row of each word that is in the picture at a share of the film."""
    root = ElementTree.fromstring(text)
    inner = root.find(f"{SVG}g")
    assert inner is not None
    found = {}
    for part in inner:
        group = [part] if part.tag == f"{SVG}text" else list(part)
        down = _moved(part, share)
        for word in group:
            if word.tag == f"{SVG}text":
                row = (float(word.attrib["y"]) - shapes.BASELINE + down) / shapes.HEIGHT
                if 0 <= row < HEIGHT:
                    found[int(word.attrib["x"]) // shapes.WIDTH, round(row, 3)] = word.text or ""
    return {(x, int(y)): word for (x, y), word in found.items()}


def _moved(part: ElementTree.Element, share: float) -> float:
    moves = part.find(f"{SVG}animateTransform")
    if moves is None:
        return 0.0
    times = [float(time) for time in moves.attrib["keyTimes"].split(";")]
    values = moves.attrib["values"].split(";")
    assert len(times) == len(values)
    assert times[0] == 0.0
    assert times == sorted(set(times))
    return float(next(value for time, value in reversed(list(zip(times, values, strict=True))) if time <= share).split()[1])


def spread(words: dict[tuple[int, int], str]) -> dict[tuple[int, int], str]:
    """Each letter at its cell; an accent belongs to the letter before it, and a wide sign takes two cells."""
    cells: dict[tuple[int, int], str] = {}
    for (x, y), word in words.items():
        at = x
        for sign in word:
            if sign == "\u0301":
                cells[at - 1, y] += sign
                continue
            if sign != " ":
                cells[at, y] = sign
            at += 2 if sign == "界" else 1
    return cells


def wanted(grid: Grid) -> dict[tuple[int, int], str]:
    return {
        (x, y): sign
        for y, row in enumerate(grid)
        for x, (sign, _) in enumerate(row)
        if sign.strip() and shape(sign, shapes.WIDTH, shapes.HEIGHT) is None
    }


@settings(max_examples=60, deadline=None)
@given(st.lists(grids, min_size=1, max_size=5))
def test_at_every_instant_the_letters_are_the_films(taken: list[Grid]) -> None:
    text = drawing(taken)
    whole = (len(taken) - 1) / 10 + PAUSE
    for number, grid in enumerate(taken):
        assert spread(letters(text, (number / 10 + 0.05) / whole)) == wanted(grid)


@given(grids)
def test_a_still_moves_nowhere(grid: Grid) -> None:
    text = still(grid, 0.0, read(reel([grid]), "x.cast"))
    assert "animate" not in text
    assert spread(letters(text, 0.0)) == wanted(grid)


def test_it_needs_nothing_that_an_image_may_not_have() -> None:
    text = drawing([blank("<"), blank("&")])
    assert not re.findall(r"<script|href|url\(|@import|foreignObject|\son\w+=|@font-face", text)
    assert text.count("http") == 1, "the name space alone"
    assert ElementTree.fromstring(text).attrib["viewBox"] == "0 0 79 70"


def test_words_have_their_length_so_that_no_font_moves_them() -> None:
    row = [(sign, "") for sign in "ab cd  e"]
    text = drawing([(tuple(row),)])
    found = re.findall(r'<text class="t0" x="(\d+)" y="13.5"(?: textLength="(\d+)")?>([^<]*)<', text)
    assert found == [("0", "45", "ab cd"), ("63", "", "e")]


def test_only_what_changes_moves() -> None:
    rows = [tuple((sign, "") for sign in text) for text in ("at 1 of 9  x", "at 2 of 9  x", "at 3 of 9  y")]
    assert [(stretch.start, stretch.end) for stretch in moving(rows)] == [(3, 4), (11, 12)]
    text = drawing([(row,) for row in rows])
    assert text.count("<animateTransform") == 2
    assert text.count(">of 9<") == 1
    assert [text.count(f">{word}<") for word in "123xy"] == [1, 1, 1, 1, 1]


def test_both_halves_of_a_wide_sign_move_together() -> None:
    rows = [(("a", ""), ("界", ""), ("", ""), ("b", "")), (("a", ""), ("界", "1"), ("", "1"), ("b", ""))]
    assert [(stretch.start, stretch.end) for stretch in moving(rows)] == [(1, 3)]
    rows[1] = (("a", ""), ("c", ""), ("d", ""), ("b", ""))
    assert [(stretch.start, stretch.end) for stretch in moving(rows)] == [(1, 3)]


def test_lines_side_by_side_are_one() -> None:
    assert merged([Box(9, 8, 18, 9), Box(0, 8, 9, 9), Box(27, 8, 36, 9)]) == [Box(0, 8, 18, 9), Box(27, 8, 36, 9)]


def test_title_and_verdict_are_there_for_who_cannot_see() -> None:
    text = film(read(reel([blank()], [(0.0, "verdict: 5 < 6.")]), "x.cast"), lambda share: None)
    root = ElementTree.fromstring(text)
    assert (root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")) == ("reel", "5 < 6.")
    assert root.attrib["role"] == "img"
