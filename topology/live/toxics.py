"""What a broken network does to a connection: how several such things fold, and when a byte gets through.

Nothing here has a clock or a socket: the proxy asks, with the instant at which it asks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias

from topology.chance import Dice

TO: Final = "to"
FROM: Final = "from"
BOTH: Final = "both"
"""Directions: what the connecting side sends, what it gets, or either."""
WAYS: Final = {TO: (TO,), FROM: (FROM,), BOTH: (TO, FROM)}
SECOND: Final = 1_000_000_000


class BadToxic(ValueError):
    """Something that no toxic can be; the words say what."""


@dataclass(frozen=True, slots=True)
class Toxic:
    """One thing that is laid on the connections of a port, in one direction or both.

    `latency_ns` is added to every crossing, up to `jitter_ns` more or less of it; `rate` is a bandwidth in bytes per second,
    0 for any; `cut` lets nothing through and tells nobody; `refuse` turns new connections away.
    """

    way: str = BOTH
    latency_ns: int = 0
    jitter_ns: int = 0
    rate: int = 0
    cut: bool = False
    refuse: bool = False

    def __post_init__(self) -> None:
        if self.way not in WAYS:
            raise BadToxic(f"a direction is one of {', '.join(WAYS)}, not {self.way!r}")
        for name in ("latency_ns", "jitter_ns", "rate"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise BadToxic(f"{name} must be a whole number from 0 up, not {value!r}")

    def as_fields(self) -> dict[str, Any]:
        """What `read_toxic` makes a toxic of again."""
        return asdict(self)


def read_toxic(fields: dict[str, Any]) -> Toxic:
    """The toxic with these fields; `BadToxic` says what is wrong with them."""
    unknown = fields.keys() - Toxic.__dataclass_fields__.keys()
    if unknown:
        raise BadToxic(f"a toxic has no {', '.join(sorted(unknown))}")
    return Toxic(**fields)


@dataclass(frozen=True, slots=True)
class Terms:
    """What lies on one direction, all together: amounts add up, the narrowest bandwidth counts (0: any), one cut is enough."""

    latency_ns: int = 0
    jitters_ns: tuple[int, ...] = ()
    rate: int = 0
    cut: bool = False


def fold(toxics: Iterable[Toxic], way: str) -> Terms:
    """The terms of one direction."""
    here = [toxic for toxic in toxics if way in WAYS[toxic.way]]
    return Terms(
        sum(toxic.latency_ns for toxic in here),
        tuple(toxic.jitter_ns for toxic in here if toxic.jitter_ns),
        min((toxic.rate for toxic in here if toxic.rate), default=0),
        any(toxic.cut for toxic in here),
    )


Piece: TypeAlias = "bytes | None"
"""What crosses: bytes; none of them at the end of what is sent; None when the connection is reset."""
LEAST: Final = 512
"""A narrow gate is passed in pieces of at least so many bytes, and else in as many as pass it in a fiftieth of a second."""


class Course:
    """One direction of one connection: what was sent into it and is not through, in the order in which it came.

    A bandwidth is a gate that one piece passes after the other; then each is on its way for the latency of that moment, and
    none overtakes. A cut holds up what is due until it is healed. When the terms change, what passes the gate begins anew,
    and what is on its way is there as if it were sent again, where that is sooner: so TCP gets over a change of route.
    """

    def __init__(self, dice: Dice, opened: int = 0) -> None:
        self.dice = dice
        self.free = opened
        """The instant at which the gate is free: not before the connection is open."""
        self.latest = opened
        self.count = 0
        self.waiting: deque[tuple[int, Piece]] = deque()
        """Before the gate, with the instant of their coming."""
        self.flying: deque[tuple[int, Piece]] = deque()
        """Beyond it, with the instant at which they are through."""
        self.held = 0
        """How many bytes that are."""

    def push(self, now: int, piece: Piece, terms: Terms) -> None:
        """One more is sent."""
        if not piece or not terms.rate:
            self.waiting.append((now, piece))
        else:
            step = max(LEAST, terms.rate // 50)
            self.waiting.extend((now, piece[at : at + step]) for at in range(0, len(piece), step))
        self.held += len(piece or b"")

    def through(self, now: int, terms: Terms) -> list[Piece]:
        """What is through by now, and was not before."""
        while self.waiting and (passed := self._passes(terms)) <= now:
            self.free = passed
            self.latest = max(self.latest, passed + self._delay(terms))
            self.flying.append((self.latest, self.waiting.popleft()[1]))
        out: list[Piece] = []
        while not terms.cut and self.flying and self.flying[0][0] <= now:
            piece = self.flying.popleft()[1]
            self.held -= len(piece or b"")
            out.append(piece)
        return out

    def wakes(self, terms: Terms) -> int | None:
        """When there will be something to do; None where only a change or one more piece can bring that."""
        instants = [self._passes(terms)] if self.waiting else []
        if self.flying and not terms.cut:
            instants.append(self.flying[0][0])
        return min(instants, default=None)

    def change(self, now: int, terms: Terms) -> None:
        """From now on other terms hold; what was through before must have been taken."""
        soonest = now + terms.latency_ns
        self.free = max(now, min(self.free, soonest))
        self.flying = deque((min(due, soonest), piece) for due, piece in self.flying)
        self.latest = self.flying[-1][0] if self.flying else min(self.latest, soonest)

    def _passes(self, terms: Terms) -> int:
        """When the first one is beyond the gate."""
        came, piece = self.waiting[0]
        return max(came, self.free) + (len(piece or b"") * SECOND // terms.rate if terms.rate else 0)

    def _delay(self, terms: Terms) -> int:
        delay = terms.latency_ns
        for nth, jitter in enumerate(terms.jitters_ns):
            delay += int((2.0 * self.dice.uniform(self.count, nth) - 1.0) * jitter)
        self.count += 1
        return max(0, delay)
