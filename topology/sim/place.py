"""Where replicas live in the simulated world: places that are called and consume, that crash, freeze, drain and come up."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from topology.chance import Dice
from topology.message import (
    CRASHED,
    ERROR,
    NONE,
    REFUSED,
    REFUSED_CONNECTION,
    RESET,
    TOO_MANY,
    YES,
    Flow,
    Item,
    Message,
    Mix,
    Reach,
)
from topology.node import (
    ANSWER,
    ARRIVE,
    ASK,
    ASKED,
    PROBE,
    PROBED,
    PULLED,
    Answers,
    Call,
    Hop,
    Node,
    Probe,
    Receive,
    Timer,
)
from topology.policy import NodePolicy
from topology.sim.core import (
    T_BEAT,
    T_FULL,
    T_HOP,
    T_PAUSED,
    T_PROVIDED,
    T_RECEIVE,
    T_RESTART,
    T_RESTARTED,
    T_SWITCH,
    T_UP,
    Core,
    Layer,
)
from topology.sim.engine import Lane
from topology.sim.laden import Laden, Leak, Pause
from topology.sim.sender import Group
from topology.sim.wire import Inlet, Wire

PATIENT: Final = 5_000_000_000
"""How long past the longest wait a consumer's client waits for a silent queue before it asks again."""


class Place(Laden):
    """One replica in the simulated world: the context of its node."""

    def __init__(self, core: Core, group: Group, index: i64, node: Node) -> None:
        super().__init__(core, group, index, node)
        self.inlets_: list[Inlet] = []
        self.deliveries: list[Wire] = []
        self.flow: Flow | None = None
        self.starting = False
        self.up_at: i64 = 0
        """When it came up last."""
        self.dark: i64 = 0
        """So many causes make it vanish in silence: nobody answers for it, not even its host."""
        self.swallowed: list[Call] = []
        self.most_swallowed: i64 = 4096
        """At so many, those whose callers have left are forgotten."""
        self.rising: Timer | None = None
        """What ends its start; none while it does not start."""
        self.downs: list[int] = []
        self.restarts: list[int] = []
        self.freezes: list[int] = []
        self.guards: list[NodePolicy] = []
        self.open: Call | None = None
        self.where: int = (group.index + 1) << 16
        self.lane: Lane | None = None
        self.poisoner: Dice | None = None
        self.pulled: bool = node.role in PULLED

    # Timers

    def fire(self, timer: Timer) -> None:
        """A timer of this place comes due."""
        tag = timer.tag
        item = timer.item
        if timer.epoch >= 0:
            if timer.epoch != self.epoch:
                timer.item = None
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
        elif not self.fires(timer, tag, item):
            self._fire_rest(tag, item)

    def _fire_rest(self, tag: i64, item: Item | None) -> None:
        if tag == T_RECEIVE:
            assert isinstance(item, Receive)
            self.receive_silent(item)
        elif tag == T_UP:
            self.come_up()
        elif tag == T_PROVIDED:
            self._provided()
        elif tag == T_PAUSED:
            assert isinstance(item, Pause)
            self.pause_ends(item.handle)
        elif tag == T_FULL:
            assert isinstance(item, Leak)
            self.filled(item)
        else:
            assert isinstance(item, Layer)
            self._fire_layer(tag, item)

    def _fire_layer(self, tag: i64, item: Layer) -> None:
        if tag == T_BEAT:
            beat(self.core, item)
        elif tag == T_SWITCH:
            if not item.lifted and item.on:
                switch(self, item)
        elif tag == T_RESTART:
            if not self.gone and not self.draining:
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

    def poison_dice(self) -> Dice:
        found = self.poisoner
        if found is None:
            found = self.dice("poison")
            self.poisoner = found
        return found

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

    # Being called

    def call_arrives(self, call: Call) -> None:
        """A call reaches this replica."""
        if not self.up or self.draining:
            self._refuse(call, REFUSED_CONNECTION)
            return
        if self.frozen:
            self.deferred.append(call)
            return
        if self.throttles:
            code = self._throttled()
            if code:
                self._refuse(call, code)
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

    def _refuse(self, call: Call, why: int) -> None:
        code = why | self.where
        self._end(call, code)
        if call.left < 0 and self.dark > 0:
            self._swallow(call)
        elif call.left < 0:
            call.outcome = REFUSED
            call.reason = code
            self.group.count_bad(why)
            self.group.touch(self.core)
            self._answer_over(call)

    def _swallow(self, call: Call) -> None:
        """Nobody answers from the dark; the caller learns of it when the host is back, unless it has left."""
        call.outcome = NONE
        if len(self.swallowed) >= self.most_swallowed:
            self.swallowed = [c for c in self.swallowed if c.left < 0 or c.lingers]
            self.most_swallowed = max(4096, 2 * len(self.swallowed))
        self.swallowed.append(call)

    def _light(self) -> None:
        """The host is back and knows nothing of the connections of before: it resets them."""
        swallowed = self.swallowed
        self.swallowed = []
        for call in swallowed:
            if call.left < 0:
                call.outcome = ERROR
                call.reason = RESET | self.where
                self.group.count_bad(RESET)
                if call.inlet == 0:
                    self._answer_over(call)
            elif call.lingers:
                super().over_unheard(call)

    def over_unheard(self, call: Call) -> None:
        if self.dark > 0:
            self.swallowed.append(call)
        else:
            super().over_unheard(call)

    def _throttled(self) -> int:
        """Whether one of the limits that lie here turns the call away; each is a bucket of one second's worth."""
        for throttle in self.throttles:
            if not throttle.grants(self.now):
                return throttle.layer.code or TOO_MANY
        return 0

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
            self.complete(call)
        self._end(call, code)
        if call.left < 0 and self.dark > 0:
            self._swallow(call)
        elif call.left < 0:
            call.outcome = outcome
            call.reason = code
            if call.inlet > 0 and outcome != YES and not self.inlets_[call.inlet - 1].wire.release_on_failure:
                self._delivery_failed(call, code)
                return
            self._answer_over(call)
        if self.draining and self.meter.inside == 0:
            self.leave()

    def complete(self, call: Call) -> None:
        """The execution was good: its part is done, or taken back."""
        if call.undo:
            self.ledger.undo(call.message, call.reach, self.now)
        elif not call.recalled:
            self.ledger.complete(call.message, call.reach, self.now)

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
        if done and not self.pulled:
            self.complete(call)
        self._end(call, code)
        if self.draining and self.meter.inside == 0:
            self.leave()

    def answer_all(self, calls: list[Call], good: i64, code: int) -> None:
        if code and code < 65536:
            code |= self.where
        wire = self.inlets_[calls[0].inlet - 1].wire
        now = self.now
        meter = self.meter
        if meter.at != now:
            meter.upto(now)
        group = self.group
        if not group.awake:
            group.touch(self.core)
        meter.inside -= len(calls)
        meter.departures += len(calls)
        group.good += good
        stays: int = 0
        heard: list[Call] = []
        for at, call in enumerate(calls):
            self._unlink(call)
            stay: i64 = now - call.arrived
            stays += stay
            group.recent.add(stay)
            if at < good:
                self.complete(call)
                self._end(call, 0)
                call.outcome = YES
            else:
                group.count_bad(code)
                self._end(call, code)
                call.outcome = ERROR
                call.reason = code
            if at < good or wire.release_on_failure:
                call.way = ANSWER
                heard.append(call)
            else:
                wire.count_bad(code)
        meter.stay_ns += stays
        queue = calls[0].caller
        if heard and queue is not None:
            wire.put(self.core, Answers(queue, heard), ANSWER)
        if self.draining and self.meter.inside == 0:
            self.leave()

    def finish_all(self, calls: list[Call]) -> None:
        now = self.now
        meter = self.meter
        if meter.at != now:
            meter.upto(now)
        if not self.group.awake:
            self.group.touch(self.core)
        stays: int = 0
        for call in calls:
            if call.kept:
                meter.departures += 1
                stay: i64 = now - call.arrived
                stays += stay
            call.arrived = now
            self._end(call, 0)
        meter.inside -= len(calls)
        meter.stay_ns += stays

    def bury(self, call: Call, code: int) -> None:
        call.ended = True
        self.ledger.dead_letter(call.message, call.reach, code | self.where, self.now)
        self._less(call)
        call.kept = True

    def _less(self, call: Call) -> None:
        """A kept call leaves this managed node: for good, or at this instant into another."""
        meter = self.meter
        if meter.at != self.now:
            meter.upto(self.now)
        meter.inside -= 1
        if call.kept:  # a copy that was retained here never came, and so does not leave
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

    def retain(self, link: i64, message: Message, content: Mix | None) -> Call:
        call = self.post(link, message)
        call.arrived = self.now
        call.content = content
        self.meter.upto(self.now)
        self.meter.inside += 1
        self.group.touch(self.core)
        return call

    def repeat(self, call: Call) -> Call:
        return self._kept_copy(call, call.reach)

    def _kept_copy(self, call: Call, reach: Reach) -> Call:
        """One more kept call of the same message, that holds so much of its work."""
        made = Call(call.message, reach, call.link, None, self.now)
        made.caller = self
        made.callee = self
        made.handoff = True
        made.kept = True
        made.arrived = self.now
        made.content = call.content
        self.ledger.hold(made.message, made.reach)
        self.adopt()
        return made

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
        message.skew = self.skew
        if not self.source:
            self.group.touch(self.core)
            return message  # what comes to a node that emits is counted as its load, and what it makes of it is not
        meter = self.meter
        if meter.at != self.now:
            meter.upto(self.now)
        meter.arrivals += 1
        meter.inside += 1
        if not self.group.awake:
            self.group.touch(self.core)
        return message

    def told(self, message: Message, outcome: i64, code: int) -> None:
        if not self.source:
            self.group.touch(self.core)
            self.ledger.answer(message, outcome, code, self.now)
            return
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
        if end.wire.refuses and self._asks_in_vain(end.wire, receive):
            return
        end.wire.put(self.core, receive, ASK)

    def _asks_in_vain(self, wire: Wire, receive: Receive) -> bool:
        """A layer on the link may keep a receive from reaching its queue: it fails at once, or meets silence."""
        wire.draws += 1
        layer = wire.refusal(wire.draws, 1, self.index, self.engine.now)
        if layer is None:
            return False
        if layer.b <= 0.0:
            wire.count_bad(layer.code | wire.where)
            receive.refused = True
            self.core.chain(receive, ASKED)
        return True

    def receive_arrives(self, receive: Receive) -> None:
        """A receive reaches its queue; a dark one is silent."""
        if self.dark > 0:
            return
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

    def renews(self, receive: Receive) -> bool:
        caller = receive.caller
        assert isinstance(caller, Place)
        wire = self.deliveries[receive.outlet]
        alive = caller.epoch == receive.caller_epoch and caller.up and not caller.frozen and not caller.draining
        return alive and wire.cut_to == 0 and wire.cut_back == 0

    def beats(self, receive: Receive) -> bool:
        caller = receive.caller
        assert isinstance(caller, Place)
        if not caller.frozen or caller.folds.get("beats", 0.0) == 0.0:
            return self.renews(receive)
        wire = self.deliveries[receive.outlet]
        return caller.epoch == receive.caller_epoch and wire.cut_to == 0 and wire.cut_back == 0

    def leaves(self, receive: Receive) -> bool:
        caller = receive.caller
        assert isinstance(caller, Place)
        return caller.draining

    def share_of(self, outlet: i64, kept: Call) -> Call:
        wire = self.deliveries[outlet]
        return self._kept_copy(kept, wire.reaches[kept.message.flow.index])

    def done_with(self, link: i64, call: Call) -> None:
        message = call.message
        self.ledger.complete(message, self.outlets[link].wire.reaches[message.flow.index], self.now)

    def delivery(self, receive: Receive, kept: Call, entry: Item) -> Call:
        wire = self.deliveries[receive.outlet]
        call = Call(kept.message, wire.reaches[kept.message.flow.index], receive.outlet, entry, self.now)
        call.caller = self
        call.caller_epoch = self.epoch
        call.callee = receive.caller
        call.inlet = receive.link + 1
        call.undo = kept.undo
        call.content = kept.content
        wire.attempts += 1
        self.ledger.hold(call.message, call.reach)
        receive.add(call)
        return call

    def deliver(self, receive: Receive) -> None:
        if self.dark > 0:
            self._drop_deliveries(receive)
            return
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
        receive.empty()

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
        receive.empty()
        self.receives.remove(receive)
        self.machine.on_received(self, receive)

    # Health checks

    def probe(self, link: i64, target: i64, deep: bool) -> None:
        wire = self.outlets[link].wire
        wire.put(self.core, Probe(link, target, wire.callee.places[target], self, self.epoch, deep), PROBE)

    def probe_arrives(self, probe: Probe) -> None:
        """A health check reaches this replica: its process answers, whatever its slots do; a dark one is silent."""
        if self.dark > 0:
            return
        if self.frozen:
            self.deferred.append(probe)
            return
        probe.healthy = self.up and not self.draining
        if probe.healthy and probe.deep:
            probe.healthy = self.machine.checks_out(self)
        lies = self.folds.get("lies", 0.0)
        if lies != 0.0 and self.up:
            probe.healthy = lies > 0.0
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

    def _provided(self) -> None:
        """The machine that was ordered is there; the replica starts, unless something keeps it down."""
        self.provided = True
        if not self.downs and not self.gone:
            self.begin()

    def begin(self) -> None:
        """Start the replica: at once, or after the node's start time."""
        if (self.group.start_ns > 0 or self.frozen) and self.engine.now > 0:
            self.starting = True
            self.rising = self.engine.after(self.group.start_ns, T_UP, self, None, self.epoch)
        else:
            self.now = self.engine.now
            self.come_up()

    def come_up(self) -> None:
        """The process is ready."""
        self.starting = False
        self.rising = None
        self.up = True
        self.up_at = self.engine.now
        for leak in self.leaks:
            leak.since = self.engine.now
        self.group.touch(self.core)
        self.wire_up()
        for outlet in self.outlets:
            for policy in outlet.all_policies:
                policy.reset()
        if not self.managed or self.engine.now == 0:
            self.machine.on_start(self)
        else:
            self.machine.on_revival(self)

    def wire_up(self) -> None:
        """Read today's list of whom to call."""
        for outlet in self.outlets:
            alive = [p for p in outlet.wire.callee.places if not p.draining and not p.gone and p.provided]
            if not alive:
                outlet.wired = []
            elif outlet.spread:
                outlet.wired = alive
            elif self.source:
                clients: i64 = self.group.clients if self.group.clients > 0 else len(alive)
                outlet.wired = [alive[i % len(alive)] for i in range(clients)]
            else:
                outlet.wired = [alive[self.index % len(alive)]]

    def go_down(self, handle: int) -> None:
        """The process is gone for one more cause."""
        if handle in self.downs:
            return
        first = not self.downs
        self.downs.append(handle)
        if first and not self.gone:
            self.now = self.engine.now
            self._crash()

    def lift_down(self, handle: int) -> None:
        """One cause less to be down; the last one starts it empty."""
        if handle in self.downs:
            self.downs.remove(handle)
            if self.downs or self.gone:
                return
            if self.provided:
                self.begin()
            else:
                self.starting = True

    def darken(self, handle: int, on: bool) -> None:
        """The host itself is gone for one more cause, in silence; or one cause less."""
        if on and handle not in self.downs:
            self.dark += 1
            self.go_down(handle)
        elif not on and handle in self.downs:
            self.dark -= 1
            self.now = self.engine.now
            if self.dark == 0:
                self._light()
            self.lift_down(handle)

    def _crash(self) -> None:
        self.up = False
        self.starting = False
        rising = self.rising
        if rising is not None:
            self.engine.cancel(rising)
            self.rising = None
        self.group.touch(self.core)
        if self.managed:
            self.machine.on_crash(self)
            durable = [item for item in self.deferred if isinstance(item, Timer) or self._is_own_attempt(item)]
            self._reset_deferred()
            self.deferred.extend(durable)
            return
        self.epoch += 1
        self._hang_up()
        self._forget_parked(CRASHED | self.where)
        self.receives = []
        for handle in self.pauses:
            self.freezes.remove(handle)
        self.pauses = []
        self.frozen = len(self.freezes) > 0
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

    def _is_own_attempt(self, item: Item) -> bool:
        """Whether the outcome of something that was sent from here has come: a service that is down learns of it later."""
        return isinstance(item, Call) and item.caller is self and item.callee is not self and item.inlet == 0

    def _hang_up(self) -> None:
        """Nobody here waits any more for what was sent."""
        for outlet in self.outlets:
            outlet.wire.open -= outlet.out
            outlet.out = 0
            outlet.outs = []

    def _reset(self, call: Call) -> None:
        """A call in a process that died: its connection is reset; what only memory held is lost."""
        self._end(call, CRASHED | self.where)
        if not call.kept and call.left < 0 and self.dark > 0:
            self._swallow(call)
        elif not call.kept and call.left < 0:
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
        if handle in self.freezes:
            return
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
        if self.unread:
            self.read_layers()
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
        if self.up:
            self.machine.on_crash(self)
        self.gone = True
        self.up = False
        self.epoch += 1
        self._hang_up()
        self._forget_parked(CRASHED | self.where)
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
            call.twin = None
            call = behind
        self.open = None
        self.deferred = []
        self.receives = []
        self.swallowed = []
        self._forget_parked(0)
        self.outlets = []
        self.inlets_ = []


def beat(core: Core, layer: Layer) -> None:
    """Switch a layer with a beat on or off, and wait for its next beat."""
    if layer.lifted:
        return
    layer.on = not layer.on
    for place in layer.places:
        switch(place, layer)
    for wire in layer.wires:
        wire.fold(core)
    if layer.on:
        core.engine.after(layer.beat_on, T_BEAT, layer.owner(), layer, -1)
    elif layer.beat_off > 0:
        core.engine.after(layer.beat_off, T_BEAT, layer.owner(), layer, -1)


def switch(place: Place, layer: Layer) -> None:
    """A layer on a place was switched on or off."""
    if layer.kind == "down":
        if layer.on:
            place.go_down(layer.handle)
        else:
            place.lift_down(layer.handle)
    elif layer.kind == "dark":
        place.darken(layer.handle, layer.on)
    elif layer.kind in ("surge", "crowd"):
        stream(place, layer)
    elif layer.kind == "frozen":
        if layer.on:
            place.freeze(layer.handle)
        else:
            place.thaw(layer.handle)
    else:
        place.refold()
        place.touch()


def stream(place: Place, layer: Layer) -> None:
    """A surge begins, as a stream with a number of its own, or its stream ends."""
    place.now = place.engine.now
    if layer.on:
        place.core.surges += 1
        layer.code = place.core.surges
        if layer.kind == "crowd":
            place.machine.on_crowd(place, layer.code, layer.a)
        else:
            place.machine.on_surge(place, layer.code, layer.a - 1.0, layer.ramp)
    elif layer.code:
        place.machine.on_surge(place, layer.code, 0.0, 0)
