"""Carries for queues that keep what they accepted on disk: a process that was killed, and started anew, goes on with it.

The queue is the very class that the simulation drives; beside it stands a store, which hears of everything first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from topology.live.books import Scribe
from topology.live.courier import Courier
from topology.live.journal import NEVER
from topology.live.letter import Body, Letter, number, read_mix, write_message, write_mix, write_outcome
from topology.live.store import DISK_FULL, Keeper, Kept, Store
from topology.message import REFUSED, YES, Item, Reach
from topology.node import Call, Context, Node, Receive
from topology.nodes.sqs import Sqs
from topology.plan import NodePlan
from topology.queues.backlog import Entry
from topology.registry import kind
from topology.sim.elsewhere import Clerk, Local, Peer
from topology.sim.place import Place

FROM: Final = "/"
"""Between the parts of a stored receipt: the consumer, its number, the numbers of the link at either end, and the delivery."""


class StoredSqs(Sqs):
    """An SQS queue with a store: a disk that is full refuses sends, and what another queue gives is stored, too."""

    def __init__(self, courier: DurableCourier, keeper: Keeper) -> None:
        super().__init__()
        self.courier = courier
        self.keeper = keeper

    def on_message(self, ctx: Context, call: Call) -> None:
        if self.keeper.store.takes(self.courier.as_stored(call)):
            super().on_message(ctx, call)
        else:
            ctx.answer(call, REFUSED, DISK_FULL)

    def on_transfer(self, ctx: Context, item: Item) -> None:
        assert isinstance(item, Entry)
        since = int(ctx.now if self.fifo else item.since)
        self.keeper.accepted(item.call, "", since, self.courier.as_stored(item.call), item.source if item.buried else "")
        super().on_transfer(ctx, item)

    def on_answer(self, ctx: Context, call: Call) -> None:
        entry = call.cause
        if call.outcome != YES and isinstance(entry, Entry) and entry.receipt is call:
            self.keeper.returned(entry.call)
        super().on_answer(ctx, call)


class DurableCourier(Courier):
    """As a courier; `folder` holds one journal for each queue that lives in this process, from the process before this one.

    `sync` says when they are forced onto the disk (see `journal`), `quota` how long each may get, in bytes, 0 for any length.
    """

    def __init__(
        self,
        here: set[tuple[str, int]],
        scribe: Scribe,
        home: Callable[[str, int], str],
        folder: Path,
        sync: str = NEVER,
        quota: int = 0,
    ) -> None:
        super().__init__(here, scribe, home)
        self.folder = folder
        self.sync = sync
        self.quota = quota
        self.keepers: dict[str, Keeper] = {}
        """By node."""
        self.leaving: list[tuple[Store, int]] = []
        self.nothing = Reach([], -1, 0)

    def machine(self, node: NodePlan, index: int) -> Node | None:
        if kind(node.kind) is not Sqs or not self.lives_here(node.name, index):
            return super().machine(node, index)
        self.folder.mkdir(parents=True, exist_ok=True)
        keeper = Keeper(Store(self.folder / f"{node.name}.journal", self.sync, self.quota))
        self.keepers[node.name] = keeper
        return StoredSqs(self, keeper)

    def limit(self, node: str, quota: int) -> None:
        """From now on a queue's journal may get so long, in bytes: 0 for any length, 1 for a disk that is full."""
        self.keepers[node].store.journal.quota = quota

    def as_stored(self, call: Call) -> Body:
        """What a call carries, as it is stored: what brought it here says what it is for."""
        ledger = self.world.core.ledger
        assert isinstance(ledger, Clerk)
        body: Body = {"message": write_message(call.message), "wire": ledger.links.get(call.reach, -1)}
        if call.undo:
            body["undo"] = True
        if call.content is not None:
            body["content"] = write_mix(call.content)
        return body

    # What the store hears first

    def accepted(self, place: Local, call: Call) -> None:
        keeper = self.keepers.get(place.node)
        if keeper is not None:
            letter = self.waiting.get(call)
            keeper.accepted(call, letter.id if letter is not None else "", int(place.now), self.as_stored(call))
        super().accepted(place, call)

    def gone(self, place: Local, call: Call) -> None:
        """It is dropped a moment later, so that what goes from one queue to another is stored there before."""
        keeper = self.keepers.get(place.node)
        entry = keeper.numbers.pop(call, None) if keeper is not None else None
        if keeper is not None and entry is not None:
            if not self.leaving:
                asyncio.get_running_loop().call_soon(self._drop)
            self.leaving.append((keeper.store, entry))
        super().gone(place, call)

    def _drop(self) -> None:
        leaving, self.leaving = self.leaving, []
        for store, entry in leaving:
            store.drop(entry)

    def give(self, peer: Peer, receive: Receive) -> None:
        letter = self.askers.get(receive)
        queue = receive.queue
        keeper = self.keepers.get(queue.node)
        if letter is not None and keeper is not None:
            ends = FROM.join((peer.node, str(int(peer.index)), str(int(receive.link)), str(int(receive.outlet))))
            for nth, call in enumerate(receive.calls):
                if isinstance(call.cause, Entry):
                    keeper.delivered(call.cause.call, f"{ends}{FROM}{letter.id}.{nth}", int(queue.now))
        super().give(peer, receive)

    def answer(self, peer: Peer, call: Call) -> None:
        callee = call.callee
        keeper = self.keepers.get(callee.node) if call.inlet == 0 and callee is not None else None
        if keeper is None:
            super().answer(peer, call)
        else:
            keeper.store.when_safe(partial(super().answer, peer, call))

    def _call_arrives(self, letter: Letter) -> None:
        """A hand-off that a process before this one accepted is answered again, and not kept again."""
        to = letter.body.get("to")
        keeper = self.keepers.get(str(to[0])) if isinstance(to, list) and to else None
        if keeper is not None and keeper.store.knows(letter.id):
            self.wire.reply(letter, write_outcome(YES, 0))
        else:
            super()._call_arrives(letter)

    # Starting anew

    def says_what_it_keeps(self, places: list[Place]) -> None:
        """First have it again: what the process before this one kept."""
        for place in places:
            keeper = self.keepers.get(place.node)
            if keeper is not None and not keeper.numbers:
                place.now = self.world.core.engine.now
                keeper.refill(place, place.machine, partial(self._kept_again, place), partial(self._handed_out_again, place))
                if keeper.store.torn:
                    place.note(f"its journal ended in the middle of a record ({keeper.store.torn} bytes)")
        super().says_what_it_keeps(places)

    def _kept_again(self, place: Place, one: Kept) -> Call:
        """The kept call of an entry, inside once more."""
        message = self._known(one.body)
        wire = number(one.body, "wire")
        reach = self.world.wires[wire].reaches[message.flow.index] if wire >= 0 else self.nothing
        call = Call(message, reach, 0, None, place.now)
        call.callee = place
        call.arrived = place.now
        call.outcome = YES
        call.kept = True
        call.ended = bool(one.source)
        call.undo = one.body.get("undo") is True
        call.content = read_mix(one.body.get("content"))
        place.meter.upto(place.now)
        place.meter.inside += 1
        return call

    def _handed_out_again(self, place: Place, one: Kept, kept: Call, entry: Entry) -> Call:
        """The delivery that a consumer has: its answer is still heard, if the consumer is there to give it."""
        node, index, link, outlet, name = one.receipt.split(FROM, 4)
        peer = self.world.groups[node].places[int(index)]
        reach = place.deliveries[int(outlet)].reaches[kept.message.flow.index]
        call = Call(kept.message, reach, int(outlet), entry, one.delivered)
        call.caller = place
        call.caller_epoch = place.epoch
        call.callee = peer
        call.inlet = int(link) + 1
        call.undo = kept.undo
        call.content = kept.content
        if isinstance(peer, Peer) and peer.up:
            peer.waits_for(call)
            self.out[name] = peer, call
        return call
