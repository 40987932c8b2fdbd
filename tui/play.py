"""From the command line to the screen and back: what the app is started with, and what is said when it is left."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

import platformdirs

from chaos import gallery as shelf
from chaos.experiment import Result, judge
from chaos.journal import journal
from chaos.registry import faults
from chaos.report import write
from chaos.runner import Runner
from topology.plan import Playground
from topology.spec import load
from tui.app import PlayApp
from tui.headless import save_runner
from tui.lookup import Mistake
from tui.screens.gallery import Shelf
from tui.screens.play import PlayScreen


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
    playground: Playground, *, seed: int | None, timeline: bool, save: str | None, design: str | None, name: str
) -> int:
    """Play one playground, and keep the session when asked to."""
    runner = Runner(playground, _seed(playground, seed), timeline=timeline)
    app = PlayApp(runner, gallery=_shelf())
    if design is not None:
        app.session.choose(design, app.session.node)
    return _session(app, save, name)


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


def _session(app: PlayApp, save: str | None, name: str | None) -> int:
    """Run the app; afterwards print the summary and the command that repeats the run."""
    if not sys.stdout.isatty() or not sys.stdin.isatty():
        raise Mistake("play needs a terminal; `knockon run` works without one")
    first = app.session.runner.playground.name
    app.run()
    if app.return_code:
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
