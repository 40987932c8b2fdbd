"""Amazon SES accounts."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.backing_off import BackingOff
from topology.bucket import Bucket
from topology.chance import Dice
from topology.dist import Dist
from topology.mail.mail_events import (
    ACCOUNT,
    BOUNCE,
    COMPLAINT,
    DELAY,
    DELIVERY,
    EVENTS,
    GLOBAL,
    LISTED,
    PERMANENT,
    REJECT,
    SEND,
    TRANSIENT,
    mail_event,
)
from topology.mail.mailing import MOST_RECIPIENTS, Complaint, Destination, Letter, Stream
from topology.mail.recipients import Recipients
from topology.mail.reputation import Limits, Reputation, Rolling
from topology.message import YES, Flow, Item, Message, Mix, lasting, lasts, reason
from topology.node import Call, Context, content_of
from topology.nodes.mail_provider import SPAM
from topology.parameters import choice, count, dist, duration, flag, rate, share, words
from topology.problems import Refused
from topology.push.pushing import OWN, Copy, Publication, Pusher, Subscriber

GUIDE: Final = "Amazon SES Developer Guide"
QUOTAS: Final = f"{GUIDE}, Service quotas in Amazon SES"
REVIEW: Final = f"{GUIDE}, Reputation metrics messages"
LISTS: Final = f"{GUIDE}, Using the Amazon SES account-level suppression list"
GLOBAL_LIST: Final = "AWS re:Post, Account-level suppression list & bounce rate"
IDENTITIES: Final = f"{GUIDE}, Verified identities in Amazon SES"
PATIENCE: Final = "Amazon SES API v2 Reference, DeliveryOptions, MaxDeliverySeconds"
PUBLISHING: Final = f"{GUIDE}, Monitor email sending using Amazon SES event publishing"

PAUSED: Final = lasting("the account's sending is paused")
UNVERIFIED: Final = lasting("email address is not verified")
CROWDED: Final = lasting("more than 50 recipients")
TOO_LARGE: Final = lasting("larger than a mail may be")
OVER_QUOTA: Final = reason("daily message quota exceeded")
TOO_FAST: Final = reason("maximum sending rate exceeded")
ON_ACCOUNT_LIST: Final = lasting("on the suppression list")
ON_GLOBAL_LIST: Final = lasting("on the global suppression list")
NOBODY: Final = lasting("hard bounce: no such address")
SOFT: Final = reason("soft bounces until its time was up")
VIRUS: Final = lasting("rejected: it contains a virus")
SIMULATED: Final = reason("it went to the mailbox simulator")

RESUME: Final = OWN
COMPLAINED: Final = OWN + 1
SECOND: Final = 1_000_000_000
DAY: Final = 86_400_000_000_000
MINUTES: Final = 1440
TOLD: Final = ("sns", "eventbridge", "sqs")
"""The kinds that take events; a queue stands for a stream."""
NO_MAILBOX: Final = ("lambda", "s3", "ses")
SANDBOX_QUOTA: Final = 200
SANDBOX_RATE: Final = 1.0
LARGEST: Final = {"v1": 10_485_760, "v2": 41_943_040, "smtp": 41_943_040}
FOR_EVER: Final = 1_000_000
"""More attempts than there is time for."""
OF_BOUNCES: Final = 1
OF_COMPLAINTS: Final = 2
SUPPRESSES: Final = {"both": 3, "bounces": 1, "complaints": 2, "off": 0}


@mypyc_attr(allow_interpreted_subclasses=True)
class Ses(Pusher):
    """An account for sending mail: it takes mails within its quota and rate, delivers them, and tells what became of them.

    A link to a provider (an endpoint) gets the mail; a link to a topic, bus or queue with `events` gets an event for each that
    it names. What is deferred is tried again for hours; a hard bounce is not. Recipients (the keys of the messages) that bounced
    or complained are suppressed: mail to them is accepted and not sent. All producers share one reputation: too many bounces or
    complaints among the latest mails, and sending is paused for all of them. Attributes of a producer's mix may say `to` (an
    address, also of the mailbox simulator), `recipients` (how many; they bounce together) and `virus`.
    """

    example: ClassVar[str] = """
nodes:
  shop: {kind: producer, rate: 5/s, keys: {count: 5000}}
  news: {kind: producer, rate: 20/s, keys: {count: 20000, skew: 0}}
  mails: {kind: ses, quota: 100000, rate: 50/s}
  mailboxes: {kind: mail_provider, bounces: 2%}
  feedback: {kind: sqs}
  list: {kind: service, takes: 5ms}
designs:
  only:
    links:
      - shop => mails => mailboxes
      - news => mails
      - {link: mails => feedback, events: [bounce, complaint]}
      - feedback => list
"""
    selects: ClassVar[tuple[str, ...]] = ("events",)
    layers: ClassVar[dict[str, str]] = {"bounces": "either", "paused": "either"}
    """`bounces` adds to the share of recipients that nobody has; while `paused` lies here, sending is paused."""
    params: ClassVar[dict[str, Any]] = {
        "sandbox": flag(
            False,
            "Whether the account is in the sandbox: 200 recipients a day, 1 a second, only verified ones or the simulator.",
            source=QUOTAS,
        ),
        "quota": count(50_000, "Recipients in any 24 hours; each account outside the sandbox has its own.", ge=1),
        "rate": rate("14/s", "Recipients per second, with bursts of one second's worth; each account has its own.", gt="0/s"),
        "verified": flag(True, "Whether the sender's identity is verified; mails from another are refused.", source=IDENTITIES),
        "verified_recipients": words(None, "Addresses (`to` of a mix) that may get mail from the sandbox.", source=IDENTITIES),
        "api": choice("v2", "How mail comes in: v1 takes up to 10 MB, the others 40 MB.", tuple(LARGEST), source=QUOTAS),
        "max_delivery": duration(
            "14h", "How long a mail that is deferred is tried again.", ge="5m", le="14h", source=f"{PATIENCE} (the most)"
        ),
        "first_retry": duration("30s", "How long after the first attempt the second is made; then twice as long.", gt="0s"),
        "longest_retry": duration("30m", "The longest wait between two attempts.", gt="0s", le="14h"),
        "bounces": share(0, "The share of recipients that nobody has, beside what providers say."),
        "complaints": share(0, "The share of delivered mails that readers call spam, beside what providers say."),
        "complaint_after": dist({"exponential": {"mean": "10m"}}, "How long after its delivery a mail is called spam."),
        "suppression": choice("both", "What puts a recipient on the account's own list.", tuple(SUPPRESSES), source=LISTS),
        "global_for": duration(
            "14d",
            "How long a hard bounce keeps a recipient on the global list; the account's own list overrides it.",
            ge="1h",
            le="14d",
            source=GLOBAL_LIST,
        ),
        "representative": count(
            1000, "The volume that is judged: rates are those of so many latest mails.", ge=10, le=1_000_000
        ),
        "review_bounces": share("5%", "The bounce rate from which the account is under review.", source=REVIEW),
        "pause_bounces": share("10%", "The bounce rate from which sending may be paused; here it is.", source=REVIEW),
        "review_complaints": share("0.1%", "The complaint rate from which the account is under review.", source=REVIEW),
        "pause_complaints": share("0.5%", "The complaint rate from which sending may be paused; here it is.", source=REVIEW),
        "resume": duration(
            "24h", "How long a pause lasts; then the account begins anew. In truth support decides.", gt="0s", le="30d"
        ),
    }
    link_params: ClassVar[dict[str, Any]] = {
        "events": words(
            None,
            f"The events that it is told of: {', '.join(EVENTS)}. Left out: it gets the mail itself.",
            source=PUBLISHING,
        ),
    }

    def __init__(self) -> None:
        super().__init__()
        self.mailboxes: list[Destination] = []
        self.destinations: list[Destination] = []
        self.streams: dict[Any, Stream] = {}
        self.letters: dict[Any, Letter] = {}
        self.made: dict[Any, Mix] = {}
        self.day = Rolling(DAY, MINUTES)
        self.second = Rolling(SECOND, 100)
        self.bucket: Bucket | None = None
        self.reputation = Reputation(1000)
        self.recipients = Recipients()
        self.listed: dict[int, int] = {}
        """The account's suppression list: why each recipient is on it."""
        self.listed_by_all: dict[int, int] = {}
        """The global list, as far as this account fills it: until when each recipient is on it."""
        self.paused = False
        self.complaining: i64 = 0

    @staticmethod
    def prepare(values: dict[str, Any]) -> dict[str, Any]:
        """See that a pause comes after a review; Refused names what does not."""
        for what in ("bounces", "complaints"):
            if values[f"pause_{what}"] < values[f"review_{what}"]:
                raise Refused((f"pause_{what}",), f"expected at least review_{what}: a pause comes after a review")
        return values

    @staticmethod
    def prepare_link(values: dict[str, Any]) -> None:
        """See that its events are some that there are."""
        for i, name in enumerate(values["events"] or ()):
            if name not in EVENTS:
                raise Refused(("events", i), f"there is no event {name!r}; there are {', '.join(EVENTS)}")

    @staticmethod
    def prepare_links(values: dict[str, Any], links: list[tuple[str, str, dict[str, Any]]]) -> None:
        """See that mail goes to mailboxes and events to what takes events."""
        for callee, kind, link in links:
            told = kind in TOLD
            if told and link["events"] is None:
                raise Refused((), f"{callee} is a {kind}, which takes events; say which: events: [bounce, complaint]")
            if not told and link["events"] is not None:
                raise Refused((), f"{callee} is a {kind}; events go to a topic, a bus or a queue, so put one between")
            if kind in NO_MAILBOX:
                raise Refused((), f"{callee} is a {kind}, which gets no mail; put a topic between, for events")
        if all(link["events"] is not None for _, _, link in links):
            raise Refused((), "no link leads to a mailbox provider; add one, such as MAILS => PROVIDER")

    # Settings

    def subscriber(self, link: i64, callee: str, dead_to: str) -> Subscriber:
        return Destination(link, callee, dead_to)

    def subscribe(self, ctx: Context, one: Subscriber, values: dict[str, Any]) -> None:
        assert isinstance(one, Destination)
        one.events = list(values["events"] or ())
        one.bus = values["kind"] == "eventbridge"

    def arrange(self, ctx: Context, values: dict[str, Any]) -> None:
        found = [one for one in self.subscribers if isinstance(one, Destination)]
        self.mailboxes = [one for one in found if not one.events]
        self.destinations = [one for one in found if one.events]
        self.sandbox: bool = values["sandbox"]
        self.quota: i64 = min(SANDBOX_QUOTA, values["quota"]) if self.sandbox else values["quota"]
        self.rate: float = SANDBOX_RATE if self.sandbox else float(values["rate"])
        self.burst: float = max(1.0, self.rate)
        if self.bucket is None:
            self.bucket = Bucket(self.burst, ctx.now)
        self.verified: bool = values["verified"]
        self.largest: i64 = LARGEST[values["api"]]
        self.verified_recipients: list[str] = list(values["verified_recipients"] or ())
        self.letters = {}
        self.retry = BackingOff(FOR_EVER, values["max_delivery"], values["first_retry"], values["longest_retry"])
        self.suppresses: i64 = SUPPRESSES[values["suppression"]]
        self.global_for: i64 = values["global_for"]
        self._read_shares(ctx, values)

    def _read_shares(self, ctx: Context, values: dict[str, Any]) -> None:
        self.nobodies: float = values["bounces"]
        self.complaints: float = values["complaints"]
        self.complaint_after: Dist = values["complaint_after"]
        self.resume: i64 = values["resume"]
        if self.reputation.volume != values["representative"]:
            self.reputation = Reputation(values["representative"])
        self.review = Limits(values["review_bounces"], values["review_complaints"])
        self.pause = Limits(values["pause_bounces"], values["pause_complaints"])
        self.recipient_dice: Dice = ctx.dice("recipients")
        self.reader_dice: Dice = ctx.dice("readers")
        self.on_layers(ctx)

    def on_layers(self, ctx: Context) -> None:
        self.halted = ctx.strength("paused") > 0.0
        self.bad = 1.0 - (1.0 - self.nobodies) * (1.0 - ctx.strength("bounces"))

    # In

    def refusal(self, ctx: Context, call: Call) -> int:
        stream = self._stream(call.message.flow)
        code = self._turned_away(ctx.now, self._letter(content_of(call)))
        if code:
            stream.refused += 1
        return code

    def _turned_away(self, now: i64, letter: Letter) -> int:
        """Why a mail is not taken, 0 when it is; what is taken counts for the quota and the rate."""
        if self.paused or self.halted:
            return PAUSED
        if not self.verified or (self.sandbox and not letter.verified):
            return UNVERIFIED
        if letter.recipients > MOST_RECIPIENTS:
            return CROWDED
        if letter.size > self.largest:
            return TOO_LARGE
        counts = not letter.simulates
        if counts and self.day.used(now) + letter.recipients > self.quota:
            return OVER_QUOTA
        bucket = self.bucket
        if bucket is not None and not bucket.grants(now, self.rate, self.burst, float(letter.recipients)):
            return TOO_FAST
        self.second.add(now, letter.recipients)
        if counts:
            self.day.add(now, letter.recipients)
        return 0

    def _stream(self, flow: Flow) -> Stream:
        stream = self.streams.get(flow)
        if stream is None:
            stream = Stream()
            self.streams[flow] = stream
        return stream

    def _letter(self, content: Mix | None) -> Letter:
        letter = self.letters.get(content)
        if letter is None:
            letter = Letter(content, self.verified_recipients)
            self.letters[content] = letter
        return letter

    def publish(self, ctx: Context, call: Call) -> None:
        """Send what was accepted to its mailbox, or say why it is not sent."""
        self.published += 1
        self.kept += 1
        message = call.message
        content = content_of(call)
        made = Publication(call)
        made.missed = len(self.destinations) > 0  # no event destination is told of everything
        stream = self._stream(message.flow)
        stream.sent += 1
        self._tell(ctx, SEND, "", message, content)
        code = self._held_back(ctx, message, content, stream)
        if code:
            made.missed = True
            made.why = code
        else:
            self._judge(ctx)
            for one in self.mailboxes:
                made.left += 1
                ctx.send_as(one.link, made, message, content)
        self._heard(ctx, made)

    def _held_back(self, ctx: Context, message: Message, content: Mix | None, stream: Stream) -> int:
        """Why a mail that was accepted is not sent; 0 when it is."""
        letter = self._letter(content)
        if letter.virus:
            self._tell(ctx, REJECT, "", message, content)
            return VIRUS
        if letter.simulates:
            self._simulate(ctx, letter.simulates, message, content)
            return SIMULATED
        recipient = self.recipients.of(message)
        why = self.listed.get(recipient, 0)
        if why & self.suppresses:
            stream.suppressed += 1
            event, what = (COMPLAINT, LISTED) if why == OF_COMPLAINTS else (BOUNCE, ACCOUNT)
            self._tell(ctx, event, what, message, content)
            return ON_ACCOUNT_LIST
        self.reputation.send()
        if self.suppresses & OF_BOUNCES == 0 and self.listed_by_all.get(recipient, 0) > ctx.now:
            stream.suppressed += 1
            self._bounced(ctx, GLOBAL, message, content)
            return ON_GLOBAL_LIST
        who = recipient or message.root
        if self.bad > 0.0 and self.recipient_dice.uniform(who, 0 if recipient else 1) < self.bad:
            self._bounced(ctx, PERMANENT, message, content)
            return NOBODY
        return 0

    def _simulate(self, ctx: Context, does: str, message: Message, content: Mix | None) -> None:
        """What the mailbox simulator answers; it changes neither lists nor reputation."""
        if does in ("bounce", "suppressionlist"):
            self._tell(ctx, BOUNCE, PERMANENT if does == "bounce" else GLOBAL, message, content)
        else:
            self._tell(ctx, DELIVERY, "", message, content)
        if does == "complaint":
            self._will_complain(ctx, message, content, False)

    # Out

    def on_answer(self, ctx: Context, call: Call) -> None:
        one = self.subscribers[call.link]
        assert isinstance(one, Destination)
        if not one.events and call.outcome == YES:
            self._delivered(ctx, call)
        super().on_answer(ctx, call)

    def _delivered(self, ctx: Context, call: Call) -> None:
        message = call.message
        content = content_of(call)
        self._stream(message.flow).delivered += 1
        self._tell(ctx, DELIVERY, "", message, content)
        angry = self.complaints > 0.0 and self.reader_dice.uniform(message.root, 0) < self.complaints
        if angry or call.reason & 0xFFFF == SPAM:
            self._will_complain(ctx, message, content, True)

    def keep(self, ctx: Context, copy: Copy, one: Subscriber) -> None:
        assert isinstance(one, Destination)
        if not one.events and not lasts(copy.reason):
            self._tell(ctx, DELAY, "", copy.call.message, copy.call.content)
        super().keep(ctx, copy, one)

    def delay_ns(self, ctx: Context, copy: Copy, one: Subscriber) -> i64:
        return self.retry.delay(self.retry_dice, copy.call.message.root, copy.tries, copy.since, ctx.now)

    def give_up(self, ctx: Context, copy: Copy, one: Subscriber) -> None:
        assert isinstance(one, Destination)
        if one.events:
            super().give_up(ctx, copy, one)
            return
        message = copy.call.message
        content = content_of(copy.call)
        hard = lasts(copy.reason)
        if hard:
            self._bounced(ctx, PERMANENT, message, content)
        else:
            self._stream(message.flow).soft += 1
            self._tell(ctx, BOUNCE, TRANSIENT, message, content)
        self._forget(copy, one)
        one.dropped += 1
        ctx.finish(copy.call, False, copy.reason if hard else SOFT)

    # What becomes of mail

    def _bounced(self, ctx: Context, what: str, message: Message, content: Mix | None) -> None:
        """A hard bounce: it counts, and its recipient gets no more mail."""
        self._stream(message.flow).bounced += 1
        self.reputation.bounce()
        recipient = self.recipients.of(message)
        if recipient:
            if self.suppresses & OF_BOUNCES:
                self.listed[recipient] = OF_BOUNCES
            self.listed_by_all[recipient] = ctx.now + self.global_for
        self._tell(ctx, BOUNCE, what, message, content)
        self._judge(ctx)

    def _will_complain(self, ctx: Context, message: Message, content: Mix | None, counts: bool) -> None:
        self.complaining += 1
        wait = self.complaint_after.sample(self.reader_dice.uniform(message.root, 1))
        ctx.after(wait, COMPLAINED, Complaint(message, content, counts))

    def _complained(self, ctx: Context, item: Complaint) -> None:
        self.complaining -= 1
        message = item.message
        if item.counts:
            self._stream(message.flow).complained += 1
            self.reputation.complain()
            recipient = self.recipients.of(message)
            if recipient and self.suppresses & OF_COMPLAINTS:
                self.listed[recipient] = OF_COMPLAINTS
        self._tell(ctx, COMPLAINT, "", message, item.content)
        self._judge(ctx)

    def _tell(self, ctx: Context, event: str, what: str, message: Message, content: Mix | None) -> None:
        """Tell the event destinations that want to know; each copy is kept until it is delivered."""
        for one in self.destinations:
            if event not in one.events:
                one.unmatched += 1
                continue
            sort: Any = (message.flow if content is None else content, event, what, one.bus)
            told = self.made.get(sort)
            if told is None:
                told = mail_event(event, what, content, message.flow.producer, one.bus)
                self.made[sort] = told
            copy = Copy(ctx.retain(one.link, message, told), one.link, ctx.now)
            copy.tries = 0
            self.hold(copy, one)
            if self.down:
                copy.waiting = True
            else:
                self.again(ctx, copy, one)

    # Reputation

    def _status(self) -> i64:
        """0: healthy; 1: under review; 2: so bad that sending is paused."""
        if self.reputation.exceeds(self.pause):
            return 2
        return 1 if self.reputation.exceeds(self.review) else 0

    def _judge(self, ctx: Context) -> None:
        if not self.paused and self._status() == 2:
            self.paused = True
            ctx.note("sending is paused: too many bounces or complaints")
            ctx.after(self.resume, RESUME, None)

    def on_own_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == RESUME:
            self.paused = False
            self.reputation.clear()
            ctx.note("sending goes on: the review is over")
            return
        assert isinstance(item, Complaint)
        self._complained(ctx, item)

    def unfinished(self) -> bool:
        return self.complaining > 0

    # Looking

    def gauges(self, ctx: Context) -> dict[str, float]:
        status = 2 if self.paused or self.halted else self._status()
        return super().gauges(ctx) | {
            "quota used %": float(self.day.used(ctx.now)) / float(self.quota),
            "rate now": float(self.second.used(ctx.now)),
            "bounce rate %": self.reputation.bounce_rate(),
            "complaint rate %": self.reputation.complaint_rate(),
            "suppressed": float(len(self.listed)),
            "status": float(status),
        }

    def views(self, ctx: Context) -> dict[str, dict[str, float]]:
        streams = {
            f"stream {flow.producer}": {
                "sent": float(stream.sent),
                "delivered": float(stream.delivered),
                "bounced": float(stream.bounced),
                "given up": float(stream.soft),
                "complained": float(stream.complained),
                "suppressed": float(stream.suppressed),
                "refused": float(stream.refused),
            }
            for flow, stream in self.streams.items()
        }
        return streams | super().views(ctx)
