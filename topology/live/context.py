"""The context of one replica that lives in a process of its own: a real clock, timers of the event loop, and a wire.

Books are not kept here. What the ledger of the simulated world would be told is reported, before it is acted upon.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Final

from topology.chance import Dice
from topology.layers import EITHER, NEUTRAL
from topology.live import report
from topology.live.ends import Ends, Inlet
from topology.live.letter import (
    CALL,
    RECEIVE,
    SETTLE,
    Body,
    Garbled,
    Json,
    Letter,
    number,
    read_message,
    read_outcome,
    text,
    write_message,
    write_outcome,
)
from topology.live.recent import Recent
from topology.live.report import Reporter
from topology.live.wire import AGAIN_S, Wire
from topology.message import SILENT, TIMEOUT, YES, Item, Message, Reach
from topology.node import Call, Context, Node, Receive, Timer

PATIENT_NS: Final = 5_000_000_000
"""How long past the longest wait a consumer waits for a silent queue before it asks again."""
RECEIVE_AGAIN_S: Final = 2.0
"""A receive that got lost, or whose answer did, is repeated: the queue knows it by its id."""
SETTLE_S: Final = 30.0
"""So long a consumer tries to tell its queue what became of a delivery; after that the message comes back."""
REMEMBERED: Final = 200_000
SECOND: Final = 1_000_000_000


class LiveContext(Context):
    """What a node may ask, over a wire. Nobody's parts are known here: all its calls have one empty reach."""

    def __init__(self, ends: Ends, index: int, seed: int, machine: Node, reporter: Reporter) -> None:
        super().__init__(ends.node.name, index)
        self.ends = ends
        self.seed = seed
        self.machine = machine
        self.reporter = reporter
        self.loop = asyncio.get_running_loop()
        self.reach = Reach([], -1, 0)
        self.links = len(ends.outlets)
        self.inlets = len(ends.inlets)
        self.timers: dict[int, asyncio.TimerHandle] = {}
        self.set_timers = 0
        self.visits: Recent[tuple[int, int], int] = Recent(REMEMBERED)
        self.callers: dict[Call, Letter] = {}
        """Calls that wait for our answer."""
        self.fetched: dict[Call, tuple[Inlet, str]] = {}
        """Deliveries in work here: where they came from, and the receipt that says which."""
        self.askers: dict[Receive, Letter] = {}
        """Receives that wait for what we keep."""
        self.lives: dict[str, int] = {}
        self.receipts: Recent[str, Call] = Recent(REMEMBERED)

    def start(self, wire: Wire) -> None:
        """The wire is there: begin."""
        self.wire = wire
        self._look()
        self.machine.configure(self, self.ends.values, [])
        self.machine.on_start(self)

    def hear(self, letter: Letter) -> None:
        """Somebody wants something of this replica."""
        self._look()
        if letter.verb == CALL:
            self._call_arrives(letter)
        elif letter.verb == RECEIVE:
            self._receive_arrives(letter)
        elif letter.verb == SETTLE:
            self._settle_arrives(letter)
        else:
            raise Garbled(f"no place understands {letter.verb!r}")

    def _look(self, least: int = 0) -> None:
        """Look at the clock: no node ever sees it go back, nor a timer that is early."""
        self.now = max(self.now, least, time.monotonic_ns())

    # Timers

    def after(self, delay: int, tag: int, item: Item | None) -> Timer:
        self.set_timers += 1
        timer = Timer(self.now + delay, self.set_timers, tag, self, item, 0)
        late = max(0, timer.at - time.monotonic_ns())
        self.timers[timer.seq] = self.loop.call_later(late / SECOND, self._fire, timer)
        return timer

    def after_same(self, delay: int, tag: int, item: Item | None) -> Timer:
        return self.after(delay, tag, item)

    def cancel(self, timer: Timer) -> None:
        handle = self.timers.pop(timer.seq, None)
        if handle is not None:
            handle.cancel()

    def _fire(self, timer: Timer) -> None:
        del self.timers[timer.seq]
        self._look(timer.at)
        self.machine.on_timer(self, timer.tag, timer.item)

    # Chance

    def dice(self, purpose: str) -> Dice:
        return Dice(self.seed, purpose, self.ends.node.dice or self.node)

    def visit(self, message: Message) -> int:
        """Count what this process has seen: its earlier life, and its siblings, are not known to it."""
        key = (message.flow.index, message.root)
        seen = self.visits.get(key, 0)
        self.visits.remember(key, seen + 1)
        return seen

    def strength(self, layer: str) -> float:
        """No layer lies on a process; what lies there is what the process really suffers."""
        return NEUTRAL[self.machine.layers.get(layer, EITHER)]

    # Calling

    def send(self, link: int, cause: Item, message: Message) -> None:
        """A hand-off is asked again until it is answered, and taken once; a call is sent once."""
        outlet = self.ends.outlets[link]
        call = Call(message, self.reach, link, cause, self.now)
        call.caller = self
        call.handoff = outlet.handoff
        body: Body = {"message": write_message(message), "handoff": outlet.handoff}
        then = partial(self._answered, call, outlet.where)
        again = AGAIN_S if outlet.handoff else 0.0
        self.wire.ask(
            outlet.choose(), CALL, body, then, within_s=self._left(message), every_s=again, qos=int(outlet.handoff)
        )

    def _left(self, message: Message) -> float:
        """Silence ends when nobody can use the answer any more."""
        return max(0, message.deadline - self.now) / SECOND

    def _answered(self, call: Call, where: int, letter: Letter | None) -> None:
        self._look()
        if letter is None:
            call.outcome, call.reason = SILENT, TIMEOUT | where
        else:
            call.outcome, call.reason = read_outcome(letter.body)
        self.machine.on_answer(self, call)

    # Being called

    def _call_arrives(self, letter: Letter) -> None:
        call = Call(read_message(_inner(letter.body, "message"), self.ends.flows), self.reach, 0, None, letter.sent)
        call.callee = self
        call.handoff = letter.body.get("handoff") is True
        self._enter(call)
        self.callers[call] = letter
        self.machine.on_message(self, call)

    def accept(self, call: Call) -> None:
        self.reporter.about(report.ACCEPTED, call.message)
        call.kept = True
        call.outcome = YES
        self.wire.reply(self.callers.pop(call), write_outcome(YES, 0))

    def answer(self, call: Call, outcome: int, code: int) -> None:
        code = self._placed(code)
        self._report(call, outcome == YES)
        self._leave(call)
        call.outcome, call.reason, call.ended = outcome, code, True
        fetched = self.fetched.pop(call, None)
        if fetched is None:
            self.wire.reply(self.callers.pop(call), write_outcome(outcome, code))
        elif outcome == YES or fetched[0].release_on_failure:
            self._settle(fetched, outcome, code)

    def finish(self, call: Call, done: bool, code: int) -> None:
        self._report(call, done)
        self._leave(call)
        call.ended = True

    def _report(self, call: Call, done: bool) -> None:
        """Say how an execution ended here: a queue deletes or loses, a service did its part or not."""
        if self.ends.managed:
            self.reporter.about(report.DELETED if done else report.EXPIRED, call.message)
        else:
            self.reporter.about(report.DONE if done else report.FAILED, call.message)

    def _placed(self, code: int) -> int:
        return code | self.ends.where if 0 < code < 65536 else code

    def _enter(self, call: Call) -> None:
        call.arrived = self.now
        self.meter.upto(self.now)
        self.meter.arrivals += 1
        self.meter.inside += 1

    def _leave(self, call: Call) -> None:
        self.meter.upto(self.now)
        self.meter.departures += 1
        self.meter.inside -= 1
        self.meter.stay_ns += self.now - call.arrived

    # A consumer asks

    def receive(self, inlet: int, most: int, wait: int) -> None:
        receive = Receive(inlet, most, wait, self, self, 0)
        end = self.ends.inlets[inlet]
        body: Body = {"outlet": end.outlet, "most": most, "wait": wait, "life": self.wire.life}
        then = partial(self._received, receive)
        within = (wait + PATIENT_NS) / SECOND
        self.wire.ask(end.queue, RECEIVE, body, then, within_s=within, every_s=RECEIVE_AGAIN_S)

    def _received(self, receive: Receive, letter: Letter | None) -> None:
        self._look()
        receive.answered = True
        receive.refused = letter is None
        end = self.ends.inlets[receive.link]
        for one in _list(letter.body, "messages") if letter is not None else []:
            call = Call(read_message(_inner(one, "message"), self.ends.flows), self.reach, end.outlet, None, self.now)
            call.callee = self
            call.inlet = receive.link + 1
            self._enter(call)
            self.fetched[call] = (end, text(one, "receipt"))
            receive.add(call)
        self.machine.on_received(self, receive)

    def _settle(self, fetched: tuple[Inlet, str], outcome: int, code: int) -> None:
        """Tell the queue what became of a delivery, until it says that it knows."""
        end, receipt = fetched
        body = {"receipt": receipt} | write_outcome(outcome, code)
        self.wire.ask(end.queue, SETTLE, body, _ignore, within_s=SETTLE_S, every_s=AGAIN_S)

    # A queue gives

    def _receive_arrives(self, letter: Letter) -> None:
        body = letter.body
        self._meet(letter.reply_to, number(body, "life"))
        receive = Receive(0, number(body, "most"), number(body, "wait"), self, self, 0)
        receive.outlet = number(body, "outlet")
        self.askers[receive] = letter
        self.machine.on_receive(self, receive)

    def _meet(self, consumer: str, life: int) -> None:
        """A consumer that was started anew waits no more for what it asked in its earlier life."""
        if self.lives.get(consumer, life) != life:
            for receive, letter in list(self.askers.items()):
                if letter.reply_to == consumer:
                    receive.closed = True
                    del self.askers[receive]
        self.lives[consumer] = life

    def reachable(self, receive: Receive) -> bool:
        return not receive.closed

    def delivery(self, receive: Receive, kept: Call, entry: Item) -> Call:
        call = Call(kept.message, self.reach, receive.outlet, entry, self.now)
        call.caller = self
        call.inlet = receive.link + 1
        receive.add(call)
        return call

    def deliver(self, receive: Receive) -> None:
        letter = self.askers.pop(receive, None)
        if letter is None:
            return
        messages: list[Json] = []
        for nth, call in enumerate(receive.calls):
            self.reporter.about(report.DELIVERED, call.message)
            receipt = f"{letter.id}.{nth}"
            self.receipts.remember(receipt, call)
            messages.append({"receipt": receipt, "message": write_message(call.message)})
        self.wire.reply(letter, {"messages": messages})

    def _settle_arrives(self, letter: Letter) -> None:
        call = self.receipts.pop(text(letter.body, "receipt"), None)
        if call is not None:
            call.outcome, call.reason = read_outcome(letter.body)
            self.machine.on_answer(self, call)
        self.wire.reply(letter, {})

    # Looking

    def note(self, words: str) -> None:
        self.reporter.say(report.NOTE, words)


def _ignore(_: Letter | None) -> None:
    """Nobody waits for this answer."""


def _inner(body: Body, key: str) -> Body:
    value = body.get(key)
    if not isinstance(value, dict):
        raise Garbled(f"{key!r} must be an object, not {value!r}")
    return value


def _list(body: Body, key: str) -> list[Body]:
    values = body.get(key)
    if not isinstance(values, list):
        raise Garbled(f"{key!r} must be a list, not {values!r}")
    return [value for value in values if isinstance(value, dict)]
