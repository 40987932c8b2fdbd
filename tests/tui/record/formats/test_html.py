"""The page: what it holds plays to the film's pictures, it asks nothing of anybody, and no text ends it early."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tui.record.drawn import HEIGHT, WIDTH, blank, grids, reel
from tui.record.cast import Grid
from tui.record.formats.html import film
from tui.record.looks import css, look_of
from tui.record.pictures import read


def page(text: str) -> str:
    return film(read(text, "x.cast"), lambda share: None)


def told(text: str) -> dict[str, Any]:
    """What the player reads."""
    kept = re.search(r'<script type="application/json" id="film">(.*?)</script>', text, re.DOTALL)
    assert kept is not None
    loaded: dict[str, Any] = json.loads(kept[1])
    return loaded


def played(film: dict[str, Any]) -> list[list[list[tuple[str, int]]]]:
    """The pictures, as the player puts them together from what changed."""
    cells = [[("", -1)] * WIDTH for _ in range(HEIGHT)]
    pictures = []
    for _, runs in film["pictures"]:
        for y, x, look, signs in runs:
            for sign in signs:
                cells[y][x] = (sign, look)
                if sign in film["wide"]:
                    cells[y][x + 1] = ("", look)
                x += 2 if sign in film["wide"] else 1
        pictures.append([list(row) for row in cells])
    return pictures


@settings(max_examples=60, deadline=None)
@given(st.lists(grids, min_size=1, max_size=5))
def test_the_page_plays_the_film(taken: list[Grid]) -> None:
    opened = read(reel(taken), "x.cast")
    kept = told(page(opened.text))
    assert [seconds for seconds, _ in kept["pictures"]] == [picture.seconds for picture in opened.pictures]
    for shown, picture in zip(played(kept), opened.pictures, strict=True):
        assert [[sign for sign, _ in row] for row in shown] == [[sign for sign, _ in row] for row in picture.grid]
        looks = [[kept["looks"][number]["ink"] for _, number in row] for row in shown]
        assert looks == [[css(look_of(ink).ink) for _, ink in row] for row in picture.grid]


def test_it_asks_nothing_of_anybody() -> None:
    text = page(reel([blank()]))
    assert "default-src 'none'" in text
    assert not re.findall(r"https?:|src=|<link|@import|url\(|fetch|XMLHttp|WebSocket|localStorage|cookie", text)
    assert not re.findall(r"@[A-Z]+@", text)


def test_words_of_a_film_stay_words() -> None:
    evil = '</script><img src=x onerror="alert(1)"> @FILM@ & <!--'
    text = page(reel([blank("<"), blank("&")], [(0.1, f"chapter: {evil}"), (0.1, f"verdict: {evil}")]))
    assert text.count("</script>") == 2
    assert "<img" not in text
    assert [words for _, kind, words in told(text)["marks"]] == [evil, evil]
    assert "&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt; @FILM@ &amp; &lt;!--" in text


def test_markers_have_their_kinds_and_captions_are_in_the_picture() -> None:
    marks = [(0.0, "chapter: one"), (0.1, "fault: crash: a"), (0.1, "caption: a breaks"), (0.2, "verdict: Well.")]
    kept = told(page(reel([blank(sign) for sign in "abc"], marks)))
    assert kept["marks"] == [
        [0.0, "chapter", "one"],
        [0.1, "fault", "crash: a"],
        [0.2, "verdict", "Well."],
    ]
    assert (kept["seconds"], kept["size"]) == (0.2, [WIDTH, HEIGHT])


def test_lines_and_signs_come_as_shapes() -> None:
    kept = told(page(reel([blank("│"), blank("✖"), blank("a")])))
    assert set(kept["shapes"]) == {"│", "✖"}
    assert kept["shapes"]["│"] == "M4 0h1v18h-1z"
