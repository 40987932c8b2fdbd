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
    from topology.sim.place import Place
    from topology.sim.sender import Group
    from topology.sim.wire import Wire

T_HOP: Final = -1
T_TIMEOUT: Final = -2
T_RETRY: Final = -3
T_RECEIVE: Final = -4
T_UP: Final = -5
T_SWITCH: Final = -6
T_RESTART: Final = -8
T_RESTARTED: Final = -9
T_HEDGE: Final = -10
T_PARKED: Final = -11
T_WAKE: Final = -12
T_BEAT: Final = -13
T_PAUSED: Final = -14
T_FULL: Final = -15
T_PROVIDED: Final = -16
"""Tags of timers that belong to the world; a node's own tags are 0 and above."""


class Layer(Item):
    """One layer on places or wires. `a` and `b` are its strengths, as `topology.layers` names them; `code` is its reason.

    `ways` are the directions on a wire: 1 there, 2 back, 3 both. A layer with a beat is switched on and off in turn.
    """

    def __init__(self, handle: int, kind: str, a: float, b: float, since: i64, ramp: i64, words: str) -> None:
        self.handle = handle
        self.kind = kind
        self.a = a
        self.b = b
        self.since: i64 = since
        self.ramp: i64 = ramp
        self.words = words
        self.code: int = 0
        self.number: i64 = handle
        self.ways: i64 = 3
        self.sticky = False
        self.on = True
        self.beat_on: i64 = 0
        self.beat_off: i64 = 0
        self.places: list[Place] = []
        self.wires: list[Wire] = []
        self.lifted = False

    def strength(self, now: i64) -> float:
        """From 0 at its beginning to 1 at the end of its ramp; 0 while it is switched off."""
        if not self.on:
            return 0.0
        if self.ramp <= 0 or now >= self.since + self.ramp:
            return 1.0
        return float(now - self.since) / float(self.ramp)

    def owner(self) -> Place:
        """Whose timers its beat goes by."""
        return self.places[0] if self.places else self.wires[0].callee.places[0]

    def grows(self, now: i64) -> bool:
        """Whether its strength still changes by itself; one with a beat grows on while it is switched off."""
        return self.ramp > 0 and now < self.since + self.ramp


class Core:
    """What all places of one design share."""

    def __init__(self, seed: int, ledger: Ledger, names: list[str]) -> None:
        self.seed = seed
        self.engine = Engine()
        self.ledger = ledger
        self.names = names
        self.groups: list[Group] = []
        self.surges = 0
        self.undone = False
        """Whether anything was ever taken back (a compensation) in this design."""
        self.undoing = False
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
