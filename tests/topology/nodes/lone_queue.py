"""A queue without a world: its context keeps time, notes what became of each message, and receives and deletes as told."""

from __future__ import annotations

import heapq
from typing import Any

from topology.chance import Dice
from topology.layers import NEUTRAL
from topology.message import NONE, YES, Flow, Item, Message, Mix, Reach
from topology.node import Call, Context, Receive, Timer
from topology.nodes.sqs import Entry, Sqs
from topology.spec.values import WRONG, Reading

S = 1_000_000_000
MS = 1_000_000


def settings(**said: Any) -> dict[str, Any]:
    """The checked values of a queue that says this in a file; AssertionError with every mistake."""
    wrong: list[str] = []
    reading = Reading(lambda route, words, near: wrong.append(f"{'.'.join(map(str, route))}: {words}"))
    values = reading.fields(Sqs.params, said, (), "a queue")
    assert values is not WRONG, wrong
    return dict(values)


class Alone(Context):
    """Runs one queue. `fates` says of each message what its queue did with it; those still kept are not in it."""

    def __init__(self, **said: Any) -> None:
        super().__init__("q", 0)
        self.flow = Flow(0, "web", ["app"], 0, ["web"], 100 * MS)
        self.reach = Reach([0], 0, 1)
        self.fates: dict[int, str] = {}
        self.answers: dict[int, int] = {}
        self.notes: list[str] = []
        self.laid: dict[str, float] = {}
        self.dead: list[Entry] = []
        self.takes_dead = True
        self.due: list[tuple[int, int, Timer]] = []
        self.count = 0
        self.queue = Sqs()
        self.queue.configure(self, settings(**said), [])

    # What a test does

    def send(self, n: int, size: int = 0, call: Call | None = None, **who: int) -> Call:
        """Send message n of a key or tenant; with a call, that message once more."""
        if call is None:
            message = Message(self.flow, n, n, self.now, self.now + 10 * S)
            message.key, message.tenant = who.get("key", 0), who.get("tenant", 0)
            message.mix = Mix("m", 1.0, size, 0, {}, None) if size else None
        else:
            message = call.message
        made = Call(message, self.reach, 0, None, self.now)
        made.arrived = self.now
        self.queue.on_message(self, made)
        return made

    def ask(self, most: int = 1, wait: int = 0) -> Receive:
        """A receive that may wait so many nanoseconds."""
        receive = Receive(0, most, wait, self, self, 0)
        self.queue.on_receive(self, receive)
        return receive

    def receive(self, most: int = 1) -> list[Call]:
        """What a receive that does not wait gets."""
        return list(self.ask(most).calls)

    def delete(self, call: Call) -> None:
        """Delete what was received."""
        call.outcome = YES
        self.queue.on_answer(self, call)

    def give_back(self, call: Call) -> None:
        """Make what was received visible again."""
        call.outcome = 3
        self.queue.on_answer(self, call)

    def tick(self, length: int) -> None:
        """Let time pass, in nanoseconds."""
        until = self.now + length
        while self.due and self.due[0][0] <= until:
            self.now, _, timer = heapq.heappop(self.due)
            if timer.owner is not None:
                timer.owner = None
                self.queue.on_timer(self, timer.tag, timer.item)
        self.now = until

    def lay(self, **layers: float) -> None:
        """Lay layers of its own on the queue."""
        self.laid |= layers
        self.queue.on_layers(self)

    def set(self, **said: Any) -> None:
        """Change what it says."""
        self.queue.configure(self, settings(**said), [])

    # What a context does

    def dice(self, purpose: str) -> Dice:
        return Dice(1, purpose, self.node)

    def strength(self, layer: str) -> float:
        return self.laid.get(layer, NEUTRAL[Sqs.layers[layer]])

    def note(self, words: str) -> None:
        self.notes.append(words)

    def accept(self, call: Call) -> None:
        call.outcome = YES

    def answer(self, call: Call, outcome: int, code: int) -> None:
        call.outcome, call.reason = outcome, code

    def finish(self, call: Call, done: bool, code: int) -> None:
        assert not call.ended
        call.ended = True
        if done or code:
            self.fates[call.message.n] = "deleted" if done else "lost"

    def bury(self, call: Call, code: int) -> None:
        assert not call.ended
        call.ended = True
        self.fates[call.message.n] = "dead"

    def ready(self, node: str) -> bool:
        return self.takes_dead

    def transfer(self, node: str, item: Item) -> None:
        assert isinstance(item, Entry)
        self.dead.append(item)

    def delivery(self, receive: Receive, kept: Call, entry: Item) -> Call:
        call = Call(kept.message, self.reach, 0, entry, self.now)
        receive.add(call)
        return call

    def deliver(self, receive: Receive) -> None:
        assert not receive.answered
        receive.answered = True

    def reachable(self, receive: Receive) -> bool:
        return True

    def after(self, delay: int, tag: int, item: Item | None) -> Timer:
        self.count += 1
        timer = Timer(self.now + delay, self.count, tag, self, item, 0)
        heapq.heappush(self.due, (timer.at, self.count, timer))
        return timer

    def after_same(self, delay: int, tag: int, item: Item | None) -> Timer:
        return self.after(delay, tag, item)

    def cancel(self, timer: Timer) -> None:
        timer.owner = None


def numbers(calls: list[Call]) -> list[int]:
    """Which messages these are."""
    return [call.message.n for call in calls]


def accepted(call: Call) -> bool:
    """Whether a send was accepted; it was answered in any case."""
    assert call.outcome != NONE
    return call.outcome == YES
