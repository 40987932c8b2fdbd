"""Amazon MSK: Apache Kafka, one topic on brokers in several zones."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.backlog import Entry
from topology.dist import whole
from topology.kafka_groups import AGAIN, BEAT, COMMIT, GROUP_PARAMS, REBALANCED, TIMED_OUT, Again, Delivery, Group, Member
from topology.kafka_log import Batch, Broker, Loss, Partition, Record, Replica
from topology.kafka_partitioner import Partitioner
from topology.message import EXPIRED, REFUSED, Item, lasting, reason
from topology.node import STREAM, Call, Context, Node, Receive
from topology.parameters import choice, count, duration, flag, number, size
from topology.problems import Refused

LINGER: Final = 0
ARRIVE: Final = 1
ADVANCE: Final = 2
RETRY: Final = 3
DETECT: Final = 4
TICK: Final = 5
RETIRE: Final = 6
LEADERS: Final = 7

MSK: Final = "Amazon MSK Developer Guide, Default Amazon MSK configuration"
PATCHING: Final = "Amazon MSK Developer Guide, Patching on MSK Provisioned clusters, unverified"
PRODUCER: Final = "Apache Kafka documentation, Producer Configs, unverified"
BROKERS: Final = "Apache Kafka documentation, Broker Configs, unverified"
MOST_BROKERS: Final = 30
MOST_ZONES: Final = 3
EACH: Final = 500_000_000
"""How often the cluster is looked at while not all is well: as followers fetch at the least (replica.fetch.wait.max.ms)."""
AGAIN_AFTER: Final = 100_000_000
"""retry.backoff.ms of a producer."""
REQUEST: Final = 30_000_000_000
"""request.timeout.ms of a producer: what is not acknowledged by then is sent again."""
IMBALANCE: Final = 300_000_000_000
"""leader.imbalance.check.interval.seconds."""
RETENTION_CHECK: Final = 300_000_000_000
"""log.retention.check.interval.ms."""
KEYS: Final = ("none", "key", "tenant", "message")

NOT_ENOUGH: Final = reason("not enough in-sync replicas")
NO_LEADER: Final = reason("no leader")
UNSENT: Final = reason("sent without acknowledgement, and no leader took it")
UNREPLICATED: Final = reason("its leader went before another replica had it")
UNCLEAN: Final = reason("unclean election: only replicas that were down had it")
TOO_LARGE: Final = lasting("record too large")


@mypyc_attr(allow_interpreted_subclasses=True)
class Msk(Node):
    """A Kafka topic on an MSK cluster, with the clients that write to it and the groups that read it.

    Records go to partitions by their key. Each partition is a log that one broker leads and others copy; which of them are
    in sync decides who may lead next and what an `acks: all` waits for. Each link out of it is a consumer group of its own:
    its members share the partitions, read each in order, and commit how far they are. What a group has read and not
    committed is read again after a crash. A record is kept until every group has committed past it; later only the latest
    of them can still be read again. A group is taken to have consumed before: it begins at the start of the log. While
    brokers are down nothing is lost that all in-sync replicas had, unless an unclean election is allowed and needed.
    """

    role: ClassVar[str] = STREAM
    managed: ClassVar[bool] = True
    layers: ClassVar[dict[str, str]] = {
        **{f"broker_{i}_{what}": "either" for i in range(1, MOST_BROKERS + 1) for what in ("down", "full", "cut")},
        **{f"broker_{i}_slow": "times" for i in range(1, MOST_BROKERS + 1)},
        **{f"zone_{i}_down": "either" for i in range(1, MOST_ZONES + 1)},
        "controller_down": "either",
        "rolling_patch": "either",
        "reset_to_earliest": "plus",
        "reset_to_latest": "plus",
        "retention": "times",
    }
    """Of each broker: its process is gone; its disk is full; the other brokers and the controller do not hear it, though its
    clients do; by how much it is slower. A broker is down as long as one such layer lies on it. While the controller is
    down nobody is elected and no in-sync set changes. A rolling patch restarts one broker after the other. Whenever a reset
    is laid, all groups go to the first record that is there, or behind the last one. And a factor on the retention."""
    link_params: ClassVar[dict[str, Any]] = GROUP_PARAMS
    params: ClassVar[dict[str, Any]] = {
        "brokers": count(3, "How many brokers there are; broker i is in zone i mod `azs`.", ge=1, le=MOST_BROKERS),
        "azs": count(3, "How many availability zones the brokers are in.", ge=1, le=MOST_ZONES, source=MSK),
        "partitions": count(1, "How many partitions the topic has (num.partitions).", ge=1, le=4_000, source=MSK),
        "replication": count(
            None,
            "How many brokers have a copy (default.replication.factor); left out: 3 in three zones, 2 in two.",
            ge=1,
            le=MOST_BROKERS,
            source=MSK,
        ),
        "min_insync": count(
            None,
            "So many replicas must be in sync to take what is written with `acks: all` (min.insync.replicas); left out: 2 in "
            "three zones, 1 in two.",
            ge=1,
            le=MOST_BROKERS,
            source=MSK,
        ),
        "unclean": flag(
            True,
            "Whether a replica that is not in sync may lead when no other is there (unclean.leader.election.enable).",
            source=MSK,
        ),
        "lag_max": duration(
            "30s",
            "A follower that has not caught up for so long is not in sync any more (replica.lag.time.max.ms).",
            ge="1s",
            le="1h",
            source=MSK,
        ),
        "retention": duration("168h", "How long a record is kept (log.retention.hours).", ge="1s", le="30d", source=BROKERS),
        "rebalance_leaders": flag(
            True, "Whether leadership goes back to the first replica (auto.leader.rebalance.enable).", source=MSK
        ),
        "broker_session": duration(
            "9s",
            "The controller gives up a broker that it has not heard for so long (broker.session.timeout.ms).",
            ge="1s",
            le="10m",
            source=BROKERS,
        ),
        "patch": duration(
            "10m", "How long a broker is away while it is patched: 5 to 15 minutes.", ge="1s", le="1h", source=PATCHING
        ),
        "request": duration("2ms", "How long a batch takes from its producer into the leader's log.", ge="0s", le="10s"),
        "replicate": duration("3ms", "How long after that a follower has it.", ge="0s", le="10s"),
        "acks": choice(
            "all",
            "What a producer waits for: nothing (0), the leader (1), or all replicas that are in sync (all).",
            options=("0", "1", "all"),
            source=PRODUCER,
        ),
        "idempotent": flag(
            True, "Whether what a producer sends again is not appended twice (enable.idempotence).", source=PRODUCER
        ),
        "linger": duration(
            "5ms", "How long a producer waits for more to send together (linger.ms).", ge="0s", le="10s", source=PRODUCER
        ),
        "batch": size(
            "16KiB", "A batch of so many bytes does not wait (batch.size).", ge="1B", le="100MiB", source=PRODUCER
        ),
        "delivery_timeout": duration(
            "120s",
            "For so long a producer tries again what was refused (delivery.timeout.ms); 0s: not once.",
            ge="0s",
            le="1h",
            source=PRODUCER,
        ),
        "key": choice(
            "none",
            "The key that producers give: none, what a message is about (key), whose it is (tenant), or each its own "
            "(message). Without a key, records stick to a partition until a batch is full.",
            options=KEYS,
        ),
        "size": size("1KiB", "The size of a record whose producer says none.", ge="1B", le="100MiB"),
        "max_size": size(
            "1MiB", "Larger records are refused, as often as they are sent (message.max.bytes).", ge="1KiB", le="100MiB",
            source=BROKERS,
        ),
        "catch_up": number(
            10, "How many times as fast as it is written a follower that has fallen behind fetches.", ge=2, le=1000
        ),
    }

    @staticmethod
    def prepare(values: dict[str, Any]) -> dict[str, Any]:
        """See that there are brokers enough for the replicas."""
        brokers = values["brokers"]
        copies = values["replication"] or default_copies(values["azs"], brokers)
        if values["azs"] > brokers:
            raise Refused(("azs",), f"{values['azs']} zones and {brokers} brokers; each zone needs one at least")
        if copies > brokers:
            raise Refused(("replication",), f"{copies} replicas need as many brokers, and there are {brokers}")
        least = values["min_insync"]
        if least is not None and least > copies:
            raise Refused(("min_insync",), f"at most {copies}: so many replicas there are; with more, nothing could be written")
        return {}

    def __init__(self) -> None:
        self.brokers: list[Broker] = []
        self.partitions: list[Partition] = []
        self.groups: list[Group] = []
        self.arranged = False
        self.down = False
        self.controller = True
        self.ticking = False
        self.checking = False
        self.retiring = False
        self.patching: i64 = -1
        """The broker that is patched now, by its place; -1: none."""
        self.patched: i64 = 0
        """How many are done in this round."""
        self.patch_ends: i64 = 0
        self.was_patching = False
        self.to_earliest = 0.0
        self.to_latest = 0.0
        """How many resets lie on it."""
        self.elections: i64 = 0
        self.unclean_elections: i64 = 0
        self.refusals: i64 = 0
        self.lost: i64 = 0
        """Records that were acknowledged, or not to be acknowledged at all, and that nobody will read."""

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.unclean: bool = values["unclean"]
        self.lag_max: i64 = values["lag_max"]
        self.set_retention: i64 = values["retention"]
        self.retention: i64 = self.set_retention
        self.rebalances: bool = values["rebalance_leaders"]
        self.broker_session: i64 = values["broker_session"]
        self.patch: i64 = values["patch"]
        self.request: i64 = values["request"]
        self.replicate: i64 = values["replicate"]
        self.acks: i64 = ("0", "1", "all").index(str(values["acks"]))
        self.idempotent: bool = values["idempotent"]
        self.linger: i64 = values["linger"]
        self.batch: i64 = values["batch"]
        self.delivery_timeout: i64 = values["delivery_timeout"]
        self.keyed: i64 = KEYS.index(values["key"])
        self.size: i64 = values["size"]
        self.max_size: i64 = values["max_size"]
        if not self.arranged:
            self._arrange(ctx, values)
        copies: i64 = len(self.partitions[0].replicas)
        least = values["min_insync"]
        self.min_insync: i64 = least if least is not None else (copies - 1 if copies > 1 else 1)
        for partition in self.partitions:
            partition.speed = int(values["catch_up"])
        for group, link in zip(self.groups, values["consumers"], strict=True):
            group.set(link)
        self.on_layers(ctx)

    def _arrange(self, ctx: Context, values: dict[str, Any]) -> None:
        """Lay out brokers, partitions and groups, once."""
        self.arranged = True
        azs: i64 = values["azs"]
        n: i64 = values["brokers"]
        copies: i64 = values["replication"] or default_copies(azs, n)
        self.brokers = [Broker(i + 1, i % azs) for i in range(n)]
        i: i64 = 0
        count: i64 = values["partitions"]
        while i < count:
            replicas = [Replica(self.brokers[(i + k) % n]) for k in range(copies)]
            self.partitions.append(Partition(i, replicas))
            i += 1
        self.partitioner = Partitioner(count, ctx.dice("partitions"))
        for outlet, link in enumerate(values["consumers"]):
            self.groups.append(Group(outlet, link["to"], self.partitions))
        for partition in self.partitions:
            partition.committed = [0] * len(self.groups)
            partition.passed = [0] * len(self.groups)

    # Brokers

    def on_layers(self, ctx: Context) -> None:
        for partition in self.partitions:
            partition.catch_up(ctx.now)
        self.retention = whole(float(self.set_retention) * ctx.strength("retention"))
        controller = ctx.strength("controller_down") <= 0.0
        for broker in self.brokers:
            self._look_at(ctx, broker)
        if controller and not self.controller:
            self.controller = True
            self._find_lost(ctx)
        self.controller = controller
        self._read_orders(ctx)
        self._tick_later(ctx)

    def _look_at(self, ctx: Context, broker: Broker) -> None:
        """Whether a broker is there now, by the layers that lie on it."""
        name = f"broker_{broker.number}_"
        broker.slow = ctx.strength(name + "slow")
        broker.lag = whole(float(self.replicate) * broker.slow)
        broker.full = ctx.strength(name + "full") > 0.0
        away = broker.full or ctx.strength(name + "down") > 0.0 or ctx.strength(f"zone_{broker.zone + 1}_down") > 0.0
        self._switch(ctx, broker, away or self.patching == broker.number - 1, ctx.strength(name + "cut") > 0.0)

    def _switch(self, ctx: Context, broker: Broker, down: bool, cut: bool) -> None:
        """A broker comes or goes: if it goes, the controller will notice."""
        was = broker.joined()
        there = not broker.down
        broker.down = down
        broker.cut = cut
        if was and not broker.joined():
            broker.lost += 1
            ctx.note(f"broker {broker.number} {'is cut off' if not down else 'has a full disk' if broker.full else 'is down'}")
            ctx.after(self.broker_session, DETECT, Loss(broker))
        elif broker.joined() and not was:
            ctx.note(f"broker {broker.number} is back")
            broker.fenced = False
            for partition in self.partitions:
                if partition.leader is None and self.controller:
                    self._elect(ctx, partition)
        if not there and not down:
            for partition in self.partitions:
                if partition.serves():
                    self._wake(ctx, partition)

    def _read_orders(self, ctx: Context) -> None:
        """What is done once, when its layer is laid: a rolling patch begins, positions are reset."""
        wanted = ctx.strength("rolling_patch") > 0.0
        if wanted and not self.was_patching:
            self.patched = 0
        self.was_patching = wanted
        earliest = ctx.strength("reset_to_earliest")
        latest = ctx.strength("reset_to_latest")
        if earliest > self.to_earliest or latest > self.to_latest:
            for group in self.groups:
                for cursor in group.cursors:
                    group.move(ctx, cursor, earliest > self.to_earliest)
                    group.feed(ctx, cursor)
        self.to_earliest = earliest
        self.to_latest = latest

    def _find_lost(self, ctx: Context) -> None:
        """The controller is back: it notices who went meanwhile."""
        for broker in self.brokers:
            if not broker.joined() and not broker.fenced:
                ctx.after(self.broker_session, DETECT, Loss(broker))

    def _detect(self, ctx: Context, loss: Loss) -> None:
        """A broker was not heard for the length of its session."""
        broker = loss.broker
        if broker.lost == loss.number and not broker.joined() and self.controller:
            self._fence(ctx, broker)

    def _fence(self, ctx: Context, broker: Broker) -> None:
        """The controller gives up a broker: others lead, and it is in sync no more."""
        broker.fenced = True
        for partition in self.partitions:
            partition.catch_up(ctx.now)
            leader = partition.leader
            if leader is not None and leader.broker is broker:
                self._elect(ctx, partition)
            partition.give_up(broker)
            self._advance(ctx, partition)

    def _elect(self, ctx: Context, partition: Partition) -> None:
        """Find a leader, if one may lead; what it does not have is gone."""
        chosen = partition.candidate(self.unclean)
        if chosen is None:
            partition.leader = None
            return
        self._lead(ctx, partition, chosen)

    def _lead(self, ctx: Context, partition: Partition, chosen: Replica) -> None:
        """A replica leads from now on."""
        clean = chosen.in_sync
        self.elections += 1
        if not clean:
            self.unclean_elections += 1
            ctx.note(f"unclean election: broker {chosen.broker.number} leads partition {partition.number}")
            for replica in partition.replicas:
                replica.in_sync = replica is chosen
        gone = partition.cut_off(chosen)
        partition.leader = chosen
        partition.catch_up(ctx.now)
        self._lose(ctx, partition, gone, UNREPLICATED if clean else UNCLEAN)
        self._wake(ctx, partition)
        self._tick_later(ctx)

    def _lose(self, ctx: Context, partition: Partition, gone: list[Record], code: int) -> None:
        """Records that no leader has are lost; producers that were not told yes send them again."""
        back: list[Batch] = []
        for batch in partition.unacked:
            if batch.records[0].offset >= partition.end:
                back.append(batch)
            elif not self.idempotent:
                self._double(ctx, batch)
                back.append(batch)
        for batch in back:
            partition.unacked.remove(batch)
            for record in batch.records:
                record.over = record.over or not record.kept
            batch.records = []
        partition.waiting = back + partition.waiting
        for record in gone:
            if record.kept and record.lose(ctx, code):
                self.lost += 1
        for group in self.groups:
            group.cut_off(ctx, partition)
        if partition.waiting:
            self._retry_later(ctx, partition)

    def _double(self, ctx: Context, batch: Batch) -> None:
        """Without idempotence what is sent again is appended again: what is there stays, in copies of its own."""
        for record in batch.records:
            record.call = ctx.repeat(record.call)
            record.kept = True

    def _wake(self, ctx: Context, partition: Partition) -> None:
        """There is a leader: producers and consumers find it."""
        self._retry(ctx, partition)
        self._advance(ctx, partition)
        self._feed(ctx, partition)

    def _feed(self, ctx: Context, partition: Partition) -> None:
        if self.down:
            return
        at: i64 = partition.number
        for group in self.groups:
            group.feed(ctx, group.cursors[at])

    # Looking after the cluster

    def _settled(self) -> bool:
        """Whether all is well: everybody is there, quick, and in sync."""
        if self.was_patching and self.patched < len(self.brokers):
            return False
        for broker in self.brokers:
            if not broker.joined() or broker.slow != 1.0 or broker.fenced:
                return False
        return all(partition.level() for partition in self.partitions)

    def _tick_later(self, ctx: Context) -> None:
        if not self.ticking and not self._settled():
            self.ticking = True
            ctx.after(EACH, TICK, None)
        self._check_leaders(ctx)

    def _tick(self, ctx: Context) -> None:
        """In-sync sets shrink and grow, and what waits for acknowledgement is looked after."""
        self.ticking = False
        for partition in self.partitions:
            partition.catch_up(ctx.now)
            if self.controller:
                if partition.leader is None:
                    self._elect(ctx, partition)
                if partition.shrink(ctx.now, self.lag_max) or partition.expand():
                    ctx.touch()
            self._advance(ctx, partition)
            self._look_after(ctx, partition)
        if self.was_patching or self.patching >= 0:
            self._patch_on(ctx)
        self._tick_later(ctx)

    def _look_after(self, ctx: Context, partition: Partition) -> None:
        """A producer gives up what was not acknowledged in time, and sends again what was not acknowledged for long."""
        if not partition.unacked or self.down:
            return
        patience: i64 = self.delivery_timeout if self.delivery_timeout > REQUEST else REQUEST
        for batch in list(partition.unacked):
            if ctx.now - batch.born >= patience:
                partition.unacked.remove(batch)
                self._give_up(ctx, batch)
            elif not self.idempotent and ctx.now - batch.sent >= REQUEST:
                partition.unacked.remove(batch)
                self._double(ctx, batch)
                batch.records = []
                self._arrive(ctx, batch)

    def _give_up(self, ctx: Context, batch: Batch) -> None:
        """The producer is told no, though its records are in the log, where they may be read."""
        code: int = NOT_ENOUGH if batch.partition.synced() < self.min_insync else NO_LEADER
        calls = batch.calls
        for at, record in enumerate(batch.records):
            if not record.over:
                record.call = ctx.repeat(record.call)
                record.kept = True
            ctx.answer(calls[at], REFUSED, code)

    def _patch_on(self, ctx: Context) -> None:
        """One broker after the other hands over what it leads, goes, and comes back; the next goes when all are in sync."""
        if self.patching >= 0:
            if ctx.now >= self.patch_ends:
                broker = self.brokers[self.patching]
                self.patching = -1
                self.patched += 1
                self._look_at(ctx, broker)
            return
        if self.patched >= len(self.brokers) or not self.was_patching:
            return
        for partition in self.partitions:
            if partition.leader is None or partition.synced() < len(partition.replicas):
                return
        broker = self.brokers[self.patched]
        self.patching = self.patched
        self.patch_ends = ctx.now + self.patch
        self._fence(ctx, broker)
        self._look_at(ctx, broker)

    def _check_leaders(self, ctx: Context) -> None:
        """When somebody leads who is not the first replica, look again after a while."""
        if not self.checking and self.rebalances and not self._led_by_first():
            self.checking = True
            ctx.after(IMBALANCE, LEADERS, None)

    def _led_by_first(self) -> bool:
        return all(partition.leader is partition.replicas[0] for partition in self.partitions)

    def _lead_by_first(self, ctx: Context) -> None:
        """The first replica of each partition leads again, where it is in sync."""
        self.checking = False
        for partition in self.partitions:
            first = partition.replicas[0]
            if self.controller and partition.leader is not first and first.in_sync and first.broker.joined():
                partition.catch_up(ctx.now)
                self._lead(ctx, partition, first)
        self._check_leaders(ctx)

    # Producers

    def on_message(self, ctx: Context, call: Call) -> None:
        mix = call.content
        if mix is None:
            mix = call.message.mix
        length: i64 = self.size if mix is None else mix.size
        if length > self.max_size:
            ctx.answer(call, REFUSED, TOO_LARGE)
            return
        if self.acks == 0:
            ctx.accept(call)
        partition = self.partitions[self._place_of(call, length)]
        batch = partition.batch
        if batch is None:
            batch = Batch(partition, ctx.now)
            if self.linger > 0:
                partition.batch = batch
                ctx.after_same(self.linger, LINGER, batch)
        batch.calls.append(call)
        batch.size += length
        if batch.size >= self.batch or self.linger == 0:
            self._send(ctx, batch)

    def _place_of(self, call: Call, length: i64) -> i64:
        """The number of the partition for what is sent."""
        keyed = self.keyed
        message = call.message
        if keyed == 0:
            at: i64 = self.partitioner.stick(length, self.batch)
            if self.partitions[at].leader is None:
                self.partitioner.turn()
                at = self.partitioner.sticky
            return at
        if keyed == 1:
            return self.partitioner.of_key(message.key)
        return self.partitioner.of_key(message.tenant if keyed == 2 else message.n)

    def _send(self, ctx: Context, batch: Batch) -> None:
        """A batch goes to its leader."""
        partition = batch.partition
        if partition.batch is batch:
            partition.batch = None
        leader = partition.leader
        length: i64 = self.request
        if leader is not None and leader.broker.slow != 1.0:
            length = whole(float(length) * leader.broker.slow)
            length = length if length < REQUEST else REQUEST
        if length > 0:
            ctx.after_same(length, ARRIVE, batch)
        else:
            self._arrive(ctx, batch)

    def _arrive(self, ctx: Context, batch: Batch) -> None:
        """A batch is with its leader, or finds none; then it waits, and what comes later waits behind it."""
        partition = batch.partition
        if not partition.waiting and self._append(ctx, batch):
            return
        if self.delivery_timeout == 0 and self.acks > 0:
            self._refuse(ctx, batch)
            return
        partition.waiting.append(batch)
        self._retry_later(ctx, partition)

    def _retry_later(self, ctx: Context, partition: Partition) -> None:
        if not partition.retrying:
            partition.retrying = True
            ctx.after_same(AGAIN_AFTER, RETRY, partition)

    def _retry(self, ctx: Context, partition: Partition) -> None:
        """Try again what waits, in order; what waited too long is given up."""
        waiting = partition.waiting
        done: i64 = 0
        while done < len(waiting):
            batch = waiting[done]
            if ctx.now - batch.born >= self.delivery_timeout and self.acks > 0:
                self._refuse(ctx, batch)
            elif not self._append(ctx, batch):
                break
            done += 1
        if done > 0:
            del waiting[:done]
        if waiting:
            self._retry_later(ctx, partition)

    def _refuse(self, ctx: Context, batch: Batch) -> None:
        for call in batch.calls:
            ctx.answer(call, REFUSED, batch.partition.why or NO_LEADER)

    def _append(self, ctx: Context, batch: Batch) -> bool:
        """Append a batch to its partition's log; False where it cannot be, now."""
        partition = batch.partition
        if self.down or not partition.serves():
            if self.acks == 0:
                self._drop(ctx, batch)
                return True
            partition.why = NO_LEADER
            return False
        if self.acks == 2 and partition.synced() < self.min_insync:
            self.refusals += 1
            partition.why = NOT_ENOUGH
            return False
        self._write(ctx, partition, batch)
        return True

    def _drop(self, ctx: Context, batch: Batch) -> None:
        """Nobody waits for an answer, and nobody is there."""
        for call in batch.calls:
            ctx.finish(call, False, UNSENT)
            self.lost += 1

    def _write(self, ctx: Context, partition: Partition, batch: Batch) -> None:
        now = ctx.now
        groups: i64 = len(self.groups)
        records: list[Record] = []
        for call in batch.calls:
            record = partition.put(call, now, groups)
            if self.acks == 1:
                ctx.accept(call)
            record.kept = self.acks < 2
            records.append(record)
        if self.acks == 2:
            batch.records = records
            batch.sent = now
            partition.unacked.append(batch)
        if not self.retiring:
            self._retire_later(ctx)
        lag: i64 = partition.lag()
        if lag > 0:
            ctx.after_same(lag, ADVANCE, partition)
        else:
            partition.catch_up(now)
            self._advance(ctx, partition)

    def _advance(self, ctx: Context, partition: Partition) -> None:
        """What all in-sync replicas have is acknowledged, and may be read."""
        moved = partition.advance()
        if self.down:
            return
        unacked = partition.unacked
        enough = partition.synced() >= self.min_insync
        if unacked and (enough or self.delivery_timeout == 0):
            done: i64 = 0
            while done < len(unacked) and unacked[done].records[-1].offset < partition.high:
                if enough:
                    self._acknowledge(ctx, unacked[done])
                else:
                    self._give_up(ctx, unacked[done])
                done += 1
            del unacked[:done]
        if moved:
            if self.groups:
                self._feed(ctx, partition)
            else:
                self._pass_all(ctx, partition)

    def _acknowledge(self, ctx: Context, batch: Batch) -> None:
        for record in batch.records:
            record.kept = True
            ctx.accept(record.call)
            if record.over:
                ctx.finish(record.call, record.code == 0, record.code)

    def _pass_all(self, ctx: Context, partition: Partition) -> None:
        """Nobody reads this topic: what is in it for good is done with."""
        for record in partition.rows[: partition.high - partition.base]:
            record.left = 1
            record.passed(ctx, 0)
        partition.forget(partition.high - partition.base)

    # Consumers

    def on_receive(self, ctx: Context, receive: Receive) -> None:
        self.groups[receive.outlet].asks(ctx, receive)

    def on_answer(self, ctx: Context, call: Call) -> None:
        delivery = call.cause
        assert isinstance(delivery, Delivery)
        delivery.cursor.group.heard(ctx, delivery, call)

    def on_transfer(self, ctx: Context, item: Item) -> None:
        """A dead letter comes back: it is written once more, at the end of its partition."""
        assert isinstance(item, Entry)
        partition = self.partitions[self._place_of(item.call, self.size)]
        record = partition.put(item.call, ctx.now, len(self.groups))
        record.kept = True
        ctx.after(partition.lag(), ADVANCE, partition)

    def on_crash(self, ctx: Context) -> None:
        """Nobody reaches the cluster; what it keeps stays."""
        self.down = True
        for group in self.groups:
            group.hang_up(ctx)

    def on_revival(self, ctx: Context) -> None:
        self.down = False
        for partition in self.partitions:
            partition.catch_up(ctx.now)
            self._wake(ctx, partition)
        for group in self.groups:
            group.answers(ctx)

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == ADVANCE:
            assert isinstance(item, Partition)
            item.catch_up(ctx.now)
            self._advance(ctx, item)
        elif tag == LINGER:
            assert isinstance(item, Batch)
            if item.partition.batch is item:
                self._send(ctx, item)
        elif tag == ARRIVE:
            assert isinstance(item, Batch)
            self._arrive(ctx, item)
        elif tag >= BEAT:
            self._group_timer(ctx, tag, item)
        else:
            self._rare_timer(ctx, tag, item)

    def _rare_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == RETRY:
            assert isinstance(item, Partition)
            item.retrying = False
            self._retry(ctx, item)
        elif tag == DETECT:
            assert isinstance(item, Loss)
            self._detect(ctx, item)
        elif tag == TICK:
            self._tick(ctx)
        elif tag == RETIRE:
            self._retire(ctx)
        else:
            self._lead_by_first(ctx)

    def _group_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == TIMED_OUT:
            assert isinstance(item, Receive)
            self.groups[item.outlet].missed(ctx, item)
        elif tag == BEAT:
            assert isinstance(item, Member)
            item.group.beat(ctx, item, self.down)
        elif tag == AGAIN:
            assert isinstance(item, Again)
            item.cursor.group.again(ctx, item)
        else:
            assert isinstance(item, Group)
            if tag == COMMIT:
                item.commits(ctx)
            elif tag == REBALANCED:
                item.rebalanced(ctx)

    # Retention

    def _retire_later(self, ctx: Context) -> None:
        self.retiring = True
        ctx.after(self.retention if self.retention < RETENTION_CHECK else RETENTION_CHECK, RETIRE, None)

    def _retire(self, ctx: Context) -> None:
        """Records older than the retention are deleted, whether they were read or not."""
        self.retiring = False
        left = False
        for partition in self.partitions:
            rows = partition.rows
            old: i64 = 0
            while old < partition.high - partition.base and ctx.now - rows[old].at >= self.retention:
                if rows[old].lose(ctx, EXPIRED):
                    self.lost += 1
                old += 1
            if old > 0:
                partition.forget(old)
                self._feed(ctx, partition)
            left = left or len(partition.rows) > 0
        if left:
            self._retire_later(ctx)

    def on_close(self) -> None:
        for partition in self.partitions:
            partition.rows = []
            partition.waiting = []
            partition.unacked = []
            partition.batch = None
        for group in self.groups:
            group.close()
        self.groups = []

    # Looking

    def minds(self, layer: str) -> bool:
        if layer.startswith("broker_"):
            return int(layer.split("_")[1]) <= len(self.brokers)
        if layer.startswith("zone_"):
            return any(broker.zone == int(layer.split("_")[1]) - 1 for broker in self.brokers)
        return True

    def depth(self) -> int:
        return sum(int(partition.end - partition.first_kept()) for partition in self.partitions)

    def in_flight(self) -> int:
        return min(sum(int(group.in_work()) for group in self.groups), self.depth())

    def oldest(self, now: int) -> int:
        age = 0
        for partition in self.partitions:
            first = partition.first_kept()
            if first < partition.end:
                age = max(age, now - partition.row(first).at)
        return age

    def gauges(self, ctx: Context) -> dict[str, float]:
        return {
            "brokers up": float(len([b for b in self.brokers if b.joined()])),
            "under-replicated partitions": float(len([p for p in self.partitions if p.synced() < len(p.replicas)])),
            "offline partitions": float(len([p for p in self.partitions if not p.serves()])),
            "lag": float(sum(group.lag() for group in self.groups)),
            "waiting at producers": float(sum(len(b.calls) for p in self.partitions for b in p.waiting)),
            "refused: not enough in sync": float(self.refusals),
            "elections": float(self.elections),
            "unclean elections": float(self.unclean_elections),
            "records lost": float(self.lost),
            "rebalances": float(sum(group.rebalances for group in self.groups)),
        }

    def views(self, ctx: Context) -> dict[str, dict[str, float]]:
        found: dict[str, dict[str, float]] = {}
        for broker in self.brokers:
            found[f"broker {broker.number}"] = {
                "up": float(broker.joined()),
                "leads": float(len([p for p in self.partitions if p.leader is not None and p.leader.broker is broker])),
                "in sync": float(len([1 for p in self.partitions for r in p.replicas if r.broker is broker and r.in_sync])),
            }
        for partition in self.partitions:
            leader = partition.leader
            found[f"partition {partition.number}"] = {
                "leader": float(leader.broker.number if leader is not None else 0),
                "in sync": float(partition.synced()),
                "records": float(partition.end),
            }
        for group in self.groups:
            found[f"group {group.name}"] = group.figures()
        return found


def default_copies(azs: int, brokers: int) -> int:
    """The replication factor that MSK gives a topic: one for each zone."""
    return min(azs, brokers)
