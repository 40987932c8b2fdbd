"""From the command line to the screen and back: what the app is started with, and what is said when it is left."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import platformdirs

from chaos import gallery as shelf
from chaos.experiment import Result, judge
from chaos.journals.journal import journal
from chaos.registry import faults
from chaos.report import write
from chaos.runner import Runner
from topology.plan import Playground
from topology.spec import load
from topology.units import format_duration
from tui.app import PlayApp
from tui.draw.palette import LIGHT as LIGHT_COLOURS
from tui.filming import instant_of, scene_of
from tui.headless import save_runner
from tui.live import LivePace, LiveSession
from tui.lookup import Mistake
from tui.record.job import LIGHT
from tui.screens.gallery import Shelf
from tui.screens.play import PlayScreen

if TYPE_CHECKING:
    from topology.live.theatre import Theatre


class GalleryApp(PlayApp):
    """The app with the gallery open in front of the first playground."""

    def on_mount(self) -> None:
        """Open the gallery as soon as there is something behind it."""
        self.call_after_refresh(self._choose)

    def _choose(self) -> None:
        if isinstance(self.screen, PlayScreen):
            self.screen.action_gallery()


def gallery() -> int:
    """Open the gallery."""
    names = shelf.names()
    if not names:
        raise Mistake("the gallery is empty; name a file: knockon play FILE")
    first = "shop" if "shop" in names else names[0]
    return _session(GalleryApp(_open(first), gallery=_shelf()), None, None)


def play(
    playground: Playground,
    *,
    seed: int | None,
    timeline: bool,
    save: str | None,
    design: str | None,
    name: str,
    at: str | None = None,
    live: Theatre | None = None,
) -> int:
    """Play one playground, and keep the session when asked to."""
    at_ns = instant_of("--at", at) or 0
    if live is not None:
        _need_terminal()
    runner = Runner(playground, _seed(playground, seed), timeline=timeline, build=live)
    if at_ns > runner.end:
        raise Mistake(f"--at {format_duration(at_ns)}: {playground.name} ends at {format_duration(runner.end)}")
    app = PlayApp(runner, gallery=_shelf())
    if live is not None:
        app.session = _live_session(runner, live)
    if design is not None:
        app.session.choose(design, app.session.node)
    if at_ns:
        _begin_at(app, at_ns)
    return _session(app, save, name)


def _live_session(runner: Runner, live: Theatre) -> LiveSession:
    """A session over processes, once all of them are there."""
    stage = live.stage
    assert stage is not None
    stage.ready()
    return LiveSession(runner, LivePace(lambda: stage.now))


def play_film(path: str, at: str | None, save: str | None) -> int:
    """The run that a film shows, live, from an instant of the film on; what a person does then is done to it."""
    film, run_ns = scene_of(path, at)
    runner = Runner(film.playground, film.job.seed, timeline=True)
    app = PlayApp(runner, gallery=_shelf(), light=film.job.theme == LIGHT)
    _begin_at(app, run_ns)
    return _session(app, save, path)


def _begin_at(app: PlayApp, at_ns: int) -> None:
    app.session.go_to(at_ns)
    app.session.pace.paused = True
    app.session.say(f"this is {format_duration(at_ns)}, live: space goes on, and every key does what it says")


def _seed(playground: Playground, seed: int | None) -> int:
    if seed is not None:
        return seed
    return playground.seed if playground.run is None else playground.run.seed


def _open(name: str) -> Runner:
    playground = load(shelf.path(name), faults=faults())
    return Runner(playground, playground.seed, timeline=False)


def _shelf() -> Shelf:
    entries = ((name, load(shelf.path(name), faults=faults()).about) for name in shelf.names())
    return Shelf(tuple(entries), _open)


def _need_terminal() -> None:
    if not sys.stdout.isatty() or not sys.stdin.isatty():
        raise Mistake("play needs a terminal; `knockon run` works without one")


def _session(app: PlayApp, save: str | None, name: str | None) -> int:
    """Run the app; afterwards print the summary and the command that repeats the run."""
    _need_terminal()
    first = app.session.runner.playground.name
    app.run()
    films = app.session.films
    if app.return_code:
        if films is not None:
            films.stop()
        return app.return_code
    runner = app.session.runner
    asked = name if runner.playground.name == first else None
    played_out = runner.timeline and runner.now >= runner.end
    result = judge(runner)
    print(_summary(result, played_out), end="")
    if save is None and any(command.by == "key" for command in runner.commands):
        save = _kept(runner)
    if save is not None:
        save_runner(save, runner, result.digest)
    print(f"\nAgain: {again(runner, save, asked)}")
    if films is not None:
        for words in films.finish(runner, app.size, app.palette is LIGHT_COLOURS):
            print(f"Film: {words}")
    runner.close()
    return 0


def _kept(runner: Runner) -> str:
    """Where a session is kept that nobody asked to keep, so that the keys that were pressed are not lost."""
    folder = platformdirs.user_state_path("knockon")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Mistake(f"the session cannot be kept in {folder}: {error.strerror}; name a file with --save") from error
    return str(folder / f"{runner.playground.name}-{runner.seed}.yaml")


def _summary(result: Result, played_out: bool) -> str:
    """What it came to. What the file expects of its own timeline is judged only where that was played to its end."""
    told = journal(result)
    if not played_out:
        told |= {"steady": [], "expectations": [], "exit_code": None}
    return write("text", told)


def again(runner: Runner, save: str | None, name: str | None) -> str:
    """The command that repeats a session; what was done by hand needs a run file."""
    if save is not None:
        return _command(["run", save])
    return _command(["run", name or runner.playground.name, "--seed", str(runner.seed)])


def _command(words: Sequence[str]) -> str:
    return shlex.join(["knockon", *words])
