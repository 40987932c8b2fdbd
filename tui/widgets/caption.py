"""What a film says about itself: one line at the bottom, in the place of the keys, which nobody can press there."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.draw.palette import Palette


class Caption(Widget):
    """One line of words, in the middle. They may be of any script, so that their width is counted in cells."""

    ALLOW_SELECT = False
    can_focus = False
    DEFAULT_CSS = """
    Caption { height: 1; dock: bottom; width: 100%; }
    """

    def __init__(self, words: str, palette: Palette) -> None:
        super().__init__()
        self.words = words
        self.palette = palette

    def say(self, words: str, palette: Palette) -> None:
        """Show these words from now on."""
        if (words, palette) != (self.words, self.palette):
            self.words, self.palette = words, palette
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The words on a bar of their own length; … where they are longer than the line."""
        width = self.size.width
        text = f" {self.words} " if self.words else ""
        if cell_len(text) > width:
            text = set_cell_size(text, width - 2).rstrip() + "… "
        left = (width - cell_len(text)) // 2
        plain, bar = self.palette.style("text"), self.palette.style("title+bold+reverse")
        right = width - left - cell_len(text)
        return Strip([Segment(" " * left, plain), Segment(text, bar), Segment(" " * right, plain)], width)
