"""The books of a live run: every process writes what happens to messages into one pipe, before it acts on it, and whoever
runs the world reads them into the same ledger that the simulation keeps.

One pipe for all, since its order is the order in which things happened: no process can be told of what another wrote later.
A line is written in one piece that no other writer's can cut, so what a killed process managed to do is known.
"""

from __future__ import annotations

import os
import select
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from topology.ledger import Ledger
from topology.message import CRASHED, NONE, Flow, Message, Reach, reason, reason_words
from topology.sim import elsewhere as book

ARRIVED: Final = "i"
"""A call, or a delivery, is in another process now: `number` says from which. Its hold goes with it."""
KEEPS: Final = "k"
"""A queue that was started anew still keeps this."""
DIED: Final = "!"
KEPT: Final = "="
SUCCEEDED: Final = ">"
"""A process is gone, and what it held with it; a queue has said all that it keeps, and holds nothing else any more; another
process, `number`, stands in the place of one that is gone and kept what it held."""
PIECE: Final = select.PIPE_BUF
"""So many bytes are written in one piece, whoever else writes into the same pipe."""


class Scribe:
    """One process's end of the pipe. Lines wait until `flush`, which comes before anything leaves the process."""

    def __init__(self, fd: int, number: int) -> None:
        self.fd = fd
        self.number = number
        self.head = f"{number} "
        self.lines: list[bytes] = []

    def write(self, what: str, message: Message, link: int, number: int, code: int, at: int) -> None:
        """Write one line down."""
        flow, root, why = int(message.flow.index), int(message.root), reason_words(code)
        self.lines.append(f"{self.head}{what} {flow} {root} {link} {number} {at} {code >> 16} {why}\n".encode())

    def mark(self, what: str, at: int) -> None:
        """Write down something that is about no message."""
        self.lines.append(f"{self.head}{what} 0 0 -1 0 {at} 0 \n".encode())

    def flush(self) -> None:
        """Hand over what was written, in pieces that nobody can cut."""
        lines = self.lines
        if not lines:
            return
        self.lines = []
        piece = b""
        for line in lines:
            if len(piece) + len(line) > PIECE:
                os.write(self.fd, piece)
                piece = b""
            piece += line
        os.write(self.fd, piece)


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `by` is the number of the process that wrote it."""

    by: int
    what: str
    flow: int
    root: int
    link: int
    number: int
    at: int
    code: int


def read_line(line: bytes) -> Line:
    """The line that was written; its reason has a code of this process."""
    by, what, flow, root, link, number, at, where, why = line.decode().split(" ", 8)
    code = (int(where) << 16) | reason(why)
    return Line(int(by), what, int(flow), int(root), int(link), int(number), int(at), code)


def died(by: int, at: int, where: int) -> Line:
    """What is written for a process that can write no more."""
    return Line(by, DIED, 0, 0, -1, 0, at, where | CRASHED)


def succeeded(by: int, number: int, at: int) -> Line:
    """What is written when a process is started in the place of another, to go on with what that kept."""
    return Line(by, SUCCEEDED, 0, 0, -1, number, at, 0)


Key = tuple[int, int]
"""A message: its flow, and its root."""


@dataclass(slots=True)
class Holds:
    """What one process holds: so many attempts, copies or entries of each message over each link."""

    held: Counter[tuple[Key, int]] = field(default_factory=Counter)
    kept: Counter[tuple[Key, int]] = field(default_factory=Counter)
    """What a queue that was started anew has said so far that it keeps."""


class Books:
    """Reads lines into a ledger, and knows which process holds what, so that a death can be put down rightly."""

    def __init__(self, ledger: Ledger, flows: list[Flow], reaches: list[list[Reach]]) -> None:
        self.ledger = ledger
        self.flows = flows
        self.reaches = reaches
        self.begins: list[int] = [0]
        """When each era began, so that a message goes to that of its intended instant, however late its line comes."""
        self.messages: dict[Key, Message] = {}
        self.holds: defaultdict[int, Holds] = defaultdict(Holds)
        self.nothing = Reach([], -1, 0)
        self.strays = 0
        """Lines about messages that were settled long ago."""

    def take(self, line: Line) -> None:
        """Put one line into the ledger."""
        if line.what == book.OFFERED:
            self._offered(line)
        elif line.what == DIED:
            self._died(line)
        elif line.what == KEPT:
            self._kept(line)
        elif line.what == SUCCEEDED:
            self.move(line.by, line.number)
        else:
            message = self.messages.get((line.flow, line.root))
            if message is None:
                self.strays += 1
            else:
                self._about(line, message)
                if message.answer != NONE and message.holds <= 0 and not message.deads:
                    del self.messages[line.flow, line.root]

    def _offered(self, line: Line) -> None:
        flow = self.flows[line.flow]
        era = len(self.begins) - 1
        while era > 0 and line.at < self.begins[era]:
            era -= 1
        now, flow.tally = flow.tally, flow.tallies[era]
        message = self.ledger.offer(flow, line.root & 0xFFFFFFFF, line.root, line.at, line.number)
        flow.tally = now
        message.era = era
        self.messages[line.flow, line.root] = message

    def _reach(self, link: int, flow: int) -> Reach:
        return self.reaches[link][flow] if link >= 0 else self.nothing

    def _each(self, counted: Counter[tuple[Key, int]]) -> Iterator[tuple[Message, Reach]]:
        """Each of what is counted, one by one, where its message is still open."""
        for (key, link), count in counted.items():
            message = self.messages.get(key)
            if message is not None:
                for _ in range(count):
                    yield message, self._reach(link, key[0])

    def _about(self, line: Line, message: Message) -> None:
        ledger, reach = self.ledger, self._reach(line.link, line.flow)
        if line.what == book.HELD:
            ledger.hold(message, reach)
            self.holds[line.by].held[(line.flow, line.root), line.link] += 1
        elif line.what == book.RELEASED:
            if self._less(line.by, line):
                ledger.release(message, reach, line.code, line.at)
        elif line.what == ARRIVED:
            self._arrived(line, message, reach)
        elif line.what == KEEPS:
            self.holds[line.by].kept[(line.flow, line.root), line.link] += 1
        elif line.what == book.COMPLETED:
            ledger.complete(message, reach, line.at)
        elif line.what == book.ANSWERED:
            if message.answer == NONE:
                ledger.answer(message, line.number, line.code, line.at)
        else:
            self._rarely(line, message, reach)

    def _rarely(self, line: Line, message: Message, reach: Reach) -> None:
        ledger = self.ledger
        if line.what == book.TRIED:
            message.tally.attempts += line.number
        elif line.what == book.WASTED:
            message.tally.wasted_ns += line.number
        elif line.what == book.BURIED:
            if self._less(line.by, line):
                ledger.dead_letter(message, reach, line.code, line.at)
        elif line.what == book.RAISED:
            self.holds[line.by].held[(line.flow, line.root), line.link] += 1
            ledger.redrive(message, reach, line.at)
        elif line.what == book.DECAYED:
            ledger.expire(message, reach, line.code, line.at)
        elif line.what == book.UNDONE:
            ledger.undo(message, reach, line.at)
        elif line.what == book.DEGRADED:
            ledger.degrade(message)

    def _less(self, by: int, line: Line) -> bool:
        """Take a hold from a process; False when it has none such: it went elsewhere, or ended with another process."""
        held = self.holds[by].held
        key = ((line.flow, line.root), line.link)
        if held[key] > 1:
            held[key] -= 1
            return True
        return bool(held.pop(key, 0))

    def _arrived(self, line: Line, message: Message, reach: Reach) -> None:
        if not self._less(line.number, line):
            self.ledger.hold(message, reach)  # whoever sent it died meanwhile, and it is held again
        self.holds[line.by].held[(line.flow, line.root), line.link] += 1

    def _died(self, line: Line) -> None:
        for message, reach in self._each(self.holds.pop(line.by, Holds()).held):
            self.ledger.release(message, reach, line.code, line.at)

    def move(self, by: int, to: int) -> None:
        """A process was started in the place of one that keeps what it had: what that held is its own."""
        holds = self.holds.pop(by, None)
        if holds is not None:
            self.holds[to].held.update(holds.held)

    def _kept(self, line: Line) -> None:
        """Whatever the process before it held beyond what is kept was in its memory only, or on its way, and is gone."""
        holds = self.holds[line.by]
        for message, reach in self._each(holds.held - holds.kept):
            self.ledger.release(message, reach, line.code or CRASHED, line.at)
        for message, reach in self._each(holds.kept - holds.held):
            self.ledger.hold(message, reach)
        holds.held, holds.kept = holds.kept, Counter()
