"""Tables of parts as rows of text: the worst first, a sign before what is ill, and only the rows and columns that are seen."""

from __future__ import annotations

from dataclasses import dataclass, field

from topology.tables import Cell, Row, Table
from tui.draw import figures, glyphs
from tui.draw.canvas import Run

MOST = 40
"""A column is no wider."""
GAP = 2


def gauge(name: str, value: float) -> tuple[str, str]:
    """A kind's own figure: its name says whether it is a share ("hits %") or a time ("lag s"); else it is a number."""
    words = name.replace("_", " ")
    if words.endswith(" %"):
        return words[:-2], figures.percent(value)
    if words.endswith(" s"):
        return words[:-2], figures.short_time(round(value * figures.NS))
    return words, f"{value:,.6g}"


def cell_words(name: str, cell: Cell) -> str:
    """What stands in a cell."""
    return cell if isinstance(cell, str) else gauge(name, cell)[1]


def head_words(name: str) -> str:
    """What stands above a column."""
    return gauge(name, 0.0)[0]


def order(table: Table, worst_first: bool) -> list[int]:
    """The rows in the order in which they are shown; those that are alike stay in the table's."""
    places = list(range(len(table.rows)))
    if worst_first:
        places.sort(key=lambda at: table.rows[at].trouble, reverse=True)
    return places


@dataclass(slots=True)
class Columns:
    """Which columns of a table are seen, and how wide they have been so far, so that nothing jumps while figures change."""

    left: int = 0
    """So many behind the first are passed over."""
    widths: dict[str, int] = field(default_factory=dict)

    def seen(self, table: Table, room: int) -> list[int]:
        """The first column, and those that fit behind it."""
        if not table.columns:
            return []
        self.left = max(0, min(self.left, len(table.columns) - 2))
        found, used = [0], self.widths[table.columns[0]] + GAP
        for at in range(1 + self.left, len(table.columns)):
            used += self.widths[table.columns[at]] + GAP
            if used > room and len(found) > 1:
                break
            found.append(at)
        return found

    def fit(self, table: Table, rows: list[Row]) -> None:
        """Grow to what is seen."""
        for at, name in enumerate(table.columns):
            wide = max([len(head_words(name)), *(len(cell_words(name, row.cells[at])) for row in rows)])
            self.widths[name] = min(MOST, max(wide, self.widths.get(name, 0)))


def table_rows(table: Table, places: list[int], columns: Columns, width: int) -> tuple[list[Run], list[list[Run]], str]:
    """The heading, the rows of some places, and which columns are not seen, in words."""
    rows = [table.rows[at] for at in places]
    columns.fit(table, rows)
    seen = columns.seen(table, width - 3)
    head = "".join(_put(head_words(table.columns[at]), columns.widths[table.columns[at]], _left(table, at)) for at in seen)
    hidden = len(table.columns) - len(seen)
    words = f"{hidden} more columns: ←→" if hidden else ""
    return [("   " + head, "dim")], [_row(table, row, seen, columns, width) for row in rows], words


def _row(table: Table, row: Row, seen: list[int], columns: Columns, width: int) -> list[Run]:
    grave = row.trouble[0] if row.trouble else 0.0
    sign, ink = (glyphs.FAILING, "bad") if grave > 1 else (glyphs.STATE["strained"], "warn") if grave > 0 else (" ", "text")
    text = "".join(
        _put(cell_words(table.columns[at], row.cells[at]), columns.widths[table.columns[at]], _left(table, at)) for at in seen
    )
    return [(f" {sign} ", f"{ink}+bold"), (figures.fit(text, width - 3), ink)]


def _left(table: Table, at: int) -> bool:
    """Whether a column is words."""
    return bool(table.rows) and isinstance(table.rows[0].cells[at], str)


def _put(words: str, width: int, left: bool) -> str:
    words = figures.fit(words, width)
    return f"{words:<{width}}{' ' * GAP}" if left else f"{words:>{width}}{' ' * GAP}"


def tab_row(names: list[str], at: int) -> list[Run]:
    """The views of a window, the one that is seen marked."""
    runs: list[Run] = []
    for place, name in enumerate(names):
        runs += [(f" {name} ", "title+bold+reverse" if place == at else "dim"), (" ", "text")]
    return runs
