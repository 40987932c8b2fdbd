"""Replaying: where one is in a film, the keys, the cells on screen, too small a terminal, and none at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Knockon
from tests.tui.record.drawn import reel
from tui.record.cast import Grid
from tui.record.cells import grid
from tui.record.looks import look_of
from tui.record.pictures import Film, read
from tui.record.replay import Place, ReplayApp

INK = "1;38;2;240;228;66;48;2;16;20;24"
MARKS = [
    (0.0, "chapter: calm"), (1.0, "fault: crash: a"), (1.5, "caption: a breaks"), (2.0, "heal: crash a"),
    (3.0, "verdict: All was well."),
]  # fmt: skip


def numbered(count: int = 31, columns: int = 100, rows: int = 8) -> Film:
    """A film that shows the number of each picture, ten a second."""
    return read(reel([_picture(number, columns, rows) for number in range(count)], MARKS), "x.cast")


def _picture(number: int, columns: int, rows: int) -> Grid:
    words = [f"picture {number}".ljust(columns), "║ ✖ 界 ▁▂▃".ljust(columns - 1), *[" " * columns] * (rows - 2)]
    return tuple(tuple(cell for sign in row for cell in _cells(sign)) for row in words)


def _cells(sign: str) -> list[tuple[str, str]]:
    return [(sign, INK), ("", INK)] if sign == "界" else [(sign, INK)]


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_time_passes_at_the_speed_that_is_chosen_and_stops_at_the_end() -> None:
    clock = Hand()
    place = Place(numbered(), clock)
    clock.now = 0.5
    place.tick()
    place.faster(1)
    clock.now = 1.0
    place.tick()
    assert (place.now, place.speed) == (1.5, 2.0)
    place.toggle()
    clock.now = 50.0
    place.tick()
    assert place.now == 1.5
    place.toggle()
    clock.now = 51.0
    place.tick()
    assert (place.now, place.running, place.ended) == (3.0, False, True)
    place.toggle()
    assert (place.now, place.running) == (0.0, True)


def test_speeds_have_ends() -> None:
    place = Place(numbered(), Hand(), speed=1.0)
    place.faster(-99)
    assert place.speed == 0.125
    place.faster(99)
    assert place.speed == 32.0


def test_markers_and_pictures_are_steps() -> None:
    place = Place(numbered(), Hand())
    seen = []
    for forward in (True, True, True, True, False, False):
        place.jump(forward)
        seen.append(place.now)
    assert seen == [1.0, 2.0, 3.0, 3.0, 2.0, 1.0]
    place.go(1.3)
    place.jump(False)
    assert place.now == 0.0, "so soon after a marker the one before it is meant"
    place.go(1.0)
    place.step(True)
    place.step(True)
    place.step(False)
    assert (place.now, place.running) == (1.1, False)
    assert place.last_mark == "fault: crash: a"


async def test_the_screen_shows_the_films_own_cells() -> None:
    film = numbered()
    clock = Hand()
    app = ReplayApp(film, clock=clock)
    async with app.run_test(size=(100, 9)) as pilot:
        clock.now = 1.23
        await pilot.pause(0.1)
        await pilot.press("space")
        await pilot.pause()
        shown = grid(app)
        wanted = film.at(1.23)
        assert [[sign for sign, _ in row] for row in shown[:8]] == [[sign for sign, _ in row] for row in wanted]
        assert [look_of(ink) for _, ink in shown[0]] == [look_of(ink) for _, ink in wanted[0]]
        bar = "".join(sign for sign, _ in shown[8])
        assert bar.startswith(" ⏸ 0:01.2 of 0:03.0 ×1 ━━━━━┄┄┄┄┄┄┄ q quits · space goes on · ← → 5 s")


async def test_keys_move_and_q_leaves() -> None:
    app = ReplayApp(numbered(), clock=Hand())
    async with app.run_test(size=(100, 9)) as pilot:
        for key, now in (
            ("5", 1.5), ("right_square_bracket", 2.0), ("left", 0.0), ("right", 3.0), ("home", 0.0), ("end", 3.0),
            ("comma", 2.9), ("full_stop", 3.0), ("left_square_bracket", 2.0),
        ):  # fmt: skip
            await pilot.press(key)
            assert app.place.now == pytest.approx(now), key
        await pilot.press("greater_than_sign")
        assert app.place.speed == 2.0
        await pilot.press("q")
    assert app.return_code == 0


async def test_too_small_a_terminal_is_told_so() -> None:
    app = ReplayApp(numbered(), clock=Hand())
    async with app.run_test(size=(99, 24)) as pilot:
        await pilot.pause()
        first = "".join(sign for sign, _ in grid(app)[0])
        assert first.startswith("The film needs a terminal of 100x8, and this one has 99x24. q quits.")
        await pilot.resize_terminal(100, 9)
        await pilot.pause()
        assert "".join(sign for sign, _ in grid(app)[0]).startswith("picture 0")
        assert "×1" in "".join(sign for sign, _ in grid(app)[8])
        await pilot.resize_terminal(100, 8)
        await pilot.pause()
        assert [row[0][0] for row in grid(app)] == ["p", "║", *" " * 6]


def test_without_a_terminal_one_picture_is_printed(knockon: Knockon, tmp_path: Path) -> None:
    (tmp_path / "x.cast").write_text(numbered().text, encoding="utf-8")
    assert knockon("replay", "x.cast").stdout.splitlines()[:2] == ["picture 30", "║ ✖ 界 ▁▂▃"]
    assert knockon("replay", "x.cast", "--at", "1s").stdout.startswith("picture 10\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x.cast", "--at", "4s"], "--at 4s: the film is 3 s long"),
        (["y.cast"], "y.cast is not a film that knockon recorded"),
        (["z.cast"], "cannot read z.cast"),
        (["x.cast", "--speed", "fast"], "--speed fast: expected how many times as fast"),
    ],
)
def test_mistakes_are_told_in_a_sentence(knockon: Knockon, tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "x.cast").write_text(numbered().text, encoding="utf-8")
    (tmp_path / "y.cast").write_text('{"version":2,"width":80,"height":24}\n[0.1,"o","$ ls"]\n', encoding="utf-8")
    done = knockon("replay", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
