"""The recording process, seen from outside: it is started, its lines are read as they come, and none outlives us."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import IO, Self

from topology.plan import Playground
from tui.headless import Outputs, Progress
from tui.lookup import Mistake
from tui.record.job import Job, Place
from tui.record.reel import NS
from tui.record.virtual import settings

COMMAND = (sys.executable, "-P", "-m", "tui.record.process")


class Shooting:
    """One film that is being made. Leaving its context ends the process."""

    def __init__(self, job: Job, place: Place, playground: Playground, *, aloud: bool = True) -> None:
        """With `aloud` the process may say on our standard error what went wrong."""
        self.length_ns = max(1, job.reel(playground).length_ns)
        self._asked = json.dumps({"job": asdict(job), "place": asdict(place), "canonical": playground.canonical})
        self._aloud = aloud
        self._process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if aloud else subprocess.DEVNULL,
            encoding="utf-8",
            env=environment(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process, if it has not ended, and wait for that."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.__exit__(None, None, None)

    def text(self, done: Callable[[float], None]) -> str:
        """The whole film; `done` is told which share there is so far. A Mistake where none came of it."""
        lines = list(self._lines(done))
        code = self._process.wait()
        if code or not lines or not lines[-1].startswith("{"):
            why = "its words are above" if self._aloud else "`knockon record` with the run file says why"
            raise Mistake(f"the recording process {_ending(code)}; {why}; nothing was written")
        return "".join([lines[-1], *lines[:-1]])

    def _lines(self, done: Callable[[float], None]) -> Iterator[str]:
        inlet = _pipe(self._process.stdin)
        with suppress(BrokenPipeError):  # it has ended already, and said why
            inlet.write(self._asked)
            inlet.close()
        for line in _pipe(self._process.stdout):
            yield line
            if line.startswith("["):
                done(min(1.0, float(line[1 : line.index(",")]) * NS / self.length_ns))


def shot(job: Job, place: Place, playground: Playground) -> str:
    """The text of a film, with a bar meanwhile."""
    with Progress(f"filming {playground.name}", 0, 1, Outputs()) as progress, Shooting(job, place, playground) as shooting:
        return shooting.text(progress.share)


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def environment() -> dict[str, str]:
    """This process's own, with its places to import from, and nothing that changes how the screen looks."""
    return settings(os.environ) | {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}


def _ending(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"failed (exit code {code})"
