"""What a film says of itself, in its first line: enough to make it again from the film alone, and to check it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from chaos import gallery
from chaos.journals.journal import environment
from chaos.runner import Runner
from topology.plan import Playground
from topology.problems import PlaygroundError
from topology.spec.writer import run_text
from tui.lookup import Mistake
from tui.record.job import Job, Place, job_of, place_of, read_playground, read_text, unfit
from tui.record.reel import Reel


def about(job: Job, runner: Runner) -> dict[str, Any]:
    """The playground, the run file, the digest, how it was filmed, and with which versions; `runner` has finished."""
    digest = runner.digest()
    kept = {key: value for key, value in asdict(job).items() if key not in ("size", "source")}
    run = run_file(runner, runner.end, digest)
    return {"playground": runner.playground.name, "digest": digest, **versions(), "run": run, **kept}


def versions() -> dict[str, str]:
    """What a picture depends on beside the film's own words."""
    return {"version": environment(0.0)["version"], "textual": version("textual"), "rich": version("rich")}


def run_file(runner: Runner, end_ns: int, digest: str = "") -> str:
    """The playground with the seed, an end and all commands of the run that is filmed."""
    commands = [asdict(command) for command in runner.commands]
    return run_text(runner.playground, runner.seed, end_ns, commands, digest)


@dataclass(frozen=True, slots=True)
class Opened:
    """A film that was read: its text, what it says of itself, and what it takes to make it again."""

    path: str
    text: str
    told: dict[str, Any]
    job: Job
    place: Place
    playground: Playground

    @property
    def reel(self) -> Reel:
        """Its time."""
        return self.job.reel(self.playground)


def opened(path: str) -> Opened:
    """Read a film of ours; a Mistake where it is none.

    Files that its playground names are looked for beside the film, and in the gallery.
    """
    text = text_of(path)
    job, told = told_by(path, text)
    place, playground = _placed(job, path, str(told["playground"]))
    return Opened(path, text, told, job, place, playground)


def _placed(job: Job, path: str, name: str) -> tuple[Place, Playground]:
    place = place_of(path)
    try:
        return place, read_playground(job, place)
    except PlaygroundError:
        if name not in gallery.names():
            raise
        place = place_of(str(gallery.path(name)))
        return place, read_playground(job, place)


def run_of_film(path: str, settings: Sequence[str] = ()) -> Playground:
    """The run that a film shows, as its run file says it."""
    film = opened(path)
    return read_text(str(film.told["run"]), path, film.place, film.job.duration_ns, settings)


def text_of(path: str) -> str:
    """The text of a film's file."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise Mistake(f"cannot read {path}: {reason.lower()}") from error


def told_by(path: str, film: str) -> tuple[Job, dict[str, Any]]:
    """The job of a film, and all that it says of itself; a Mistake where it is no film of ours."""
    try:
        head = json.loads(film.partition("\n")[0])
        told = head["knockon"]
        kept = {name: told["run" if name == "source" else name] for name in Job.__dataclass_fields__ if name != "size"}
        job = job_of({**kept, "size": (head["width"], head["height"])})
        if not _sound(job):
            raise ValueError("no job of ours")
        return job, told
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Mistake(f"{path} is not a film that knockon recorded") from error


def _sound(job: Job) -> bool:
    """Whether the values are such as we write, so that nobody stumbles over them later."""
    whole = (job.duration_ns, job.seed, job.fps, job.from_ns, job.to_ns, *job.size)
    if not all(type(value) is int and value >= 0 for value in whole) or type(job.speed) not in (int, float):
        return False
    texts = (job.source, job.theme, *job.designs)
    plain = all(isinstance(value, str) for value in texts) and isinstance(job.timeline, bool)
    return plain and job.from_ns <= job.to_ns <= job.duration_ns and not unfit(job.fps, job.size, job.speed, job.theme)
