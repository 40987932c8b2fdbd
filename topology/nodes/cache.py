"""Caches: answers kept in memory in front of what they come from."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chain import Chain, Knot
from topology.chance import Dice
from topology.dist import Dist, whole
from topology.message import ERROR, YES, Item, Message
from topology.node import Call, Context
from topology.nodes.service import Service
from topology.parameters import choice, count, dist, duration, flag, share
from topology.policies.outbox import Posted

LRU: Final = 0
LFU: Final = 1
FIFO: Final = 2
RANDOM: Final = 3
ORDERS: Final = ("lru", "lfu", "fifo", "random")
RECENT: Final = 0.01
"""How much the latest lookup counts in the hit rate that is shown."""


class Entry(Knot):
    """One answer, fresh before `until`."""

    def __init__(self, key: int, until: i64) -> None:
        self.key = key
        self.until: i64 = until
        self.uses: i64 = 1
        self.at: i64 = 0


class Store(Chain):
    """So many entries at the most, in a chain whose first goes when room is needed. Every access costs the same.

    By least frequent use, the chain is in order of uses, and `lasts` knows the last entry of each number of uses.
    """

    def __init__(self, capacity: i64, order: i64) -> None:
        super().__init__()
        self.capacity: i64 = capacity
        self.order: i64 = order
        self.entries: dict[int, Entry] = {}
        self.listed: list[Entry] = []
        self.lasts: dict[int, Entry] = {}

    def use(self, entry: Entry) -> None:
        """It was asked for."""
        if self.order == LRU:
            if entry.behind is not None:
                self.take_out(entry)
                self.put_after(self.last, entry)
        elif self.order == LFU:
            self._use_more(entry)

    def _use_more(self, entry: Entry) -> None:
        """One use more: behind all others of as many uses."""
        uses: int = entry.uses
        after = self.lasts.get(uses + 1)
        if after is None:
            after = self.lasts[uses]
        self._leave_uses(entry)
        entry.uses += 1
        if after is not entry:
            self.take_out(entry)
            self.put_after(after, entry)
        self.lasts[uses + 1] = entry

    def _leave_uses(self, entry: Entry) -> None:
        """It is not the last of its number of uses any more."""
        uses: int = entry.uses
        if self.lasts[uses] is entry:
            before = entry.before
            if isinstance(before, Entry) and before.uses == entry.uses:
                self.lasts[uses] = before
            else:
                del self.lasts[uses]

    def add(self, key: int, until: i64) -> None:
        """A new entry; there must be room, and none of that key."""
        entry = Entry(key, until)
        self.entries[key] = entry
        if self.order == LFU:
            self.put_after(self.lasts.get(1), entry)
            self.lasts[1] = entry
        elif self.order == RANDOM:
            entry.at = len(self.listed)
            self.listed.append(entry)
        else:
            self.put_after(self.last, entry)

    def victim(self, u: float) -> Entry:
        """The entry that goes when room is needed; u, a number in (0, 1), chooses among equals."""
        if self.order == RANDOM:
            return self.listed[int(u * float(len(self.listed)))]
        first = self.first
        assert isinstance(first, Entry)
        return first

    def drop(self, entry: Entry) -> None:
        """Forget one entry."""
        del self.entries[entry.key]
        if self.order == RANDOM:
            end = self.listed.pop()
            if end is not entry:
                end.at = entry.at
                self.listed[entry.at] = end
            return
        if self.order == LFU:
            self._leave_uses(entry)
        self.take_out(entry)

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self.entries = {}
        self.listed = []
        self.lasts = {}


class Flight(Item):
    """One question to the origin that others wait for, too, or that nobody waits for (a refresh in the background)."""

    def __init__(self, key: int) -> None:
        self.key = key
        self.waiting: list[Call] = []


@mypyc_attr(allow_interpreted_subclasses=True)
class Cache(Service):
    """Answers from memory what it was asked before, by the message's key. A miss calls what the cache depends on, the
    origin, and keeps its answer until the time to live ends or room is needed.

    Each replica has a memory of its own, cold after a start, as caches inside of processes have. It stands for a look-aside
    cache, too, where the caller asks cache and origin itself: the same calls are made, and a cache that is down fails its
    callers unless their link to it is guarded by a fallback. A hit does not do the origin's part, so an origin behind a
    cache is not work that every message needs. A message whose sort in the producer's mix says `write: true` passes
    through, and what was kept of its key is dropped. Messages of a producer without keys are all about one thing.
    """

    like: ClassVar[str] = "service"
    inlet_params: ClassVar[dict[str, Any]] = {}
    shields: ClassVar[bool] = True
    params: ClassVar[dict[str, Any]] = {
        **{name: param for name, param in Service.params.items() if name not in ("order", "grows")},
        "slots": count(
            10_000,
            "Calls that one replica has open at once, those that wait for the origin included.",
            ge=1,
            le=100_000,
            source="Redis documentation, Redis client handling, maxclients",
        ),
        "takes": dist("1ms", "The time for one lookup."),
        "capacity": count(10_000, "Entries that one replica keeps at the most.", ge=1, le=10_000_000),
        "ttl": dist(
            "60s",
            "How long an entry is fresh. A distribution, such as {uniform: {low: 50s, high: 70s}}, is a jitter: what was "
            "stored together does not end together.",
        ),
        "eviction": choice(
            "lru",
            "What goes when room is needed: the least recently used, the least frequently used, the oldest, or any.",
            options=ORDERS,
        ),
        "single_flight": flag(
            False, "Whether one miss of a key asks the origin and all others of that key wait for its answer."
        ),
        "stale_while_revalidate": duration(
            "0s",
            "How long past its time an entry is still answered, while one refresh is under way. Counted as degraded.",
            ge="0s",
            le="30d",
        ),
        "stale_if_error": duration(
            "0s", "How long past its time an entry is answered when the origin fails. Counted as degraded.", ge="0s", le="30d"
        ),
        "prefilled": share(
            0, "The share of the capacity that is filled at the very beginning, with keys 0, 1, 2 and so on."
        ),
    }

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(1, LRU)
        self.flights: dict[int, Flight] = {}
        self.hits: i64 = 0
        self.misses: i64 = 0
        self.stale: i64 = 0
        self.evictions: i64 = 0
        self.fills: i64 = 0
        self.waiters: i64 = 0
        self.hit_rate = 0.0

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.ttl: Dist = values["ttl"]
        self.single: bool = values["single_flight"]
        self.revalidate: i64 = values["stale_while_revalidate"]
        self.if_error: i64 = values["stale_if_error"]
        self.prefilled: float = float(values["prefilled"])
        self.ttl_dice: Dice = ctx.dice("ttl")
        self.fill_dice: Dice = ctx.dice("prefilled")
        self.victim_dice: Dice = ctx.dice("eviction")
        capacity: i64 = values["capacity"]
        order: i64 = ORDERS.index(values["eviction"])
        if order != self.store.order:
            self.store.clear()
            self.store = Store(capacity, order)
        self.store.capacity = capacity
        while len(self.store.entries) > capacity:
            self._evict(ctx)
        super().configure(ctx, {**values, "order": "sequence", "grows": 0.0}, policies)

    def on_start(self, ctx: Context) -> None:
        super().on_start(ctx)
        if ctx.now == 0:
            self._prefill(ctx)

    def _prefill(self, ctx: Context) -> None:
        """Entries of all ages, as after a long time."""
        key: i64 = 0
        while key < whole(float(self.store.capacity) * self.prefilled):
            ttl: i64 = self.ttl.sample(self.fill_dice.uniform(key, 2 * ctx.index))
            self.store.add(key, whole(float(ttl) * self.fill_dice.uniform(key, 2 * ctx.index + 1)))
            key += 1

    def on_crash(self, ctx: Context) -> None:
        super().on_crash(ctx)
        self.store.clear()
        self.flights = {}
        self.waiters = 0

    def on_flush(self, ctx: Context) -> None:
        self.store.clear()

    def on_close(self) -> None:
        super().on_close()
        self.store.clear()
        self.flights = {}

    # Lookups

    def _go_on(self, ctx: Context, call: Call) -> None:
        if call.step == 0 and not call.undo and not writes(call.message):
            self._look_up(ctx, call)
        else:
            super()._go_on(ctx, call)

    def _look_up(self, ctx: Context, call: Call) -> None:
        message = call.message
        entry = self.store.entries.get(message.key)
        if entry is not None and ctx.now < entry.until:
            self._hit(ctx, call, entry)
        elif entry is not None and ctx.now < entry.until + self.revalidate:
            self._refresh(ctx, message)
            self.stale += 1
            ctx.degrade(message)
            self._hit(ctx, call, entry)
        else:
            self._miss(ctx, call)

    def _hit(self, ctx: Context, call: Call, entry: Entry) -> None:
        self.hits += 1
        self.hit_rate += RECENT * (1.0 - self.hit_rate)
        self.store.use(entry)
        self._end(ctx, call, YES, 0)

    def _miss(self, ctx: Context, call: Call) -> None:
        """Ask the origin, or wait for the answer of whoever asks already."""
        self.misses += 1
        self.hit_rate -= RECENT * self.hit_rate
        if self.single:
            key: int = call.message.key
            flight = self.flights.get(key)
            if flight is not None:
                flight.waiting.append(call)
                self.waiters += 1
                return
            self.flights[key] = Flight(key)
        ctx.send(0, call, call.message)

    def _refresh(self, ctx: Context, message: Message) -> None:
        """Ask the origin in the background, once at a time for each key."""
        if message.key not in self.flights:
            flight = Flight(message.key)
            self.flights[flight.key] = flight
            ctx.send(0, flight, message)

    # Answers of the origin

    def on_answer(self, ctx: Context, call: Call) -> None:
        cause = call.cause
        if isinstance(cause, Flight):
            self._origin_said(ctx, call, cause.key)
            return
        if isinstance(cause, Posted):
            super().on_answer(ctx, call)
            return
        assert isinstance(cause, Call)
        if call.undo or writes(call.message):
            self._passed(ctx, call)
        elif call.outcome == YES and call.link + 1 < ctx.links:
            super().on_answer(ctx, call)
        else:
            if not cause.ended:
                self._settle(ctx, cause, call)
            self._origin_said(ctx, call, call.message.key)

    def _passed(self, ctx: Context, call: Call) -> None:
        """A write was answered; whatever it did, what was kept is out of date."""
        entry = self.store.entries.get(call.message.key)
        if entry is not None:
            self.store.drop(entry)
        super().on_answer(ctx, call)

    def _origin_said(self, ctx: Context, call: Call, key: int) -> None:
        """Keep the answer, and give it to all who wait for it."""
        if call.outcome == YES:
            self._keep(ctx, key)
        flight = self.flights.pop(key, None) if self.flights else None
        if flight is not None:
            self.waiters -= len(flight.waiting)
            for waiting in flight.waiting:
                if not waiting.ended:
                    self._settle(ctx, waiting, call)

    def _settle(self, ctx: Context, waiting: Call, call: Call) -> None:
        """Answer one who waits as the origin did, or with an old entry where that may stand in for an error."""
        if call.outcome == YES or self.optional[call.link]:
            self._end(ctx, waiting, YES, 0)
            return
        entry = self.store.entries.get(waiting.message.key)
        if entry is not None and ctx.now < entry.until + self.if_error:
            self.stale += 1
            ctx.degrade(waiting.message)
            self._end(ctx, waiting, YES, 0)
        else:
            self._end(ctx, waiting, ERROR, call.reason)

    def _keep(self, ctx: Context, key: int) -> None:
        self.fills += 1
        until = ctx.now + self.ttl.sample(self.ttl_dice.uniform(self.fills, ctx.index))
        entry = self.store.entries.get(key)
        if entry is not None:
            entry.until = until
            self.store.use(entry)
            return
        while len(self.store.entries) >= self.store.capacity:
            self._evict(ctx)
        self.store.add(key, until)

    def _evict(self, ctx: Context) -> None:
        self.evictions += 1
        self.store.drop(self.store.victim(self.victim_dice.uniform(ctx.index + 1, self.evictions)))

    def gauges(self, ctx: Context) -> dict[str, float]:
        found = super().gauges(ctx)
        found["entries"] = float(len(self.store.entries))
        if self.hits + self.misses > 0:
            found["hit %"] = 100.0 * self.hit_rate
        found["hits"] = float(self.hits)
        found["misses"] = float(self.misses)
        found["stale"] = float(self.stale)
        found["evictions"] = float(self.evictions)
        found["waiting for a flight"] = float(self.waiters)
        return found


def writes(message: Message) -> bool:
    """Whether the sort of a message says that it changes something."""
    mix = message.mix
    return mix is not None and bool(mix.attributes.get("write"))
