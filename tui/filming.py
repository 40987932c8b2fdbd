"""What `record` asks of the film maker, and how it says what came of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chaos.experiment import FAILED, OK
from topology.units import parse_duration
from tui.lookup import Mistake, open_playground

_SIZE = re.compile(r"([0-9]{1,4})[x×]([0-9]{1,4})")


def record(
    name: str | None,
    output: str | None,
    verify: str | None,
    size: str,
    seed: int | None,
    duration: str | None,
    span: tuple[str | None, str | None],
    fps: int,
    settings: Sequence[str],
) -> int:
    """Record a film, or record one again and compare it with what is there."""
    if verify is None and (name is None or output is None):
        raise Mistake("record needs a playground and -o FILE, or --verify FILE")
    from tui.record import film

    if verify is not None:
        same = film.verify(verify)
        print(f"{verify}: {'the same, byte for byte' if same else 'recorded again, it came out differently'}")
        return OK if same else FAILED
    assert name is not None
    assert output is not None
    playground = open_playground(name, settings=settings, duration=duration)
    begin, end = instant_of("--from", span[0]), instant_of("--to", span[1])
    film.film(playground, seed, size_of(size), fps, begin or 0, end, output)
    print(f"{output}: recorded")
    return OK


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
    size = (int(match[1]), int(match[2])) if match else (0, 0)
    if not match:
        raise Mistake(f"--size {text[:30]}: expected columns and rows such as 100x30")
    return size
