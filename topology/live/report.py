"""What happened, told to whoever runs the processes: one line for each event, over a pipe and not over the broker.

A line is written before anything is done about the event, in one piece that no other writer's can cut, so that what a
killed process managed to do is known. Whoever reads too slowly slows the writers down.
"""

from __future__ import annotations

import json
import os
import select
import time
from dataclasses import asdict, dataclass, replace
from typing import Final

from topology.message import Message

READY: Final = "ready"
ENDED: Final = "ended"
ACCEPTED: Final = "accepted"
DELIVERED: Final = "delivered"
DONE: Final = "done"
FAILED: Final = "failed"
DELETED: Final = "deleted"
EXPIRED: Final = "expired"
NOTE: Final = "note"
"""Events: a process is up, or gone; a queue took, gave, deleted or lost one; a service did its part, or not; words."""

LONGEST: Final = select.PIPE_BUF
"""So many bytes are written in one piece, whoever else writes into the same pipe; longer words are cut."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line. `by` is the replica, or the process; `flow` and `n` say which message, if it is about one."""

    by: str
    what: str
    at: int
    flow: str = ""
    n: int = -1
    words: str = ""
    number: int = 0
    """The process id of one that is ready; the exit code of one that ended, below 0 for a signal."""


class Reporter:
    """One process's end of the pipe."""

    def __init__(self, fd: int, name: str) -> None:
        self.fd = fd
        self.name = name

    def about(self, what: str, message: Message) -> None:
        """Something happened to a message."""
        self._write(Event(self.name, what, time.monotonic_ns(), message.flow.producer, message.n))

    def say(self, what: str, words: str = "", number: int = 0, by: str = "") -> None:
        """Something happened to the process, or to one that it started."""
        self._write(Event(by or self.name, what, time.monotonic_ns(), words=words, number=number))

    def _write(self, event: Event) -> None:
        line = _line(event)
        while len(line) > LONGEST and event.words:
            event = replace(event, words=event.words[: len(event.words) // 2])
            line = _line(event)
        try:
            os.write(self.fd, line)
        except BrokenPipeError:
            raise SystemExit(f"{self.name}: nobody listens any more") from None


def _line(event: Event) -> bytes:
    return json.dumps(asdict(event), separators=(",", ":")).encode() + b"\n"


def read_event(line: bytes) -> Event:
    """The event that was written."""
    return Event(**json.loads(line))
