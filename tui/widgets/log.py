"""The event log in plain words: the newest lines that fit."""

from __future__ import annotations

from chaos.moment import LogLine
from tui.draw import figures
from tui.draw.canvas import Run
from tui.draw.palette import Palette
from tui.widgets.lines import Lines, rule

SIGNS = {"bad": ("✖", "bad"), "warn": ("▲", "warn"), "good": ("●", "ok")}


class Log(Lines):
    """Newest at the bottom; what was last done stays at the top, above what came of it."""

    DEFAULT_CSS = """
    Log { height: 4; }
    """

    def show(self, log: tuple[LogLine, ...], titled: bool, palette: Palette) -> None:
        """Show the end of the log."""
        self.show_rows(log_rows(log, titled, self.size.width, self.size.height), palette)


def log_rows(log: tuple[LogLine, ...], titled: bool, width: int, height: int) -> list[list[Run]]:
    """The rows at a size; a long line goes on below, under its words, where there is room."""
    head = [rule("what happened", width)] if titled else []
    column = max((len(line.design) for line in log), default=0)
    room = max(0, height - len(head))
    done = next((at for at in range(len(log) - 1, -1, -1) if not log[at].design), None)
    rows: list[list[Run]] = []
    for at in range(len(log) - 1, -1, -1):
        if len(rows) >= room:
            break
        if len(rows) == room - 1 and done is not None and done < at:
            at = done
        rows = [*_line(log[at], column, width, room - len(rows)), *rows]
    return head + rows


def _line(line: LogLine, column: int, width: int, rows: int) -> list[list[Run]]:
    sign, ink = SIGNS.get(line.tone, ("·", "dim"))
    start = f" {figures.clock(line.at_ns)}  "
    design = f"{line.design.ljust(column)}  " if line.design else ""
    indent = len(start) + len(design) + 2
    pieces = figures.wrap_to(line.words, max(10, width - indent - 1), rows) or [""]
    first: list[Run] = [
        (start, "dim"),
        (f"{sign} ", f"{ink}+bold"),
        (design, "dim"),
        (pieces[0], "text" if line.tone == "info" else ink),
    ]
    return [first, *([(" " * indent + piece, "text" if line.tone == "info" else ink)] for piece in pieces[1:])]
