"""Declared links in the simulated world: the wire that all callers share, and each replica's own end of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from topology.chance import Dice
from topology.dist import Dist
from topology.message import GONE, Codes, Message, Reach
from topology.node import ANSWER, ARRIVE, ASKED, PROBE, Call, Context, Hop
from topology.policy import Line, LinkPolicy
from topology.sim.core import T_HOP, Core, Layer
from topology.sim.engine import Lane

if TYPE_CHECKING:
    from topology.sim.place import Place
    from topology.sim.sender import Group

RTO: Final = 200_000_000
LONGEST_RTO: Final = 120_000_000_000
"""A lost segment is sent again after 200 ms, then twice that, up to 120 s: Linux's TCP_RTO_MIN and TCP_RTO_MAX."""

RETRANSMITS: Final = 15
"""After so many the connection is given up (tcp_retries2)."""


class Wire:
    """One declared link: what all its callers share. `reaches` is by flow."""

    def __init__(self, index: int, name: str, caller: Group, callee: Group, delay: Dist, seed: int) -> None:
        self.index: i64 = index
        self.name = name
        self.caller = caller
        self.callee = callee
        self.reaches: list[Reach] = []
        self.delay = delay
        self.fixed: i64 = -1 if delay.varies else delay.sample(0.5)
        self.lane: Lane | None = None
        self.dice = Dice(seed, "wire", name)
        self.refusal_dice = Dice(seed, "refusal", name)
        self.layers: list[Layer] = []
        self.cut_to: i64 = 0
        self.cut_back: i64 = 0
        self.clean = True
        self.refuses = False
        self.hammer: i64 = 0
        """So many attempts a retry bug makes of each, at once; 0: there is none."""
        self.parked: list[Hop] = []
        self.draws: i64 = 0
        self.attempts: i64 = 0
        self.bad: i64 = 0
        self.open: i64 = 0
        self.codes = Codes()
        self.last_code: int = 0
        self.handoff = "=>" in name
        """Whether the callee takes over what it is given at once, and answers before it is done."""
        self.release_on_failure = False
        self.where: int = (callee.index + 1) << 16

    def put(self, core: Core, hop: Hop, way: i64) -> None:
        """Send something over this wire, in the direction that its way says."""
        if self.clean:
            fixed = self.fixed
            if fixed == 0:
                core.chain(hop, way)
                return
            hop.way = way
            lane = self.lane
            if fixed > 0 and lane is not None:
                core.engine.after_in(lane, T_HOP, self.callee.places[0], hop, -1)
                return
            delay: i64 = self.delay.sample(self.dice.uniform(self._key(hop), self._visit(hop, core.engine.now)))
            core.engine.after(delay, T_HOP, self.callee.places[0], hop, -1)
            return
        self._put_through(core, hop, way)

    def _put_through(self, core: Core, hop: Hop, way: i64) -> None:
        """As `put`, through whatever layers lie on the wire."""
        hop.way = way
        there = way in (ARRIVE, ASKED, PROBE)
        if (self.cut_to if there else self.cut_back) > 0:
            self.parked.append(hop)
            return
        now = core.engine.now
        n = self._key(hop)
        k = self._visit(hop, now)
        delay: i64 = self.fixed if self.fixed >= 0 else self.delay.sample(self.dice.uniform(n, k))
        k += 1
        for layer in self.layers:
            strength = layer.strength(now)
            if layer.kind == "latency":
                swing = layer.b * (2.0 * self.dice.uniform(n, k) - 1.0)
                delay += int(max(0.0, layer.a + swing) * strength + 0.5)
            elif layer.kind == "loss" and layer.ways & (1 if there else 2):
                delay += self._lost(n, layer.a * strength, k)
            k += 32
        if delay == 0:
            core.chain(hop, way)
        else:
            core.engine.after(delay, T_HOP, self.callee.places[0], hop, -1)

    def fold(self, core: Core) -> None:
        """The layers that lie here, as they are switched on and off now."""
        cut_to: i64 = 0
        cut_back: i64 = 0
        hammer: i64 = 0
        refuses = False
        for layer in self.layers:
            if not layer.on:
                continue
            if layer.kind == "cut":
                cut_to += layer.ways & 1
                cut_back += layer.ways >> 1
            elif layer.kind == "refuse":
                refuses = True
            elif layer.kind == "hammer":
                attempts: i64 = int(layer.a)
                hammer = attempts if attempts > hammer else hammer
        reopened = (self.cut_to > 0 and cut_to == 0) or (self.cut_back > 0 and cut_back == 0)
        self.cut_to = cut_to
        self.cut_back = cut_back
        self.refuses = refuses
        self.hammer = hammer
        self.clean = not self.layers
        if reopened:
            self.reopen(core)

    def refusal(self, root: i64, tries: i64, who: i64, now: i64) -> Layer | None:
        """The layer that keeps an attempt from getting through; None when none does. `who` is the client or replica."""
        for layer in self.layers:
            if layer.kind != "refuse" or not layer.on:
                continue
            share = layer.a * layer.strength(now)
            u = (
                self.refusal_dice.uniform(who, layer.number)
                if layer.sticky
                else self.refusal_dice.uniform(root, tries * 4096 + layer.number)
            )
            if u < share:
                return layer
        return None

    def retries(self, call: Call) -> i64:
        """The delay before the next attempt that a retry bug makes; -1 where there is none."""
        return 1 if self.hammer > call.tries and call.outcome != 1 else -1

    def _key(self, hop: Hop) -> i64:
        """What a hop's draws hang on: its message, so that what befalls others moves nothing; or a count of its own."""
        if isinstance(hop, Call):
            return hop.message.root
        self.draws += 1
        return self.draws

    def _visit(self, hop: Hop, now: i64) -> i64:
        """Tells apart the times that one message travels here: by the instant and the way, with room for layers."""
        return (((now ^ (now >> 20)) & 0xFFFFF) * 8 + hop.way) * 256

    def _lost(self, n: i64, share: float, k: i64) -> i64:
        """How much later a segment arrives that is lost with this share, each time that it is sent."""
        late: i64 = 0
        wait: i64 = RTO
        tries: i64 = 0
        while tries < RETRANSMITS and self.dice.uniform(n, k + 1 + tries) < share:
            late += wait
            wait = wait * 2 if wait < LONGEST_RTO // 2 else LONGEST_RTO
            tries += 1
        return late

    def strength(self, kind: str, now: i64) -> float:
        """How strong the layers of a kind lie here now, each a share that hits independently; 0: none."""
        left = 1.0
        for layer in self.layers:
            if layer.kind == kind:
                left *= 1.0 - layer.a * layer.strength(now)
        return 1.0 - left

    def reopen(self, core: Core) -> None:
        """A cut ended: what TCP still has to deliver goes on its way, unless its sender has left."""
        parked = self.parked
        self.parked = []
        for hop in parked:
            if isinstance(hop, Call) and hop.way == ARRIVE and hop.left >= 0:
                core.ledger.release(hop.message, hop.reach, self.where | GONE, core.engine.now)
                hop.ended = True
                if hop.lingers:
                    core.chain(hop, ANSWER)
            else:
                self.put(core, hop, hop.way)

    def count_bad(self, code: int) -> None:
        """One attempt failed."""
        self.bad += 1
        self.last_code = code
        self.codes.add(code)


class Outlet(Line):
    """One replica's end of an outgoing link: its policies, whom it is wired to, what it waits for."""

    def __init__(self, wire: Wire, policies: list[LinkPolicy]) -> None:
        super().__init__(policies)
        self.wire = wire
        self.all_policies = policies
        self.wired: list[Place] = []
        self.spread = False
        """Whether one caller goes round its list (`wiring: list`), or each client has one of its own (pinned)."""
        self.turn: i64 = 0
        self.out: i64 = 0
        self.lane: Lane | None = None
        self.counts = False
        """Whether attempts are counted by target, for a balancer that looks at them."""
        self.outs: list[i64] = []

    def choose(self, caller: Context, message: Message) -> Place | None:
        """The replica that this attempt goes to; None when there is nobody on the list."""
        wired = self.wired
        n: i64 = len(wired)
        if n == 0:
            return None
        if n == 1:
            return wired[0]
        if not self.spread:
            return wired[message.n % n]
        if self.policies:
            return self._unavoided(caller, n)
        self.turn += 1
        return wired[self.turn % n]

    def _unavoided(self, caller: Context, n: i64) -> Place:
        """The next on the list that no policy keeps away from; where they keep away from all, just the next."""
        i: i64 = 0
        while i < n:
            self.turn += 1
            place = self.wired[self.turn % n]
            if not self.avoids(caller, place.index):
                return place
            i += 1
        self.turn += 1
        return self.wired[self.turn % n]

    def count(self, target: i64, by: i64) -> None:
        """One more or less attempt waits for a target."""
        while len(self.outs) <= target:
            self.outs.append(0)
        self.outs[target] += by

    def waiting_for(self, target: i64) -> i64:
        """How many attempts wait for a target."""
        return self.outs[target] if target < len(self.outs) else 0


class Inlet:
    """One consumer replica's end of a link out of a queue."""

    def __init__(self, wire: Wire, queue: Group, outlet: i64) -> None:
        self.wire = wire
        self.queue = queue
        self.outlet: i64 = outlet
