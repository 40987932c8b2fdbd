"""What `record` and `frame` ask of the film maker, and how they say what came of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from chaos.experiment import FAILED, OK
from topology.units import format_duration, parse_duration
from tui.lookup import Mistake, open_playground
from tui.record import film, formats
from tui.record.about import Opened, opened
from tui.record.job import Wishes, place_of
from tui.record.shooting import shot

NS = 1_000_000_000
_SIZE = re.compile(r"([0-9]{1,4})[x×]([0-9]{1,4})")
_SPEED = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?) ?[x×]?")


def record(name: str, output: str, wishes: Wishes, duration: str | None, settings: Sequence[str]) -> int:
    """Record a film."""
    playground = open_playground(name, settings=settings, duration=duration)
    film.film(playground, wishes, output)
    print(f"{output}: recorded")
    return OK


def verify(path: str, name: str | None, settings: Sequence[str]) -> int:
    """Run and record again what a film shows, or a file that is named; two verdicts."""
    from tui.record.verify import picture, subject_of, truth

    kept = opened(path)
    subject = subject_of(kept, None if name is None else open_playground(name, settings=settings))
    true = truth(kept, subject)
    print(f"{path}: truth {true.words}")
    if not true.holds:
        print(f"{path}: picture not compared: it is another run")
        return FAILED
    seen = picture(kept, subject)
    print(f"{path}: picture {seen.words}")
    return FAILED if seen.holds is False else OK


def frame(name: str, at: str, output: str, wishes: Wishes, settings: Sequence[str]) -> int:
    """One picture of a film, or of a playground or run file with all that it does by itself until then."""
    at_ns = instant_of("--at", at) or 0
    film.check_output(output, still=True)
    if is_film(name):
        kept = opened(name)
        _within(kept, at_ns)
        formats.still(kept.text, at_ns / NS, output)
    else:
        playground = open_playground(name, settings=settings)
        job = film.still_for(playground, wishes, at_ns)
        formats.still(shot(job, place_of(playground.path), playground), 0.0, output)
    print(f"{output}: {name} at {format_duration(at_ns)}")
    return OK


def is_film(name: str) -> bool:
    """Whether a name means a film."""
    return Path(name).suffix == film.CAST


def scene_of(path: str, at: str | None) -> tuple[Opened, int]:
    """A film, and the instant of the run that it shows then; without one its beginning."""
    kept = opened(path)
    at_ns = instant_of("--at", at) or 0
    _within(kept, at_ns)
    return kept, kept.reel.run_ns(at_ns)[0]


def _within(kept: Opened, at_ns: int) -> None:
    if at_ns > (length := kept.reel.length_ns):
        raise Mistake(f"--at {format_duration(at_ns)}: {kept.path} is {format_duration(length)} long")


def instant_of(option: str, text: str | None) -> int | None:
    """Nanoseconds of "20s", or None where nothing was said."""
    if text is None:
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        raise Mistake(f"{option}: {error}") from error


def size_of(text: str) -> tuple[int, int]:
    """Columns and rows of "100x30"."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise Mistake(f"--size {text[:30]}: expected columns and rows such as 100x30")
    return int(match[1]), int(match[2])


def speed_of(text: str) -> float:
    """The number in "2x"."""
    match = _SPEED.fullmatch(text.strip())
    if not match:
        raise Mistake(f"--speed {text[:30]}: expected how many times as fast, such as 2x or 0.5x")
    return float(match[1])
