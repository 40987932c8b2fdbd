"""The sending half of a replica in the simulated world: attempts over links, what policies hold back, hedge and repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from topology.histogram import Histogram
from topology.message import (
    ERROR,
    GAVE_UP,
    GONE,
    NONE,
    REFUSED,
    RESET,
    SILENT,
    TIMEOUT,
    YES,
    Codes,
    Item,
    Message,
    Mix,
    reason,
)
from topology.node import ANSWER, ARRIVE, TURNED, Call, Context, Node, Receive, Shelf, Timer
from topology.policy import WAIT, Gate
from topology.sim.core import T_HEDGE, T_HOP, T_PARKED, T_RETRY, T_TIMEOUT, T_WAKE, Core
from topology.sim.wire import Outlet, Wire

if TYPE_CHECKING:
    from topology.sim.place import Place

NO_TIME: Final = reason("no time left before the deadline")
HELD_FULL: Final = reason("too many wait to be sent")
SYN: Final = 127_000_000_000
"""How long Linux tries to connect to an address that never answers: six retries, from 1 s on, each twice as long."""


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
        self.zones: i64 = 0
        self.shelves: dict[str, Shelf] = {}

    def touch(self, core: Core) -> None:
        """Something that the grid samples changed."""
        if not self.awake:
            self.awake = True
            core.awake.append(self)

    def count_bad(self, code: int) -> None:
        """One of its calls failed."""
        self.bad += 1
        self.codes.add(code)


class Sender(Context):
    """One replica's end of its outgoing links. What it is as a callee, and how it lives and dies, is `Place`."""

    def __init__(self, core: Core, group: Group, index: i64, node: Node) -> None:
        super().__init__(group.name, index)
        self.core = core
        self.engine = core.engine
        self.ledger = core.ledger
        self.group = group
        self.machine = node
        self.managed = group.managed
        self.source = group.source
        self.counts_attempts = group.source
        """Whether the attempts at its links are those of messages that it offers itself."""
        self.epoch: i64 = 1
        self.outlets: list[Outlet] = []
        self.up = False
        self.frozen = False
        self.draining = False
        self.gone = False
        self.provided = True
        """Whether its machine is there: one that an autoscaler ordered is not, for a while."""
        self.carried: Mix | None = None
        """What the attempt that is being made carries, where that is not its message's own content."""
        self.deferred: list[Item] = []
        self.receives: list[Receive] = []

    # Sending

    def send(self, link: i64, cause: Item, message: Message) -> None:
        outlet = self.outlets[link]
        self._attempt(outlet, link, outlet.choose(self, message), cause, message, 1, None)

    def send_as(self, link: i64, cause: Item, message: Message, content: Mix | None) -> None:
        self.carried = content
        self.send(link, cause, message)
        self.carried = None

    def send_to(self, link: i64, target: i64, cause: Item, message: Message) -> None:
        outlet = self.outlets[link]
        self._attempt(outlet, link, outlet.wire.callee.places[target], cause, message, 1, None)

    def send_undo(self, link: i64, cause: Item, message: Message) -> None:
        outlet = self.outlets[link]
        self.core.undone = True
        self.core.undoing = True
        self._attempt(outlet, link, outlet.choose(self, message), cause, message, 1, None)
        self.core.undoing = False

    def _attempt(
        self, outlet: Outlet, link: i64, target: Place | None, cause: Item, message: Message, tries: i64, twin: Call | None
    ) -> Call:
        wire = outlet.wire
        engine = self.engine
        call = Call(message, wire.reaches[message.flow.index], link, cause, engine.now)
        call.caller = self
        call.caller_epoch = self.epoch
        call.callee = target
        call.tries = tries
        call.handoff = wire.handoff
        call.content = self.carried
        if twin is not None:
            call.twin = twin
            twin.twin = call
            call.extra = True
        self.ledger.hold(message, call.reach)
        if self.source:
            message.pending = call
        elif self.core.undone:
            self._mark_undo(call, cause)
        if outlet.plain:
            self._go(outlet, call)
        else:
            self._ask_policies(outlet, call)
        return call

    def _mark_undo(self, call: Call, cause: Item) -> None:
        """Whatever is called in the course of taking back takes back, too."""
        call.undo = self.core.undoing or (isinstance(cause, Call) and cause.undo)

    def _ask_policies(self, outlet: Outlet, call: Call) -> None:
        """Let an attempt go, refuse it, or hold it back until its turn comes."""
        code = outlet.admits(self, call)
        if code == WAIT:
            self._park(outlet, call)
        elif code:
            self._refused_here(call, code | outlet.wire.where)
        else:
            self._let_go(outlet, call)

    def _let_go(self, outlet: Outlet, call: Call) -> None:
        limit = outlet.limit_ns
        if outlet.policies:
            limit = outlet.limit_of(self, call)
            if limit < 0:
                outlet.withdraw(self, call)
                self._refused_here(call, NO_TIME | outlet.wire.where)
                return
            delay = outlet.hedges_in(self, call) if not call.extra else -1
            if delay >= 0:
                call.hedge = self.engine.after(delay, T_HEDGE, self, call, self.epoch)
        if limit > 0:
            lane = outlet.lane
            if lane is None or lane.delay != limit:
                call.timer = self.engine.after(limit, T_TIMEOUT, self, call, self.epoch)
            else:
                call.timer = self.engine.after_in(lane, T_TIMEOUT, self, call, self.epoch)
        self._go(outlet, call)

    def _refused_here(self, call: Call, code: int) -> None:
        """A policy of ours does not let the attempt go."""
        call.gate = -1
        call.outcome = REFUSED
        call.reason = code
        self.core.chain(call, TURNED)

    def _go(self, outlet: Outlet, call: Call) -> None:
        """The attempt leaves."""
        wire = outlet.wire
        wire.attempts += 1
        if self.counts_attempts:
            call.message.tally.attempts += 1
        outlet.out += 1
        wire.open += 1
        call.lingers = outlet.lingering
        target = call.callee
        if target is None:
            self._nobody(call, GONE | wire.where)
            return
        if outlet.counts:
            outlet.count(target.index, 1)
        if wire.refuses and self._meets_refusal(wire, call):
            return
        wire.put(self.core, call, ARRIVE)

    def _meets_refusal(self, wire: Wire, call: Call) -> bool:
        """A layer on the link may keep attempts from getting through at all: at once, or in silence."""
        clients: i64 = self.group.clients if self.group.clients > 0 else 64
        message = call.message
        layer = wire.refusal(message.root, call.tries, message.n % clients if self.source else self.index, call.sent)
        if layer is None:
            return False
        code = layer.code | wire.where
        if layer.b <= 0.0:
            self._nobody(call, code)
            return True
        call.outcome = REFUSED
        call.reason = code
        self._end(call, code)
        call.way = ANSWER
        self.engine.after(SYN, T_HOP, self, call, -1)
        return True

    def _nobody(self, call: Call, code: int) -> None:
        """There is nobody at the other end: the attempt fails at once."""
        call.outcome = REFUSED
        call.reason = code
        self._end(call, code)
        self.core.chain(call, ANSWER)

    def _end(self, call: Call, code: int) -> None:
        """The attempt's execution is over, or never began: it holds its message no more."""
        if not call.ended:
            call.ended = True
            self.ledger.release(call.message, call.reach, code, self.engine.now)
            if call.lingers and call.left >= 0 and not call.kept:
                self.over_unheard(call)

    def over_unheard(self, call: Call) -> None:
        """The caller gave the attempt up, and yet wants to know that it is over: its connection was waiting for that."""
        caller = call.caller
        assert isinstance(caller, Sender)
        caller.outlets[call.link].wire.put(self.core, call, ANSWER)

    # Held back

    def _park(self, outlet: Outlet, call: Call) -> None:
        gate = outlet.gates[call.gate]
        policy = gate.policy
        most: i64 = policy.most_waiting()
        if most >= 0 and gate.line.count >= most:
            outlet.withdraw(self, call)
            code = policy.waited_out()
            self._refused_here(call, (code or HELD_FULL) | outlet.wire.where)
            return
        outlet.hold_back(call)
        wait: i64 = policy.wait_ns()
        if wait > 0:
            call.timer = self.engine.after_in(self.engine.lane(wait), T_PARKED, self, call, self.epoch)
        self._wake_later(outlet, call)

    def _wake_later(self, outlet: Outlet, call: Call) -> None:
        """Where a policy lets go by the clock, come back when it will."""
        gate = outlet.gates[call.gate]
        if gate.waking:
            return
        delay = outlet.wakes_in(self, call)
        if delay >= 0:
            gate.waking = True
            gate.link = call.link
            self.engine.after(delay if delay > 0 else 1, T_WAKE, self, gate, self.epoch)

    def waited_out(self, call: Call) -> None:
        """It was held back for as long as its policy allows."""
        call.timer = None
        outlet = self.outlets[call.link]
        outlet.let_on(call, call.gate)
        code = outlet.policies[call.gate].waited_out()
        outlet.withdraw(self, call)
        self._refused_here(call, (code or HELD_FULL) | outlet.wire.where)
        if outlet.held > 0:
            self.unpark(outlet)

    def unpark(self, outlet: Outlet) -> None:
        """Whoever was held back longest goes first, as long as the policies let somebody go; the last gate is asked first."""
        gate: i64 = len(outlet.gates) - 1
        while gate >= 0:
            while self._first_goes(outlet, gate):
                pass
            gate -= 1

    def _first_goes(self, outlet: Outlet, gate: i64) -> bool:
        """Ask again for the first who waits at a gate; False when nobody does, or it must go on waiting."""
        call = outlet.gates[gate].line.oldest
        if call is None:
            return False
        code = outlet.admits(self, call)
        if code == WAIT and call.gate == gate:
            self._wake_later(outlet, call)
            return False
        outlet.let_on(call, gate)
        self._stop_timer(call)
        call.sent = self.engine.now
        if code == WAIT:
            self._park(outlet, call)
        elif code:
            self._refused_here(call, code | outlet.wire.where)
        else:
            self._let_go(outlet, call)
        return True

    def _forget_parked(self, code: int) -> None:
        """Nobody here waits any more to send anything."""
        for outlet in self.outlets:
            for gate in outlet.gates:
                gate.waking = False
                while True:
                    call = gate.line.oldest
                    if call is None:
                        break
                    outlet.let_on(call, call.gate)
                    call.timer = None
                    call.twin = None
                    self._end(call, code)

    # Answers

    def turned(self, call: Call) -> None:
        """An attempt that a policy of our own did not let go."""
        self._end(call, call.reason)
        if call.caller_epoch != self.epoch or call.left >= 0:
            return
        if self.frozen:
            self.deferred.append(call)
            return
        outlet = self.outlets[call.link]
        outlet.wire.count_bad(call.reason)
        self._settled(outlet, call)

    def answer_arrives(self, call: Call) -> None:
        """An answer is back at its caller."""
        if call.caller_epoch != self.epoch:
            call.twin = None
            return
        if call.left >= 0 and not call.lingers:
            return
        if self.frozen:
            self.deferred.append(call)
            return
        if call.left >= 0:
            self._came_back(call)
            return
        if self.managed and call.inlet > 0:
            if self.up:
                self.machine.on_answer(self, call)
            return
        self._stop_timer(call)
        outlet = self.outlets[call.link]
        self._no_longer_out(outlet, call)
        if call.outcome != YES:
            outlet.wire.count_bad(call.reason)
        if outlet.plain and outlet.wire.hammer == 0:
            if self.source:
                call.message.pending = None
            self.machine.on_answer(self, call)
        else:
            outlet.hear(self, call)
            self._settled(outlet, call)
            if outlet.held > 0:
                self.unpark(outlet)

    def _came_back(self, call: Call) -> None:
        """An attempt that was given up is over after all."""
        call.lingers = False
        outlet = self.outlets[call.link]
        outlet.returned(self, call)
        if outlet.held > 0:
            self.unpark(outlet)

    def _no_longer_out(self, outlet: Outlet, call: Call) -> None:
        outlet.out -= 1
        outlet.wire.open -= 1
        if outlet.counts:
            target = call.callee
            if target is not None:
                outlet.count(target.index, -1)

    def timed_out(self, call: Call) -> None:
        """The caller waits no more; the callee goes on."""
        call.timer = None
        outlet = self.outlets[call.link]
        wire = outlet.wire
        self._leave(call, outlet)
        self._callee_failed(wire)
        call.outcome = SILENT
        call.reason = TIMEOUT | wire.where
        wire.count_bad(call.reason)
        outlet.hear(self, call)
        self._settled(outlet, call)
        if outlet.held > 0:
            self.unpark(outlet)

    def _leave(self, call: Call, outlet: Outlet) -> None:
        """The caller gives an attempt up: from now on its execution is wasted."""
        call.left = self.engine.now
        self._no_longer_out(outlet, call)

    def _callee_failed(self, wire: Wire) -> None:
        """Silence is a failure of the callee."""
        wire.callee.count_bad(TIMEOUT)
        wire.callee.touch(self.core)

    def _settled(self, outlet: Outlet, call: Call) -> None:
        """An attempt has its outcome: hedge, try again, find a substitute, or tell the node."""
        self._stop_hedge(call)
        twin = call.twin
        if twin is not None:
            call.twin = None
            twin.twin = None
            if call.outcome != YES:
                twin.unsure = twin.unsure or call.unsure or call.outcome != REFUSED
                if self.source:
                    call.message.pending = twin
                return
            self._abandon(outlet, twin)
        delay = outlet.wire.retries(call)
        if delay < 0:
            delay = outlet.next_try(self, call)
        if delay >= 0:
            call.timer = self.engine.after(delay, T_RETRY, self, call, self.epoch)
            return
        if self.source:
            call.message.pending = None
        if call.outcome != YES and not call.undo and outlet.rescued(self, call):
            call.outcome = YES
            call.reason = 0
            self.ledger.degrade(call.message)
        self.machine.on_answer(self, call)

    def try_again(self, call: Call) -> None:
        """The back-off is over."""
        call.timer = None
        self._once_more(call, call.tries + 1, None)

    def hedge(self, call: Call) -> None:
        """The answer is slow in coming: a second attempt runs beside the first, and the quicker one counts."""
        call.hedge = None
        if call.left < 0 and call.twin is None and self.outlets[call.link].hedges(self, call):
            self._once_more(call, call.tries, call)

    def _once_more(self, call: Call, tries: i64, twin: Call | None) -> None:
        cause = call.cause
        assert cause is not None
        outlet = self.outlets[call.link]
        target = self._another(outlet, call)
        if twin is not None and target is twin.callee:
            target = self._another(outlet, call)
        undoing = self.core.undoing
        self.core.undoing = call.undo
        self.carried = call.content
        made = self._attempt(outlet, call.link, target, cause, call.message, tries, twin)
        self.carried = None
        made.unsure = call.unsure or twin is not None or call.outcome != REFUSED
        self.core.undoing = undoing

    def _another(self, outlet: Outlet, call: Call) -> Place | None:
        """Whom one more attempt goes to."""
        chosen: i64 = self.machine.retarget(self, call.link)
        return outlet.choose(self, call.message) if chosen < 0 else outlet.wire.callee.places[chosen]

    def _abandon(self, outlet: Outlet, call: Call) -> None:
        """The other attempt was quicker; this one ends without an outcome here."""
        self._stop_timer(call)
        self._stop_hedge(call)
        if call.gate >= 0:
            outlet.let_on(call, call.gate)
            outlet.withdraw(self, call)
            call.left = self.engine.now
            self._end(call, 0)
            return
        if call.left < 0 and not self._is_turned(call):
            self._leave(call, outlet)
            outlet.withdraw(self, call)
        call.left = self.engine.now

    def _is_turned(self, call: Call) -> bool:
        """Whether a policy did not let it go, which its caller will hear in this instant."""
        return call.outcome == REFUSED and call.way == TURNED

    def forget(self, message: Message) -> int:
        call = message.pending
        if call is None:
            return GAVE_UP
        assert isinstance(call, Call)
        message.pending = None
        outlet = self.outlets[call.link]
        twin = call.twin
        if twin is not None:
            call.twin = None
            twin.twin = None
            self._abandon(outlet, twin)
        if call.gate >= 0:
            code = outlet.policies[call.gate].waited_out()
            self._abandon(outlet, call)
            if outlet.held > 0:
                self.unpark(outlet)
            return (code or HELD_FULL) | outlet.wire.where
        timer = call.timer
        backing_off = timer is not None and timer.tag == T_RETRY
        self._stop_timer(call)
        if backing_off:
            return call.reason
        self._stop_hedge(call)
        if self._is_turned(call):
            call.left = self.engine.now
            return call.reason
        code = TIMEOUT | outlet.wire.where
        if call.left < 0:
            outlet.wire.count_bad(code)
            self._leave(call, outlet)
            self._callee_failed(outlet.wire)
            call.outcome = SILENT
            call.reason = code
            outlet.hear(self, call)
        if outlet.held > 0:
            self.unpark(outlet)
        return code

    def _stop_timer(self, call: Call) -> None:
        timer = call.timer
        if timer is not None:
            self.engine.cancel(timer)
            call.timer = None

    def _stop_hedge(self, call: Call) -> None:
        hedge = call.hedge
        if hedge is not None:
            self.engine.cancel(hedge)
            call.hedge = None

    # What balancers ask

    def targets(self, link: i64) -> i64:
        return len(self.outlets[link].wire.callee.places) if link < len(self.outlets) else 0

    def registered(self, link: i64, target: i64) -> bool:
        place = self.outlets[link].wire.callee.places[target]
        return not place.draining and not place.gone

    def outstanding(self, link: i64, target: i64) -> i64:
        return self.outlets[link].waiting_for(target)

    def avoids(self, link: i64, target: i64) -> bool:
        outlet = self.outlets[link]
        return not outlet.plain and outlet.avoids(self, target)

    def zone_of(self, link: i64, target: i64) -> i64:
        return self.outlets[link].wire.callee.places[target].zone

    def hang_up(self, link: i64, target: i64) -> None:
        outlet = self.outlets[link]
        place = outlet.wire.callee.places[target]
        waiting: list[Call] = []
        call = place.open
        while call is not None:
            waiting.append(call)
            call = call.behind
        waiting += [item for item in (*place.deferred, *place.swallowed) if isinstance(item, Call)]
        for one in waiting:
            mine = one.caller is self and one.caller_epoch == self.epoch and one.link == link
            if mine and one.left < 0 and one.outcome == NONE:
                self._hung_up(outlet, one)
        if outlet.held > 0:
            self.unpark(outlet)

    def _hung_up(self, outlet: Outlet, call: Call) -> None:
        """The caller closed the connection: it waits no more, and the callee goes on."""
        self._stop_timer(call)
        self._leave(call, outlet)
        call.lingers = False
        call.outcome = ERROR
        call.reason = RESET | outlet.wire.where
        outlet.wire.count_bad(call.reason)
        outlet.hear(self, call)
        self._settled(outlet, call)

    def strength_on(self, link: i64, layer: str) -> float:
        wire = self.outlets[link].wire
        return 0.0 if wire.clean else wire.strength(layer, self.engine.now)

    # Durable notes

    def shelf(self, name: str) -> Shelf:
        shelves = self.group.shelves
        if name not in shelves:
            shelves[name] = Shelf()
        return shelves[name]

    def post(self, link: i64, message: Message) -> Call:
        wire = self.outlets[link].wire
        call = Call(message, wire.reaches[message.flow.index], link, None, self.engine.now)
        call.caller = self
        self.ledger.hold(message, call.reach)
        return call

    def unpost(self, call: Call, code: int) -> None:
        self._end(call, code)

    def degrade(self, message: Message) -> None:
        self.ledger.degrade(message)

    # Timers

    def fires(self, timer: Timer, tag: i64, item: Item | None) -> bool:
        """A timer of the sending half; False where it is none."""
        if tag == T_WAKE:
            assert isinstance(item, Gate)
            item.waking = False
            self.unpark(self.outlets[item.link])
            return True
        if tag not in (T_TIMEOUT, T_RETRY, T_HEDGE, T_PARKED):
            return False
        assert isinstance(item, Call)
        if tag == T_TIMEOUT:
            self.timed_out(item)
        elif tag == T_RETRY:
            self.try_again(item)
        elif tag == T_HEDGE:
            self.hedge(item)
        else:
            self.waited_out(item)
        return True
