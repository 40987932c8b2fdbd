"""What a world is made of whose replicas live in several processes, each of which holds all of it and runs some of it.

A replica that lives in another process is a peer here: what reaches it is handed over to whoever carries it there.
Books are not kept here either: what the ledger would be told is handed over, too, as it happens.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from topology.ledger import Ledger
from topology.message import CRASHED, Flow, Message, Reach
from topology.node import Call, Node, Probe, Receive
from topology.plan import NodePlan
from topology.sim.core import Core
from topology.sim.place import Place
from topology.sim.sender import Group
from topology.sim.wire import Outlet, Wire

OFFERED: Final = "o"
HELD: Final = "h"
RELEASED: Final = "r"
COMPLETED: Final = "c"
UNDONE: Final = "u"
DEGRADED: Final = "g"
ANSWERED: Final = "a"
BURIED: Final = "d"
RAISED: Final = "v"
DECAYED: Final = "x"
TRIED: Final = "t"
WASTED: Final = "w"
"""What happens to a message, in the books: see the ledger's methods. Tried: its producer made an attempt; wasted: work went on
for so long after the caller had left."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Elsewhere:
    """Who carries to other processes, and who writes into the books. A world that has all its replicas itself has none.

    A world that is not `split` keeps its books itself, and shows in its places what others do.
    """

    def __init__(self) -> None:
        self.split = True

    def machine(self, node: NodePlan, index: i64) -> Node | None:
        """What a replica is here; None: what its kind says."""
        return None

    def lives_here(self, node: str, index: i64) -> bool:
        """Whether a replica runs in this process."""
        return True

    def book(self, what: str, message: Message, link: i64, number: int, code: int, at: i64) -> None:
        """Something happened to a message; `link` is what it was to do (-1: nothing), `number` an outcome or a length."""

    def call(self, peer: Peer, call: Call) -> None:
        """Carry a call to its callee."""

    def answer(self, peer: Peer, call: Call) -> None:
        """Carry an answer back to its caller."""

    def left(self, call: Call) -> None:
        """The caller, who lives here, waits no more."""

    def over(self, call: Call) -> None:
        """An execution here is over whose caller, elsewhere, had left."""

    def dropped(self, call: Call) -> None:
        """A consumer, who lives here, failed on a delivery and says nothing to its queue."""

    def ask(self, peer: Peer, receive: Receive) -> None:
        """Carry a receive to its queue."""

    def give(self, peer: Peer, receive: Receive) -> None:
        """Carry a queue's answer back to its consumer."""

    def probe(self, peer: Peer, probe: Probe) -> None:
        """Carry a health check to its target."""

    def probed(self, peer: Peer, probe: Probe) -> None:
        """Carry what a target said back to whoever checks it."""

    def accepted(self, place: Local, call: Call) -> None:
        """A hand-off is kept from now on, before its sender hears so."""

    def has_left(self, place: Local) -> None:
        """A replica that was told to go has finished what it held."""

    def gone(self, place: Local, call: Call) -> None:
        """What was kept is kept no more, or by another node of this process."""


class Clerk(Ledger):
    """Hands over what it is told in place of keeping books."""

    def __init__(self, flows: list[Flow], elsewhere: Elsewhere) -> None:
        super().__init__(flows)
        self.elsewhere = elsewhere
        self.links: dict[Reach, int] = {}

    def know(self, wires: list[Wire]) -> None:
        """Learn which link each reach is of."""
        for wire in wires:
            for reach in wire.reaches:
                self.links[reach] = int(wire.index)

    def _tell(self, what: str, m: Message, reach: Reach, code: int, now: i64) -> None:
        self.elsewhere.book(what, m, self.links.get(reach, -1), 0, code, now)

    def offer(self, flow: Flow, n: i64, root: i64, born: i64, deadline: i64) -> Message:
        message = Message(flow, n, root, born, deadline)
        self.elsewhere.book(OFFERED, message, -1, int(deadline), 0, born)
        return message

    def hold(self, m: Message, reach: Reach) -> None:
        self._tell(HELD, m, reach, 0, 0)

    def release(self, m: Message, reach: Reach, code: int, now: i64) -> None:
        self._tell(RELEASED, m, reach, code, now)

    def complete(self, m: Message, reach: Reach, now: i64) -> None:
        if reach.part >= 0:
            self._tell(COMPLETED, m, reach, 0, now)

    def undo(self, m: Message, reach: Reach, now: i64) -> None:
        self._tell(UNDONE, m, reach, 0, now)

    def degrade(self, m: Message) -> None:
        if not m.degraded:
            m.degraded = True
            self.elsewhere.book(DEGRADED, m, -1, 0, 0, 0)

    def answer(self, m: Message, outcome: i64, code: int, now: i64) -> None:
        m.answer = outcome
        self.elsewhere.book(ANSWERED, m, -1, int(outcome), code, now)

    def dead_letter(self, m: Message, reach: Reach, code: int, now: i64) -> None:
        self._tell(BURIED, m, reach, code, now)

    def redrive(self, m: Message, reach: Reach, now: i64) -> None:
        self._tell(RAISED, m, reach, 0, now)

    def expire(self, m: Message, reach: Reach, code: int, now: i64) -> None:
        self._tell(DECAYED, m, reach, code, now)


class Local(Place):
    """A replica that lives in this process, while others live elsewhere."""

    def __init__(self, core: Core, group: Group, index: i64, node: Node, elsewhere: Elsewhere) -> None:
        super().__init__(core, group, index, node)
        self.elsewhere = elsewhere

    def come_up(self) -> None:
        super().come_up()
        if self.managed and self.engine.now > 0:
            self.machine.on_start(self)  # what was stored is there again; what was in memory begins anew

    def _go(self, outlet: Outlet, call: Call) -> None:
        if self.counts_attempts:
            self.elsewhere.book(TRIED, call.message, -1, 1, 0, self.engine.now)
        super()._go(outlet, call)

    def _leave(self, call: Call, outlet: Outlet) -> None:
        super()._leave(call, outlet)
        self.elsewhere.left(call)

    def _depart(self, call: Call, good: bool, code: int) -> None:
        before: int = call.message.tally.wasted_ns
        super()._depart(call, good, code)
        more: int = call.message.tally.wasted_ns - before
        if more > 0:
            self.elsewhere.book(WASTED, call.message, -1, more, 0, self.engine.now)

    def answer(self, call: Call, outcome: i64, code: int) -> None:
        super().answer(call, outcome, code)
        if call.left >= 0:
            self.elsewhere.over(call)

    def _delivery_failed(self, call: Call, code: int) -> None:
        self.elsewhere.dropped(call)
        super()._delivery_failed(call, code)

    def accept(self, call: Call) -> None:
        if self.managed:
            self.elsewhere.accepted(self, call)
        super().accept(call)

    def answer_all(self, calls: list[Call], good: i64, code: int) -> None:
        super().answer_all(calls, good, code)
        if good < len(calls) and not self.inlets_[calls[0].inlet - 1].wire.release_on_failure:
            for call in calls[int(good) :]:
                self.elsewhere.dropped(call)

    def _less(self, call: Call) -> None:
        super()._less(call)
        self.elsewhere.gone(self, call)

    def finish_all(self, calls: list[Call]) -> None:
        super().finish_all(calls)
        for call in calls:
            self.elsewhere.gone(self, call)

    def leave(self) -> None:
        super().leave()
        self.elsewhere.has_left(self)


class Peer(Place):
    """A replica that lives in another process. What is known of it here is whether it is up."""

    def __init__(self, core: Core, group: Group, index: i64, node: Node, elsewhere: Elsewhere) -> None:
        super().__init__(core, group, index, node)
        self.elsewhere = elsewhere

    def show(self, up: bool, dark: bool, draining: bool, gone: bool, provided: bool) -> None:
        """What is known of it from now on."""
        self.now = self.engine.now
        self.draining = draining
        self.gone = gone
        self.provided = provided
        if self.up and not up:
            self.dark = 1 if dark else 0
            self._crash()
        elif up and not self.up:
            self.up = True
            self.up_at = self.engine.now
        if self.dark > 0 and not dark:
            self.dark = 0
            self._light()
        elif dark:
            self.dark = 1

    def _crash(self) -> None:
        super()._crash()
        if self.managed:
            self.epoch += 1
            while True:
                call = self.open
                if call is None:
                    break
                self._unlink(call)
                self._reset(call)

    # What reaches it

    def call_arrives(self, call: Call) -> None:
        if not self.up or self.draining:
            super().call_arrives(call)
            return
        self.waits_for(call)
        self.elsewhere.call(self, call)

    def waits_for(self, call: Call) -> None:
        """From now on it is in that process, until an answer comes, or word that the process is gone."""
        first = self.open
        if first is not None:
            first.before = call
            call.behind = first
        self.open = call

    def answered(self, call: Call, outcome: i64, code: int) -> None:
        """The answer of its process is here; whoever answered has told the books."""
        self.forgotten(call)
        call.outcome = outcome
        call.reason = code
        caller = call.caller
        if caller is not None:
            caller.now = self.engine.now
            caller.answer_arrives(call)

    def forgotten(self, call: Call) -> None:
        """It is not in that process any more."""
        if not call.ended:
            call.ended = True
            self._unlink(call)

    def answer_arrives(self, call: Call) -> None:
        self.elsewhere.answer(self, call)

    def receive_arrives(self, receive: Receive) -> None:
        if not self.up:
            super().receive_arrives(receive)
        elif self.dark == 0:
            self.elsewhere.ask(self, receive)

    def received(self, receive: Receive) -> None:
        if receive.caller_epoch != self.epoch or not self.up:
            for call in receive.calls:
                self._end(call, CRASHED | self.where)
            return
        for call in receive.calls:
            self.waits_for(call)
        self.elsewhere.give(self, receive)

    def probe_arrives(self, probe: Probe) -> None:
        if not self.up or self.draining:
            super().probe_arrives(probe)
        else:
            self.elsewhere.probe(self, probe)

    def probed(self, probe: Probe) -> None:
        self.elsewhere.probed(self, probe)
