"""Amazon Data Firehose."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.bucket import Quota
from topology.message import REFUSED, YES, Item, Mix, lasting, lasts, reason
from topology.node import PUSH, Call, Context, Node, Timer, content_of
from topology.parameters import count, duration, node, size
from topology.problems import Refused
from topology.queues.backlog import Entry

FULL: Final = 0
AGAIN: Final = 1
SECOND: Final = 1_000_000_000
FIRST_WAIT: Final = SECOND
LONGEST_WAIT: Final = 120 * SECOND
"""A delivery that failed is tried again after a second, then after twice as long each time, up to two minutes."""

BUFFERS: Final = "Amazon Data Firehose API Reference, BufferingHints"
QUOTAS: Final = "Amazon Data Firehose Developer Guide, Amazon Data Firehose quota"
FAILURES: Final = "Amazon Data Firehose Developer Guide, Handle data delivery failures"

TOO_LONG: Final = lasting("record too large")
THROTTLED: Final = reason("limit of the delivery stream exceeded")
GIVEN_UP: Final = reason("not delivered within its retry time, no backup")
NO_BACKUP: Final = reason("not delivered within its retry time, and its backup takes nothing")
FOR_BACKUP: Final = reason("not delivered within its retry time")
CARRIED: Final = reason("delivered within a batch, and only the batch goes on from there")


@mypyc_attr(allow_interpreted_subclasses=True)
class Batch(Item):
    """Records that are delivered together, from the first that came; `tries` counts the deliveries so far."""

    def __init__(self, since: i64) -> None:
        self.since: i64 = since
        self.calls: list[Call] = []
        self.bytes: i64 = 0
        self.tries: i64 = 0
        self.tried_at: i64 = -1
        self.waiting = False
        self.content: Mix | None = None


@mypyc_attr(allow_interpreted_subclasses=True)
class Firehose(Node):
    """A delivery stream: gathers records until they are many enough or the first is old enough, and delivers them as one batch.

    Its one link leads to the destination: a bucket, or a service or endpoint that takes the batch. The records of a batch are
    done when it is delivered. A delivery that fails is tried again for as long as `retry` says; then the records go to the
    backup, if there is one. Where the destination hands on what it takes, it hands on one batch.
    """

    role: ClassVar[str] = PUSH
    managed: ClassVar[bool] = True
    layers: ClassVar[dict[str, str]] = {"no_dead_letters": "either"}
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 20/s}
  it: {kind: firehose, buffer_interval: 10s, dead_letter: backup}
  backup: {kind: sqs}
  store: {kind: service, takes: 20ms}
designs:
  only:
    links: [web => it => store]
"""
    params: ClassVar[dict[str, Any]] = {
        "buffer_size": size("5MiB", "A batch goes out when it has so many bytes.", ge="1MiB", le="128MiB", source=BUFFERS),
        "buffer_interval": duration(
            "300s", "Or when its first record is so old.", ge="0s", le="900s", source=BUFFERS
        ),
        "retry": duration(
            "24h", "For how long a batch that was not delivered is tried again.", ge="0s", le="24h", source=FAILURES
        ),
        "dead_letter": node(
            None, "The backup: the queue that takes the records of a batch that was given up.", options=("queue",),
            source=FAILURES,
        ),
        "size": size("1KiB", "The size of a record whose producer says none.", ge="1B", le="1000KiB"),
        "records": count(
            100_000, "Records that it takes in a second (Direct PUT; 500,000 in the largest regions).", ge=1, le=500_000,
            source=QUOTAS,
        ),
        "max_size": size("1000KiB", "Records larger than this are refused, as often as they are sent.", ge="1KiB",
                         le="1000KiB", source=QUOTAS),
    }

    def __init__(self) -> None:
        self.filling: Batch | None = None
        self.due: Timer | None = None
        self.open: list[Batch] = []
        """Batches that are being delivered, or wait to be tried again."""
        self.quota = Quota()
        self.kept: i64 = 0
        self.delivered: i64 = 0
        self.batches: i64 = 0
        self.failed: i64 = 0
        self.given_up: i64 = 0
        self.throttled: i64 = 0
        self.down = False

    @staticmethod
    def prepare_links(values: dict[str, Any], links: list[tuple[str, str, dict[str, Any]]]) -> None:
        """See that there is one destination; Refused says so."""
        if len(links) > 1:
            raise Refused((), f"a delivery stream has one destination, not {len(links)}; give each a delivery stream of its own")

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.buffer_size: i64 = values["buffer_size"]
        self.interval: i64 = values["buffer_interval"]
        self.retry: i64 = values["retry"]
        self.dead_to: str = values["dead_letter"] or ""
        self.size: i64 = values["size"]
        self.records: i64 = values["records"]
        self.max_size: i64 = values["max_size"]
        role = values["out"][0]["role"] if values["out"] else ""
        self.hands_on: bool = role in ("push", "function", "queue", "stream")
        """Whether the destination takes a batch over, and does its part later or not at all."""

    # Gathering

    def on_message(self, ctx: Context, call: Call) -> None:
        content = content_of(call)
        size: i64 = content.size if content is not None and content.size > 0 else self.size
        if size > self.max_size:
            ctx.answer(call, REFUSED, TOO_LONG)
        elif not self.quota.grants(ctx.now, self.records, SECOND):
            self.throttled += 1
            ctx.answer(call, REFUSED, THROTTLED)
        else:
            ctx.accept(call)
            self._gather(ctx, call, size)

    def _gather(self, ctx: Context, call: Call, size: i64) -> None:
        """Put one more into the batch that fills."""
        batch = self.filling
        if batch is not None and batch.bytes + size > self.buffer_size:
            self._send_out(ctx)
            batch = None
        if batch is None:
            batch = Batch(ctx.now)
            self.filling = batch
            self.due = ctx.after_same(self.interval, FULL, batch)
        batch.calls.append(call)
        batch.bytes += size
        self.kept += 1
        if batch.bytes >= self.buffer_size:
            self._send_out(ctx)

    def _send_out(self, ctx: Context) -> None:
        """What was gathered is one batch."""
        batch = self.filling
        timer = self.due
        if timer is not None:
            ctx.cancel(timer)
            self.due = None
        self.filling = None
        if batch is None:
            return
        self.batches += 1
        self.open.append(batch)
        first = content_of(batch.calls[0])
        attributes: dict[str, Any] = {} if first is None else dict(first.attributes)
        attributes["records"] = len(batch.calls)
        batch.content = Mix("batch", 1.0, batch.bytes, 0, attributes, None if first is None else first.body)
        self._try(ctx, batch)

    # Delivery

    def _try(self, ctx: Context, batch: Batch) -> None:
        """Deliver a batch: its first record carries all of them."""
        if self.down:
            batch.waiting = True
        elif ctx.links == 0:
            self._over(ctx, batch, 0)
        else:
            if batch.tries == 0:
                batch.tried_at = ctx.now
            batch.tries += 1
            ctx.send_as(0, batch, batch.calls[0].message, batch.content)

    def on_answer(self, ctx: Context, call: Call) -> None:
        batch = call.cause
        assert isinstance(batch, Batch)
        if call.outcome == YES:
            self._arrived(ctx, batch)
            return
        self.failed += 1
        wait: i64 = FIRST_WAIT
        n: i64 = 1
        while n < batch.tries and wait < LONGEST_WAIT:
            wait = wait * 2
            n += 1
        if wait > LONGEST_WAIT:
            wait = LONGEST_WAIT
        if lasts(call.reason) or ctx.now + wait - batch.tried_at > self.retry:
            self._give_up(ctx, batch)
        else:
            ctx.after(wait, AGAIN, batch)

    def _arrived(self, ctx: Context, batch: Batch) -> None:
        """The destination has the batch: what it did for the first record, it did for all."""
        self.delivered += len(batch.calls)
        if not self.hands_on:
            for call in batch.calls[1:]:
                ctx.done_with(0, call)
        self._over(ctx, batch, CARRIED if self.hands_on else 0)

    def _over(self, ctx: Context, batch: Batch, code: int) -> None:
        """The records of a batch are kept no more."""
        self.open.remove(batch)
        self.kept -= len(batch.calls)
        first = True
        for call in batch.calls:
            ctx.finish(call, code == 0 or first, 0 if first and code == CARRIED else code)
            first = False

    def _give_up(self, ctx: Context, batch: Batch) -> None:
        """The backup takes the records, or they are lost."""
        self.given_up += len(batch.calls)
        if not self.dead_to:
            self._over(ctx, batch, GIVEN_UP)
        elif not ctx.ready(self.dead_to) or ctx.strength("no_dead_letters") > 0.0:
            self._over(ctx, batch, NO_BACKUP)
        else:
            self.open.remove(batch)
            self.kept -= len(batch.calls)
            for call in batch.calls:
                ctx.bury(call, FOR_BACKUP)
                entry = Entry(call, ctx.now)
                entry.buried = True
                ctx.transfer(self.dead_to, entry)

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        assert isinstance(item, Batch)
        if tag == AGAIN:
            self._try(ctx, item)
        elif item is self.filling:
            self.due = None
            self._send_out(ctx)

    def on_crash(self, ctx: Context) -> None:
        """The service is down: nothing is delivered; what was gathered stays."""
        self.down = True

    def on_revival(self, ctx: Context) -> None:
        self.down = False
        for batch in list(self.open):
            if batch.waiting:
                batch.waiting = False
                self._try(ctx, batch)

    def on_close(self) -> None:
        self.filling = None
        self.due = None
        self.open = []

    # Looking

    def minds(self, layer: str) -> bool:
        return layer != "no_dead_letters" or self.dead_to != ""

    def depth(self) -> int:
        return self.kept

    def oldest(self, now: int) -> int:
        since: i64 = -1
        if self.open:
            since = self.open[0].since
        elif self.filling is not None:
            since = self.filling.since
        return now - since if since >= 0 else 0

    def gauges(self, ctx: Context) -> dict[str, float]:
        batch = self.filling
        return {
            "gathered": float(len(batch.calls)) if batch is not None else 0.0,
            "gathered KB": float(batch.bytes) / 1000.0 if batch is not None else 0.0,
            "batches open": float(len(self.open)),
            "batches": float(self.batches),
            "delivered": float(self.delivered),
            "failed deliveries": float(self.failed),
            "given up": float(self.given_up),
            "throttled": float(self.throttled),
        }
