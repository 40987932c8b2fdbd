"""The pictures as plain text, for mail, issues and screen readers."""

from __future__ import annotations

from tui.record.cast import Grid
from tui.record.formats import Progress
from tui.record.pictures import Film


def film(film: Film, progress: Progress) -> str:
    """Every picture under its time, and every marker where it falls."""
    told = [(picture.seconds, 1, f"── {picture.seconds:.1f} s ──\n{lines(picture.grid)}") for picture in film.pictures]
    told += [(mark.seconds, 0, f"── {mark.seconds:.1f} s {mark.kind}{mark.words}\n") for mark in film.marks]
    return "\n".join(text for _, _, text in sorted(told, key=lambda part: part[:2]))


def still(grid: Grid, seconds: float, film: Film) -> str:
    """One picture."""
    return lines(grid)


def missing() -> str:
    """Nothing is needed."""
    return ""


def lines(grid: Grid) -> str:
    """The rows of a picture, each with its line end and without the blanks before it."""
    return "".join("".join(sign for sign, _ in row).rstrip() + "\n" for row in grid)
