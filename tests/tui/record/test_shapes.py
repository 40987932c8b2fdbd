"""Drawn signs: lines meet their neighbours at every size, and nothing reaches where no arm is."""

from __future__ import annotations

import pytest

from tui.record.shapes import DOUBLE, HEAVY, LIGHT, NONE, Arms, Box, Outline, arms, shape

LINES = [chr(code) for code in range(0x2500, 0x2580)]
DIAGONALS = "╱╲╳"
SIZES = [(9, 18), (18, 36), (8, 16), (10, 21)]


def points(sign: str, width: int, height: int) -> set[tuple[int, int]]:
    """The points that the boxes of a sign fill."""
    return {
        (x, y)
        for box in shape(sign, width, height) or ()
        if isinstance(box, Box)
        for x in range(int(box.left), int(box.right))
        for y in range(int(box.top), int(box.bottom))
    }


def edges(sign: str, width: int, height: int) -> dict[str, frozenset[int]]:
    """Where a sign touches the four sides of its cell; a round corner ends in a straight edge there."""
    inked = points(sign, width, height)
    for part in shape(sign, width, height) or ():
        if isinstance(part, Outline):
            for x, row in ((0, 0.0), (width - 1, float(width))):
                ends = sorted(y for at, y in part.points if abs(at - row) < 0.01)
                inked |= {(x, y) for y in range(round(ends[0]), round(ends[-1]))} if ends else set()
    return {
        "u": frozenset(x for x, y in inked if y == 0),
        "d": frozenset(x for x, y in inked if y == height - 1),
        "l": frozenset(y for x, y in inked if x == 0),
        "r": frozenset(y for x, y in inked if x == width - 1),
    }


@pytest.mark.parametrize("size", SIZES)
def test_what_leaves_a_cell_goes_on_in_the_next(size: tuple[int, int]) -> None:
    """Each side of every sign shows the same points for the same weight: those of the plain lines."""
    lines = {LIGHT: "─│", HEAVY: "━┃", DOUBLE: "═║"}
    for sign in LINES:
        found = arms(sign)
        if found is None or found.dashes:
            continue
        touched = edges(sign, *size)
        for side in "udlr":
            weight = getattr(found, side)
            plain = edges(lines[weight][side in "ud"], *size)[side] if weight != NONE else frozenset()
            assert touched[side] == plain, f"{sign} at its side {side}"


def test_lines_of_a_sign_hang_together() -> None:
    """What an arm draws reaches the middle, so that no corner is open."""
    for sign in LINES:
        found = arms(sign)
        if found is None or found.dashes or found.round:
            continue
        inked = points(sign, 9, 18)
        reached = {min(inked)}
        todo = list(reached)
        while todo:
            x, y = todo.pop()
            near = {(x + a, y + b) for a in (-1, 0, 1) for b in (-1, 0, 1)} & inked - reached
            reached |= near
            todo += near
        pieces = 1 if reached == inked else 2
        doubled = DOUBLE in (found.u, found.d, found.l, found.r)
        assert pieces == 1 or doubled, sign


@pytest.mark.parametrize(
    ("sign", "found"),
    [
        ("─", Arms(l=LIGHT, r=LIGHT)),
        ("┃", Arms(u=HEAVY, d=HEAVY)),
        ("╭", Arms(d=LIGHT, r=LIGHT, round=True)),
        ("╞", Arms(u=LIGHT, d=LIGHT, r=DOUBLE)),
        ("┠", Arms(u=HEAVY, d=HEAVY, r=LIGHT)),
        ("╼", Arms(l=LIGHT, r=HEAVY)),
        ("┄", Arms(l=LIGHT, r=LIGHT, dashes=3)),
        ("╋", Arms(HEAVY, HEAVY, HEAVY, HEAVY)),
        ("╔", Arms(d=DOUBLE, r=DOUBLE)),
        ("┅", Arms(l=HEAVY, r=HEAVY, dashes=3)),
        ("╢", Arms(u=DOUBLE, d=DOUBLE, l=LIGHT)),
        ("╁", Arms(u=LIGHT, d=HEAVY, l=LIGHT, r=LIGHT)),
    ],
)
def test_names_tell_the_arms(sign: str, found: Arms) -> None:
    assert arms(sign) == found


def test_double_lines_are_two_that_turn_and_join_as_one_expects() -> None:
    corner = sorted((box.left, box.top, box.right, box.bottom) for box in shape("╔", 9, 18) or () if isinstance(box, Box))
    assert corner == [(3, 7, 9, 8), (3, 8, 4, 18), (5, 9, 9, 10), (5, 10, 6, 18)]


def test_dashes_have_gaps() -> None:
    assert [box.left for box in shape("┄", 9, 18) or () if isinstance(box, Box)] == [0, 3, 6]
    assert len(shape("┆", 9, 18) or ()) == 3


def test_blocks_fill_their_eighths() -> None:
    heights = [len(points(sign, 8, 16)) // 8 for sign in "▁▂▃▄▅▆▇█"]
    widths = [len(points(sign, 8, 16)) // 16 for sign in "▏▎▍▌▋▊▉█"]
    assert heights == [2, 4, 6, 8, 10, 12, 14, 16]
    assert widths == [1, 2, 3, 4, 5, 6, 7, 8]
    assert points("▀", 8, 16) | points("▄", 8, 16) == points("█", 8, 16) == points("▌", 8, 16) | points("▐", 8, 16)
    assert [len(points(sign, 8, 16)) for sign in "░▒▓"] == [32, 64, 96]
    quarters = [points(sign, 8, 16) for sign in "▘▝▖▗"]
    assert set.union(*quarters) == points("█", 8, 16)
    assert sum(map(len, quarters)) == 128
    assert points("▚", 8, 16) == quarters[0] | quarters[3]


@pytest.mark.parametrize("sign", "●○■▲▼▶◀▷◁▸◂✖✔✓⏸⊘↵↻")
def test_signs_stay_in_their_cell(sign: str) -> None:
    drawn = shape(sign, 9, 18)
    assert drawn
    for part in drawn:
        assert isinstance(part, Outline)
        assert all(-0.01 <= x <= 9.01 and 0 <= y <= 18 for x, y in part.points)


@pytest.mark.parametrize("sign", ["a", " ", "é", "e\u0301", *DIAGONALS, "界"])
def test_letters_are_left_to_a_font(sign: str) -> None:
    assert shape(sign, 9, 18) is None
