"""Mobile carriers: who takes SMS for its customers."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.message import lasting
from topology.node import Call, Context, content_of
from topology.nodes.endpoint import Endpoint
from topology.parameters import dist, rate, share
from topology.push.subscriptions import parts_of

FILTERED: Final = lasting("filtered by the carrier as spam")
OPTED_OUT: Final = lasting("the recipient has opted out (STOP)")


@mypyc_attr(allow_interpreted_subclasses=True)
class SmsCarrier(Endpoint):
    """A mobile carrier: slow, and limited in parts per second: a message above 140 bytes is several parts.

    It loses some (a phone that is off may be reached later), filters some as spam, and some recipients have opted out:
    these two are for good.
    """

    params: ClassVar[dict[str, Any]] = {
        **Endpoint.params,
        "takes": dist({"median": "800ms", "p99": "5s"}, "The time until it answers."),
        "fails": share("2%", "The share of attempts that do not reach their phone."),
        "limit": rate("100/s", "Message parts per second that it accepts.", gt="0/s"),
        "filtered": share("1%", "The share of messages that it takes for spam."),
        "opted_out": share("0.5%", "The share of messages to people who have opted out."),
    }

    def __init__(self) -> None:
        super().__init__()
        self.filtered_out: i64 = 0
        self.opted: i64 = 0
        self.parts: i64 = 0

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        super().configure(ctx, values, policies)
        self.filtered: float = values["filtered"]
        self.opted_out: float = values["opted_out"]
        self.phone_dice: Dice = ctx.dice("phones")

    def refusal(self, ctx: Context, call: Call) -> int:
        tokens = float(parts_of(content_of(call)))
        return self.limited(ctx.now, min(tokens, self.burst))

    def outcome(self, ctx: Context, call: Call) -> int:
        root = call.message.root
        if self.phone_dice.uniform(root, 0) < self.opted_out:
            self.opted += 1
            return OPTED_OUT
        if self.phone_dice.uniform(root, 1) < self.filtered:
            self.filtered_out += 1
            return FILTERED
        code = super().outcome(ctx, call)
        if not code:
            self.parts += parts_of(content_of(call))
        return code

    def gauges(self, ctx: Context) -> dict[str, float]:
        return super().gauges(ctx) | {
            "parts sent": float(self.parts),
            "filtered": float(self.filtered_out),
            "opted out": float(self.opted),
        }
