"""What a film can be written as: one file per format, found by the ending of the output's name.

Each has `film(film, progress) -> bytes | str` and `still(grid, seconds, film) -> bytes | str`, or None in the place of
one that it cannot do, and `missing() -> str`: what is not installed here, in words, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

from topology.files import write_whole
from tui.lookup import Mistake
from tui.record.pictures import read

Progress = Callable[[float], None]
"""Takes the share that is done, from 0 to 1."""

ENDINGS = tuple(sorted(f".{path.stem}" for path in Path(__file__).parent.glob("[!_]*.py")))
"""All endings, whatever is installed."""

USUAL_FPS = {".gif": 5}
"""Pictures a second where nobody says how many, and 10 are too many: each of a GIF weighs."""


def usual_fps(output: str) -> int:
    """How many pictures a second an output of this name has, if nobody says."""
    return USUAL_FPS.get(Path(output).suffix.lower(), 10)


def check(output: str, still: bool = False) -> None:
    """Say what stands in the way of this output before any work is done for it."""
    _writer(output, still)


def write(film_text: str, output: str, *, progress: Progress = lambda share: None) -> None:
    """Write a film, given as the text of its .cast, in the format that the output's ending names."""
    made = _writer(output, False).film(read(film_text, output), progress)
    write_whole(output, made)


def still(film_text: str, seconds: float, output: str) -> None:
    """Write the picture at an instant of a film, in the format that the output's ending names."""
    film = read(film_text, output)
    write_whole(output, _writer(output, True).still(film.at(seconds), seconds, film))


def _writer(output: str, still: bool) -> ModuleType:
    ending = Path(output).suffix.lower()
    if ending not in ENDINGS:
        found = f"what {ending} means is not known" if ending else "it has no ending"
        known = _fitting(still)
        raise Mistake(f"-o {output}: {found}; expected {', '.join(known[:-1])} or {known[-1]}")
    writer = _module(ending)
    if (writer.still if still else writer.film) is None:
        what, other = ("a picture", "a film") if still else ("a film", "a picture")
        raise Mistake(f"-o {output}: {ending} holds {other}; {what} goes into {', '.join(_fitting(still))}")
    if words := writer.missing():
        raise Mistake(f"-o {output}: {words}")
    return writer


def _fitting(still: bool) -> list[str]:
    return [ending for ending in ENDINGS if getattr(_module(ending), "still" if still else "film") is not None]


def _module(ending: str) -> ModuleType:
    return import_module(f"{__name__}.{ending[1:]}")
