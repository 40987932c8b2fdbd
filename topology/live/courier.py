"""What carries calls, answers, receives and health checks between the processes of a live world, as letters.

Each process holds the whole world of its design, and runs a few replicas of it; all others are peers, to whom this carries
what reaches them. What leaves a process is in the books before it leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from topology.live.books import ARRIVED, KEEPS, Scribe
from topology.live.letter import (
    CALL,
    LEFT,
    PROBE,
    RECEIVE,
    SETTLE,
    Body,
    Garbled,
    Json,
    Letter,
    number,
    read_message,
    read_mix,
    read_outcome,
    text,
    write_message,
    write_mix,
    write_outcome,
)
from topology.live.recent import Recent
from topology.live.wire import AGAIN_S, Wire
from topology.message import NONE, YES, Flow, Message
from topology.node import Call, Node, Probe, Receive
from topology.nodes.sqs import Sqs
from topology.plan import NodePlan
from topology.sim.elsewhere import Clerk, Elsewhere, Local, Peer
from topology.sim.place import Place
from topology.sim.world import SimWorld

FOREVER_S: Final = 1e9
PATIENT_S: Final = 5.0
"""How long past the longest wait a consumer's client waits for a silent queue: as in the simulated world."""
RECEIVE_AGAIN_S: Final = 2.0
PROBE_S: Final = 30.0
REMEMBERED: Final = 20_000
"""So many messages are known again when they come back, so that their visits are counted."""


class Courier(Elsewhere):
    """Carries for the replicas that live in this process. `homes` says which process each replica lives in."""

    def __init__(self, here: set[tuple[str, int]], scribe: Scribe, home: Callable[[str, int], str]) -> None:
        super().__init__()
        self.here = here
        self.scribe = scribe
        self.home = home
        self.number = 0
        self.own: dict[tuple[str, int], Wire] = {}
        """Connections of replicas' ends of links, by replica and number of the link, where they have their own."""
        self.sent: dict[Call, tuple[Wire, str]] = {}
        """Calls of ours that wait for an answer: the connection and the question."""
        self.waiting: dict[Call, Letter] = {}
        """Calls of others that are in work here, or kept before their answer."""
        self.named: dict[str, Call] = {}
        """The same by the id of their letter."""
        self.out: dict[str, tuple[Peer, Call]] = {}
        """Deliveries of a queue that lives here, by the id that they were given."""
        self.fetched: dict[Call, tuple[str, str, int]] = {}
        """Deliveries in work here: their id, and the queue that wants to know what became of them."""
        self.askers: dict[Receive, Letter] = {}
        self.receiving: dict[Receive, tuple[Wire, str]] = {}
        """Receives of ours that wait for an answer."""
        self.probes: dict[Probe, Letter] = {}
        self.messages: Recent[tuple[int, int], Message] = Recent(REMEMBERED)
        self.departed: list[tuple[str, int]] = []
        """Replicas that were told to go and have finished."""

    def joins(self, world: SimWorld, wire: Wire, wake: Callable[[], None]) -> None:
        """The world and the connection are there."""
        self.world = world
        self.wire = wire
        self.wake = wake
        self.flows: dict[str, Flow] = {flow.producer: flow for flow in world.flows}

    def lives_here(self, node: str, index: int) -> bool:
        return (node, index) in self.here

    def machine(self, node: NodePlan, index: int) -> Node | None:
        return None

    def book(self, what: str, message: Message, link: int, number: int, code: int, at: int) -> None:
        self.scribe.write(what, message, link, number, code, at)

    # Calls of ours

    def call(self, peer: Peer, call: Call) -> None:
        caller = call.caller
        assert isinstance(caller, Place)
        body: Body = {
            "to": [peer.node, int(peer.index)],
            "from": [caller.node, int(caller.index)],
            "deadline": int(call.deadline),
            "tries": int(call.tries),
            **self._outgoing(call, int(caller.outlets[call.link].wire.index)),
        }
        self.scribe.flush()
        wire = self.wire_of(caller, int(call.link))
        then = partial(self._answered, peer, call)
        question = wire.ask(self.home(peer.node, int(peer.index)), CALL, body, then, within_s=FOREVER_S, every_s=AGAIN_S)
        self.sent[call] = wire, question

    def wire_of(self, place: Place, link: int) -> Wire:
        """The connection of a replica's link, by its number; -1 is the first link over which it consumes, -2 the second."""
        wire = place.outlets[link].wire if link >= 0 else place.inlets_[-1 - link].wire
        return self.own.get((place.name, int(wire.index)), self.wire)

    def _outgoing(self, call: Call, wire: int) -> Body:
        """What a call or a delivery carries over a link, as `_incoming` reads it."""
        self.messages.remember((int(call.message.flow.index), int(call.message.root)), call.message)
        body: Body = {
            "by": self.scribe.number,
            "wire": wire,
            "message": write_message(call.message),
            "undo": call.undo,
        }
        if call.content is not None:
            body["content"] = write_mix(call.content)
        return body

    def _answered(self, peer: Peer, call: Call, letter: Letter | None) -> None:
        if self.sent.pop(call, None) is None or letter is None:
            return
        self.wake()
        outcome, code = read_outcome(letter.body)
        peer.answered(call, outcome, code)
        self.wake()

    def left(self, call: Call) -> None:
        asked = self.sent.get(call)
        if asked is not None and isinstance(call.callee, Peer):
            self.scribe.flush()
            to = self.home(call.callee.node, int(call.callee.index))
            asked[0].tell(to, LEFT, {"question": asked[1]})

    def lost(self, peer: Peer) -> None:
        """A peer's process is gone: nobody there will answer."""
        for call, (wire, question) in list(self.sent.items()):
            if call.callee is peer:
                wire.forget(question)
                del self.sent[call]
        for receive in [receive for receive in self.askers if receive.caller is peer]:
            del self.askers[receive]
        for receive, (wire, question) in list(self.receiving.items()):
            if receive.queue is peer:
                wire.forget(question)
                del self.receiving[receive]
                receive.refused = True
                receive.caller.now = self.world.core.engine.now
                receive.caller.received(receive)

    # Calls of others

    def hear(self, letter: Letter) -> None:
        """Somebody wants something of a replica that lives here."""
        self.wake()
        if letter.verb == CALL:
            self._call_arrives(letter)
        elif letter.verb == RECEIVE:
            self._receive_arrives(letter)
        elif letter.verb == SETTLE:
            self._settle_arrives(letter)
        elif letter.verb == PROBE:
            self._probe_arrives(letter)
        elif letter.verb == LEFT:
            call = self.named.get(text(letter.body, "question"))
            if call is not None and call.left < 0 and not call.ended:
                call.left = self.world.core.engine.now
        else:
            raise Garbled(f"no replica understands {letter.verb!r}")
        self.wake()

    def _place(self, body: Body, key: str) -> Place:
        who = body.get(key)
        if not isinstance(who, list) or len(who) != 2 or not isinstance(who[0], str) or not isinstance(who[1], int):
            raise Garbled(f"{key!r} must name a replica, not {who!r}")
        group = self.world.groups.get(who[0])
        if group is None or not 0 <= who[1] < len(group.places):
            raise Garbled(f"there is no {who[0]}/{who[1]}")
        return group.places[who[1]]

    def _known(self, body: Body) -> Message:
        """The message of a letter: the very one that was here before, if it is still known."""
        inner = _inner(body, "message")
        flow = self.flows.get(text(inner, "flow"))
        key = (int(flow.index) if flow is not None else -1, number(inner, "root"))
        message = self.messages.get(key)
        if message is None:
            message = read_message(inner, self.flows)
            self.messages.remember(key, message)
        return message

    def _incoming(self, body: Body, caller: Place, callee: Place) -> Call:
        """A call out of a letter, and its line in the books."""
        message = self._known(body)
        wire = self.world.wires[number(body, "wire")]
        call = Call(message, wire.reaches[message.flow.index], 0, None, self.world.core.engine.now)
        call.caller = caller
        call.caller_epoch = caller.epoch
        call.callee = callee
        call.content = read_mix(body.get("content"))
        call.undo = body.get("undo") is True
        if call.undo:
            self.world.core.undone = True
        self.scribe.write(ARRIVED, message, int(wire.index), number(body, "by"), 0, int(self.world.core.engine.now))
        return call

    def _call_arrives(self, letter: Letter) -> None:
        body = letter.body
        caller, callee = self._place(body, "from"), self._place(body, "to")
        call = self._incoming(body, caller, callee)
        wire = self.world.wires[number(body, "wire")]
        call.link = next(i for i, outlet in enumerate(caller.outlets) if outlet.wire is wire)
        call.handoff = wire.handoff
        call.deadline = number(body, "deadline")
        call.tries = number(body, "tries")
        self.waiting[call] = letter
        self.named[letter.id] = call
        callee.now = self.world.core.engine.now
        callee.call_arrives(call)

    def answer(self, peer: Peer, call: Call) -> None:
        if call.inlet > 0:
            self._settle(call)
            return
        letter = self.waiting.pop(call, None)
        if letter is None:
            return
        self.named.pop(letter.id, None)
        self.scribe.flush()
        self.wire.reply(letter, write_outcome(int(call.outcome), call.reason))

    def over(self, call: Call) -> None:
        letter = self.waiting.pop(call, None)
        if letter is not None:
            self.named.pop(letter.id, None)
            self.scribe.flush()
            self.wire.reply(letter, write_outcome(YES, 0))

    # A consumer asks

    def ask(self, peer: Peer, receive: Receive) -> None:
        caller = receive.caller
        body: Body = {
            "to": [peer.node, int(peer.index)],
            "from": [caller.node, int(caller.index)],
            "inlet": int(receive.link),
            "outlet": int(receive.outlet),
            "most": int(receive.most),
            "wait": int(receive.wait),
        }
        assert isinstance(caller, Place)
        self.scribe.flush()
        within = int(receive.wait) / 1e9 + PATIENT_S
        then = partial(self._received, receive)
        wire = self.wire_of(caller, -1 - int(receive.link))
        to = self.home(peer.node, int(peer.index))
        question = wire.ask(to, RECEIVE, body, then, within_s=within, every_s=RECEIVE_AGAIN_S)
        self.receiving[receive] = wire, question

    def _received(self, receive: Receive, letter: Letter | None) -> None:
        if self.receiving.pop(receive, None) is None or letter is None:
            return  # the replica itself notices that its queue is silent
        self.wake()
        queue, consumer = receive.queue, receive.caller
        assert isinstance(queue, Place)
        assert isinstance(consumer, Place)
        receive.refused = letter.body.get("refused") is True
        for one in _list(letter.body, "deliveries"):
            call = self._incoming(one, queue, consumer)
            call.link = receive.outlet
            call.inlet = receive.link + 1
            self.fetched[call] = text(one, "id"), queue.node, int(queue.index)
            receive.add(call)
        consumer.now = self.world.core.engine.now
        consumer.received(receive)
        self.wake()

    def _settle(self, call: Call) -> None:
        """Tell the queue what became of a delivery, until it says that it knows."""
        name, node, index = self.fetched.pop(call)
        self.scribe.flush()
        body: Body = {"id": name, "to": [node, index], **write_outcome(int(call.outcome), call.reason)}
        self.wire_of_inlet(call).ask(self.home(node, index), SETTLE, body, _ignore, within_s=60.0, every_s=AGAIN_S)

    def wire_of_inlet(self, call: Call) -> Wire:
        """The connection over which a delivery came."""
        callee = call.callee
        assert isinstance(callee, Place)
        return self.wire_of(callee, -int(call.inlet))

    def dropped(self, call: Call) -> None:
        if call in self.fetched:
            call.outcome = NONE
            self._settle(call)

    # A queue gives

    def _receive_arrives(self, letter: Letter) -> None:
        body = letter.body
        consumer, queue = self._place(body, "from"), self._place(body, "to")
        receive = Receive(number(body, "inlet"), number(body, "most"), number(body, "wait"), queue, consumer, consumer.epoch)
        receive.outlet = number(body, "outlet")
        self.askers[receive] = letter
        queue.now = self.world.core.engine.now
        queue.receive_arrives(receive)

    def give(self, peer: Peer, receive: Receive) -> None:
        letter = self.askers.pop(receive, None)
        if letter is None:
            return
        deliveries: list[Json] = []
        for nth, call in enumerate(receive.calls):
            name = f"{letter.id}.{nth}"
            queue = call.caller
            assert isinstance(queue, Place)
            self.out[name] = peer, call
            deliveries.append({"id": name, **self._outgoing(call, int(queue.deliveries[receive.outlet].index))})
        self.scribe.flush()
        self.wire.reply(letter, {"deliveries": deliveries, "refused": receive.refused})

    def _settle_arrives(self, letter: Letter) -> None:
        found = self.out.pop(text(letter.body, "id"), None)
        if found is not None:
            peer, call = found
            outcome, code = read_outcome(letter.body)
            if outcome == NONE:
                peer.forgotten(call)
            else:
                peer.answered(call, outcome, code)
        self.wire.reply(letter, {})

    # Health checks

    def probe(self, peer: Peer, probe: Probe) -> None:
        caller = probe.caller
        assert isinstance(caller, Place)
        self.scribe.flush()
        body: Body = {
            "to": [peer.node, int(peer.index)],
            "from": [caller.node, int(caller.index)],
            "link": int(probe.link),
            "deep": probe.deep,
        }
        wire = self.wire_of(caller, int(probe.link))
        wire.ask(self.home(peer.node, int(peer.index)), PROBE, body, partial(self._probed, probe), within_s=PROBE_S)

    def _probed(self, probe: Probe, letter: Letter | None) -> None:
        if letter is None:
            return
        self.wake()
        probe.healthy = letter.body.get("healthy") is True
        probe.caller.now = self.world.core.engine.now
        probe.caller.probed(probe)
        self.wake()

    def _probe_arrives(self, letter: Letter) -> None:
        caller, target = self._place(letter.body, "from"), self._place(letter.body, "to")
        deep = letter.body.get("deep") is True
        probe = Probe(number(letter.body, "link"), target.index, target, caller, caller.epoch, deep)
        self.probes[probe] = letter
        target.now = self.world.core.engine.now
        target.probe_arrives(probe)

    def probed(self, peer: Peer, probe: Probe) -> None:
        letter = self.probes.pop(probe, None)
        if letter is not None:
            self.scribe.flush()
            self.wire.reply(letter, {"healthy": probe.healthy})

    # Living here

    def says_what_it_keeps(self, places: list[Place]) -> None:
        """Tell the books what a queue that was started anew still has."""
        ledger = self.world.core.ledger
        assert isinstance(ledger, Clerk)
        for place in places:
            for entry in place.machine.by_age if isinstance(place.machine, Sqs) else ():
                if not entry.gone and not entry.buried:
                    link = ledger.links.get(entry.call.reach, -1)
                    self.scribe.write(KEEPS, entry.call.message, link, 0, 0, int(self.world.core.engine.now))

    def has_left(self, place: Local) -> None:
        self.departed.append((place.node, int(place.index)))


def _ignore(_: Letter | None) -> None:
    """Nobody waits for this answer."""


def _inner(body: Body, key: str) -> Body:
    value = body.get(key)
    if not isinstance(value, dict):
        raise Garbled(f"{key!r} must be an object, not {value!r}")
    return value


def _list(body: Body, key: str) -> list[Any]:
    values = body.get(key)
    if not isinstance(values, list):
        raise Garbled(f"{key!r} must be a list, not {values!r}")
    return [value for value in values if isinstance(value, dict)]
