"""What a queue keeps, kept on disk: a process that is killed, and started anew in its place, has it all again.

What was accepted is written before its sender hears yes, with the id of its letter, so that one that is asked again after
the restart is known. Deliveries are written, with their receipts, before they go out: counts go on, and consumers may
delete by a receipt of the process before. A delivery, or a delete, that the process died too early to write happens again.
Instants are those of the run's clock, which all processes of a machine share.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from topology.live.journal import NEVER, DiskFull, Journal
from topology.live.letter import Body
from topology.live.recent import Recent
from topology.message import reason
from topology.node import Call, Context, Node
from topology.queues.backlog import Entry

DISK_FULL: Final = reason("disk full")
"""Why a send is refused."""
ACCEPTED: Final = "a"
DELIVERED: Final = "d"
RETURNED: Final = "r"
GONE: Final = "x"
LETTERS: Final = "l"
ENTRY: Final = "e"
"""Sorts of records. The last two stand only in a journal that was written anew: letters that were answered, and an entry."""
REMEMBERED: Final = 10_000
"""So many letters are known again."""
LETTER: Final = 40
"""Bytes that one of them takes, about."""
CHUNK: Final = 500
LEAST: Final = 1 << 20
"""A journal shorter than this is not written anew."""
GARBAGE: Final = 4.0
PRESSED: Final = 1.25
"""It is when it is so many times as long as what is kept needs; the second holds where there is no room for more."""


@dataclass(slots=True)
class Kept:
    """One entry: which letter brought it, what is in it (as `write_message` wrote it, or more), and where it stands.

    `receipt` names its latest delivery, "" while nobody has it. `source` is the queue whose dead letter it is.
    """

    number: int
    letter: str
    since: int
    body: Body
    source: str = ""
    received: int = 0
    delivered: int = -1
    receipt: str = ""
    size: int = 0
    """Bytes of its record."""


class Store:
    """Everything that one queue keeps. `torn` bytes at the end of the journal could not be read when it was opened."""

    def __init__(self, path: Path, sync: str = NEVER, quota: int = 0) -> None:
        self.journal = Journal(path, sync, quota)
        self.kept: dict[int, Kept] = {}
        """By number, in the order of acceptance."""
        self.letters: Recent[str, None] = Recent(REMEMBERED)
        self.needed = 0
        self.last = 0
        for record in self.journal.read():
            self._replay(json.loads(record), len(record))
        self.torn = self.journal.torn

    def _replay(self, fields: list[object], size: int) -> None:
        match fields:
            case [str(sort), int(number), str(letter), int(since), dict(body), str(source)] if sort == ACCEPTED:
                self._enter(Kept(number, letter, since, body, source, size=size))
            case [str(sort), int(number), str(receipt), int(at)] if sort == DELIVERED:
                self._give(number, receipt, at)
            case [str(sort), int(number)] if sort == RETURNED:
                self._give_back(number)
            case [str(sort), int(number)] if sort == GONE:
                self._forget(number)
            case [str(sort), list(those)] if sort == LETTERS:
                for one in those:
                    self.letters.remember(str(one), None)
            case [str(sort), int(number), str(letter), int(since), dict(body), str(source), *more] if sort == ENTRY:
                received, delivered, name = more
                assert isinstance(received, int)
                assert isinstance(delivered, int)
                self._enter(Kept(number, letter, since, body, source, received, delivered, str(name), size))
            case _:
                raise ValueError(f"{self.journal.path.name} holds a record that no version of ours wrote: {fields}")

    # What happens to an entry

    def takes(self, body: Body) -> bool:
        """Whether there is room for one more entry; when not, its send is to be refused, with `DISK_FULL`."""
        size = len(_pack(ACCEPTED, 1 << 40, "", 1 << 62, body, "")) + 200
        if self.journal.room(size):
            return True
        self._tidy(0, PRESSED)
        return self.journal.room(size)

    def accept(self, letter: str, since: int, body: Body, source: str = "") -> int:
        """Keep one more entry; its number. `DiskFull` where `takes` was not asked, or said no."""
        self.last += 1
        record = _pack(ACCEPTED, self.last, letter, since, body, source)
        self.journal.append(record, lasting=True)
        self._enter(Kept(self.last, letter, since, body, source, size=len(record)))
        return self.last

    def deliver(self, number: int, receipt: str, at: int) -> None:
        """It is received once more, and hidden from now on."""
        if number in self.kept:
            self._note(DELIVERED, number, receipt, at)
            self._give(number, receipt, at)

    def give_back(self, number: int) -> None:
        """Its consumer gives it back: it is not hidden any more."""
        if number in self.kept:
            self._note(RETURNED, number)
            self._give_back(number)

    def drop(self, number: int) -> None:
        """It is deleted, or gone for another reason."""
        if number in self.kept:
            self._note(GONE, number)
            self._forget(number)
            self._tidy(LEAST, GARBAGE)

    def knows(self, letter: str) -> bool:
        """Whether a letter was accepted, also by a process before this one: it is to be answered yes, and not kept again."""
        return letter in self.letters

    def when_safe(self, then: Callable[[], None]) -> None:
        """Answer a sender once what was accepted is as safe as the sync policy says: at once, or after the next sync."""
        self.journal.when_safe(then)

    def close(self) -> None:
        """Let go of the file."""
        self.journal.close()

    def _note(self, *fields: object) -> None:
        """Write down what may be lost, for then it comes again. On a full disk it must wait until the journal is written anew."""
        with contextlib.suppress(DiskFull):
            self.journal.append(_pack(*fields))

    def _enter(self, kept: Kept) -> None:
        self.kept[kept.number] = kept
        self.needed += kept.size
        self.last = max(self.last, kept.number)
        if kept.letter:
            self.letters.remember(kept.letter, None)

    def _give(self, number: int, receipt: str, at: int) -> None:
        kept = self.kept.get(number)
        if kept is not None:
            kept.received += 1
            kept.receipt, kept.delivered = receipt, at

    def _give_back(self, number: int) -> None:
        kept = self.kept.get(number)
        if kept is not None:
            kept.receipt = ""

    def _forget(self, number: int) -> None:
        kept = self.kept.pop(number, None)
        if kept is not None:
            self.needed -= kept.size

    # The file

    def _tidy(self, least: int, times: float) -> None:
        """Write the journal anew when it is that many times as long as what is kept needs."""
        if self.journal.end >= least and self.journal.end > times * (self.needed + LETTER * len(self.letters)):
            with contextlib.suppress(DiskFull):
                self.journal.rewrite(self._snapshot())

    def _snapshot(self) -> Iterator[bytes]:
        for k in self.kept.values():
            yield _pack(ENTRY, k.number, k.letter, k.since, k.body, k.source, k.received, k.delivered, k.receipt)
        letters = list(self.letters)  # last, so that they are the latest for who reads it
        for at in range(0, len(letters), CHUNK):
            yield _pack(LETTERS, letters[at : at + CHUNK])


def _pack(*fields: object) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()


class Keeper:
    """A queue's store, told of calls: which of them is which entry. The world tells it before anybody else hears."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.numbers: dict[Call, int] = {}

    def accepted(self, call: Call, letter: str, since: int, body: Body, source: str = "") -> None:
        """A call is kept from now on; `letter` is "" for one that another queue gave (a dead letter: with its `source`)."""
        self.numbers[call] = self.store.accept(letter, since, body, source)

    def delivered(self, kept: Call, receipt: str, at: int) -> None:
        """What is kept goes out once more, under a receipt."""
        number = self.numbers.get(kept)
        if number is not None:
            self.store.deliver(number, receipt, at)

    def returned(self, kept: Call) -> None:
        """A consumer gave it back."""
        number = self.numbers.get(kept)
        if number is not None:
            self.store.give_back(number)

    def gone(self, kept: Call) -> None:
        """It is kept no more."""
        number = self.numbers.pop(kept, None)
        if number is not None:
            self.store.drop(number)

    def refill(
        self, ctx: Context, machine: Node, keep: Callable[[Kept], Call], hand_out: Callable[[Kept, Call, Entry], Call]
    ) -> int:
        """Give a queue that was started anew what the one before it kept; how many entries that are.

        `keep` makes the kept call of an entry; `hand_out` the delivery whose receipt its consumer has, with the entry as cause.
        """
        for one in list(self.store.kept.values()):
            call = keep(one)
            self.numbers[call] = one.number
            entry = Entry(call, one.since)
            entry.received = one.received
            entry.delivered = one.delivered
            entry.source = one.source
            entry.buried = bool(one.source)
            if one.receipt:
                entry.receipt = hand_out(one, call, entry)
            machine.on_recovery(ctx, entry)
        return len(self.numbers)
