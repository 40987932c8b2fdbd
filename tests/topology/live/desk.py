"""One queue with a clock that is moved by hand, and a store: what the tests of durable queues have in common."""

from __future__ import annotations

import functools
from typing import Any

from tests.topology.worlds import MS, S, playground
from topology.chance import Dice
from topology.live.letter import read_message, write_message
from topology.live.store import Keeper, Kept, Store
from topology.message import NONE, YES, Flow, Item, Message, Reach, reason_words
from topology.node import Call, Context, Receive, Timer
from topology.nodes.sqs import Sqs
from topology.queues.backlog import Entry

FLOW = Flow(0, "web", [], 1, [], 100 * MS)
NOWHERE = Reach([], -1, 0)


@functools.cache
def values_of(words: str) -> dict[str, Any]:
    """What a queue is configured with."""
    plan = playground({"web": "producer, rate: 1/s", "q": words, "app": "service"}, ["web => q", "q => app"])
    node = plan.designs[0].node("q")
    assert node is not None
    return node.values


class Desk(Context):
    """The context of one queue with a clock that is moved by hand, and a store."""

    def __init__(self, words: str, now: int, store: Store) -> None:
        super().__init__("q", 0)
        self.now = now
        self.keeper = Keeper(store)
        self.timers: list[tuple[int, int, Timer]] = []
        self.given: list[tuple[int, Call]] = []
        """What was delivered: the number of the message, and the delivery."""
        self.ended: list[int] = []
        self.count = 0
        self.refused: list[str] = []
        self.queue = self.made()
        self.queue.configure(self, values_of(words), [])
        self.queue.on_start(self)

    def made(self) -> Sqs:
        """The queue."""
        return Sqs()

    def strength(self, layer: str) -> float:
        return 1.0 if layer in ("visibility", "retention") else 0.0

    def dice(self, purpose: str) -> Dice:
        return Dice(1, purpose)

    def after(self, delay: int, tag: int, item: Item | None) -> Timer:
        self.count += 1
        timer = Timer(self.now + delay, self.count, tag, self, item, 0)
        self.timers.append((timer.at, timer.seq, timer))
        return timer

    def after_same(self, delay: int, tag: int, item: Item | None) -> Timer:
        return self.after(delay, tag, item)

    def cancel(self, timer: Timer) -> None:
        self.timers = [row for row in self.timers if row[2] is not timer]

    def accept(self, call: Call) -> None:
        self.keeper.accepted(call, f"letter {call.message.n}", self.now, write_message(call.message))

    def answer(self, call: Call, outcome: int, code: int) -> None:
        self.refused.append(reason_words(code))

    def finish(self, call: Call, done: bool, code: int) -> None:
        self.keeper.gone(call)
        self.ended.append(call.message.n)

    def reachable(self, receive: Receive) -> bool:
        return True

    def delivery(self, receive: Receive, kept: Call, entry: Item) -> Call:
        call = self.hand_out(kept, entry)
        receive.add(call)
        self.keeper.delivered(kept, f"receipt {len(self.given)}", self.now)
        self.given.append((kept.message.n, call))
        return call

    def hand_out(self, kept: Call, entry: Item) -> Call:
        """A delivery."""
        return Call(kept.message, NOWHERE, 0, entry, self.now)

    def deliver(self, receive: Receive) -> None:
        pass

    # What the test does to it

    def restart(self, words: str, store: Store) -> Desk:
        """Another process in the place of this one, that has only what is stored."""
        other = Desk(words, self.now, store)
        found: dict[str, Call] = {}

        def keep(one: Kept) -> Call:
            return Call(read_message(one.body, {"web": FLOW}), NOWHERE, 0, None, self.now)

        def hand_out(one: Kept, call: Call, entry: Entry) -> Call:
            found[one.receipt] = other.hand_out(call, entry)
            return found[one.receipt]

        other.keeper.refill(other, other.queue, keep, hand_out)
        lost = Call(Message(FLOW, -1, -1, 0, 0), NOWHERE, 0, Entry(Call(Message(FLOW, -1, -1, 0, 0), NOWHERE, 0, None, 0), 0), 0)
        lost.cause.gone = True  # type: ignore[union-attr]
        other.given = [(n, found.get(f"receipt {i}", lost)) for i, (n, _) in enumerate(self.given)]
        other.ended = list(self.ended)
        return other

    def send(self, n: int) -> None:
        """A message comes in."""
        call = Call(Message(FLOW, n, n, self.now, self.now + 3600 * S), NOWHERE, 0, None, self.now)
        self.queue.on_message(self, call)

    def ask(self, most: int) -> None:
        """A consumer asks, and waits for nothing."""
        self.queue.on_receive(self, Receive(0, most, 0, self, self, 0))

    def settle(self, nth: int, outcome: int) -> None:
        """The consumer of the n-th delivery says what became of it."""
        if nth < len(self.given):
            call = self.given[nth][1]
            if call.outcome == NONE:
                call.outcome = outcome
                if outcome != YES:
                    entry = call.cause
                    assert isinstance(entry, Entry)
                    if entry.receipt is call:
                        self.keeper.returned(entry.call)
                self.queue.on_answer(self, call)

    def wait(self, length: int) -> None:
        """Time goes by."""
        until = self.now + length
        while self.timers and min(self.timers)[0] <= until:
            row = min(self.timers, key=lambda row: row[:2])
            self.timers.remove(row)
            self.now = max(self.now, row[0])
            self.queue.on_timer(self, row[2].tag, row[2].item)
        self.now = until

    def picture(self) -> dict[str, Any]:
        """What an observer can tell of it."""
        counts = {e.call.message.n: e.received for e in self.queue.by_age if not e.gone}
        return {
            "counts": counts,
            "depth": self.queue.depth(),
            "in flight": self.queue.in_flight(),
            "visible": self.queue.backlog.count,
            "oldest": self.queue.oldest(self.now),
        }
