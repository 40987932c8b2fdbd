"""Where replicas live in the simulated world: places, the wires between them, and what crashes, freezes and layers do."""

from __future__ import annotations

from typing import Final

import hashlib
from array import array

from mypy_extensions import i64

from topology.chance import Dice
from topology.dist import Dist
from topology.histogram import Histogram
from topology.ledger import Ledger
from topology.message import (
    CRASHED,
    ERROR,
    GAVE_UP,
    GONE,
    REFUSED,
    REFUSED_CONNECTION,
    RESET,
    SILENT,
    TIMEOUT,
    YES,
    Codes,
    Flow,
    Item,
    Message,
    Reach,
)
from topology.node import Call, Context, Hop, Node, Probe, Receive, Timer
from topology.policy import Line, LinkPolicy
from topology.sim.engine import Engine, Lane

ARRIVE: Final = 1
ANSWER: Final = 2
TURNED: Final = 3
ASK: Final = 4
ASKED: Final = 5
PROBE: Final = 6
PROBED: Final = 7
"""Ways of a hop: a call to its callee, its answer, an attempt that was not let go, a receive and its answer, a check."""

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

PATIENT: Final = 5_000_000_000
"""How long past the longest wait a consumer's client waits for a silent queue before it asks again."""

RTO: Final = 200_000_000
"""A lost segment is sent again after 200 ms, then twice that, and so on: Linux's least retransmission timeout."""

RETRANSMITS: Final = 15
"""After so many the connection is given up (tcp_retries2)."""


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
        while True:
            hop = self.first
            if hop is None:
                return
            behind = hop.hop
            hop.hop = None
            self.first = behind
            if behind is None:
                self.last = None
            self.arrive(hop)

    def arrive(self, hop: Hop) -> None:
        """One hop reaches its place."""
        way = hop.way
        now = self.engine.now
        if way == ARRIVE or way == ANSWER or way == TURNED:
            assert isinstance(hop, Call)
            if way == ARRIVE:
                place = hop.callee
                assert isinstance(place, Place)
                place.now = now
                place.call_arrives(hop)
            else:
                place = hop.caller
                assert isinstance(place, Place)
                place.now = now
                if way == ANSWER:
                    place.answer_arrives(hop)
                else:
                    place.turned(hop)
        else:
            self._arrive_rest(hop, way, now)

    def _arrive_rest(self, hop: Hop, way: i64, now: i64) -> None:
        if way == ASK or way == ASKED:
            assert isinstance(hop, Receive)
            place = hop.caller
            assert isinstance(place, Place)
            if way == ASK:
                place = place.inlets_[hop.link].queue.places[0]
                place.now = now
                place.receive_arrives(hop)
            else:
                place.now = now
                place.received(hop)
        else:
            assert isinstance(hop, Probe)
            caller = hop.caller
            assert isinstance(caller, Place)
            if way == PROBE:
                place = caller.outlets[hop.link].wire.callee.places[hop.target]
                place.now = now
                place.probe_arrives(hop)
            else:
                caller.now = now
                caller.probed(hop)


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
        self.layers: list[Layer] = []
        self.cuts: i64 = 0
        self.cut_to: i64 = 0
        self.cut_back: i64 = 0
        self.clean = True
        self.parked: list[Hop] = []
        self.draws: i64 = 0
        self.attempts: i64 = 0
        self.bad: i64 = 0
        self.open: i64 = 0
        self.codes = Codes()
        self.last_code: int = 0
        self.handoff = "=>" in name
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
            self.draws += 1
            delay: i64 = self.delay.sample(self.dice.uniform(self.draws, 0))
            core.engine.after(delay, T_HOP, self.callee.places[0], hop, -1)
            return
        self._put_through(core, hop, way)

    def _put_through(self, core: Core, hop: Hop, way: i64) -> None:
        """As `put`, through whatever layers lie on the wire."""
        hop.way = way
        there = way == ARRIVE or way == ASKED or way == PROBE
        if (self.cut_to if there else self.cut_back) > 0:
            self.parked.append(hop)
            return
        self.draws += 1
        n = self.draws
        delay: i64 = self.fixed if self.fixed >= 0 else self.delay.sample(self.dice.uniform(n, 0))
        now = core.engine.now
        k = 1
        for layer in self.layers:
            strength = layer.strength(now)
            if layer.kind == "latency":
                swing = layer.b * (2.0 * self.dice.uniform(n, k) - 1.0)
                delay += int(max(0.0, layer.a + swing) * strength + 0.5)
            elif layer.kind == "loss":
                delay += self._lost(n, layer.a * strength, k)
            k += 32
        if delay == 0:
            core.chain(hop, way)
        else:
            core.engine.after(delay, T_HOP, self.callee.places[0], hop, -1)

    def _lost(self, n: i64, share: float, k: i64) -> i64:
        """How much later a segment arrives that is lost with this share, each time that it is sent."""
        late: i64 = 0
        wait: i64 = RTO
        tries: i64 = 0
        while tries < RETRANSMITS and self.dice.uniform(n, k + 1 + tries) < share:
            late += wait
            wait *= 2
            tries += 1
        return late

    def reopen(self, core: Core) -> None:
        """A cut ended: what TCP still has to deliver goes on its way, unless its sender has left."""
        parked = self.parked
        self.parked = []
        for hop in parked:
            if isinstance(hop, Call) and hop.way == ARRIVE and hop.left >= 0:
                core.ledger.release(hop.message, hop.reach, self.where | GONE, core.engine.now)
                hop.ended = True
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
        self.wired: list[Place] = []
        self.spread = False
        """Whether one caller goes round its list (`wiring: list`), or each client has one of its own (pinned)."""
        self.turn: i64 = 0
        self.out: i64 = 0
        self.lane: Lane | None = None

    def choose(self, message: Message) -> Place | None:
        """The replica that this attempt goes to; None when there is nobody on the list."""
        wired = self.wired
        n: i64 = len(wired)
        if n == 0:
            return None
        if n == 1:
            return wired[0]
        if self.spread:
            self.turn += 1
            return wired[self.turn % n]
        return wired[message.n % n]


class Inlet:
    """One consumer replica's end of a link out of a queue."""

    def __init__(self, wire: Wire, queue: Group, outlet: i64) -> None:
        self.wire = wire
        self.queue = queue
        self.outlet: i64 = outlet


class Group:
    """One declared node: its replicas and what they did together."""

    def __init__(self, index: int, name: str, kind: str, managed: bool, source: bool) -> None:
        self.index: i64 = index
        self.name = name
        self.kind = kind
        self.managed = managed
        self.source = source
        self.dice_name = name
        self.places: list[Place] = []
        self.wires: list[Wire] = []
        self.recent = Histogram()
        self.good: i64 = 0
        self.bad: i64 = 0
        self.codes = Codes()
        self.awake = False
        self.bit: i64 = 1 << index if index < 62 else 0
        self.start_ns: i64 = 0
        self.clients: i64 = 0

    def touch(self, core: Core) -> None:
        """Something that the grid samples changed."""
        if not self.awake:
            self.awake = True
            core.awake.append(self)

    def count_bad(self, code: int) -> None:
        """One of its calls failed."""
        self.bad += 1
        self.codes.add(code)


class Place(Context):
    """One replica in the simulated world: the context of its node."""

    def __init__(self, core: Core, group: Group, index: i64, node: Node) -> None:
        super().__init__(group.name, index)
        self.core = core
        self.engine = core.engine
        self.ledger = core.ledger
        self.group = group
        self.machine = node
        self.managed = group.managed
        self.source = group.source
        self.epoch: i64 = 1
        self.outlets: list[Outlet] = []
        self.inlets_: list[Inlet] = []
        self.deliveries: list[Wire] = []
        self.flow: Flow | None = None
        self.up = False
        self.starting = False
        self.downs: list[int] = []
        self.restarts: list[int] = []
        self.freezes: list[int] = []
        self.frozen = False
        self.draining = False
        self.gone = False
        self.deferred: list[Item] = []
        self.layers: list[Layer] = []
        self.open: Call | None = None
        self.receives: list[Receive] = []
        self.where: int = (group.index + 1) << 16
        self.lane: Lane | None = None
        self.slots: i64 = 0

    # Timers

    def fire(self, timer: Timer) -> None:
        """A timer of this place comes due."""
        tag = timer.tag
        item = timer.item
        if timer.epoch >= 0:
            if timer.epoch != self.epoch:
                return
            if self.frozen:
                self.deferred.append(timer)
                return
        timer.item = None
        timer.owner = None
        self.now = self.engine.now
        if tag >= 0:
            self.machine.on_timer(self, tag, item)
        elif tag == T_HOP:
            assert isinstance(item, Hop)
            self.core.arrive(item)
        elif tag == T_TIMEOUT:
            assert isinstance(item, Call)
            self.timed_out(item)
        elif tag == T_RETRY:
            assert isinstance(item, Call)
            self.try_again(item)
        elif tag == T_RECEIVE:
            assert isinstance(item, Receive)
            self.receive_silent(item)
        else:
            self._fire_rest(tag, item)

    def _fire_rest(self, tag: i64, item: Item | None) -> None:
        if tag == T_UP:
            self.come_up()
            return
        assert isinstance(item, Layer)
        if tag == T_KILL:
            if item.a > 0.0:
                self.go_down(item.handle)
        elif tag == T_FREEZE:
            if item.a > 0.0:
                self.freeze(item.handle)
        elif tag == T_RESTART:
            if not self.gone:
                self.restarts.append(item.handle)
                self.go_down(item.handle)
                self.engine.after(int(item.a), T_RESTARTED, self, item, -1)
        elif tag == T_RESTARTED:
            self.restarts.remove(item.handle)
            self.lift_down(item.handle)

    def after(self, delay: i64, tag: i64, item: Item | None) -> Timer:
        return self.engine.after(delay, tag, self, item, self.epoch)

    def after_same(self, delay: i64, tag: i64, item: Item | None) -> Timer:
        lane = self.lane
        if lane is None or lane.delay != delay:
            lane = self.engine.lane(delay)
            self.lane = lane
        return self.engine.after_in(lane, tag, self, item, self.epoch)

    def cancel(self, timer: Timer) -> None:
        self.engine.cancel(timer)

    # Chance

    def dice(self, purpose: str) -> Dice:
        return Dice(self.core.seed, purpose, self.group.dice_name)

    def visit(self, message: Message) -> i64:
        bit = self.group.bit
        if bit and not message.visited & bit:
            message.visited |= bit
            return 0
        index = self.group.index
        if message.again < 0:
            message.again = index
        if message.again == index:
            message.agains += 1
            return message.agains if bit else message.agains - 1
        visits = message.visits
        if visits is None:
            visits = {}
            message.visits = visits
        key: int = index
        n = visits.get(key, 0) + 1
        visits[key] = n
        return n if bit else n - 1

    # Sending

    def send(self, link: i64, cause: Item, message: Message) -> None:
        outlet = self.outlets[link]
        self._attempt(outlet, link, outlet.choose(message), cause, message, 1)

    def send_to(self, link: i64, target: i64, cause: Item, message: Message) -> None:
        outlet = self.outlets[link]
        self._attempt(outlet, link, outlet.wire.callee.places[target], cause, message, 1)

    def _attempt(
        self, outlet: Outlet, link: i64, target: Place | None, cause: Item, message: Message, tries: i64
    ) -> None:
        wire = outlet.wire
        engine = self.engine
        call = Call(message, wire.reaches[message.flow.index], link, cause, engine.now)
        call.caller = self
        call.caller_epoch = self.epoch
        call.callee = target
        call.tries = tries
        call.handoff = wire.handoff
        self.ledger.hold(message, call.reach)
        if self.source:
            message.pending = call
        if not outlet.plain:
            code = outlet.admits(self, call)
            if code:
                call.outcome = REFUSED
                call.reason = code | wire.where
                self.core.chain(call, TURNED)
                return
            if outlet.limit_ns > 0:
                lane = outlet.lane
                assert lane is not None
                call.timer = engine.after_in(lane, T_TIMEOUT, self, call, self.epoch)
        wire.attempts += 1
        if self.source:
            message.tally.attempts += 1
        outlet.out += 1
        wire.open += 1
        if target is None:
            self._no_answer_needed(call, wire)
        else:
            wire.put(self.core, call, ARRIVE)

    def _no_answer_needed(self, call: Call, wire: Wire) -> None:
        """There is nobody on the list: the attempt fails at once."""
        call.outcome = REFUSED
        call.reason = GONE | wire.where
        self._end(call, call.reason)
        self.core.chain(call, ANSWER)

    def _end(self, call: Call, code: int) -> None:
        """The attempt's execution is over, or never began: it holds its message no more."""
        if not call.ended:
            call.ended = True
            self.ledger.release(call.message, call.reach, code, self.engine.now)

    def turned(self, call: Call) -> None:
        """An attempt that a policy of our own did not let go."""
        self._end(call, call.reason)
        if call.caller_epoch != self.epoch:
            return
        if self.frozen:
            self.deferred.append(call)
            return
        outlet = self.outlets[call.link]
        outlet.wire.count_bad(call.reason)
        self._settled(outlet, call, False)

    def answer_arrives(self, call: Call) -> None:
        """An answer is back at its caller."""
        if call.caller_epoch != self.epoch or call.left >= 0:
            return
        if self.frozen:
            self.deferred.append(call)
            return
        if self.managed and call.inlet > 0:
            if self.up:
                self.machine.on_answer(self, call)
            return
        timer = call.timer
        if timer is not None:
            self.engine.cancel(timer)
            call.timer = None
        outlet = self.outlets[call.link]
        outlet.out -= 1
        outlet.wire.open -= 1
        if call.outcome != YES:
            outlet.wire.count_bad(call.reason)
        if outlet.plain:
            if self.source:
                call.message.pending = None
            self.machine.on_answer(self, call)
        else:
            self._settled(outlet, call, True)

    def timed_out(self, call: Call) -> None:
        """The caller waits no more; the callee goes on."""
        call.timer = None
        outlet = self.outlets[call.link]
        wire = outlet.wire
        self._leave(call, outlet)
        call.outcome = SILENT
        call.reason = TIMEOUT | wire.where
        wire.count_bad(call.reason)
        self._settled(outlet, call, True)

    def _leave(self, call: Call, outlet: Outlet) -> None:
        """The caller gives an attempt up: from now on its execution is wasted, and a failure of its callee."""
        call.left = self.engine.now
        outlet.out -= 1
        outlet.wire.open -= 1
        callee = outlet.wire.callee
        callee.count_bad(TIMEOUT)
        callee.touch(self.core)

    def _settled(self, outlet: Outlet, call: Call, admitted: bool) -> None:
        delay: i64 = outlet.next_try(self, call, admitted)
        if delay >= 0:
            call.timer = self.engine.after(delay, T_RETRY, self, call, self.epoch)
            return
        if self.source:
            call.message.pending = None
        self.machine.on_answer(self, call)

    def try_again(self, call: Call) -> None:
        """The back-off is over."""
        call.timer = None
        cause = call.cause
        assert cause is not None
        outlet = self.outlets[call.link]
        target = outlet.choose(call.message)
        self._attempt(outlet, call.link, target, cause, call.message, call.tries + 1)

    def forget(self, message: Message) -> int:
        call = message.pending
        if call is None:
            return GAVE_UP
        assert isinstance(call, Call)
        message.pending = None
        timer = call.timer
        if timer is not None:
            backing_off = timer.tag == T_RETRY
            self.engine.cancel(timer)
            call.timer = None
            if backing_off:
                return call.reason
        outlet = self.outlets[call.link]
        code = TIMEOUT | outlet.wire.where
        if call.left < 0:
            outlet.wire.count_bad(code)
            self._leave(call, outlet)
        return code

    # Being called

    def call_arrives(self, call: Call) -> None:
        """A call reaches this replica."""
        if not self.up or self.draining:
            self._refuse(call)
            return
        if self.frozen:
            self.deferred.append(call)
            return
        call.arrived = self.now
        first = self.open
        if first is not None:
            first.before = call
            call.behind = first
        self.open = call
        meter = self.meter
        meter.upto(self.now)
        meter.arrivals += 1
        meter.inside += 1
        group = self.group
        if not group.awake:
            group.touch(self.core)
        self.machine.on_message(self, call)

    def _refuse(self, call: Call) -> None:
        code = REFUSED_CONNECTION | self.where
        self._end(call, code)
        if call.left < 0:
            call.outcome = REFUSED
            call.reason = code
            self.group.count_bad(REFUSED_CONNECTION)
            self.group.touch(self.core)
            self._answer_over(call)

    def _answer_over(self, call: Call) -> None:
        caller = call.caller
        assert isinstance(caller, Place)
        if call.inlet > 0:
            self.inlets_[call.inlet - 1].wire.put(self.core, call, ANSWER)
        else:
            caller.outlets[call.link].wire.put(self.core, call, ANSWER)

    def _unlink(self, call: Call) -> None:
        before = call.before
        behind = call.behind
        if before is None:
            self.open = behind
        else:
            before.behind = behind
        if behind is not None:
            behind.before = before
        call.before = None
        call.behind = None

    def answer(self, call: Call, outcome: i64, code: int) -> None:
        self._depart(call, outcome == YES, code)
        if code and code < 65536:
            code |= self.where
        if outcome == YES:
            self.ledger.complete(call.message, call.reach, self.now)
        self._end(call, code)
        if call.left < 0:
            call.outcome = outcome
            call.reason = code
            if call.inlet > 0 and outcome != YES and not self.inlets_[call.inlet - 1].wire.release_on_failure:
                self._delivery_failed(call, code)
                return
            self._answer_over(call)
        if self.draining and self.meter.inside == 0:
            self.leave()

    def _delivery_failed(self, call: Call, code: int) -> None:
        """A consumer that fails says nothing to its queue: the message comes back when its visibility ends."""
        self.inlets_[call.inlet - 1].wire.count_bad(code)
        if self.draining and self.meter.inside == 0:
            self.leave()

    def _depart(self, call: Call, good: bool, code: int) -> None:
        now = self.now
        self._unlink(call)
        meter = self.meter
        meter.upto(now)
        meter.inside -= 1
        meter.departures += 1
        stay: i64 = now - call.arrived
        meter.stay_ns += stay
        group = self.group
        if not group.awake:
            group.touch(self.core)
        group.recent.add(stay)
        if call.left >= 0:
            start = call.started
            if start >= 0:
                call.message.tally.wasted_ns += now - (start if start > call.left else call.left)
        elif good:
            group.good += 1
        else:
            group.count_bad(code)

    def accept(self, call: Call) -> None:
        call.kept = True
        call.outcome = YES
        if self.managed:
            self._unlink(call)
            meter = self.meter
            meter.upto(self.now)
            meter.departures += 1
            group = self.group
            group.recent.add(self.now - call.arrived)
            group.good += 1
        self._answer_over(call)

    def finish(self, call: Call, done: bool, code: int) -> None:
        if self.managed:
            meter = self.meter
            meter.upto(self.now)
            meter.inside -= 1
            meter.stay_ns += self.now - call.arrived
            self.group.touch(self.core)
        else:
            self._depart(call, done, code)
        if code and code < 65536:
            code |= self.where
        if done and not self.managed:
            self.ledger.complete(call.message, call.reach, self.now)
        self._end(call, code)
        if self.draining and self.meter.inside == 0:
            self.leave()

    def bury(self, call: Call, code: int) -> None:
        call.ended = True
        self.ledger.dead_letter(call.message, call.reach, code | self.where, self.now)
        self._less()

    def _less(self) -> None:
        self.meter.upto(self.now)
        self.meter.inside -= 1
        self.group.touch(self.core)

    def raise_again(self, call: Call) -> None:
        self._less()
        call.ended = False
        self.ledger.redrive(call.message, call.reach, self.now)

    def decay(self, call: Call, code: int) -> None:
        self._less()
        self.ledger.expire(call.message, call.reach, code | self.where, self.now)

    def adopt(self) -> None:
        """An entry was given to this managed node: one more is inside."""
        self.meter.upto(self.now)
        self.meter.inside += 1
        self.meter.arrivals += 1
        self.group.touch(self.core)

    def pass_on(self, call: Call) -> None:
        self._less()

    def _managed(self, node: str) -> Place | None:
        for group in self.core.groups:
            if group.name == node:
                return group.places[0]
        return None

    def ready(self, node: str) -> bool:
        place = self._managed(node)
        return place is not None and place.up and not place.frozen

    def transfer(self, node: str, item: Item) -> None:
        place = self._managed(node)
        assert place is not None
        place.now = self.now
        place.adopt()
        place.machine.on_transfer(place, item)

    # Producers

    def offer(self, n: i64, stream: i64, born: i64, deadline: i64) -> Message:
        flow = self.flow
        assert flow is not None
        root: i64 = flow.root
        if stream:
            root = root ^ (stream * 0x9E3779B1 & 0x7FFFFFFF)
        message = self.ledger.offer(flow, n, (root << 32) | (n & 0xFFFFFFFF), born, deadline)
        meter = self.meter
        meter.upto(self.now)
        meter.arrivals += 1
        meter.inside += 1
        if not self.group.awake:
            self.group.touch(self.core)
        return message

    def told(self, message: Message, outcome: i64, code: int) -> None:
        meter = self.meter
        meter.upto(self.now)
        meter.inside -= 1
        meter.departures += 1
        stay: i64 = self.now - message.born
        meter.stay_ns += stay
        group = self.group
        group.recent.add(stay)
        if not group.awake:
            group.touch(self.core)
        if outcome == YES:
            group.good += 1
        else:
            group.count_bad(code)
        self.ledger.answer(message, outcome, code, self.now)

    # Queues and consumers

    def receive(self, inlet: i64, most: i64, wait: i64) -> None:
        if self.draining:
            return
        receive = Receive(inlet, most, wait, self, self.epoch)
        end = self.inlets_[inlet]
        receive.outlet = end.outlet
        receive.timer = self.engine.after_in(
            self.engine.lane(wait + PATIENT), T_RECEIVE, self, receive, self.epoch
        )
        self.receives.append(receive)
        end.wire.put(self.core, receive, ASK)

    def receive_arrives(self, receive: Receive) -> None:
        """A receive reaches its queue."""
        if not self.up:
            receive.refused = True
            self.deliver(receive)
            return
        if self.frozen:
            self.deferred.append(receive)
            return
        if self.reachable(receive):
            self.machine.on_receive(self, receive)

    def reachable(self, receive: Receive) -> bool:
        caller = receive.caller
        assert isinstance(caller, Place)
        return not receive.closed and caller.epoch == receive.caller_epoch

    def delivery(self, receive: Receive, kept: Call, entry: Item) -> Call:
        wire = self.deliveries[receive.outlet]
        call = Call(kept.message, wire.reaches[kept.message.flow.index], receive.outlet, entry, self.now)
        call.caller = self
        call.caller_epoch = self.epoch
        call.callee = receive.caller
        call.inlet = receive.link + 1
        wire.attempts += 1
        self.ledger.hold(call.message, call.reach)
        receive.calls.append(call)
        return call

    def deliver(self, receive: Receive) -> None:
        self.deliveries[receive.outlet].put(self.core, receive, ASKED)

    def received(self, receive: Receive) -> None:
        """A queue's answer is back at the consumer."""
        if receive.answered or receive.caller_epoch != self.epoch:
            self._drop_deliveries(receive)
            return
        if self.frozen:
            self.deferred.append(receive)
            return
        receive.answered = True
        timer = receive.timer
        if timer is not None:
            self.engine.cancel(timer)
            receive.timer = None
        self.receives.remove(receive)
        meter = self.meter
        meter.upto(self.now)
        for call in receive.calls:
            call.arrived = self.now
            first = self.open
            if first is not None:
                first.before = call
                call.behind = first
            self.open = call
            meter.arrivals += 1
            meter.inside += 1
        self.group.touch(self.core)
        self.machine.on_received(self, receive)

    def _drop_deliveries(self, receive: Receive) -> None:
        """Nobody takes these deliveries: the connection is gone."""
        for call in receive.calls:
            self._end(call, CRASHED | self.where)

    def receive_silent(self, receive: Receive) -> None:
        """The queue has not answered: the client gives up and will ask anew."""
        receive.timer = None
        if receive.answered:
            return
        receive.answered = True
        receive.closed = True
        receive.refused = True
        receive.calls = []
        self.receives.remove(receive)
        self.machine.on_received(self, receive)

    # Balancers

    def targets(self, link: i64) -> i64:
        return len(self.outlets[link].wire.callee.places)

    def registered(self, link: i64, target: i64) -> bool:
        place = self.outlets[link].wire.callee.places[target]
        return not place.draining and not place.gone

    def probe(self, link: i64, target: i64) -> None:
        self.outlets[link].wire.put(self.core, Probe(link, target, self, self.epoch), PROBE)

    def probe_arrives(self, probe: Probe) -> None:
        """A health check reaches this replica: its process answers, whatever its slots do."""
        if self.frozen:
            self.deferred.append(probe)
            return
        probe.healthy = self.up and not self.draining
        caller = probe.caller
        assert isinstance(caller, Place)
        caller.outlets[probe.link].wire.put(self.core, probe, PROBED)

    def probed(self, probe: Probe) -> None:
        """A health check is back."""
        if probe.caller_epoch != self.epoch:
            return
        if self.frozen:
            self.deferred.append(probe)
            return
        self.machine.on_probe(self, probe.link, probe.target, probe.healthy)

    # Living and dying

    def begin(self) -> None:
        """Start the replica: at once, or after the node's start time."""
        if self.group.start_ns > 0 and self.engine.now > 0:
            self.starting = True
            self.engine.after(self.group.start_ns, T_UP, self, None, self.epoch)
        else:
            self.now = self.engine.now
            self.come_up()

    def come_up(self) -> None:
        """The process is ready."""
        self.starting = False
        self.up = True
        self.group.touch(self.core)
        self.wire_up()
        if not self.managed or self.engine.now == 0:
            self.machine.on_start(self)

    def wire_up(self) -> None:
        """Read today's list of whom to call, and start with fresh policies."""
        for outlet in self.outlets:
            alive = [p for p in outlet.wire.callee.places if not p.draining and not p.gone]
            if not alive:
                outlet.wired = []
            elif outlet.spread:
                outlet.wired = alive
            elif self.source:
                clients: i64 = self.group.clients if self.group.clients > 0 else len(alive)
                outlet.wired = [alive[i % len(alive)] for i in range(clients)]
            else:
                outlet.wired = [alive[self.index % len(alive)]]
            for policy in outlet.policies:
                policy.reset()

    def go_down(self, handle: int) -> None:
        """The process is gone for one more cause."""
        first = not self.downs
        self.downs.append(handle)
        if first and not self.gone:
            self.now = self.engine.now
            self._crash()

    def lift_down(self, handle: int) -> None:
        """One cause less to be down; the last one starts it empty."""
        if handle in self.downs:
            self.downs.remove(handle)
            if not self.downs and not self.gone:
                self.begin()

    def _crash(self) -> None:
        self.up = False
        self.starting = False
        self.group.touch(self.core)
        if self.managed:
            self.machine.on_crash(self)
            self._reset_deferred()
            return
        self.epoch += 1
        for outlet in self.outlets:
            outlet.wire.open -= outlet.out
            outlet.out = 0
        self.receives = []
        meter = self.meter
        meter.upto(self.now)
        while True:
            call = self.open
            if call is None:
                break
            meter.inside -= 1
            self._unlink(call)
            self._reset(call)
        self._reset_deferred()
        meter.busy = 0
        meter.working = 0
        meter.queued = 0
        self.machine.on_crash(self)

    def _reset(self, call: Call) -> None:
        """A call in a process that died: its connection is reset; what only memory held is lost."""
        self._end(call, CRASHED | self.where)
        if not call.kept and call.left < 0:
            call.outcome = ERROR
            call.reason = RESET | self.where
            self.group.count_bad(RESET)
            if call.inlet == 0:
                self._answer_over(call)

    def _reset_deferred(self) -> None:
        """What waited in the sockets of a frozen process that then died."""
        deferred = self.deferred
        self.deferred = []
        for item in deferred:
            if isinstance(item, Call) and item.callee is self and item.way == ARRIVE:
                self._reset(item)
            elif isinstance(item, Receive) and item.caller is self:
                self._drop_deliveries(item)

    def freeze(self, handle: int) -> None:
        """SIGSTOP, for one more cause."""
        self.freezes.append(handle)
        self.frozen = True
        self.group.touch(self.core)

    def thaw(self, handle: int) -> None:
        """SIGCONT when the last cause is lifted: timers due fire, what waited in the sockets is read, in order."""
        if handle not in self.freezes:
            return
        self.freezes.remove(handle)
        if self.freezes:
            return
        self.frozen = False
        self.now = self.engine.now
        self.group.touch(self.core)
        deferred = self.deferred
        self.deferred = []
        for item in deferred:
            if isinstance(item, Timer):
                if item.owner is not None:
                    self.fire(item)
            else:
                assert isinstance(item, Hop)
                self.core.arrive(item)
            self.core.drain()

    def drain_out(self) -> None:
        """Take nothing new, finish what is held, then go."""
        self.draining = True
        for receive in self.receives:
            receive.closed = True
            timer = receive.timer
            if timer is not None:
                self.engine.cancel(timer)
        self.receives = []
        self.group.touch(self.core)
        if self.meter.inside == 0 or not self.up:
            self.leave()

    def leave(self) -> None:
        """The replica is gone for good; callers that still have it on their lists are refused."""
        self.gone = True
        self.up = False
        self.epoch += 1
        self.group.touch(self.core)

    def refold(self) -> None:
        """Fold the layers that lie here, as strong as they are now."""
        slow = 1.0
        healthy = 1.0
        now = self.engine.now
        for layer in self.layers:
            strength = layer.strength(now)
            if layer.kind == "slow":
                slow *= 1.0 + (layer.a - 1.0) * strength
            else:
                healthy *= 1.0 - layer.a * strength
                self.error_reason = layer.code
        self.slow = slow
        self.error_share = 1.0 - healthy

    def touch(self) -> None:
        self.group.touch(self.core)

    def note(self, words: str) -> None:
        notes = self.core.notes
        if len(notes) < 10000:
            notes.append((self.engine.now, self.name, words))
