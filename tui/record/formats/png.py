"""One picture as points, twice as fine as a screen needs them, for slides."""

from __future__ import annotations

from io import BytesIO

from tui.record.cast import Grid
from tui.record.formats._drawing import missing
from tui.record.pictures import Film

__all__ = ["film", "missing", "still"]

SCALE = 2
film = None


def still(grid: Grid, seconds: float, film: Film) -> bytes:
    """One picture."""
    from tui.record.canvas import Canvas

    canvas = Canvas([grid], SCALE)
    canvas.show(grid)
    made = BytesIO()
    canvas.coloured().save(made, "PNG", optimize=True)
    return made.getvalue()
