"""A film played on an emulated terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from unicodedata import normalize

import pyte


class Projector:
    """Plays the lines of a film up to an instant."""

    def __init__(self, film: str) -> None:
        first, *rest = film.splitlines()
        self.header: dict[str, Any] = json.loads(first)
        self.events: list[list[Any]] = [json.loads(line) for line in rest]
        self.screen = pyte.Screen(self.header["width"], self.header["height"])
        self._stream = pyte.Stream(self.screen)
        self._next = 0

    def play_to(self, seconds: float) -> list[str]:
        """The rows of the screen at that instant of the film."""
        while self._next < len(self.events) and self.events[self._next][0] <= seconds:
            _, kind, text = self.events[self._next]
            if kind == "o":
                self._stream.feed(text)
            self._next += 1
        return shown(self.screen)

    @property
    def markers(self) -> list[tuple[float, str]]:
        """Time and words of each marker."""
        return [(seconds, text) for seconds, kind, text in self.events if kind == "m"]


def shown(screen: pyte.Screen) -> list[str]:
    """The rows of an emulated terminal; the right half of a wide sign counts as nothing."""
    return ["".join(screen.buffer[y][x].data for x in range(screen.columns)) for y in range(screen.lines)]


def looks(screen: pyte.Screen) -> list[list[tuple[str, str, bool, bool]]]:
    """Each cell's colours, boldness and whether it is reversed."""
    rows = (screen.buffer[y] for y in range(screen.lines))
    return [[_look(row[x]) for x in range(screen.columns)] for row in rows]


def _look(cell: Any) -> tuple[str, str, bool, bool]:
    return cell.fg, cell.bg, cell.bold, cell.reverse


def text_of(grid: Iterable[Iterable[Iterable[str]]]) -> list[str]:
    """The rows of a grid of cells, with accents joined to their letters as the emulated terminal joins them."""
    return [normalize("NFC", "".join(sign for sign, _ in row)) for row in grid]
