"""A grid of cells, each a character and an ink; strips for Textual are made from it a row at a time."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip

from tui.draw.palette import Palette

Run = tuple[str, str]
"""Text and its ink."""


class Canvas:
    """Cells that can be written anywhere; what falls outside is dropped."""

    def __init__(self, width: int, height: int, ink: str = "text") -> None:
        self.width = max(0, width)
        self.height = max(0, height)
        self.chars = [[" "] * self.width for _ in range(self.height)]
        self.inks = [[ink] * self.width for _ in range(self.height)]

    def put(self, x: int, y: int, text: str, ink: str) -> None:
        """Write text from a cell to the right."""
        if not 0 <= y < self.height:
            return
        chars, inks = self.chars[y], self.inks[y]
        for column, char in enumerate(text, x):
            if 0 <= column < self.width:
                chars[column] = char
                inks[column] = ink

    def put_runs(self, x: int, y: int, runs: list[Run]) -> None:
        """Write several pieces one after another."""
        for text, ink in runs:
            self.put(x, y, text, ink)
            x += len(text)

    def runs(self, y: int, left: int = 0, right: int | None = None) -> list[Run]:
        """A row between two columns, as the fewest pieces of one ink."""
        chars = self.chars[y][left:right]
        inks = self.inks[y][left:right]
        pieces: list[Run] = []
        start = 0
        for at in range(1, len(chars) + 1):
            if at == len(chars) or inks[at] != inks[start]:
                pieces.append(("".join(chars[start:at]), inks[start]))
                start = at
        return pieces if chars else []

    def text(self) -> str:
        """The whole picture as plain text, for tests and for people."""
        return "\n".join("".join(row).rstrip() for row in self.chars)


def strip_of(runs: list[Run], width: int, palette: Palette) -> Strip:
    """A strip of exactly a width. Every segment has a style: one without would crash where colours are filtered out."""
    segments: list[Segment] = []
    room = width
    for text, ink in runs:
        if room <= 0:
            break
        segments.append(Segment(text[:room], palette.style(ink)))
        room -= len(text)
    if room > 0:
        segments.append(Segment(" " * room, palette.style("text")))
    return Strip(segments, width)
