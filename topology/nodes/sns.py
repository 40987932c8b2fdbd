"""Amazon SNS topics."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.bucket import Bucket
from topology.chance import Dice
from topology.dist import whole
from topology.message import TIMEOUT, TOO_MANY, UNMATCHED, YES, Item, Mix, lasting, lasts, reason
from topology.node import Call, Context, content_of
from topology.parameters import choice, count, data, duration, flag, group, node, number, rate, share, size
from topology.problems import Refused
from topology.push.notifications import notification
from topology.push.pushing import OWN, Copy, Publication, Pusher, Subscriber
from topology.push.retry_phases import BACKOFFS, CUSTOMER, HTTP, LINEAR, MANAGED
from topology.push.subscriptions import (
    EMAIL,
    LAMBDA,
    MOST_ATTRIBUTES,
    PHONE,
    PRICES,
    PROTOCOLS,
    SMS,
    SMS_LARGEST,
    SQS,
    WEB,
    Attempt,
    Delivery,
    Line,
    Subscription,
    check_policy,
    check_receivers,
    figures_of,
    filter_of,
    parts_of,
    policy_of,
    protocol_for,
)
from topology.queues.backlog import BY, group_number
from topology.queues.fifo import Sent

GUIDE: Final = "Amazon SNS Developer Guide"
RETRIES: Final = f"{GUIDE}, Amazon SNS message delivery retries"
DEAD: Final = f"{GUIDE}, Amazon SNS dead-letter queues"
FILTERING: Final = f"{GUIDE}, Filter policy constraints in Amazon SNS"
RAW: Final = f"{GUIDE}, Amazon SNS raw message delivery"
LARGE: Final = f"{GUIDE}, Publishing large messages with Amazon SNS"
FIFO: Final = "AWS CDK API Reference, FifoThroughputScope"
DEDUP: Final = "Amazon SNS API Reference, Publish, MessageDeduplicationId"
QUOTAS: Final = "AWS General Reference, Amazon Simple Notification Service endpoints and quotas"
FLOODED: Final = "AWS re:Post, Why was my Amazon SNS email subscription deactivated?"
READY: Final = f"{GUIDE}, Make sure your endpoint is ready for Amazon SNS messages, unverified"
PRICING: Final = "Amazon SNS pricing"

PACED: Final = OWN
OVERDUE: Final = OWN + 1
SECOND: Final = 1_000_000_000
CHUNK: Final = 65_536
"""Of what is published, each chunk of 64 KB counts as one request."""
TOO_LARGE: Final = lasting("larger than the topic takes")
TOO_MANY_ATTRIBUTES: Final = lasting("more than 10 attributes, raw to a queue")
UNCONFIRMED: Final = reason("the subscription is not confirmed")
OPTED_OUT: Final = lasting("the phone number is opted out")
DISABLED: Final = lasting("the platform endpoint is disabled")
SMS_TOO_LONG: Final = lasting("longer than an SMS can be")
SPENT: Final = lasting("the spending limit for SMS is reached")


@mypyc_attr(allow_interpreted_subclasses=True)
class Sns(Pusher):
    """A topic: what is published goes, as one copy each, to every subscription whose filter takes it. Each link is one.

    Subscriptions fail apart: each tries again by the schedule of its protocol, up to 23 days for a queue and an hour for HTTP,
    and gives up to a dead-letter queue of its own, or for good. What another attempt would meet again (an opt-out, a disabled
    endpoint, a bounce) is not tried again. A FIFO topic delivers to queues only, one message of a group after the other.
    """

    example: ClassVar[str] = """
nodes:
  desk:
    kind: producer
    rate: 20/s
    mix: {breaking: {attributes: {sort: breaking}}, sport: {weight: 9, attributes: {sort: sport}}}
  news: {kind: sns}
  feed: {kind: sqs}
  site: {kind: service, takes: 20ms}
  phones: {kind: push_service}
  unsent: {kind: sqs}
designs:
  only:
    links:
      - desk => news => feed => site
      - {link: news => phones, filter: {sort: [breaking]}, disabled: 3%, dead_letter: unsent}
"""
    selects: ClassVar[tuple[str, ...]] = ("filter",)
    layers: ClassVar[dict[str, str]] = {
        "no_dead_letters": "either",
        "opted_out": "either",
        "disabled": "either",
        "mismatched": "either",
    }
    """`opted_out` and `disabled` add to the shares of its SMS and its push subscriptions; `mismatched`: the share of the messages
    that no filter policy takes any more."""
    params: ClassVar[dict[str, Any]] = {
        "fifo": flag(
            False,
            "Whether it keeps the order of each message group, and drops what comes twice within 5 min.",
            source=DEDUP,
        ),
        "group": choice(
            "one",
            "What senders give a FIFO topic as message group: the same for all messages (one), what a message is about (key), "
            "whose it is (tenant), or each its own (message).",
            options=BY,
        ),
        "rate": rate(
            "30000/s", "Messages published per second; what is more is refused.", gt="0/s", source=f"{QUOTAS}, unverified"
        ),
        "fifo_rate": rate("3000/s", "The same, of a FIFO topic.", gt="0/s", source=FIFO),
        "fifo_bytes": size("20MB", "Bytes published per second to a FIFO topic; what is more is refused.", ge=1, source=FIFO),
        "max_size": size("256KiB", "The largest message that it takes.", ge="1KiB", le="1MiB", source=LARGE),
        "email_rate": rate(
            "10/s",
            "E-mails per second above which a subscription by e-mail is deactivated; setting anything confirms it again.",
            gt="0/s",
            source=FLOODED,
        ),
        "sms_rate": rate("20/s", "SMS sent per second; more wait.", gt="0/s", source=f"{QUOTAS}, unverified"),
        "sms_spend": number(None, "Dollars that may be spent on SMS; what is more is dropped. Left out: any amount.", ge=0),
        "patience": duration("15s", "How long an HTTP subscriber may take to answer.", gt="0s", le="1h", source=READY),
        "jitter": share("20%", "Each delay between attempts is up to so much shorter or longer.", lt=1),
        "prices": group(
            {
                "publish": number(PRICES["publish"], "For a million messages published, of up to 64 KB.", ge=0, source=PRICING),
                "fifo": number(PRICES["fifo"], "The same, to a FIFO topic.", ge=0, source=PRICING),
                "http": number(PRICES[WEB], "For a million deliveries by HTTP.", ge=0, source=PRICING),
                "email": number(PRICES[EMAIL], "For a million e-mails.", ge=0, source=PRICING),
                "sms": number(
                    PRICES[SMS], "For a million SMS parts; each country has its own.", ge=0, source=f"{PRICING}, unverified"
                ),
                "push": number(PRICES[PHONE], "For a million push notifications.", ge=0, source=PRICING),
            },
            "What things cost, in dollars; left out: the prices of the service. Deliveries to queues and functions are free.",
        ),
    }
    link_params: ClassVar[dict[str, Any]] = {
        "protocol": choice(None, "How it is delivered; left out: as the receiver's kind asks for.", options=PROTOCOLS),
        "filter": data(None, "The filter policy: which messages it gets; left out: every one.", source=FILTERING),
        "scope": choice("attributes", "What the filter looks at.", options=("attributes", "body"), source=FILTERING),
        "raw": flag(False, "Raw delivery: the message itself, without a notification around it.", source=RAW),
        "dead_letter": node(None, "The queue that takes what could not be delivered.", options=("queue",), source=DEAD),
        "retry": group(
            {
                "retries": count(3, "Retries in all (numRetries).", ge=0, le=100, source=RETRIES),
                "min": duration("20s", "The shortest delay (minDelayTarget).", ge="1s", le="1h", source=RETRIES),
                "max": duration("20s", "The longest delay (maxDelayTarget).", ge="1s", le="1h", source=RETRIES),
                "immediate": count(0, "Of these at once (numNoDelayRetries).", ge=0, le=100, source=RETRIES),
                "before": count(0, "Then, the shortest delay apart (numMinDelayRetries).", ge=0, le=100, source=RETRIES),
                "after": count(0, "At the end, the longest delay apart (numMaxDelayRetries).", ge=0, le=100, source=RETRIES),
                "backoff": choice(LINEAR, "How the delays of the others grow.", options=BACKOFFS, source=RETRIES),
            },
            "The delivery policy of an HTTP subscription; left out: three retries, 20 s apart. At most 3,600 s in all.",
            short="retries",
            source=RETRIES,
        ),
        "throttle": rate(None, "Deliveries per second (maxReceivesPerSecond), HTTP only; more wait.", gt="0/s", source=RETRIES),
        "confirmed": flag(True, "Whether the subscription is confirmed; by e-mail or HTTP it gets nothing before."),
        "opted_out": share(0, "The share of messages to phone numbers that are opted out of SMS."),
        "disabled": share(0, "The share of messages to mobile apps whose endpoint is disabled."),
    }

    def __init__(self) -> None:
        super().__init__()
        self.bucket: Bucket | None = None
        self.bytes: Bucket | None = None
        self.sent = Sent()
        self.more_opted = 0.0
        self.more_disabled = 0.0
        self.mismatch = 0.0
        self.requests: i64 = 0
        self.refused: i64 = 0
        self.doubles: i64 = 0

    @staticmethod
    def prepare_link(values: dict[str, Any]) -> None:
        """See that a filter policy and a delivery policy are ones; Refused names the place of what is not."""
        if values["filter"] is not None:
            try:
                filter_of(values)
            except Refused as error:
                raise error.within("filter") from None
        if values["retry"] is not None:
            check_policy(values["retry"])

    @staticmethod
    def prepare_links(values: dict[str, Any], links: list[tuple[str, str, dict[str, Any]]]) -> None:
        """See that each subscriber can be one of this topic, and has only settings that its protocol knows."""
        check_receivers(values["fifo"], values["max_size"], links)

    # Settings

    def subscriber(self, link: i64, callee: str, dead_to: str) -> Subscriber:
        return Subscription(link, callee, dead_to)

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.fifo: bool = values["fifo"]
        self.by: i64 = BY.index(values["group"])
        self.rate: float = float(values["fifo_rate"] if self.fifo else values["rate"])
        self.burst: float = max(1.0, self.rate)
        self.rate_of_bytes: float = float(values["fifo_bytes"])
        if self.bucket is None:
            self.bucket = Bucket(self.burst, ctx.now)
            self.bytes = Bucket(self.rate_of_bytes, ctx.now)
        self.largest: i64 = values["max_size"]
        self.email_rate: float = float(values["email_rate"])
        self.sms_pace: i64 = whole(float(SECOND) / float(values["sms_rate"]))
        spend = values["sms_spend"]
        self.spend: float = -1.0 if spend is None else float(spend)
        self.patience: i64 = values["patience"]
        self.jitter: float = values["jitter"]
        self.prices: dict[str, float] = values["prices"] or PRICES
        self.opt_dice: Dice = ctx.dice("opted out")
        self.endpoint_dice: Dice = ctx.dice("disabled endpoints")
        self.mismatch_dice: Dice = ctx.dice("mismatched")
        super().configure(ctx, values, policies)

    def subscribe(self, ctx: Context, one: Subscriber, values: dict[str, Any]) -> None:
        assert isinstance(one, Subscription)
        protocol: str = values["protocol"] or protocol_for(values["kind"], values["role"])
        one.protocol = protocol
        one.filter = None if values["filter"] is None else filter_of(values)
        one.known = {}
        one.made = {}
        one.raw = values["raw"]
        one.confirmed = values["confirmed"] or protocol not in (WEB, EMAIL)
        one.opted_out = values["opted_out"]
        one.disabled = values["disabled"]
        one.price = self.prices.get(protocol, 0.0) * 1e-6
        one.phases = MANAGED if protocol in (SQS, LAMBDA) else CUSTOMER
        one.patience = 0
        one.pace = 0
        if protocol == WEB:
            one.phases = HTTP if values["retry"] is None else policy_of(values["retry"])
            one.patience = self.patience
            throttle = values["throttle"]
            one.pace = 0 if throttle is None else whole(float(SECOND) / float(throttle))
        elif protocol == SMS:
            one.pace = self.sms_pace
        elif protocol == EMAIL:
            one.bucket = Bucket(max(1.0, self.email_rate), ctx.now)
        one.plain = protocol in (SQS, LAMBDA) and not self.fifo and not one.raw

    def on_layers(self, ctx: Context) -> None:
        self.more_opted = ctx.strength("opted_out")
        self.more_disabled = ctx.strength("disabled")
        self.mismatch = ctx.strength("mismatched")

    # In

    def refusal(self, ctx: Context, call: Call) -> int:
        content = content_of(call)
        length: i64 = 0 if content is None else content.size
        code = self._limit(ctx, length)
        if code:
            self.refused += 1
            return code
        self.requests += 1 if length <= CHUNK else (length + CHUNK - 1) // CHUNK
        return 0

    def _limit(self, ctx: Context, length: i64) -> int:
        """Which limit a message of that size meets; 0 for none."""
        if length > self.largest:
            return TOO_LARGE
        bucket = self.bucket
        if bucket is not None and not bucket.grants(ctx.now, self.rate, self.burst):
            return TOO_MANY
        traffic = self.bytes
        if self.fifo and length > 0 and traffic is not None:
            tokens = min(float(length), self.rate_of_bytes)
            if not traffic.grants(ctx.now, self.rate_of_bytes, self.rate_of_bytes, tokens):
                return TOO_MANY
        return 0

    def publish(self, ctx: Context, call: Call) -> None:
        if self.fifo and self.sent.knows(int(call.message.root), int(ctx.now)):
            self.doubles += 1
            ctx.finish(call, False, 0)
        else:
            super().publish(ctx, call)

    def routes(self, ctx: Context, call: Call, one: Subscriber) -> bool:
        assert isinstance(one, Subscription)
        policy = one.filter
        if policy is None:
            return True
        if self.mismatch > 0.0 and self.mismatch_dice.uniform(call.message.root, 0) < self.mismatch:
            return False
        content = content_of(call)
        takes = one.known.get(content)
        if takes is None:
            takes = policy.matches({}, None) if content is None else policy.matches(content.attributes, content.body)
            one.known[content] = takes
        return takes

    def rewrites(self, ctx: Context, call: Call, one: Subscriber) -> Mix | None:
        content = content_of(call)
        if content is None:
            return None
        assert isinstance(one, Subscription)
        made = one.made.get(content)
        if made is None:
            made = notification(content, one.protocol, one.raw, ctx.node)
            one.made[content] = made
        return made

    def begin(self, ctx: Context, made: Publication, one: Subscriber) -> None:
        assert isinstance(one, Subscription)
        call = made.call
        if one.protocol == SQS and not self.fifo and not _too_many(content_of(call)):
            made.left += 1
            ctx.send_as(one.link, made, call.message, self.rewrites(ctx, call, one))
            return
        if not one.confirmed or self._floods(ctx, one):
            one.unconfirmed += 1
            if made.why == UNMATCHED:
                made.why = UNCONFIRMED
            made.missed = True
            return
        copy = Delivery(ctx.retain(one.link, call.message, self.rewrites(ctx, call, one)), one.link, call.sent)
        self.hold(copy, one)
        code = self._client_error(call, one)
        if code:
            copy.reason = code
            if not one.dead_to:
                made.why = code
            self.give_up(ctx, copy, one)
        elif not self.fifo or self._leads(copy, one):
            self.again(ctx, copy, one)

    def _floods(self, ctx: Context, one: Subscription) -> bool:
        """Whether it is one e-mail too many: then the subscription is deactivated, and must be confirmed anew."""
        bucket = one.bucket
        if bucket is None or bucket.grants(ctx.now, self.email_rate, max(1.0, self.email_rate)):
            return False
        one.confirmed = False
        ctx.note(f"deactivates the subscription of {one.callee}: more than {self.email_rate:g} e-mails a second")
        return True

    def _client_error(self, call: Call, one: Subscription) -> int:
        """Why a message cannot be sent to this subscriber at all, however often it is tried; 0 for nothing."""
        content = content_of(call)
        if one.protocol == SQS:
            return TOO_MANY_ATTRIBUTES if one.raw and _too_many(content) else 0
        root = call.message.root
        if one.protocol == PHONE and (one.disabled > 0.0 or self.more_disabled > 0.0):
            left = (1.0 - one.disabled) * (1.0 - self.more_disabled)
            if self.endpoint_dice.uniform(root, one.link) >= left:
                one.gone += 1
                return DISABLED
        if one.protocol != SMS:
            return 0
        if content is not None and content.size > SMS_LARGEST:
            return SMS_TOO_LONG
        if one.opted_out > 0.0 or self.more_opted > 0.0:
            left = (1.0 - one.opted_out) * (1.0 - self.more_opted)
            if self.opt_dice.uniform(root, one.link) >= left:
                one.gone += 1
                return OPTED_OUT
        spent = self.spend >= 0.0 and float(one.billed + parts_of(content)) * one.price > self.spend
        return SPENT if spent else 0

    # FIFO

    def _leads(self, copy: Delivery, one: Subscription) -> bool:
        """Whether nobody of its message group is before it; else it waits in their line."""
        copy.leads = True
        copy.group = group_number(copy.call, self.by)
        line = one.lines.get(copy.group)
        if line is None:
            one.lines[copy.group] = Line()
            return True
        last = line.last
        if last is None:
            line.first = copy
        else:
            last.next = copy
        line.last = copy
        return False

    def _follow(self, ctx: Context, copy: Delivery, one: Subscription) -> None:
        """The next of its message group may go."""
        line = one.lines[copy.group]
        following = line.first
        if following is None:
            del one.lines[copy.group]
            return
        line.first = following.next
        if line.first is None:
            line.last = None
        following.next = None
        self.again(ctx, following, one)

    # Out

    def again(self, ctx: Context, copy: Copy, one: Subscriber) -> None:
        """Now, or when it is its turn: a subscription may have a rate."""
        assert isinstance(one, Subscription)
        if one.pace > 0:
            now = ctx.now
            at = one.free if one.free > now else now
            one.free = at + one.pace
            if at > now:
                ctx.after(at - now, PACED, copy)
                return
        self._launch(ctx, copy, one)

    def _launch(self, ctx: Context, copy: Copy, one: Subscription) -> None:
        if self.down:
            copy.waiting = True
        elif one.patience > 0:
            assert isinstance(copy, Delivery)
            attempt = Attempt(copy)
            copy.attempt = attempt
            attempt.timer = ctx.after_same(one.patience, OVERDUE, attempt)
            ctx.send_as(copy.link, attempt, copy.call.message, copy.call.content)
        else:
            super().again(ctx, copy, one)

    def on_answer(self, ctx: Context, call: Call) -> None:
        attempt = call.cause
        if not isinstance(attempt, Attempt):
            super().on_answer(ctx, call)
            return
        one = self.subscribers[call.link]
        if attempt.over:
            assert isinstance(one, Subscription)
            one.late += 1
            return
        timer = attempt.timer
        if timer is not None:
            ctx.cancel(timer)
        self._over(ctx, attempt, one, call.outcome == YES, call.reason)

    def on_own_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == OVERDUE:
            assert isinstance(item, Attempt)
            self._over(ctx, item, self.subscribers[item.copy.link], False, TIMEOUT)
        else:
            assert isinstance(item, Copy)
            one = self.subscribers[item.link]
            assert isinstance(one, Subscription)
            self._launch(ctx, item, one)

    def _over(self, ctx: Context, attempt: Attempt, one: Subscriber, delivered: bool, code: int) -> None:
        attempt.over = True
        attempt.timer = None
        attempt.copy.attempt = None
        self.tried(ctx, attempt.copy, one, delivered, code)

    def delay_ns(self, ctx: Context, copy: Copy, one: Subscriber) -> i64:
        assert isinstance(one, Subscription)
        delay = one.phases.delay_ns(copy.tries)
        if delay <= 0:
            return delay
        u = self.retry_dice.uniform(copy.call.message.root, one.link * 131072 + copy.tries)
        return whole(float(delay) * (1.0 + self.jitter * (2.0 * u - 1.0)))

    def ended(self, ctx: Context, copy: Copy, one: Subscriber, delivered: bool) -> None:
        assert isinstance(one, Subscription)
        if not delivered and lasts(copy.reason):
            one.errors += 1
        if not isinstance(copy, Delivery):
            return
        if delivered and one.price > 0.0:
            one.billed += parts_of(copy.call.content) if one.protocol == SMS else 1
        if copy.leads:
            self._follow(ctx, copy, one)

    def on_close(self) -> None:
        knot = self.copies.first
        while knot is not None:
            if isinstance(knot, Delivery):
                knot.next = None
                if knot.attempt is not None:
                    knot.attempt.timer = None
                    knot.attempt = None
            knot = knot.behind
        super().on_close()

    # Looking

    def minds(self, layer: str) -> bool:
        found = [one for one in self.subscribers if isinstance(one, Subscription)]
        if layer == "mismatched":
            return any([one.filter is not None for one in found])
        if layer in ("opted_out", "disabled"):
            return any([one.protocol == (SMS if layer == "opted_out" else PHONE) for one in found])
        return super().minds(layer)

    def gauges(self, ctx: Context) -> dict[str, float]:
        cost = float(self.requests) * self.prices["fifo" if self.fifo else "publish"] * 1e-6
        for one in self.subscribers:
            assert isinstance(one, Subscription)
            cost += float(one.billed) * one.price
        found = super().gauges(ctx) | {"refused": float(self.refused), "cost $": cost}
        if self.fifo:
            found["duplicates"] = float(self.doubles)
        return found

    def views(self, ctx: Context) -> dict[str, dict[str, float]]:
        found = super().views(ctx)
        for one in self.subscribers:
            assert isinstance(one, Subscription)
            found[f"=> {one.callee}"] |= figures_of(one)
        return found


def _too_many(content: Mix | None) -> bool:
    """Whether a content has more attributes than a message of a queue can have."""
    return content is not None and len(content.attributes) > MOST_ATTRIBUTES
