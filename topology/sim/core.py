"""What all places of one design share: the engine, the ledger, the chain of hops, the digest of the grid."""

from __future__ import annotations

import hashlib
from array import array
from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from topology.ledger import Ledger
from topology.message import Item
from topology.node import Hop
from topology.sim.engine import Engine

if TYPE_CHECKING:
    from topology.sim.place import Group

T_HOP: Final = -1
T_TIMEOUT: Final = -2
T_RETRY: Final = -3
T_RECEIVE: Final = -4
T_UP: Final = -5
T_KILL: Final = -6
T_FREEZE: Final = -7
T_RESTART: Final = -8
T_RESTARTED: Final = -9
"""Tags of timers that belong to the world; a node's own tags are 0 and above."""


class Layer(Item):
    """One layer on a place or wire. `a` and `b` are its strengths: slow: factor; errors: share; latency: extra, jitter."""

    def __init__(self, handle: int, kind: str, a: float, b: float, since: i64, ramp: i64, words: str) -> None:
        self.handle = handle
        self.kind = kind
        self.a = a
        self.b = b
        self.since: i64 = since
        self.ramp: i64 = ramp
        self.words = words
        self.code: int = 0

    def strength(self, now: i64) -> float:
        """From 0 at its beginning to 1 at the end of its ramp."""
        if self.ramp <= 0 or now >= self.since + self.ramp:
            return 1.0
        return float(now - self.since) / float(self.ramp)


class Core:
    """What all places of one design share."""

    def __init__(self, seed: int, ledger: Ledger, names: list[str]) -> None:
        self.seed = seed
        self.engine = Engine()
        self.ledger = ledger
        self.names = names
        self.groups: list[Group] = []
        self.first: Hop | None = None
        self.last: Hop | None = None
        self.awake: list[Group] = []
        self.notes: list[tuple[int, str, str]] = []
        self.samples: list[int] = []
        self.hash = hashlib.sha256()

    def changed(self, key: i64, a: i64, b: i64, c: i64, d: i64) -> None:
        """A grid sample changed: it goes into the digest."""
        samples = self.samples
        samples.append(key)
        samples.append(a)
        samples.append(b)
        samples.append(c)
        samples.append(d)
        if len(samples) >= 5000:
            self._digest()

    def _digest(self) -> None:
        self.hash.update(array("q", self.samples).tobytes())
        self.samples = []

    def samples_hash(self) -> str:
        """The hash of every changed grid sample so far."""
        self._digest()
        return self.hash.hexdigest()

    def close(self) -> None:
        """Forget every timer and every hop."""
        self.engine.close()
        hop = self.first
        while hop is not None:
            behind = hop.hop
            hop.hop = None
            hop = behind
        self.first = None
        self.last = None
        self.awake = []

    def chain(self, hop: Hop, way: i64) -> None:
        """A hop without delay: it arrives after everything that is already on its way at this instant."""
        hop.way = way
        last = self.last
        self.last = hop
        if last is None:
            self.first = hop
        else:
            last.hop = hop

    def drain(self) -> None:
        """Let every hop of this instant arrive."""
        now = self.engine.now
        while True:
            hop = self.first
            if hop is None:
                return
            behind = hop.hop
            hop.hop = None
            self.first = behind
            if behind is None:
                self.last = None
            hop.land(now)
