"""Mailbox providers: who takes e-mail for its customers."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.bucket import Bucket
from topology.chance import Dice
from topology.mail.recipients import Recipients
from topology.message import lasting, reason
from topology.node import Call, Context, content_of
from topology.nodes.endpoint import Endpoint
from topology.parameters import dist, duration, rate, share

TOO_FAST: Final = reason("the sender is too fast (421)")
DEFERRED: Final = reason("deferred (451)")
GREYLISTED: Final = reason("greylisted (450)")
BOUNCED: Final = lasting("hard bounce (550)")
SPAM: Final = reason("its reader calls it spam")
"""Said beside a yes: the complaint comes later."""
REMEMBERED: Final = 172_800_000_000_000
"""A greylist waits two days for the second attempt (Postgrey's retry window)."""


@mypyc_attr(allow_interpreted_subclasses=True)
class MailProvider(Endpoint):
    """A mailbox provider: it takes so much from each sender, defers some mail for a while, and refuses some for good.

    Deferred and greylisted mail is taken when it comes again. A hard bounce (nobody has that address) is never taken, and a
    complaint (the reader says that it is spam) comes after it was. A sort of mail may say for itself how many of its
    recipients nobody is, as a number from 0 to 1: `attributes: {unknown: 0.5}` in the producer's mix.
    """

    layers: ClassVar[dict[str, str]] = {**Endpoint.layers, "bounces": "either"}
    """`bounces` adds to the share of recipients that nobody is."""
    params: ClassVar[dict[str, Any]] = {
        **Endpoint.params,
        "takes": dist({"median": "300ms", "p99": "3s"}, "The time until it answers."),
        "sender_rate": rate(None, "Mails per second that it takes from each sender; without it any number.", gt="0/s"),
        "deferrals": share("1%", "The share of attempts that it puts off, for reasons of its own."),
        "greylisted": share(0, "The share of mails that it takes only when they come again after `greylist_delay`."),
        "greylist_delay": duration(
            "5m", "How long a mail must wait then.", gt="0s", le="1d", source="Postgrey manual, --delay, unverified"
        ),
        "bounces": share("1%", "The share of recipients that nobody is: each key of a message is one; without keys, each mail."),
        "complaints": share("0.05%", "The share of the mails taken that their readers call spam."),
    }

    def __init__(self) -> None:
        super().__init__()
        self.senders: dict[str, Bucket] = {}
        self.recipients = Recipients()
        self.first_seen: dict[int, int] = {}
        """When each greylisted mail came first, in order of time."""
        self.bounced: i64 = 0
        self.deferred: i64 = 0
        self.complained: i64 = 0
        self.more_bounces = 0.0

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        super().configure(ctx, values, policies)
        per_sender = values["sender_rate"]
        self.sender_rate: float = 0.0 if per_sender is None else float(per_sender)
        self.deferrals: float = values["deferrals"]
        self.greylisted: float = values["greylisted"]
        self.greylist_delay: i64 = values["greylist_delay"]
        self.bounces: float = values["bounces"]
        self.complaints: float = values["complaints"]
        self.mail_dice: Dice = ctx.dice("mail")
        self.deferral_dice: Dice = ctx.dice("deferrals")

    def on_layers(self, ctx: Context) -> None:
        super().on_layers(ctx)
        self.more_bounces = ctx.strength("bounces")

    def refusal(self, ctx: Context, call: Call) -> int:
        caller = call.caller
        if self.sender_rate > 0.0 and caller is not None:
            most = max(1.0, self.sender_rate)
            bucket = self.senders.get(caller.node)
            if bucket is None:
                bucket = Bucket(most, ctx.now)
                self.senders[caller.node] = bucket
            if not bucket.grants(ctx.now, self.sender_rate, most):
                self.deferred += 1
                return TOO_FAST
        return super().refusal(ctx, call)

    def outcome(self, ctx: Context, call: Call) -> int:
        root = call.message.root
        code = super().outcome(ctx, call)
        if code:
            return code
        unknown = self._unknown(call)
        if self.more_bounces > 0.0:
            unknown = 1.0 - (1.0 - unknown) * (1.0 - self.more_bounces)
        if self.mail_dice.uniform(self.recipients.of(call.message) or root, 0) < unknown:
            self.bounced += 1
            return BOUNCED
        if self.deferral_dice.uniform(root, call.visit) < self.deferrals:
            self.deferred += 1
            return DEFERRED
        if self.greylisted > 0.0 and self.mail_dice.uniform(root, 1) < self.greylisted and self._too_early(ctx, root):
            self.deferred += 1
            return GREYLISTED
        return 0

    def _unknown(self, call: Call) -> float:
        """The share of its sort's recipients that nobody is."""
        content = content_of(call)
        if content is None or "unknown" not in content.attributes:
            return self.bounces
        said: Any = content.attributes["unknown"]
        return float(said) if isinstance(said, (int, float)) else self.bounces

    def remark(self, ctx: Context, call: Call) -> int:
        """A mail that was taken and that its reader will call spam: its sender hears of it (a feedback loop)."""
        if self.mail_dice.uniform(call.message.root, 2) >= self.complaints:
            return 0
        self.complained += 1
        return SPAM

    def _too_early(self, ctx: Context, root: int) -> bool:
        """Whether a greylisted mail comes for the first time, or again too soon."""
        seen = self.first_seen
        while seen:
            oldest = next(iter(seen))
            if ctx.now - seen[oldest] < REMEMBERED:
                break
            del seen[oldest]
        first = seen.get(root)
        if first is None:
            seen[root] = ctx.now
            return True
        return ctx.now - first < self.greylist_delay

    def gauges(self, ctx: Context) -> dict[str, float]:
        return super().gauges(ctx) | {
            "bounced": float(self.bounced),
            "deferred": float(self.deferred),
            "complaints": float(self.complained),
        }
