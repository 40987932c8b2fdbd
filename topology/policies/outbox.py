"""The transactional outbox."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import YES, Item, Message
from topology.node import Call, Context, Shelf
from topology.parameters import count, duration
from topology.policy import NODE, NodePolicy

PAGE: Final = "Richardson, Microservices Patterns, Transactional outbox"
RELAY: Final = 3
"""The tag of the relay's timer."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Outbox(NodePolicy):
    """A service notes its hand-offs in its own database, together with the work, and answers yes; a relay makes them later
    and tries again until they are accepted. A queue that is down no longer fails the answer, and no crash loses what was
    noted. The price: hand-offs come later, and one may be made twice when the relay dies in the middle or hears no answer.
    Every replica relays what any of them noted.
    """

    on: ClassVar[str] = NODE
    kinds: ClassVar[tuple[str, ...]] = ("service",)
    params: ClassVar[dict[str, Any]] = {
        "every": duration("100ms", "How often the relay looks for what is to be handed over.", ge="1ms", le="1h"),
        "batch": count(100, "How many hand-offs over each link it makes at most each time.", ge=1, le=100_000),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.every: i64 = values["every"]
        self.batch: i64 = values["batch"]


class Posted(Item):
    """One hand-off that an outbox remembers until it was made."""

    def __init__(self, link: i64, call: Call) -> None:
        self.link: i64 = link
        self.call = call
        self.owner: i64 = -1
        """The replica that is sending it; -1: nobody is."""


class Relay:
    """One replica's end of its node's outbox: it notes hand-offs, and makes those that nobody is making."""

    def __init__(self, outbox: Outbox, shelf: Shelf) -> None:
        self.outbox = outbox
        self.shelf = shelf

    def post(self, ctx: Context, link: i64, message: Message, undo: bool) -> None:
        """Note one hand-off, maybe of a compensation."""
        noted = ctx.post(link, message)
        noted.undo = undo
        self.shelf.items.append(Posted(link, noted))

    def send(self, ctx: Context) -> None:
        """Send what nobody is sending, the oldest first; whichever replica finds it does it. Then look again later.

        Each link has a batch of its own, so that one whose receiver is down does not keep the others waiting.
        """
        sent: list[int] = [0] * ctx.links
        for item in self.shelf.items:
            assert isinstance(item, Posted)
            if item.owner < 0 and sent[item.link] < self.outbox.batch:
                item.owner = ctx.index
                sent[item.link] += 1
                if item.call.undo:
                    ctx.send_undo(item.link, item, item.call.message)
                else:
                    ctx.send(item.link, item, item.call.message)
        ctx.after(self.outbox.every, RELAY, None)

    def heard(self, ctx: Context, call: Call, posted: Posted) -> None:
        """Handed over: forget it. Else leave it for the next round."""
        posted.owner = -1
        if call.outcome == YES:
            self.shelf.items.remove(posted)
            ctx.unpost(posted.call, 0)

    def release(self, ctx: Context) -> None:
        """What this replica was sending when it died or left is sent again, maybe twice."""
        for item in self.shelf.items:
            assert isinstance(item, Posted)
            if item.owner == ctx.index:
                item.owner = -1

    def left(self) -> int:
        """How many hand-offs of the whole node are noted and not made yet."""
        return len(self.shelf.items)

    def close(self) -> None:
        """The world ends."""
        self.shelf.items = []
