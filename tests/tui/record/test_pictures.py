"""A film read back is what was filmed, and what is no film of ours is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tui.record.drawn import HEIGHT, WIDTH, blank, grids, reel
from tui.lookup import Mistake
from tui.record import cast
from tui.record.cast import Grid, changes, event
from tui.record.pictures import Mark, changed, read


@settings(max_examples=200, deadline=None)
@given(st.lists(grids, min_size=1, max_size=5))
def test_reading_is_the_inverse_of_writing(taken: list[Grid]) -> None:
    film = read(reel(taken), "x.cast")
    for number, grid in enumerate(taken):
        assert film.at(number / 10) == grid
    for picture, before in zip(film.pictures[1:], film.pictures, strict=False):
        assert picture.grid != before.grid


@given(grids, grids)
def test_rows_that_stay_are_the_same_object(before: Grid, after: Grid) -> None:
    """Whoever draws only what changed can compare them at once."""
    found = changed(before, changes(before, after), (WIDTH, HEIGHT))
    assert all((new is old) == (new == old) for new, old in zip(found, before, strict=True))


def test_header_marks_and_instants() -> None:
    marks = [(0.0, "chapter: first"), (0.1, "fault: crash: a (all replicas)"), (0.2, "odd"), (0.2, "verdict: All was well.")]
    film = read(reel([blank(), blank("x"), blank("y")], marks), "x.cast")
    assert (film.size, film.seconds, film.fps, film.title) == ((WIDTH, HEIGHT), 0.2, 10, "reel")
    assert film.marks == (
        Mark(0.0, cast.CHAPTER, "first"),
        Mark(0.1, cast.FAULT, "crash: a (all replicas)"),
        Mark(0.2, "", "odd"),
        Mark(0.2, cast.VERDICT, "All was well."),
    )
    assert film.verdict == "All was well."
    assert film.stops == film.marks
    assert read(reel([blank()], [(0.0, "caption: words")]), "x.cast").stops == ()
    assert [film.at(seconds)[0][0][0] for seconds in (-1, 0, 0.05, 0.1, 0.19, 0.2, 9)] == [" ", " ", " ", "x", "x", "y", "y"]
    assert read(reel([blank()]), "x.cast").verdict == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"version":2,"width":7,"height":3}',
        reel([blank()]).replace('"version":2', '"version":3'),
        reel([blank()]).replace('"width":7', '"width":8'),
        reel([blank()]).replace('"fps":10', '"fps":0'),
        reel([]),
        reel([blank()]) + "{",
        reel([blank()]) + event(0.1, "o", "\x1b[2K"),
        reel([blank()]) + event(0.1, "o", "\x1b[1;9Hx"),
        reel([blank()]) + event(0.1, "o", "\x1b[1;7Hxy"),
        reel([blank()]) + event(0.1, "o", "x"),
        json.dumps({"version": 2, "width": 80, "height": 24}) + '\n[0.1,"o","$ ls\\r\\n"]\n',
    ],
)
def test_what_is_not_ours_is_refused_by_name(text: str) -> None:
    with pytest.raises(Mistake, match=r"demo\.cast is not a film that knockon recorded"):
        read(text, "demo.cast")
