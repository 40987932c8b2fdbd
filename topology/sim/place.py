"""Where replicas live in the simulated world: places, the wires between them, and what crashes, freezes and layers do."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from topology.chance import Dice
from topology.histogram import Histogram
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
)
from topology.node import (
    ANSWER,
    ARRIVE,
    ASK,
    ASKED,
    PROBE,
    PROBED,
    TURNED,
    Call,
    Context,
    Hop,
    Node,
    Probe,
    Receive,
    Timer,
)
from topology.sim.core import (
    T_FREEZE,
    T_HOP,
    T_KILL,
    T_RECEIVE,
    T_RESTART,
    T_RESTARTED,
    T_RETRY,
    T_TIMEOUT,
    T_UP,
    Core,
    Layer,
)
from topology.sim.engine import Lane
from topology.sim.wire import Inlet, Outlet, Wire

PATIENT: Final = 5_000_000_000
"""How long past the longest wait a consumer's client waits for a silent queue before it asks again."""


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
        bit: i64 = 1  # shifted in place: a literal, or what is never assigned again, would be shifted as a C int of 32 bits
        bit <<= index if index < 62 else 0
        self.bit: i64 = bit if index < 62 else 0
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
        self.cores: i64 = 0

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
            item.land(self.engine.now)
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
        again: i64 = self.machine.retarget(self, call.link)
        target = outlet.choose(call.message) if again < 0 else outlet.wire.callee.places[again]
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
            call.outcome = SILENT
            call.reason = code
            outlet.hear(self, call)
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
        if meter.at != self.now:
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
        if meter.at != now:
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
            group = self.group
            group.recent.add(self.now - call.arrived)
            group.good += 1
        self._answer_over(call)

    def finish(self, call: Call, done: bool, code: int) -> None:
        if self.managed:
            self._less(call)
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
        self._less(call)

    def _less(self, call: Call) -> None:
        """A kept call leaves this managed node: for good, or at this instant into another."""
        meter = self.meter
        if meter.at != self.now:
            meter.upto(self.now)
        meter.inside -= 1
        meter.departures += 1
        stay: int = self.now - call.arrived
        meter.stay_ns += stay
        call.arrived = self.now
        self.group.touch(self.core)

    def raise_again(self, call: Call) -> None:
        self._less(call)
        call.ended = False
        self.ledger.redrive(call.message, call.reach, self.now)

    def decay(self, call: Call, code: int) -> None:
        self._less(call)
        self.ledger.expire(call.message, call.reach, code | self.where, self.now)

    def adopt(self) -> None:
        """An entry was given to this managed node: one more is inside."""
        self.meter.upto(self.now)
        self.meter.inside += 1
        self.meter.arrivals += 1
        self.group.touch(self.core)

    def pass_on(self, call: Call) -> None:
        self._less(call)

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
        if meter.at != self.now:
            meter.upto(self.now)
        meter.arrivals += 1
        meter.inside += 1
        if not self.group.awake:
            self.group.touch(self.core)
        return message

    def told(self, message: Message, outcome: i64, code: int) -> None:
        meter = self.meter
        if meter.at != self.now:
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
        end = self.inlets_[inlet]
        receive = Receive(inlet, most, wait, end.queue.places[0], self, self.epoch)
        receive.outlet = end.outlet
        receive.timer = self.engine.after_in(self.engine.lane(wait + PATIENT), T_RECEIVE, self, receive, self.epoch)
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
        if receive.answered or receive.closed or receive.caller_epoch != self.epoch:
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
        if meter.at != self.now:
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
        self.outlets[link].wire.put(
            self.core, Probe(link, target, self.outlets[link].wire.callee.places[target], self, self.epoch), PROBE
        )

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
            durable = [item for item in self.deferred if isinstance(item, Timer)]
            self._reset_deferred()
            self.deferred.extend(durable)
            return
        self.epoch += 1
        self._hang_up()
        self.receives = []
        meter = self.meter
        if meter.at != self.now:
            meter.upto(self.now)
        while True:
            call = self.open
            if call is None:
                break
            meter.inside -= 1
            meter.departures += 1
            meter.stay_ns += self.now - call.arrived
            self._unlink(call)
            self._reset(call)
        self._reset_deferred()
        meter.busy = 0
        meter.working = 0
        meter.queued = 0
        self.machine.on_crash(self)
        if self.draining:
            self.leave()

    def _hang_up(self) -> None:
        """Nobody here waits any more for what was sent."""
        for outlet in self.outlets:
            outlet.wire.open -= outlet.out
            outlet.out = 0

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
                item.land(self.engine.now)
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
        self._hang_up()
        self.group.touch(self.core)

    def close(self) -> None:
        """The world ends: take apart what points in circles."""
        self.machine.on_close()
        call = self.open
        while call is not None:
            behind = call.behind
            call.before = None
            call.behind = None
            call.timer = None
            call.cause = None
            call = behind
        self.open = None
        self.deferred = []
        self.receives = []
        self.outlets = []
        self.inlets_ = []

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
