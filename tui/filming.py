"""What `record` asks of the film maker, and how it says what came of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chaos.experiment import FAILED, OK
from tui.lookup import Mistake, open_playground

_SIZE = re.compile(r"([0-9]{1,4})[x×]([0-9]{1,4})")


def record(
    name: str | None,
    output: str | None,
    verify: str | None,
    size: str,
    seed: int | None,
    duration: str | None,
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
    film.record(playground, output, seed=seed, size=size_of(size))
    print(f"{output}: recorded")
    return OK


def size_of(text: str) -> tuple[int, int]:
    """Columns and rows of "100x30"."""
    match = _SIZE.fullmatch(text)
    size = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (20 <= size[0] <= 500 and 10 <= size[1] <= 200):
        raise Mistake(f"--size {text[:30]}: expected columns and rows such as 100x30, from 20x10 to 500x200")
    return size
