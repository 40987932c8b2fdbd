"""The panel under a design: what its customers were told, what waits, what is done."""

from __future__ import annotations

from tui.draw.palette import Palette
from tui.draw.panel import curve_width, rows
from tui.history import Figures, History
from tui.widgets.lines import Lines

HEIGHT = 4


class Flows(Lines):
    """Four rows with curves; the scales are the same in all designs."""

    DEFAULT_CSS = f"""
    Flows {{ height: {HEIGHT}; }}
    """

    def show(self, design: str, now: Figures, history: History, palette: Palette) -> None:
        """Show a design's figures now, and its newest columns."""
        width = max(0, self.size.width - 2)
        shown = curve_width(width)
        drawn = rows(now, history.columns(design, shown), history.scales(shown), width)
        self.show_rows([[(" ", "text"), *row] for row in drawn], palette)
