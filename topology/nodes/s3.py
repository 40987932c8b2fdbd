"""Amazon S3 buckets, as far as uploads set something off."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.backing_off import BackingOff
from topology.bucket import Bucket
from topology.chance import Dice
from topology.dist import Dist
from topology.message import ERROR, REFUSED, Item, Mix, reason
from topology.node import Call, Context, content_of
from topology.parameters import dist, duration, rate, word, words
from topology.problems import Refused
from topology.push.pushing import OWN, Copy, Pusher, Subscriber
from topology.push.storage_events import told

STORED: Final = OWN
NOTIFY: Final = OWN + 1
SLOW_DOWN: Final = reason("slow down (503): too many uploads to one prefix")
BROKEN: Final = reason("internal error (500)")
PERFORMANCE: Final = "Amazon S3 User Guide, Best practices design patterns: optimizing Amazon S3 performance"
NOTIFICATIONS: Final = "Amazon S3 User Guide, Amazon S3 Event Notifications"
FILTERS: Final = "Amazon S3 User Guide, Configuring event notifications using object key name filtering"
TYPES: Final = "Amazon S3 User Guide, Event notification types and destinations"
PUT: Final = "ObjectCreated:Put"
"""What an upload is where its sort says nothing else."""
FAMILIES: Final = (
    "ObjectCreated",
    "ObjectRemoved",
    "ObjectRestore",
    "ObjectTagging",
    "ObjectAcl",
    "LifecycleExpiration",
    "LifecycleTransition",
    "IntelligentTiering",
    "ReducedRedundancyLostObject",
    "Replication",
    "TestEvent",
)
UNBOUNDED: Final = 1_000_000_000
"""Nobody counts the attempts; the time ends them."""


class Notification(Subscriber):
    """One link out of a bucket, with its filter. Whether a sort of object passes is found out once."""

    def __init__(self, link: i64, callee: str, dead_to: str) -> None:
        super().__init__(link, callee, dead_to)
        self.prefix = ""
        self.suffix = ""
        self.events: list[str] = []
        self.known: dict[Any, bool] = {}
        self.to_bus = False
        self.said: dict[Any, Mix] = {}
        """What is told of each sort of object."""

    def set(self, values: dict[str, Any]) -> None:
        """Take over the settings of the link."""
        self.prefix = values["prefix"] or ""
        self.suffix = values["suffix"] or ""
        self.events = list(values["events"] or [])
        self.to_bus = values["kind"] == "eventbridge"
        self.known = {}
        self.said = {}

    def passes(self, content: Mix | None) -> bool:
        """Whether an object of this sort is told of."""
        known = self.known.get(content)
        if known is None:
            key = key_of(content)
            known = key.startswith(self.prefix) and key.endswith(self.suffix) and self._wants(event_of(content))
            self.known[content] = known
        return known

    def _wants(self, event: str) -> bool:
        if not self.events:
            return True
        for name in self.events:
            wanted = name.removeprefix("s3:")
            if event == wanted or (wanted.endswith("*") and event.startswith(wanted[:-1])):
                return True
        return False


@mypyc_attr(allow_interpreted_subclasses=True)
class S3(Pusher):
    """A bucket: an upload is accepted once it is stored, and whoever wants to know is notified of it, at least once.

    An object's key is the attribute `key` of its sort (see the producer's mix), and its event the attribute `event`, where that
    is not ObjectCreated:Put. Each prefix, the key up to its last slash, takes so many uploads a second; more are told to slow
    down. Notifications that fail are tried again, and dropped in the end. To a bus they are events of the source aws.s3, to all
    others a list of records; what was uploaded is not in them.
    """

    example: ClassVar[str] = """
nodes:
  web:
    kind: producer
    rate: 20/s
    mix: {photo: {attributes: {key: photos/cat.jpg}}, film: {attributes: {key: films/dog.mp4}}}
  uploads: {kind: s3, takes: 20ms}
  resize: {kind: lambda, takes: 200ms}
  films: {kind: sqs}
  cutter: {kind: service, takes: 20ms}
designs:
  only:
    links:
      - web => uploads
      - {link: uploads => resize, prefix: photos/, suffix: .jpg}
      - {link: uploads => films, prefix: films/, events: 's3:ObjectCreated:*'}
      - films => cutter
"""
    layers: ClassVar[dict[str, str]] = {"duplicated": "either"}
    """`duplicated`: the share of the notifications that are delivered twice."""
    selects: ClassVar[tuple[str, ...]] = ("prefix", "suffix", "events")
    link_params: ClassVar[dict[str, Any]] = {
        "prefix": word(None, "Only objects whose key begins so.", source=FILTERS),
        "suffix": word(None, "Only objects whose key ends so.", source=FILTERS),
        "events": words(None, "Only these events, such as s3:ObjectCreated:*; left out: all.", source=TYPES),
    }
    params: ClassVar[dict[str, Any]] = {
        "takes": dist("20ms", "How long an upload takes until it is stored."),
        "puts": rate(
            "3500/s", "Uploads that one prefix takes; more are refused (503 Slow Down).", gt="0/s", source=PERFORMANCE
        ),
        "notifies": dist("1s", "How long after an upload its notification leaves: typically seconds.", source=NOTIFICATIONS),
        "retry_for": duration("24h", "A notification that fails is tried again for so long.", ge="0s", le="14d"),
    }

    def __init__(self) -> None:
        super().__init__()
        self.prefixes: dict[str, Bucket] = {}
        self.buckets: dict[Any, Bucket] = {}
        """The limit that an upload falls under, by its sort."""
        self.uploading: i64 = 0
        self.slowed: i64 = 0
        self.pending: i64 = 0
        self.held: list[Call] = []
        """Uploads whose notifications wait until the service is up."""

    @staticmethod
    def prepare_link(values: dict[str, Any]) -> None:
        """See that events are ones; Refused names the place of what is not."""
        for i, name in enumerate(values["events"] or ()):
            family, _, rest = name.removeprefix("s3:").partition(":")
            if family not in FAMILIES or "*" in rest[:-1]:
                told = "s3:ObjectCreated:* or s3:ObjectRemoved:Delete"
                raise Refused(("events", i), f"{name!r} is no event; write such as {told}")

    def arrange(self, ctx: Context, values: dict[str, Any]) -> None:
        self.takes: Dist = values["takes"]
        self.notifies: Dist = values["notifies"]
        self.puts: float = float(values["puts"])
        self.retrying = BackingOff(UNBOUNDED, values["retry_for"])
        self.put_dice: Dice = ctx.dice("uploads")
        self.notify_dice: Dice = ctx.dice("notifications")
        self.twice_dice: Dice = ctx.dice("duplicates")

    def subscriber(self, link: i64, callee: str, dead_to: str) -> Subscriber:
        return Notification(link, callee, dead_to)

    def subscribe(self, ctx: Context, one: Subscriber, values: dict[str, Any]) -> None:
        assert isinstance(one, Notification)
        one.set(values)

    # Uploads

    def refusal(self, ctx: Context, call: Call) -> int:
        content = content_of(call)
        bucket = self.buckets.get(content)
        if bucket is None:
            bucket = self._bucket(ctx, key_of(content))
            self.buckets[content] = bucket
        if bucket.grants(ctx.now, self.puts, self.puts if self.puts > 1.0 else 1.0):
            return 0
        self.slowed += 1
        return SLOW_DOWN

    def _bucket(self, ctx: Context, key: str) -> Bucket:
        prefix = key[: key.rfind("/") + 1]
        if prefix not in self.prefixes:
            self.prefixes[prefix] = Bucket(self.puts if self.puts > 1.0 else 1.0, ctx.now)
        return self.prefixes[prefix]

    def on_message(self, ctx: Context, call: Call) -> None:
        code = self.refusal(ctx, call)
        if code:
            ctx.answer(call, REFUSED, code)
            return
        self.uploading += 1
        call.visit = ctx.visit(call.message)
        ctx.after(self.takes.sample(self.put_dice.uniform(call.message.root, call.visit)), STORED, call)

    def on_own_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        assert isinstance(item, Call)
        if tag == STORED:
            self._stored(ctx, item)
        elif self.down:
            self.held.append(item)
        else:
            self.pending -= 1
            self.publish(ctx, item)

    def _stored(self, ctx: Context, call: Call) -> None:
        """The upload is through, unless the service went down under it; its notification follows in a while."""
        self.uploading -= 1
        if self.down:
            ctx.answer(call, ERROR, BROKEN)
            return
        ctx.accept(call)
        self.pending += 1
        ctx.after(self.notifies.sample(self.notify_dice.uniform(call.message.root, call.visit)), NOTIFY, call)

    def on_revival(self, ctx: Context) -> None:
        super().on_revival(ctx)
        held = self.held
        self.held = []
        for call in held:
            self.pending -= 1
            self.publish(ctx, call)

    def on_close(self) -> None:
        self.held = []
        super().on_close()

    # Notifications

    def routes(self, ctx: Context, call: Call, one: Subscriber) -> bool:
        assert isinstance(one, Notification)
        return one.passes(content_of(call))

    def rewrites(self, ctx: Context, call: Call, one: Subscriber) -> Mix:
        assert isinstance(one, Notification)
        content = content_of(call)
        said = one.said.get(content)
        if said is None:
            said = told(content, ctx.node, key_of(content), event_of(content), one.to_bus)
            one.said[content] = said
        return said

    def publish(self, ctx: Context, call: Call) -> None:
        twice = ctx.strength("duplicated")
        if twice > 0.0:
            for one in self.subscribers:
                chance = self.twice_dice.uniform(call.message.root, one.link)
                if chance < twice and self.routes(ctx, call, one):
                    self._once_more(ctx, call, one)
        super().publish(ctx, call)

    def _once_more(self, ctx: Context, call: Call, one: Subscriber) -> None:
        """A second copy of a notification, kept by itself until it is delivered."""
        content = self.rewrites(ctx, call, one)
        copy = Copy(ctx.retain(one.link, call.message, content), one.link, call.sent)
        self.hold(copy, one)
        self.again(ctx, copy, one)

    def delay_ns(self, ctx: Context, copy: Copy, one: Subscriber) -> i64:
        return self.retrying.delay(self.retry_dice, copy.call.message.root, copy.tries, copy.since, ctx.now)

    # Looking

    def depth(self) -> int:
        return self.kept + self.pending

    def gauges(self, ctx: Context) -> dict[str, float]:
        return super().gauges(ctx) | {
            "uploading": float(self.uploading),
            "told to slow down": float(self.slowed),
            "prefixes": float(len(self.prefixes)),
        }


def key_of(content: Mix | None) -> str:
    """The key of an object of this sort; empty where nobody said."""
    return "" if content is None else str(content.attributes.get("key", ""))


def event_of(content: Mix | None) -> str:
    """What happens to an object of this sort."""
    return PUT if content is None else str(content.attributes.get("event", PUT)).removeprefix("s3:")
