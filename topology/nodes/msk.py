"""Amazon MSK: Apache Kafka, one topic on brokers in several zones."""

from typing import Any, ClassVar

from mypy_extensions import i64, mypyc_attr

from topology.dist import whole
from topology.kafka.cluster import DETECT, TICK, Cluster
from topology.kafka.groups import BEAT, REBALANCED, TIMED_OUT, Group
from topology.kafka.log import Batch, Loss, Partition
from topology.kafka.params import GROUP_PARAMS, MOST_BROKERS, MOST_ZONES, PARAMS, check_brokers, check_groups
from topology.kafka.positions import AGAIN, COMMIT, Again, Delivery, Ending, Member
from topology.kafka.producing import ADVANCE, ARRIVE, LINGER, MUTED, RETIRE, RETRY
from topology.kafka.tables import brokers_table, groups_table, members_table, partitions_table
from topology.kafka.transactions import ABORTED, ENDS, MARK, Branch, Transaction, coordinated
from topology.message import Item
from topology.node import Call, Context, Receive
from topology.tables import Table


@mypyc_attr(allow_interpreted_subclasses=True)
class Msk(Cluster):
    """A Kafka topic on an MSK cluster, with the clients that write to it and the groups that read it.

    Records go to partitions by their key. Each partition is a log that one broker leads and others copy; which of them are
    in sync decides who may lead next and what an `acks: all` waits for. Each link out of it is a consumer group of its own:
    its members share the partitions, read each in order, and commit how far they are. What a group has read and not
    committed is read again after a crash. A record is kept until every group has committed past it; later only the latest
    of them can still be read again. A group is taken to have consumed before: it begins at the start of the log. While
    brokers are down nothing is lost that all in-sync replicas had, unless an unclean election is allowed and needed.
    """

    inside: ClassVar[str] = "partitions"
    layers: ClassVar[dict[str, str]] = {
        **{f"broker_{i}_{what}": "either" for i in range(1, MOST_BROKERS + 1) for what in ("down", "full", "cut")},
        **{f"broker_{i}_slow": "times" for i in range(1, MOST_BROKERS + 1)},
        **{f"zone_{i}_down": "either" for i in range(1, MOST_ZONES + 1)},
        "controller_down": "either",
        "rolling_patch": "either",
        "reset_to_earliest": "plus",
        "reset_to_latest": "plus",
        "rebalanced": "plus",
        "replication_halted": "either",
        "quota": "most",
        "hot_shard": "either",
        "retention": "times",
    }
    """Of each broker: its process is gone; its disk is full; the other brokers and the controller do not hear it, though its
    clients do; by how much it is slower. A broker is down as long as one such layer lies on it. While the controller is
    down nobody is elected and no in-sync set changes. A rolling patch restarts one broker after the other. Whenever a reset
    is laid, all groups go to the first record that is there, or behind the last one; whenever `rebalanced` is, all members
    join anew. No follower copies anything while replication is halted. A quota: how many nanoseconds a producer needs for a
    byte. The share of the records that go to partition 0, whatever their key. And a factor on the retention."""
    link_params: ClassVar[dict[str, Any]] = GROUP_PARAMS
    params: ClassVar[dict[str, Any]] = PARAMS

    @staticmethod
    def prepare(values: dict[str, Any]) -> dict[str, Any]:
        """See that there are brokers enough for the replicas."""
        return check_brokers(values)

    @staticmethod
    def prepare_links(values: dict[str, Any], links: list[tuple[str, str, dict[str, Any]]]) -> None:
        """See that only those work in transactions who can."""
        check_groups(links)

    def __init__(self) -> None:
        super().__init__()
        self.arranged = False
        self.to_earliest = 0.0
        self.to_latest = 0.0
        self.rebalanced = 0.0
        """How many resets, and orders to rebalance, lie on it."""

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.set_producers(values)
        self.set_brokers(values)
        self.set_retention: i64 = values["retention"]
        self.retention = self.set_retention
        if not self.arranged:
            self._arrange(ctx, values)
        copies: i64 = len(self.partitions[0].replicas)
        least = values["min_insync"]
        self.min_insync = least if least is not None else (copies - 1 if copies > 1 else 1)
        for partition in self.partitions:
            partition.speed = int(values["catch_up"])
        for group, link in zip(self.groups, values["consumers"], strict=True):
            group.set(link)
            group.commit_ns = self.request + self.replicate
        self.on_layers(ctx)

    def _arrange(self, ctx: Context, values: dict[str, Any]) -> None:
        """Lay out brokers, partitions and groups, once."""
        self.arranged = True
        self.lay_out(values)
        self.throw(ctx)
        for outlet, link in enumerate(values["consumers"]):
            self.groups.append(Group(outlet, link["to"], self.partitions))
        for partition in self.partitions:
            partition.committed = [0] * len(self.groups)
            partition.passed = [0] * len(self.groups)

    # Layers

    def on_layers(self, ctx: Context) -> None:
        self.retention = whole(float(self.set_retention) * ctx.strength("retention"))
        self.look_around(ctx)
        self.hot = ctx.strength("hot_shard")
        self.quota.per_byte = ctx.strength("quota")
        if self.quota.queue:
            self.send_muted(ctx)
        self._read_orders(ctx)
        self.tick_later(ctx)

    def _read_orders(self, ctx: Context) -> None:
        """What is done once, when its layer is laid: positions are reset, members join anew."""
        earliest = ctx.strength("reset_to_earliest")
        latest = ctx.strength("reset_to_latest")
        if earliest > self.to_earliest or latest > self.to_latest:
            for group in self.groups:
                for cursor in group.cursors:
                    group.move(ctx, cursor, earliest > self.to_earliest)
                    group.feed(ctx, cursor)
        self.to_earliest = earliest
        self.to_latest = latest
        rebalanced = ctx.strength("rebalanced")
        if rebalanced > self.rebalanced:
            for group in self.groups:
                if group.members:
                    group.rebalance(ctx, [], 0)
        self.rebalanced = rebalanced

    # Consumers

    def on_receive(self, ctx: Context, receive: Receive) -> None:
        self.groups[receive.outlet].asks(ctx, receive)

    def on_answer(self, ctx: Context, call: Call) -> None:
        delivery = call.cause
        assert isinstance(delivery, Delivery)
        delivery.cursor.group.heard(ctx, delivery, call)

    def on_crash(self, ctx: Context) -> None:
        """Nobody reaches the cluster; what it keeps stays."""
        self.down = True
        for group in self.groups:
            group.hang_up(ctx)

    def on_revival(self, ctx: Context) -> None:
        self.down = False
        for partition in self.partitions:
            partition.catch_up(ctx.now)
            self.wake(ctx, partition)
        for group in self.groups:
            group.answers(ctx)

    # Timers

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == ADVANCE:
            assert isinstance(item, Partition)
            item.catch_up(ctx.now)
            self.advance(ctx, item)
        elif tag == LINGER:
            assert isinstance(item, Batch)
            if item.partition.batch is item:
                self.send(ctx, item)
        elif tag == ARRIVE:
            assert isinstance(item, Batch)
            self.arrive(ctx, item)
        elif tag >= BEAT:
            self._group_timer(ctx, tag, item)
        else:
            self._rare_timer(ctx, tag, item)

    def _rare_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == RETRY:
            assert isinstance(item, Partition)
            item.retrying = False
            self.retry(ctx, item)
        elif tag == DETECT:
            assert isinstance(item, Loss)
            self.detect(ctx, item)
        elif tag == TICK:
            self.tick(ctx)
        elif tag == RETIRE:
            self.retire(ctx)
        elif tag == MUTED:
            self.quota.waking = False
            self.send_muted(ctx)
        else:
            self.lead_by_first(ctx)

    def _group_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == TIMED_OUT:
            assert isinstance(item, Receive)
            self.groups[item.outlet].missed(ctx, item)
        elif tag == BEAT:
            assert isinstance(item, Member)
            self.groups[item.receive.outlet].beat(ctx, item, self.down)
        elif tag == AGAIN:
            assert isinstance(item, Again)
            item.cursor.group.again(ctx, item)
        elif tag >= ENDS:
            self._transaction_timer(ctx, tag, item)
        else:
            assert isinstance(item, Group)
            if tag == COMMIT:
                item.commits(ctx)
            elif tag == REBALANCED:
                item.rebalanced(ctx)

    def _transaction_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == MARK:
            assert isinstance(item, Branch)
            self.mark(ctx, item)
        elif tag == ENDS:
            assert isinstance(item, Ending)
            cursor = item.cursor
            cursor.group.decides(ctx, item, not self.down and coordinated(self.brokers, cursor.partition.number))
        else:
            assert isinstance(item, Transaction)
            item.ends(ABORTED)

    # Looking

    def minds(self, layer: str) -> bool:
        if layer.startswith("broker_"):
            return int(layer.split("_")[1]) <= len(self.brokers)
        if layer == "rebalanced":
            return len(self.groups) > 0
        if layer == "hot_shard":
            return len(self.partitions) > 1
        if layer == "replication_halted":
            return len(self.partitions[0].replicas) > 1
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
            "waiting at producers": float(sum(len(b.calls) for p in self.partitions for b in p.waiting) + self.quota.records()),
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

    def tables(self, ctx: Context) -> list[Table]:
        return [
            partitions_table(self.partitions, self.groups, self.min_insync),
            groups_table(self.groups),
            members_table(self.groups),
            brokers_table(self.brokers, self.partitions),
        ]

    def on_close(self) -> None:
        for partition in self.partitions:
            partition.rows = []
            partition.waiting = []
            partition.unacked = []
            partition.batch = None
        self.quota.queue = []
        for group in self.groups:
            group.close()
        self.groups = []
