"""Films that a person marks in the app: from R to R. Each is computed beside it, from what was done, by a process."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterator
from itertools import count
from pathlib import Path

import platformdirs

from chaos.runner import Runner
from topology.files import write_whole
from topology.plan import Playground
from tui.draw.figures import clock
from tui.headless import Outputs, Progress
from tui.lookup import Mistake
from tui.record.about import run_file
from tui.record.film import CAST, job_for
from tui.record.job import DARK, LEAST_SIZE, LIGHT, MOST_SIZE, Wishes, place_of, read_text
from tui.record.shooting import Shooting

WAIT = 0.05
"""Seconds between two looks at a film that is waited for."""


class Making:
    """One film that is being made. `share` is how much there is, and `words` what came of it."""

    def __init__(self, playground: Playground, run: str, wishes: Wishes, output: Path) -> None:
        self.output = output
        self.share = 0.0
        self.words = ""
        self._playground, self._run, self._wishes = playground, run, wishes
        self._shooting: Shooting | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._make, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether it is not there yet."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Leave it unmade."""
        self._stopped = True
        if self._shooting is not None:
            self._shooting.stop()
        self._thread.join()

    def wait(self) -> None:
        """Wait until it is there, with a bar."""
        with Progress(f"filming {self.output.name}", 0, 1, Outputs()) as progress:
            while self.busy:
                progress.share(self.share)
                self._thread.join(WAIT)

    def _make(self) -> None:
        try:
            write_whole(self.output, self._shot())
            self.words = f"the film is in {self.output}"
        except (Mistake, OSError) as error:
            self.words = f"no film: {error}"

    def _shot(self) -> str:
        place = place_of(self._playground.path)
        made = read_text(self._run, place.path or self._playground.name, place, self._playground.duration_ns)
        with Shooting(job_for(made, self._wishes), place, made, aloud=False) as self._shooting:
            if self._stopped:
                raise Mistake("it was not waited for")
            return self._shooting.text(self._done)

    def _done(self, share: float) -> None:
        self.share = share


class Films:
    """Where a film begins and ends, and the films that are being made."""

    def __init__(self) -> None:
        self.began_ns: int | None = None
        self.made: list[Making] = []
        self._told = 0

    def press(self, runner: Runner, size: tuple[int, int], light: bool) -> str:
        """A film begins here, or ends here; what to say about it."""
        if self.began_ns is None or self.began_ns >= runner.now:
            if runner.now >= runner.end:
                return "the run has ended: a film begins while it goes on"
            self.began_ns = runner.now
            return ""
        taken = [making.output for making in self.made]
        output = free_place(f"{runner.playground.name}-{runner.seed}", taken)
        self.made.append(_making(runner, self.began_ns, size, light, output))
        self.began_ns = None
        return ""

    @property
    def busy(self) -> bool:
        """Whether any film is not there yet."""
        return any(making.busy for making in self.made)

    def words(self) -> str:
        """How it stands, for the one line of the screen; empty where there is nothing to say."""
        if self.began_ns is not None:
            return f"● a film begins at {clock(self.began_ns)}; R ends it"
        making = next((making for making in self.made if making.busy), None)
        return f"filming in the background: {making.share:.0%} of {making.output}" if making is not None else ""

    def news(self) -> str:
        """What came of a film, once."""
        if self._told < len(self.made) and not self.made[self._told].busy:
            self._told += 1
            return self.made[self._told - 1].words
        return ""

    def finish(self, runner: Runner, size: tuple[int, int], light: bool) -> Iterator[str]:
        """At the end: a film that has begun ends, too; what came of each, once it is there."""
        if self.began_ns is not None and self.began_ns < runner.now:
            self.press(runner, size, light)
        try:
            for making in self.made:
                making.wait()
                yield making.words
        finally:
            self.stop()

    def stop(self) -> None:
        """Leave unmade what is not there yet."""
        for making in self.made:
            making.stop()


def _making(runner: Runner, from_ns: int, size: tuple[int, int], light: bool, output: Path) -> Making:
    fitting = tuple(min(max(side, low), high) for low, side, high in zip(LEAST_SIZE, size, MOST_SIZE, strict=True))
    theme = LIGHT if light else DARK
    wishes = Wishes(runner.seed, (fitting[0], fitting[1]), theme=theme, from_ns=from_ns, to_ns=runner.now)
    return Making(runner.playground, run_file(runner, runner.now), wishes, output)


def free_place(stem: str, taken: Collection[Path] = ()) -> Path:
    """A file that is not there yet, in the current folder, or where that cannot be written to, in the person's own."""
    here = Path.cwd()
    folder = here if os.access(here, os.W_OK) else platformdirs.user_state_path("knockon", ensure_exists=True)
    names = (f"{stem}{CAST}" if number == 1 else f"{stem}-{number}{CAST}" for number in count(1))
    places = (Path(name) if folder == here else folder / name for name in names)
    return next(place for place in places if place not in taken and not place.exists())
