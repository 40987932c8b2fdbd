"""Batches of messages that one worker slot works for, one message after the other."""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import Item
from topology.node import Call

SINGLE: Final = "single"
BATCH: Final = "batch"


def in_runs(link: dict[str, Any]) -> bool:
    """Whether the consumer at the end of a link works on what it gets one after the other: a function or a batch listener."""
    return bool(link["in_turn"]) or link.get("listener") == BATCH


@mypyc_attr(allow_interpreted_subclasses=True)
class Run(Item):
    """One batch: `good` of its messages are done so far, and the next is in work. All are answered when the batch is over.

    As in the batch listeners of consumer libraries, the first message that fails ends it: what came before is done, it and
    what comes behind is not.
    """

    def __init__(self, calls: list[Call]) -> None:
        self.calls: list[Call] = calls
        self.current: Call | None = None
        """The message in work, which points back; where its work is one stretch of time, the first stands for all."""
        self.good: i64 = 0
        self.code: int = 0
        """Why the message after the good ones failed; 0 while none did."""
        self.whole = False
        """Whether its work is one stretch of time, since its messages need nothing but this."""

    def close(self) -> None:
        """Let go of the messages."""
        current = self.current
        if current is not None:
            current.run = None
        self.current = None
        self.calls = []
