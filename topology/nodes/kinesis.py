"""Amazon Kinesis Data Streams."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.dist import whole
from topology.message import REFUSED, Mix, lasting, reason
from topology.node import Call, Context
from topology.streams.consuming import App, Reader
from topology.streams.leasing import DAY, OWN, RETIRE, Leasing
from topology.streams.params import BY, LINK_PARAMS, PARAMS, check_link, check_links
from topology.streams.shard_log import Shard
from topology.streams.shards import WHOLE, Ranges, hash_key
from topology.streams.tables import consumers_table, leases_table, shards_table
from topology.tables import Table

LOOK: Final = OWN

SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
RECORDS: Final = 1_000
BYTES: Final = 1_000_000
"""What is written to one shard within a second, at most."""
FIRST: Final = 4
"""Shards of an on-demand stream at first."""
GROWS: Final = 900 * SECOND
"""An on-demand stream at most doubles within so long."""
UPDATES: Final = 10
"""How often the number of shards is changed within 24 hours, at most."""
ROUTES: Final = 1_048_576
"""Of so many keys the shard is remembered."""

THROTTLED: Final = reason("provisioned throughput of the shard exceeded")
TOO_LONG: Final = lasting("record too large")


@mypyc_attr(allow_interpreted_subclasses=True)
class Kinesis(Leasing):
    """A Kinesis data stream: keeps records in shards, in order; every consumer gets every record.

    A record goes to the shard whose range holds the MD5 of its partition key. A shard takes 1,000 records or 1 MB a second; what
    is more is refused, record by record. Each link out of it is an application that reads at its own pace: its members (the
    replicas of a service) share out the shards by leases, and read each in order. Members note how far they have come; when one
    dies, its leases expire, and others go on at the last note, so that some records are processed twice. A record that fails
    blocks its shard for that application until it succeeds, or is given up. Setting `shards` anew splits or merges shards, at
    most to twice or half as many; a shard that came from others is read when those were read to their end.
    """

    inside: ClassVar[str] = "shards"
    layers: ClassVar[dict[str, str]] = {"retention": "times", "expired": "either", "resharded": "times", "hot_shard": "either"}
    """A factor on the retention; the share of the reads whose iterator has expired; a factor on the number of shards, and the
    share of the records that come with the partition key 0."""
    params: ClassVar[dict[str, Any]] = PARAMS
    link_params: ClassVar[dict[str, Any]] = LINK_PARAMS

    def __init__(self) -> None:
        super().__init__()
        self.ranges = Ranges(1)
        self.routes: list[Shard | None] = []
        self.explicit: dict[Any, Shard | None] = {}
        self.arranged = False
        self.on_demand = False
        self.wanted: i64 = 0
        self.factor = 1.0
        self.hot = 0.0
        self.updates: list[int] = []
        self.by: i64 = 0
        self.max_size: i64 = 0
        self.set_retention: i64 = DAY
        self.throttled: i64 = 0
        self.minute_records: i64 = 0
        self.minute_bytes: i64 = 0
        self.grown_at: i64 = -GROWS

    @staticmethod
    def prepare_link(values: dict[str, Any]) -> None:
        """See that the settings of a link fit together; Refused names the place of what does not."""
        check_link(values)

    @staticmethod
    def prepare_links(values: dict[str, Any], links: list[tuple[str, str, dict[str, Any]]]) -> None:
        """See that there are not too many consumers of a sort; Refused says so."""
        check_links(links)

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.set_retention = values["retention"]
        self.size = values["size"]
        self.max_size = values["max_size"]
        links = values["consumers"]
        if not self.arranged:
            self._arrange(ctx, values)
        elif values["shards"] is not None and values["shards"] != self.wanted:
            self.wanted = values["shards"]
            self._update(ctx, self.wanted)
        for app in self.apps:
            app.set(links[app.outlet])
        self.on_layers(ctx)

    def _arrange(self, ctx: Context, values: dict[str, Any]) -> None:
        """Take over, once, what it begins with."""
        self.arranged = True
        self.by = BY.index(values["partition"])
        self.on_demand = values["shards"] is None
        self.wanted = FIRST if self.on_demand else values["shards"]
        self.throw(ctx)
        self.hot_dice: Dice = ctx.dice("hot")
        outlet: i64 = 0
        while outlet < len(values["consumers"]):
            self.apps.append(App(outlet, values["consumers"][outlet]))
            outlet += 1
        self.ranges = Ranges(self.wanted)
        self._add_shards(ctx)

    def _add_shards(self, ctx: Context) -> None:
        """Make the shards of ranges that are new."""
        while len(self.by_number) < len(self.ranges.all):
            shard = Shard(self.ranges.all[len(self.by_number)], ctx.now)
            shard.readers = [Reader(app, shard) for app in self.apps]
            self.by_number.append(shard)
            self.shards.append(shard)
        self.routes = []
        self.explicit = {}

    def on_start(self, ctx: Context) -> None:
        if self.on_demand:
            ctx.after(MINUTE, LOOK, None)

    def on_layers(self, ctx: Context) -> None:
        self.expired = ctx.strength("expired")
        self.hot = ctx.strength("hot_shard")
        factor = ctx.strength("resharded")
        if factor != self.factor:
            self.factor = factor
            self._update(ctx, max(1, whole(float(self.wanted) * factor)))
        retention: i64 = whole(float(self.set_retention) * ctx.strength("retention"))
        if retention != self.retention:
            self.retention = retention
            for shard in self.shards:
                self.watch_oldest(ctx, shard)

    # Writes

    def on_message(self, ctx: Context, call: Call) -> None:
        content = call.content
        if content is None:
            content = call.message.mix
        size = self.size
        if content is not None and content.size > 0:
            size = content.size
        if size > self.max_size:
            ctx.answer(call, REFUSED, TOO_LONG)
            return
        if self.hot > 0.0 and self.hot_dice.uniform(call.message.root, 0) < self.hot:
            shard = self._shard_at(hash_key("0"))
        else:
            shard = self._route(call, content)
        if not shard.takes(ctx.now, size, RECORDS, BYTES):
            self.throttled += 1
            ctx.answer(call, REFUSED, THROTTLED)
            return
        self.minute_records += 1
        self.minute_bytes += size
        ctx.accept(call)
        if not self.apps:
            ctx.finish(call, True, 0)
            return
        shard.log.append(call)
        self.kept += 1
        if shard.retiring is None:
            shard.retiring = ctx.after_same(self.retention, RETIRE, shard)
        if shard.sleeping > 0:
            for reader in shard.readers:
                if reader.sleeping:
                    self.arm(ctx, reader)

    def key_of(self, call: Call) -> i64:
        """The number that its partition key is made of."""
        message = call.message
        if self.by == 0:
            return message.key if message.flow.keyed or message.key > 0 else message.n
        if self.by == 1:
            return message.tenant
        return message.n if self.by == 2 else 0

    def _route(self, call: Call, content: Mix | None) -> Shard:
        """The shard of a record, by its explicit hash key or its partition key."""
        if content is not None:
            known = self.explicit.get(content)
            if known is None and content not in self.explicit:
                known = self._explicit(content)
                self.explicit[content] = known
            if known is not None:
                return known
        number = self.key_of(call)
        alone = self.by == 2 or (self.by == 0 and call.message.key == 0 and not call.message.flow.keyed)
        if alone or number >= ROUTES or number < 0:
            return self._shard_at(hash_key(str(number)))
        routes = self.routes
        while len(routes) <= number:
            routes.append(None)
        shard = routes[number]
        if shard is None:
            shard = self._shard_at(hash_key(str(number)))
            routes[number] = shard
        return shard

    def _explicit(self, content: Mix) -> Shard | None:
        """The shard that messages of a sort name themselves."""
        said = content.attributes.get("explicit_hash_key")
        if said is None:
            return None
        key = int(said) if str(said).isdecimal() else -1
        return self._shard_at(key) if 0 <= key < WHOLE else None

    def _shard_at(self, key: int) -> Shard:
        return self.by_number[self.ranges.at(key).number]

    # Resharding

    def _update(self, ctx: Context, shards: i64) -> None:
        """Set the number of shards, by the service's rules."""
        n: i64 = len(self.ranges.opened)
        self.updates = [at for at in self.updates if at > ctx.now - DAY]
        if self.on_demand:
            ctx.note("not resharded: it is on demand")
        elif shards > 2 * n or 2 * shards < n:
            ctx.note(f"not resharded: from {n} to {shards} shards; at most twice or half as many")
        elif len(self.updates) >= UPDATES:
            ctx.note(f"not resharded: changed {UPDATES} times within 24 hours")
        elif shards != n:
            self.updates.append(ctx.now)
            self._reshard(ctx, shards)

    def _reshard(self, ctx: Context, shards: i64) -> None:
        """Split and merge; whoever has read all of a shard that was closed finds its end."""
        ctx.note(f"resharded: from {len(self.ranges.opened)} to {shards} shards")
        self.ranges.spread(shards)
        self._add_shards(ctx)
        for shard in list(self.shards):
            if not shard.keys.open:
                for reader in shard.readers:
                    self.arm(ctx, reader)
            if not shard.readers and not shard.keys.open:
                self.shards.remove(shard)
        for app in self.apps:
            self.balance(ctx, app)

    def on_own_timer(self, ctx: Context, tag: i64) -> None:
        """Every minute an on-demand stream sees whether it has room for twice what was written within the last one."""
        records = float(self.minute_records) / 60.0 / float(RECORDS)
        size = float(self.minute_bytes) / 60.0 / float(BYTES)
        self.minute_records = 0
        self.minute_bytes = 0
        wanted: i64 = whole(2.0 * (records if records > size else size) + 0.499999)
        n: i64 = len(self.ranges.opened)
        if wanted > n and ctx.now - self.grown_at >= GROWS:
            self.grown_at = ctx.now
            self._reshard(ctx, wanted if wanted < 2 * n else 2 * n)
        ctx.after(MINUTE, LOOK, None)

    def on_close(self) -> None:
        super().on_close()
        self.routes = []
        self.explicit = {}

    # Looking

    def minds(self, layer: str) -> bool:
        if layer == "resharded":
            return not self.on_demand
        return layer != "expired" or any([not app.fan_out for app in self.apps])

    def depth(self) -> int:
        return self.kept

    def in_flight(self) -> int:
        return self.flying if self.flying < self.kept else self.kept

    def oldest(self, now: int) -> int:
        age: i64 = 0
        for shard in self.shards:
            since = shard.since()
            if since >= 0 and now - since > age:
                age = now - since
        return age

    def gauges(self, ctx: Context) -> dict[str, float]:
        age: i64 = 0
        for shard in self.shards:
            for reader in shard.readers:
                one: i64 = reader.age(ctx.now)
                age = one if one > age else age
        return {
            "shards": float(len(self.ranges.opened)),
            "closed shards": float(len(self.shards) - len([s for s in self.shards if s.keys.open])),
            "iterator age s": float(age) * 1e-9,
            "throttled writes": float(self.throttled),
            "throttled reads": float(sum([int(app.throttled) for app in self.apps])),
            "expired iterators": float(sum([int(app.expired) for app in self.apps])),
        }

    def views(self, ctx: Context) -> dict[str, dict[str, float]]:
        found: dict[str, dict[str, float]] = {}
        for app in self.apps:
            found[f"=> {app.callee}"] = self._app_figures(ctx, app)
        for shard in self.shards:
            records, size = shard.rate(ctx.now)
            figures = {"records/s": float(records), "KB/s": float(size) / 1000.0, "throttled": float(shard.throttled)}
            for reader in shard.readers:
                after = f" {reader.app.callee}" if len(self.apps) > 1 else ""
                owner = reader.owner
                figures[f"owner{after}"] = float(owner.index) if owner is not None else -1.0
                figures[f"backlog{after}"] = float(reader.backlog())
                figures[f"age{after} s"] = float(reader.age(ctx.now)) * 1e-9
            found[f"shard {shard.number}{'' if shard.keys.open else ' (closed)'}"] = figures
        return found

    def tables(self, ctx: Context) -> list[Table]:
        return [
            shards_table(self.shards, self.apps, ctx.now, RECORDS, BYTES),
            consumers_table(self.shards, self.apps, ctx.now),
            leases_table(self.shards, self.apps, ctx.now),
        ]

    def _app_figures(self, ctx: Context, app: App) -> dict[str, float]:
        age: i64 = 0
        backlog: i64 = 0
        for shard in self.shards:
            reader = shard.readers[app.outlet]
            backlog += reader.backlog()
            one: i64 = reader.age(ctx.now)
            age = one if one > age else age
        return {
            "members": float(len(app.members)),
            "backlog": float(backlog),
            "iterator age s": float(age) * 1e-9,
            "retries": float(app.retried),
            "skipped": float(app.skipped),
            "dead": float(app.dead),
            "leases moved": float(app.moved),
        }
