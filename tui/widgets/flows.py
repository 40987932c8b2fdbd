"""The panel under a design: what its customers were told, what waits, what is done."""

from __future__ import annotations

from tui.draw.palette import Palette
from tui.draw.panel import LONGEST_CURVE, curve_width, rows
from tui.history import History
from tui.widgets.lines import Lines

HEIGHT = 4


class Flows(Lines):
    """Four rows with curves; the scales are the same in all designs."""

    DEFAULT_CSS = f"""
    Flows {{ height: {HEIGHT}; }}
    """

    def show(self, design: str, history: History, palette: Palette) -> None:
        """Show a design's newest samples."""
        width = max(0, self.size.width - 2)
        shown = curve_width(width)
        past = history.last(design, shown or 1)
        tops = history.top_rate(LONGEST_CURVE), history.top_waiting(LONGEST_CURVE)
        if past:
            self.show_rows([[(" ", "text"), *row] for row in rows(past[-1], past, *tops, width)], palette)
