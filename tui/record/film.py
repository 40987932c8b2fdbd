"""The way in: checks what is asked for, has a process of its own film it, and writes the film whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from topology.files import write_whole
from topology.plan import Playground
from topology.units import format_duration
from tui.headless import Outputs, Progress
from tui.lookup import Mistake
from tui.record import formats
from tui.record.job import Job, Wishes, place_of, unfit
from tui.record.shooting import shot

CAST = ".cast"


def film(playground: Playground, wishes: Wishes, output: str) -> None:
    """Film a playground with its timeline, or a run file with its commands, and write the film."""
    job = job_for(playground, wishes)
    check_output(output)
    write(shot(job, place_of(playground.path), playground), output)


def write(text: str, output: str) -> None:
    """Write a film as its ending says."""
    if Path(output).suffix == CAST:
        write_whole(output, text)
    else:
        _write_as(text, output)


def _write_as(text: str, output: str) -> None:
    with Progress(f"writing {Path(output).name}", 0, 1, Outputs()) as progress:
        formats.write(text, output, progress=progress.share)


def job_for(playground: Playground, wishes: Wishes) -> Job:
    """The job that is asked for, if it makes sense."""
    length = _length(playground)
    end = length if wishes.to_ns is None else wishes.to_ns
    _check(wishes)
    if not 0 <= wishes.from_ns < end <= length:
        span = f"{format_duration(wishes.from_ns)} to {format_duration(end)}"
        whole = format_duration(length)
        raise Mistake(f"a film from {span} is not possible: {playground.name} goes from 0 s to {whole}")
    return _job(playground, wishes, wishes.from_ns, end)


def still_for(playground: Playground, wishes: Wishes, at_ns: int) -> Job:
    """One picture, at an instant of the run."""
    length = _length(playground)
    _check(wishes)
    if not 0 <= at_ns <= length:
        at, whole = format_duration(at_ns), format_duration(length)
        raise Mistake(f"there is no picture at {at}: {playground.name} goes from 0 s to {whole}")
    return _job(playground, wishes, at_ns, at_ns)


def _length(playground: Playground) -> int:
    """How much of the run there is to film; a run file knows its commands up to its end only."""
    return playground.duration_ns if playground.run is None else min(playground.duration_ns, playground.run.end_ns)


def _job(playground: Playground, wishes: Wishes, from_ns: int, to_ns: int) -> Job:
    run = playground.run
    own_seed = playground.seed if run is None else run.seed
    return Job(
        source=playground.source,
        timeline=run is None,
        duration_ns=playground.duration_ns,
        designs=tuple(design.name for design in playground.designs),
        seed=own_seed if wishes.seed is None else wishes.seed,
        size=wishes.size,
        fps=wishes.fps,
        speed=wishes.speed,
        theme=wishes.theme,
        captions=wishes.captions,
        from_ns=from_ns,
        to_ns=to_ns,
    )


def _check(wishes: Wishes) -> None:
    if words := unfit(wishes.fps, wishes.size, wishes.speed, wishes.theme):
        raise Mistake(words)


def check_output(output: str, still: bool = False) -> None:
    """Say what is wrong with the path before the work, not after it."""
    formats.check(output, still)
    path = Path(output)
    folder = Path(os.path.realpath(path)).parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        reason = "it is a folder" if path.is_dir() else "its folder cannot be written to"
        raise Mistake(f"cannot write {output}: {reason if folder.is_dir() else 'the folder does not exist'}")
