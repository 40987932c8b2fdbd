"""A ledger that also remembers which message was the first to be told no, told yes too late, lost and so on.

A run keeps counts, not messages. Who asks for the first message of a kind runs again with this ledger in place of the other.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from topology.ledger import Ledger
from topology.message import DEAD, LOST, YES, Flow, Message, Reach

TOLD_NO: Final = 0
TOLD_LATE: Final = 1
SLOW: Final = 2
WENT_LOST: Final = 3
WENT_DEAD: Final = 4
TWICE: Final = 5
HALF: Final = 6
DONE_SLOWLY: Final = 7
"""What can befall a message; a slow one was answered, or done, later than a limit."""


class Wanted:
    """The first message of a flow that something befell, of those whose intended instant lies in a stretch of time."""

    def __init__(self, flow: int, what: int, begin_ns: int, end_ns: int, over_ns: int = 0) -> None:
        self.flow: i64 = flow
        self.what: i64 = what
        self.begin: i64 = begin_ns
        self.end: i64 = end_ns
        self.over: i64 = over_ns
        self.n: i64 = -1
        """The number of the message in its flow; below 0 while there is none."""
        self.at: i64 = 0
        self.born: i64 = 0
        self.code: i64 = 0


class Witness(Ledger):
    """Keeps the same books, and looks for some messages."""

    def __init__(self, flows: list[Flow], wanted: list[Wanted]) -> None:
        super().__init__(flows)
        self.wanted = wanted

    def _saw(self, m: Message, what: i64, now: i64, took: i64) -> None:
        for one in self.wanted:
            if one.n < 0 and one.what == what and one.flow == m.flow.index and one.begin <= m.born < one.end and took >= one.over:
                one.n = m.n
                one.at = now
                one.born = m.born
                one.code = m.reason

    def answer(self, m: Message, outcome: i64, code: int, now: i64) -> None:
        """As the ledger does; a no, a late yes and a slow one are what may be looked for."""
        super().answer(m, outcome, code, now)
        if outcome != YES:
            self._saw(m, TOLD_NO, now, 0)
            return
        self._saw(m, SLOW, now, now - m.born)
        if now > m.deadline:
            self._saw(m, TOLD_LATE, now, 0)

    def complete(self, m: Message, reach: Reach, now: i64) -> None:
        """As the ledger does; a part that is done once more is what may be looked for."""
        before = m.tally.duplicates
        super().complete(m, reach, now)
        if m.tally.duplicates > before:
            self._saw(m, TWICE, now, 0)

    def _all_done(self, m: Message, now: i64) -> None:
        super()._all_done(m, now)
        self._saw(m, DONE_SLOWLY, now, now - m.born)

    def _settle(self, m: Message, now: i64) -> None:
        before = m.fate
        half = m.half
        super()._settle(m, now)
        if m.fate != before and m.fate == LOST:
            self._saw(m, WENT_LOST, now, 0)
        elif m.fate != before and m.fate == DEAD:
            self._saw(m, WENT_DEAD, now, 0)
        if m.half and not half:
            self._saw(m, HALF, now, 0)
