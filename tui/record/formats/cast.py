"""asciicast v2: the film as it was recorded."""

from __future__ import annotations

from tui.record.formats import Progress
from tui.record.pictures import Film

still = None


def film(film: Film, progress: Progress) -> str:
    """The same lines again."""
    return film.text


def missing() -> str:
    """Nothing is needed."""
    return ""
