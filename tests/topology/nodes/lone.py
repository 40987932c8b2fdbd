"""A node without a world: its context keeps time and lets a test say what goes on around it."""

from __future__ import annotations

import heapq
from typing import Any

from topology.chance import Dice
from topology.layers import NEUTRAL
from topology.message import YES, Flow, Item, Reach
from topology.node import Call, Context, Node, Receive, Timer
from topology.spec.values import WRONG, Reading

S = 1_000_000_000
MS = 1_000_000


def checked(params: dict[str, Any], said: dict[str, Any], owner: str) -> dict[str, Any]:
    """The checked values of what a file says of a node or link; AssertionError with every mistake."""
    wrong: list[str] = []
    reading = Reading(lambda route, words, near: wrong.append(f"{'.'.join(map(str, route))}: {words}"))
    values = reading.fields(params, said, (), owner)
    assert values is not WRONG, wrong
    return dict(values)


class Lone(Context):
    """Runs one node that keeps messages: its time, its timers, the layers that lie on it, and what it notes."""

    def __init__(self, name: str, machine: Node) -> None:
        super().__init__(name, 0)
        self.machine = machine
        self.flow = Flow(0, "web", ["app"], 0, ["web"], 100 * MS)
        self.reach = Reach([0], 0, 1)
        self.fates: dict[int, str] = {}
        self.notes: list[str] = []
        self.laid: dict[str, float] = {}
        self.due: list[tuple[int, int, Timer]] = []
        self.count = 0

    # What a test does

    def tick(self, length: int) -> None:
        """Let time pass, in nanoseconds."""
        until = self.now + length
        while self.due and self.due[0][0] <= until:
            self.now, _, timer = heapq.heappop(self.due)
            if timer.owner is not None:
                timer.owner = None
                self.machine.on_timer(self, timer.tag, timer.item)
        self.now = until

    def lay(self, **layers: float) -> None:
        """Lay layers of its own on the node."""
        self.laid |= layers
        self.machine.on_layers(self)

    # What a context does

    def dice(self, purpose: str) -> Dice:
        return Dice(1, purpose, self.node)

    def strength(self, layer: str) -> float:
        return self.laid.get(layer, NEUTRAL[self.machine.layers[layer]])

    def note(self, words: str) -> None:
        self.notes.append(words)

    def accept(self, call: Call) -> None:
        call.outcome = YES

    def answer(self, call: Call, outcome: int, code: int) -> None:
        call.outcome, call.reason = outcome, code

    def ready(self, node: str) -> bool:
        return True

    def delivery(self, receive: Receive, kept: Call, entry: Item) -> Call:
        call = Call(kept.message, self.reach, receive.outlet, entry, self.now)
        receive.add(call)
        return call

    def deliver(self, receive: Receive) -> None:
        assert not receive.answered
        receive.answered = True

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
