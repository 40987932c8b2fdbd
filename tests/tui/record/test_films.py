"""Films that a person marks in the app with R, and the app at an instant of a film."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.command import Command
from chaos.runner import Runner
from tests.tui import grid, worlds
from tests.tui.record.replay import Projector
from tests.tui.record.test_film import TEXT, S, short
from tui import filming
from tui.app import PlayApp
from tui.lookup import Mistake
from tui.record import film
from tui.record.about import opened
from tui.record.films import Films, free_place
from tui.record.job import LIGHT, Wishes
from tui.record.verify import picture, subject_of, truth


def test_from_mark_to_mark_what_was_done_is_filmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runner = Runner(short(), 3, timeline=False)
    films = Films()
    runner.advance(S)
    assert films.press(runner, (70, 20), True) == ""
    assert films.words() == "● a film begins at 00:01.0; R ends it"
    runner.do(Command(runner.now, "inject", ("orders",), "crash"))
    runner.advance(2 * S)
    assert films.press(runner, (70, 20), True) == ""
    assert "of brief-3.cast" in films.words() or not films.busy
    runner.advance(3 * S)  # the session goes on meanwhile
    films.press(runner, (10, 10), False)
    runner.advance(7 * S // 2)
    said = list(films.finish(runner, (10, 10), False))
    assert said == ["the film is in brief-3.cast", "the film is in brief-3-2.cast"], "the one still open ended at the end"
    first, second = opened("brief-3.cast"), opened("brief-3-2.cast")
    assert (first.job.from_ns, first.job.to_ns, first.job.theme, first.job.size) == (S, 2 * S, LIGHT, (70, 20))
    assert second.job.size == (60, 20), "a film has room enough for the app"
    assert "fault: crash orders (all replicas)" in [words for _, words in Projector(first.text).markers]
    for one in (first, second):
        assert truth(one, subject_of(one, None)).holds
    assert picture(first, subject_of(first, None)).holds
    assert sorted(path.name for path in tmp_path.iterdir()) == ["brief-3-2.cast", "brief-3.cast"]


def test_who_does_not_wait_gets_no_film_and_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runner = Runner(short(), 3, timeline=False)
    films = Films()
    runner.advance(S)
    films.press(runner, (70, 20), False)
    runner.advance(5 * S)
    films.press(runner, (70, 20), False)
    films.stop()
    assert not films.busy
    assert films.news().startswith("no film: ")
    assert films.news() == "", "told once"
    assert not list(tmp_path.iterdir())


def test_marks_of_a_run_that_began_anew_are_taken_anew() -> None:
    runner = Runner(short(), 3, timeline=False)
    films = Films()
    runner.advance(S)
    films.press(runner, (70, 20), False)
    other = Runner(short(), 4, timeline=False)
    other.advance(S // 2)
    assert films.press(other, (70, 20), False) == ""
    assert (films.began_ns, films.made) == (S // 2, [])
    other.advance(8 * S)
    films.began_ns = None
    assert "the run has ended" in films.press(other, (70, 20), False)


def test_no_file_is_taken_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop-1.cast").touch()
    assert free_place("shop-1") == Path("shop-1-2.cast")
    assert free_place("shop-1", [Path("shop-1-2.cast")]) == Path("shop-1-3.cast")


async def test_the_screen_says_that_a_film_begins() -> None:
    app = PlayApp(worlds.runner(), clock=lambda: 0.0)
    async with app.run_test(size=(100, 30)) as pilot:
        app.session.step()
        await pilot.press("R")
        await pilot.pause()
        assert "● a film begins at 00:00.1; R ends it" in grid.text(app)


async def test_z_gives_the_chosen_design_the_whole_width() -> None:
    app = PlayApp(worlds.runner(), clock=lambda: 0.0)
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.pause()
        before = grid.text(app)
        assert "━ coupled" in before
        assert "─ decoupled" in before
        await pilot.press("z")
        await pilot.pause()
        assert "─ decoupled ─" not in grid.text(app)
        await pilot.press("tab", "tab")
        await pilot.pause()
        assert "━ decoupled ━" in grid.text(app)
        await pilot.press("z")
        await pilot.pause()
        assert "━ decoupled" in grid.text(app)
        assert "─ coupled" in grid.text(app)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film, twice as fast, from the first second on."""
    path = tmp_path_factory.mktemp("films") / "kept.cast"
    film.film(short(), Wishes(speed=2.0, from_ns=S, to_ns=3 * S), str(path))
    return path


async def test_the_app_at_an_instant_of_a_film_shows_what_the_film_shows(kept: Path) -> None:
    scene, run_ns = filming.scene_of(str(kept), "500ms")
    assert run_ns == 2 * S
    app = PlayApp(Runner(scene.playground, scene.job.seed, timeline=True), nudge=False, clock=lambda: 0.0)
    app.session.go_to(run_ns)
    app.session.pace.speed = 2.0
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        shown = Projector(kept.read_text(encoding="utf-8")).play_to(0.5)
        assert grid.rows(app) == shown
        await pilot.press("c")
        assert [command.by for command in app.session.runner.commands if command.by == "key"] or app.session.notice == ""
        assert app.session.runner.commands[-1].what == "crash"
        assert app.session.runner.commands[-1].at_ns == 2 * S


def test_past_the_end_of_a_film_there_is_nothing(kept: Path) -> None:
    with pytest.raises(Mistake, match=r"--at 2 s: .*kept\.cast is 1 s long"):
        filming.scene_of(str(kept), "2s")


def test_a_frame_of_a_film_and_of_its_playground_are_one(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "short.yaml").write_text(TEXT, encoding="utf-8")
    of_film, of_run = tmp_path / "film.txt", tmp_path / "run.txt"
    assert filming.frame(str(kept), "200ms", str(of_film), Wishes(), ()) == 0
    assert filming.frame(str(tmp_path / "short.yaml"), "1400ms", str(of_run), Wishes(speed=2.0), ()) == 0
    assert of_film.read_text(encoding="utf-8") == of_run.read_text(encoding="utf-8")
    assert "00:01.4" in of_run.read_text(encoding="utf-8")
    with pytest.raises(Mistake, match="there is no picture at 9 s: brief goes from 0 s to 8 s"):
        filming.frame(str(tmp_path / "short.yaml"), "9s", str(of_run), Wishes(), ())
    with pytest.raises(Mistake, match=r"-o still\.cast"):
        filming.frame(str(kept), "0s", "still.cast", Wishes(), ())


@pytest.mark.parametrize(("text", "speed"), [("2x", 2.0), ("0.5", 0.5), ("4×", 4.0)])
def test_speeds(text: str, speed: float) -> None:
    assert filming.speed_of(text) == speed


@pytest.mark.parametrize("text", ["", "fast", "-1x", "2y", "1e3"])
def test_speeds_that_are_none(text: str) -> None:
    with pytest.raises(Mistake, match="expected how many times as fast"):
        filming.speed_of(text)
