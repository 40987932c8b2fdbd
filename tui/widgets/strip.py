"""One line that says how the designs fare that there is no room for."""

from __future__ import annotations

from tui.draw.canvas import Run
from tui.draw.palette import Palette
from tui.draw.panel import state_words
from tui.history import Figures
from tui.widgets.lines import Lines


class DesignStrip(Lines):
    """The designs out of sight, with state words; Tab brings them."""

    DEFAULT_CSS = """
    DesignStrip { height: 1; }
    """

    def show(self, hidden: list[tuple[str, Figures]], palette: Palette) -> None:
        """Show the designs out of sight."""
        self.show_rows([strip_row(hidden, self.size.width)], palette)


def strip_row(hidden: list[tuple[str, Figures]], width: int) -> list[Run]:
    """Name, sign and words of each; only the names and signs where it is narrow."""
    full = _row(hidden, words=True)
    if sum(len(text) for text, _ in full) <= width:
        return full
    return _row(hidden, words=False)


def _row(hidden: list[tuple[str, Figures]], words: bool) -> list[Run]:
    runs: list[Run] = [(" tab ", "key"), (" ", "text")]
    for name, now in hidden:
        sign, said, ink = state_words(now)
        runs += [(f"{name} ", "text"), (sign, f"{ink}+bold"), (f" {said}   " if words else "   ", ink)]
    return runs
