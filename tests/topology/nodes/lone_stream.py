"""A stream without a world: records are put, members of its applications ask, answer, die and come back as a test says."""

from __future__ import annotations

from typing import Any

from tests.topology.nodes.lone import MS, Lone, S, checked, numbers
from topology.links import LINK_PARAMS
from topology.message import ERROR, NONE, YES, Item, Message, Mix, reason_words
from topology.node import Call, Context, Receive
from topology.nodes.kinesis import Kinesis
from topology.queues.backlog import Entry
from topology.streams.shards import hash_key

__all__ = ["MS", "Alone", "S", "Worker", "checked", "numbers"]


class Worker(Context):
    """One process of an application: what it was given and has not answered, and whether it lives."""

    def __init__(self, stream: Alone, app: int, index: int) -> None:
        super().__init__(f"app{app}", index)
        self.stream, self.app, self.alive, self.epoch = stream, app, True, 1
        self.held: list[Call] = []
        self.asks: list[Receive] = []

    def ask(self, most: int = 1, wait: int = 20 * S) -> Receive:
        """A receive that may wait so many nanoseconds."""
        receive = Receive(0, most, wait, self.stream, self, self.epoch)
        receive.outlet = self.app
        self.asks.append(receive)
        self.stream.kinesis.on_receive(self.stream, receive)
        return receive

    def take(self) -> list[Call]:
        """What came since the last time."""
        got = [call for receive in self.asks if receive.answered for call in receive.calls]
        self.asks = [receive for receive in self.asks if not receive.answered]
        self.held += got
        return got

    def answer(self, call: Call, outcome: int = YES) -> None:  # type: ignore[override]
        """Say how it went."""
        self.held.remove(call)
        call.outcome = outcome
        self.stream.kinesis.on_answer(self.stream, call)

    def fail(self, call: Call) -> None:
        """Say that it went wrong."""
        self.answer(call, ERROR)

    def die(self) -> None:
        """Gone, and started anew at once: another process."""
        self.epoch += 1
        self.held = []
        self.asks = []


class Alone(Lone):
    """Runs one stream with so many applications. `fates` says of each record what the stream did with it in the end."""

    def __init__(self, apps: list[dict[str, Any]] | None = None, in_turn: bool = False, **said: Any) -> None:
        self.kinesis = Kinesis()
        super().__init__("s", self.kinesis)
        self.dead: list[int] = []
        self.settings = said
        self.apps = [{}] if apps is None else apps
        self.in_turn = in_turn
        self.set(**said)
        self.kinesis.on_start(self)

    def set(self, **said: Any) -> None:
        """Change what it says."""
        self.settings |= said
        known = {**LINK_PARAMS, **Kinesis.link_params}
        more = {"in_turn": self.in_turn, "role": "service", "kind": "service"}
        consumers = [checked(known, app, "a stream") | more | {"to": f"app{i}"} for i, app in enumerate(self.apps)]
        self.kinesis.configure(self, checked(Kinesis.params, self.settings, "a stream") | {"consumers": consumers}, [])

    def worker(self, index: int = 0, app: int = 0) -> Worker:
        """A process that has asked for nothing yet."""
        return Worker(self, app, index)

    def put(self, n: int, key: int = 0, size: int = 0, **attributes: str) -> Call:
        """Put record n."""
        message = Message(self.flow, n, n, self.now, self.now + 10 * S)
        message.key = message.tenant = key
        message.mix = Mix("m", 1.0, size, 0, attributes, None) if size or attributes else None
        call = Call(message, self.reach, 0, None, self.now)
        call.arrived = self.now
        self.kinesis.on_message(self, call)
        assert call.outcome != NONE
        return call

    def shard_of(self, key: int) -> int:
        """The number of the open shard of a partition key."""
        return int(self.kinesis.ranges.at(hash_key(str(key))).number)

    def figures(self, part: str) -> dict[str, float]:
        """What the inspector shows of a part."""
        return self.kinesis.views(self)[part]

    # What a context does

    def finish(self, call: Call, done: bool, code: int) -> None:
        assert not call.ended
        call.ended = True
        self.fates[call.message.n] = reason_words(code) if code else "done"

    def share_of(self, outlet: int, kept: Call) -> Call:
        return Call(kept.message, self.reach, outlet, None, self.now)

    def bury(self, call: Call, code: int) -> None:
        call.ended = True

    def transfer(self, node: str, item: Item) -> None:
        assert isinstance(item, Entry)
        self.dead.append(item.call.message.n)

    def reachable(self, receive: Receive) -> bool:
        caller = receive.caller
        assert isinstance(caller, Worker)
        return caller.epoch == receive.caller_epoch and not receive.closed

    def renews(self, receive: Receive) -> bool:
        caller = receive.caller
        assert isinstance(caller, Worker)
        return caller.alive and caller.epoch == receive.caller_epoch
