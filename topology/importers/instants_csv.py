"""A table of instants: comma-separated values, one request a row, in ISO 8601 or in seconds."""

from __future__ import annotations

import csv
from typing import Final

from topology.importers.stamps import iso_ns, seconds_ns

CSV_WORDS: Final = "a row with an instant (2026-01-12T10:00:00.25Z, or seconds such as 12.25)"


def cells(line: bytes) -> list[str]:
    """The cells of one row."""
    try:
        return next(csv.reader([line.decode("utf-8", "replace")]), [])
    except csv.Error:
        return []


class Column:
    """Reads the instant in one column of a row, counted from 0."""

    def __init__(self, place: int) -> None:
        self.place = place

    def __call__(self, line: bytes) -> int | None:
        """The row's instant in nanoseconds; None where there is none."""
        row = [cell.encode() for cell in cells(line)] if b'"' in line else line.split(b",")
        if len(row) <= self.place:
            return None
        text = row[self.place].strip()
        seconds = seconds_ns(text)
        return iso_ns(text) if seconds is None else seconds
