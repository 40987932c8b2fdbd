"""A producer without a world: its context keeps time, notes what it offers, and answers as the test says."""

from __future__ import annotations

import heapq
from typing import Any

from tests.topology.nodes.lone import MS, S, checked
from topology.chance import Dice
from topology.message import NONE, YES, Flow, Item, Message
from topology.node import Context, Timer
from topology.nodes.producer import Producer

__all__ = ["MS", "Alone", "S", "settings"]


def settings(**said: Any) -> dict[str, Any]:
    """The checked values of a producer that says this in a file."""
    return Producer.prepare(checked(Producer.params, said, "a producer"))


class Alone(Context):
    """Runs one producer; `offered` are its messages with their streams. `takes` is how long an answer takes, or never."""

    def __init__(self, seed: int = 1, takes: int | None = None, **said: Any) -> None:
        super().__init__("web", 0)
        self.links = 1
        self.seed, self.takes = seed, takes
        self.flow = Flow(0, "web", ["app"], 0, ["web"], 100 * MS)
        self.offered: list[tuple[int, Message]] = []
        self.told_at: list[int] = []
        self.hot = 0.0
        self.due: list[tuple[int, int, int, Item | None]] = []
        self.count = 0
        self.producer = Producer()
        self.producer.configure(self, settings(**said), [])
        self.producer.on_layers(self)
        self.producer.on_start(self)

    def run(self, until: int) -> None:
        """Everything due before an instant."""
        while self.due and self.due[0][0] < until:
            self.now, _, tag, item = heapq.heappop(self.due)
            if tag < 0:
                assert isinstance(item, Message)
                if item.answer == NONE:
                    self.producer.tell(self, item, YES, 0)
            else:
                self.producer.on_timer(self, tag, item)
        self.now = until

    def set(self, **said: Any) -> None:
        """Change what it says."""
        self.producer.configure(self, settings(**said), [])

    def dice(self, purpose: str) -> Dice:
        return Dice(self.seed, purpose, self.node)

    def strength(self, layer: str) -> float:
        return self.hot if layer == "hot" else 0.0

    def offer(self, n: int, stream: int, born: int, deadline: int) -> Message:
        message = Message(self.flow, n, n, born, deadline)
        self.offered.append((stream, message))
        return message

    def send(self, link: int, cause: Item, message: Message) -> None:
        if self.takes is not None:
            self._later(self.takes, -1, message)

    def forget(self, message: Message) -> int:
        return 0

    def told(self, message: Message, outcome: int, code: int) -> None:
        message.answer = outcome
        self.told_at.append(self.now)

    def after(self, delay: int, tag: int, item: Item | None) -> Timer:
        assert delay >= 0
        self._later(delay, tag, item)
        return Timer(self.now + delay, self.count, tag, self, item, 0)

    def _later(self, delay: int, tag: int, item: Item | None) -> None:
        self.count += 1
        heapq.heappush(self.due, (self.now + delay, self.count, tag, item))

    def instants(self, stream: int | None = None) -> list[int]:
        """When messages came, of one stream or of all."""
        return [m.born for s, m in self.offered if stream is None or s == stream]

    def messages(self) -> list[Message]:
        """What came."""
        return [m for _, m in self.offered]
