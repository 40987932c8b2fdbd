"""The way in: checks what is asked for, has a process of its own film it, and writes the film whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from topology.files import write_whole
from topology.plan import Playground
from topology.units import format_duration
from tui.headless import Outputs, Progress
from tui.lookup import Mistake
from tui.record.job import Job, Place, job_of, place_of, read_playground
from tui.record.virtual import NS, settings

LEAST_FPS, MOST_FPS = 4, 30
"""Pictures a second. The app lays out 60 times a second, and takes a silence of more than a quarter for a pause."""
LEAST_SIZE, MOST_SIZE = (60, 20), (500, 200)
ENDING = ".cast"


def film(
    playground: Playground,
    seed: int | None,
    size: tuple[int, int],
    fps: int,
    from_ns: int,
    to_ns: int | None,
    output: str,
) -> None:
    """Film a playground with its timeline, and write the film; without a seed with its own, and to its end."""
    job = job_for(playground, seed, size, fps, from_ns, to_ns)
    _check_output(output)
    write_whole(output, shot(job, place_of(playground.path), playground))


def job_for(
    playground: Playground, seed: int | None, size: tuple[int, int], fps: int, from_ns: int, to_ns: int | None
) -> Job:
    """The job that is asked for, if it makes sense."""
    run = playground.run
    length = playground.duration_ns if run is None else min(playground.duration_ns, run.end_ns)
    end = length if to_ns is None else to_ns
    if not LEAST_FPS <= fps <= MOST_FPS:
        raise Mistake(f"--fps {fps}: expected {LEAST_FPS} to {MOST_FPS} pictures a second")
    if not all(low <= side <= high for low, side, high in zip(LEAST_SIZE, size, MOST_SIZE, strict=True)):
        least, most = ("x".join(map(str, sides)) for sides in (LEAST_SIZE, MOST_SIZE))
        raise Mistake(f"--size {size[0]}x{size[1]}: a film needs {least} or more, up to {most}")
    if not 0 <= from_ns < end <= length:
        span = f"{format_duration(from_ns)} to {format_duration(end)}"
        whole = format_duration(length)
        raise Mistake(f"a film from {span} is not possible: {playground.name} goes from 0 s to {whole}")
    own_seed = playground.seed if run is None else run.seed
    designs = tuple(design.name for design in playground.designs)
    chosen = own_seed if seed is None else seed
    return Job(playground.source, playground.duration_ns, designs, chosen, size, fps, from_ns, end)


def _check_output(output: str) -> None:
    """Say what is wrong with the path before the work, not after it."""
    path = Path(output)
    if path.suffix != ENDING:
        ending = f"what {path.suffix} means is not known" if path.suffix else "it has no ending"
        raise Mistake(f"-o {output}: {ending}; films are written as {ENDING}: -o {path.with_suffix(ENDING).name}")
    folder = Path(os.path.realpath(path)).parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        reason = "it is a folder" if path.is_dir() else "its folder cannot be written to"
        raise Mistake(f"cannot write {output}: {reason if folder.is_dir() else 'the folder does not exist'}")


def shot(job: Job, place: Place, playground: Playground) -> str:
    """The text of a film, made in a process of its own."""
    asked = {"job": asdict(job), "place": asdict(place), "canonical": playground.canonical}
    command = [sys.executable, "-P", "-m", "tui.record.process"]
    with (
        Progress(f"filming {playground.name}", 0, 1, Outputs()) as progress,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", env=environment()
        ) as process,
    ):
        try:
            lines = list(_lines(process, json.dumps(asked), job, progress))
        except BaseException:
            process.kill()
            raise
    if process.returncode or not lines or not lines[-1].startswith("{"):
        raise Mistake(f"the recording process {_ending(process.returncode)}; nothing was written")
    return "".join([lines[-1], *lines[:-1]])


def _lines(process: subprocess.Popen[str], asked: str, job: Job, progress: Progress) -> Iterator[str]:
    _pipe(process.stdin).write(asked)
    _pipe(process.stdin).close()
    for line in _pipe(process.stdout):
        yield line
        if progress.shown and line.startswith("["):
            seconds = float(line[1 : line.index(",")])
            progress.step(round(seconds * NS), job.to_ns - job.from_ns)


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def environment() -> dict[str, str]:
    """This process's own, with its places to import from, and nothing that changes how the screen looks."""
    return settings(os.environ) | {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}


def _ending(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"failed (exit code {code}); its words are above"


def verify(path: str) -> bool:
    """Make a film again from what it says of itself; True when the very same comes out."""
    try:
        kept = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise Mistake(f"cannot read {path}: {reason.lower()}") from error
    job, made_with = _kept_job(path, kept.partition("\n")[0])
    for name in ("textual", "rich"):
        if made_with.get(name) != version(name):
            words = f"was recorded with {name} {made_with.get(name)}, and this is {version(name)}"
            raise Mistake(f"{path} {words}: the pictures cannot be compared")
    place = place_of("")
    return shot(job, place, read_playground(job, place)) == kept


def _kept_job(path: str, line: str) -> tuple[Job, dict[str, Any]]:
    try:
        head = json.loads(line)
        about = head["knockon"]
        fields = {name: about[name] for name in Job.__dataclass_fields__ if name != "size"}
        return job_of({**fields, "size": (head["width"], head["height"])}), about
    except (ValueError, TypeError, KeyError) as error:
        raise Mistake(f"{path} is not a film that knockon recorded") from error
