"""How producers write to a Kafka topic: batches on their way to the leaders of partitions, what is appended, what is
acknowledged, what is refused, and what retention takes in the end."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.dist import whole
from topology.kafka.groups import Group
from topology.kafka.log import Batch, Partition, Record
from topology.kafka.params import KEYS
from topology.kafka.partitioner import Partitioner
from topology.kafka.quota import QUOTA, Quota
from topology.kafka.transactions import ASKS_AGAIN, MARK, UNFIT, Branch, in_time, transaction_of
from topology.message import EXPIRED, REFUSED, Item, lasting, reason
from topology.node import STREAM, Call, Context, Node
from topology.queues.backlog import Entry

LINGER: Final = 0
ARRIVE: Final = 1
ADVANCE: Final = 2
RETRY: Final = 3
RETIRE: Final = 6
MUTED: Final = 8
"""Timers. The numbers between are those of the cluster; groups and transactions have theirs from 20 on."""

AGAIN_AFTER: Final = 100_000_000
"""retry.backoff.ms of a producer."""
REQUEST: Final = 30_000_000_000
"""request.timeout.ms of a producer: what is not acknowledged by then is sent again."""
RETENTION_CHECK: Final = 300_000_000_000
"""log.retention.check.interval.ms."""

NOT_ENOUGH: Final = reason("not enough in-sync replicas")
NO_LEADER: Final = reason("no leader")
UNSENT: Final = reason("sent without acknowledgement, and no leader took it")
TOO_LARGE: Final = lasting("record too large")


@mypyc_attr(allow_interpreted_subclasses=True)
class Producing(Node):
    """A Kafka topic as its producers see it. Who leads and who is in sync, `Cluster` says; how it is read, its groups."""

    role: ClassVar[str] = STREAM
    managed: ClassVar[bool] = True

    def __init__(self) -> None:
        self.partitions: list[Partition] = []
        self.groups: list[Group] = []
        self.min_insync: i64 = 1
        self.transacting = False
        """Whether anything of a transaction was ever sent to it."""
        self.down = False
        self.retiring = False
        self.quota = Quota()
        self.hot = 0.0
        self.retention: i64 = 0
        self.refusals: i64 = 0
        self.lost: i64 = 0
        """Records that were acknowledged, or not to be acknowledged at all, and that nobody will read."""

    def set_producers(self, values: dict[str, Any]) -> None:
        """Take over the settings of whoever writes to it, and of what is kept."""
        self.request: i64 = values["request"]
        self.acks: i64 = ("0", "1", "all").index(str(values["acks"]))
        self.idempotent: bool = values["idempotent"]
        self.linger: i64 = values["linger"]
        self.batch: i64 = values["batch"]
        self.delivery_timeout: i64 = values["delivery_timeout"]
        self.keyed: i64 = KEYS.index(values["key"])
        self.size: i64 = values["size"]
        self.max_size: i64 = values["max_size"]

    def throw(self, ctx: Context) -> None:
        """Take the dice, once there are partitions."""
        self.partitioner = Partitioner(len(self.partitions), ctx.dice("partitions"))
        self.hot_dice: Dice = ctx.dice("hot")

    # Batches

    def on_message(self, ctx: Context, call: Call) -> None:
        mix = call.content
        if mix is None:
            mix = call.message.mix
        length: i64 = self.size if mix is None else mix.size
        if length > self.max_size:
            ctx.answer(call, REFUSED, TOO_LARGE)
            return
        if isinstance(call.cause, Call) and self._cannot_commit(call):
            ctx.answer(call, REFUSED, UNFIT)
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
            self.send(ctx, batch)

    def _cannot_commit(self, call: Call) -> bool:
        """Whether what is sent belongs to a transaction, and this topic does not do what a transaction needs."""
        if transaction_of(call) is None:
            return False
        self.transacting = True
        return self.acks < 2 or not self.idempotent

    def _place_of(self, call: Call, length: i64) -> i64:
        """The number of the partition for what is sent."""
        keyed = self.keyed
        message = call.message
        if self.hot > 0.0 and self.hot_dice.uniform(message.root, 0) < self.hot:
            return 0
        if keyed == 0:
            at: i64 = self.partitioner.stick(length, self.batch)
            if self.partitions[at].leader is None:
                self.partitioner.turn()
                at = self.partitioner.sticky
            return at
        if keyed == 1:
            return self.partitioner.of_key(message.key)
        return self.partitioner.of_key(message.tenant) if keyed == 2 else self.partitioner.of_number(message.n)

    def send(self, ctx: Context, batch: Batch) -> None:
        """A batch goes to its leader."""
        partition = batch.partition
        if partition.batch is batch:
            partition.batch = None
        if self.quota.per_byte > 0.0 and not self.quota.lets(ctx.now, batch):
            self._wake_muted(ctx)
            return
        self._travels(ctx, batch)

    def _wake_muted(self, ctx: Context) -> None:
        """Come back when the next batch is due that waits for its quota."""
        if not self.quota.waking:
            self.quota.waking = True
            ctx.after(self.quota.wait(ctx.now, self.delivery_timeout), MUTED, None)

    def send_muted(self, ctx: Context) -> None:
        """Send what the quota allows; what waited for too long is refused."""
        quota = self.quota
        while True:
            batch = quota.due(ctx.now, self.delivery_timeout)
            if batch is None:
                break
            if quota.expired(ctx.now, self.delivery_timeout, batch):
                batch.partition.why = QUOTA
                self._refuse(ctx, batch)
            else:
                self._travels(ctx, batch)
        if quota.queue:
            self._wake_muted(ctx)

    def _travels(self, ctx: Context, batch: Batch) -> None:
        """A batch is on its way to its leader."""
        leader = batch.partition.leader
        length: i64 = self.request
        if leader is not None and leader.broker.slow != 1.0:
            length = whole(float(length) * leader.broker.slow)
            length = length if length < REQUEST else REQUEST
        if length > 0:
            ctx.after_same(length, ARRIVE, batch)
        else:
            self.arrive(ctx, batch)

    def arrive(self, ctx: Context, batch: Batch) -> None:
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

    def retry(self, ctx: Context, partition: Partition) -> None:
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

    # The log

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
        if self.transacting:
            batch.calls = in_time(ctx, batch.calls)
            if not batch.calls:
                return
        records: list[Record] = []
        for call in batch.calls:
            record = partition.put(call, now, groups)
            if self.acks == 1:
                ctx.accept(call)
            record.kept = self.acks < 2
            records.append(record)
        if self.transacting:
            self._enlist(ctx, partition, records)
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
            self.advance(ctx, partition)

    def _enlist(self, ctx: Context, partition: Partition, records: list[Record]) -> None:
        """Tell transactions what they wrote."""
        for record in records:
            transaction = transaction_of(record.call)
            if transaction is not None:
                transaction.adds(ctx, partition, record)

    def mark(self, ctx: Context, branch: Branch) -> None:
        """A marker is to be written, as soon as the partition has a leader: who reads only what is committed reads on."""
        partition = branch.partition
        if self.down or not partition.serves():
            ctx.after_same(ASKS_AGAIN, MARK, branch)
            return
        branch.marked(ctx)
        self.feed(ctx, partition)

    def on_transfer(self, ctx: Context, item: Item) -> None:
        """A dead letter comes back: it is written once more, at the end of its partition."""
        assert isinstance(item, Entry)
        partition = self.partitions[self._place_of(item.call, self.size)]
        record = partition.put(item.call, ctx.now, len(self.groups))
        record.kept = True
        ctx.after(partition.lag(), ADVANCE, partition)

    def lose(self, ctx: Context, partition: Partition, gone: list[Record], code: int) -> None:
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

    def wake(self, ctx: Context, partition: Partition) -> None:
        """There is a leader: producers and consumers find it."""
        self.retry(ctx, partition)
        self.advance(ctx, partition)
        self.feed(ctx, partition)

    def feed(self, ctx: Context, partition: Partition) -> None:
        """There may be something to read for the groups."""
        if self.down:
            return
        at: i64 = partition.number
        for group in self.groups:
            group.feed(ctx, group.cursors[at])

    # Acknowledgements

    def advance(self, ctx: Context, partition: Partition) -> None:
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
                self.feed(ctx, partition)
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

    def look_after(self, ctx: Context, partition: Partition) -> None:
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
                self.arrive(ctx, batch)

    def _give_up(self, ctx: Context, batch: Batch) -> None:
        """The producer is told no, though its records are in the log, where they may be read."""
        code: int = NOT_ENOUGH if batch.partition.synced() < self.min_insync else NO_LEADER
        calls = batch.calls
        for at, record in enumerate(batch.records):
            if not record.over:
                record.call = ctx.repeat(record.call)
                record.kept = True
            ctx.answer(calls[at], REFUSED, code)

    # Retention

    def _retire_later(self, ctx: Context) -> None:
        self.retiring = True
        ctx.after(self.retention if self.retention < RETENTION_CHECK else RETENTION_CHECK, RETIRE, None)

    def retire(self, ctx: Context) -> None:
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
                self.feed(ctx, partition)
            left = left or len(partition.rows) > 0
        if left:
            self._retire_later(ctx)
