"""The cluster under a Kafka topic: brokers that come and go, the controller, elections, in-sync sets, and rolling patches."""

from typing import Any, Final

from mypy_extensions import i64, mypyc_attr

from topology.dist import whole
from topology.kafka.log import Broker, Loss, Partition, Replica
from topology.kafka.params import default_copies
from topology.kafka.producing import Producing
from topology.message import reason
from topology.node import Context

DETECT: Final = 4
TICK: Final = 5
LEADERS: Final = 7
"""Timers: a broker was not heard for its session, a look at the cluster, a look at who leads."""

EACH: Final = 500_000_000
"""How often the cluster is looked at while not all is well: as followers fetch at the least (replica.fetch.wait.max.ms)."""
IMBALANCE: Final = 300_000_000_000
"""leader.imbalance.check.interval.seconds."""

UNREPLICATED: Final = reason("its leader went before another replica had it")
UNCLEAN: Final = reason("unclean election: only replicas that were down had it")


@mypyc_attr(allow_interpreted_subclasses=True)
class Cluster(Producing):
    """A Kafka topic on brokers in several zones: which of them are there, and which of their replicas lead and are in sync."""

    def __init__(self) -> None:
        super().__init__()
        self.brokers: list[Broker] = []
        self.controller = True
        self.ticking = False
        self.checking = False
        self.patching: i64 = -1
        """The broker that is patched now, by its place; -1: none."""
        self.patched: i64 = 0
        """How many are done in this round."""
        self.patch_ends: i64 = 0
        self.was_patching = False
        self.elections: i64 = 0
        self.unclean_elections: i64 = 0

    def set_brokers(self, values: dict[str, Any]) -> None:
        """Take over the settings of the brokers and of the controller."""
        self.unclean: bool = values["unclean"]
        self.lag_max: i64 = values["lag_max"]
        self.rebalances: bool = values["rebalance_leaders"]
        self.broker_session: i64 = values["broker_session"]
        self.patch: i64 = values["patch"]
        self.replicate: i64 = values["replicate"]

    def lay_out(self, values: dict[str, Any]) -> None:
        """Make the brokers, and spread the replicas of the partitions over them."""
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

    # Brokers

    def look_around(self, ctx: Context) -> None:
        """Who is there now, by the layers that lie on the cluster."""
        for partition in self.partitions:
            partition.catch_up(ctx.now)
        controller = ctx.strength("controller_down") <= 0.0
        for broker in self.brokers:
            self._look_at(ctx, broker)
        if controller and not self.controller:
            self.controller = True
            self._find_lost(ctx)
        self.controller = controller
        halted = ctx.strength("replication_halted") > 0.0
        for partition in self.partitions:
            partition.halted = halted
        wanted = ctx.strength("rolling_patch") > 0.0
        if wanted and not self.was_patching:
            self.patched = 0
        self.was_patching = wanted

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
                    self.wake(ctx, partition)

    def _find_lost(self, ctx: Context) -> None:
        """The controller is back: it notices who went meanwhile."""
        for broker in self.brokers:
            if not broker.joined() and not broker.fenced:
                ctx.after(self.broker_session, DETECT, Loss(broker))

    def detect(self, ctx: Context, loss: Loss) -> None:
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
            self.advance(ctx, partition)

    # Leaders

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
        self.lose(ctx, partition, gone, UNREPLICATED if clean else UNCLEAN)
        self.wake(ctx, partition)
        self.tick_later(ctx)

    def _check_leaders(self, ctx: Context) -> None:
        """When somebody leads who is not the first replica, look again after a while."""
        if not self.checking and self.rebalances and not self._led_by_first():
            self.checking = True
            ctx.after(IMBALANCE, LEADERS, None)

    def _led_by_first(self) -> bool:
        return all(partition.leader is partition.replicas[0] for partition in self.partitions)

    def lead_by_first(self, ctx: Context) -> None:
        """The first replica of each partition leads again, where it is in sync."""
        self.checking = False
        for partition in self.partitions:
            first = partition.replicas[0]
            if self.controller and partition.leader is not first and first.in_sync and first.broker.joined():
                partition.catch_up(ctx.now)
                self._lead(ctx, partition, first)
        self._check_leaders(ctx)

    # In-sync sets and patches

    def _settled(self) -> bool:
        """Whether all is well: everybody is there, quick, and in sync."""
        if (self.was_patching and self.patched < len(self.brokers)) or self.partitions[0].halted:
            return False
        for broker in self.brokers:
            if not broker.joined() or broker.slow != 1.0 or broker.fenced:
                return False
        return all(partition.level() for partition in self.partitions)

    def tick_later(self, ctx: Context) -> None:
        """Look at the cluster after a while, unless all is well."""
        if not self.ticking and not self._settled():
            self.ticking = True
            ctx.after(EACH, TICK, None)
        self._check_leaders(ctx)

    def tick(self, ctx: Context) -> None:
        """In-sync sets shrink and grow, and what waits for acknowledgement is looked after."""
        self.ticking = False
        for partition in self.partitions:
            partition.catch_up(ctx.now)
            if self.controller:
                if partition.leader is None:
                    self._elect(ctx, partition)
                if partition.shrink(ctx.now, self.lag_max) or partition.expand():
                    ctx.touch()
            self.advance(ctx, partition)
            self.look_after(ctx, partition)
        if self.was_patching or self.patching >= 0:
            self._patch_on(ctx)
        self.tick_later(ctx)

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
