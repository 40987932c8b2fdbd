"""A queue without a world: its context keeps time, notes what became of each message, and receives and deletes as told."""

from __future__ import annotations

from typing import Any

from tests.topology.nodes.lone import MS, Lone, S, checked, numbers
from topology.message import NONE, YES, Item, Message, Mix
from topology.node import Call, Receive
from topology.nodes.sqs import Entry, Sqs

__all__ = ["MS", "Alone", "S", "accepted", "numbers", "settings"]


def settings(**said: Any) -> dict[str, Any]:
    """The checked values of a queue that says this in a file."""
    return checked(Sqs.params, said, "a queue")


class Alone(Lone):
    """Runs one queue. `fates` says of each message what its queue did with it; those still kept are not in it."""

    def __init__(self, **said: Any) -> None:
        self.queue = Sqs()
        super().__init__("q", self.queue)
        self.answers: dict[int, int] = {}
        self.dead: list[Entry] = []
        self.takes_dead = True
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

    def set(self, **said: Any) -> None:
        """Change what it says."""
        self.queue.configure(self, settings(**said), [])

    # What a context does

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

    def reachable(self, receive: Receive) -> bool:
        return True


def accepted(call: Call) -> bool:
    """Whether a send was accepted; it was answered in any case."""
    assert call.outcome != NONE
    return call.outcome == YES
