"""Tables of what a node consists of, such as shards, brokers or consumer groups, made only when somebody looks at it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Cell = float | str
"""A figure, which reads as its column's name says ("age s", "keys %"), or words."""


@dataclass(frozen=True, slots=True)
class Row:
    """One part: its cells, and what is wrong with it."""

    cells: tuple[Cell, ...]
    trouble: tuple[float, ...] = ()
    """How bad it is, the gravest sort of trouble first: all 0 is well. Rows are sorted by it, the largest first."""

    @property
    def ill(self) -> bool:
        """Whether the gravest sort of trouble, which comes first, is there."""
        return bool(self.trouble) and self.trouble[0] > 0


@dataclass(frozen=True, slots=True)
class Table:
    """Parts of one sort: the name of all, the columns (the most important first), and a row for each part in its order."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    words: str = ""
    """What all rows have in common, in a few words."""


def numbers(some: Iterable[int]) -> str:
    """Numbers in few words: 0–3, 7."""
    runs: list[list[int]] = []
    for number in sorted(int(one) for one in some):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}–{high}" for low, high in runs)
