"""Webhooks of other companies' services."""

from typing import Any, ClassVar, Final

from mypy_extensions import mypyc_attr

from topology.chance import Dice
from topology.message import lasting
from topology.node import Call, Context
from topology.nodes.endpoint import Endpoint
from topology.parameters import dist, rate, share

REJECTED: Final = lasting("rejected (400)")


@mypyc_attr(allow_interpreted_subclasses=True)
class Webhook(Endpoint):
    """A webhook of another company's service: slow, answers 429 above its limit, now and then 500, and may reject a message
    for good (400).
    """

    params: ClassVar[dict[str, Any]] = {
        **Endpoint.params,
        "takes": dist({"median": "200ms", "p99": "2s"}, "The time until it answers."),
        "fails": share("0.5%", "The share of calls that it answers with an error (500)."),
        "limit": rate("50/s", "Calls per second that it accepts; above them it answers 429.", gt="0/s"),
        "rejects": share(0, "The share of messages that it rejects (400), however often they come."),
    }

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        super().configure(ctx, values, policies)
        self.rejects: float = values["rejects"]
        self.reject_dice: Dice = ctx.dice("rejects")

    def outcome(self, ctx: Context, call: Call) -> int:
        if self.rejects > 0.0 and self.reject_dice.uniform(call.message.root, 0) < self.rejects:
            return REJECTED
        return super().outcome(ctx, call)
