"""Push services of mobile platforms, such as APNs and FCM."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.message import lasting
from topology.node import Call, Context
from topology.nodes.endpoint import Endpoint
from topology.parameters import dist, share

INVALID: Final = lasting("invalid token: the endpoint is disabled (410)")


@mypyc_attr(allow_interpreted_subclasses=True)
class PushService(Endpoint):
    """A push service of a mobile platform: fast, and any number at once unless it has a `limit` (429).

    Where the app was taken off the phone, the token is invalid for good.
    """

    params: ClassVar[dict[str, Any]] = {
        **Endpoint.params,
        "takes": dist({"median": "20ms", "p99": "150ms"}, "The time until it answers."),
        "invalid_tokens": share("2%", "The share of messages to phones that do not have the app any more."),
    }

    def __init__(self) -> None:
        super().__init__()
        self.invalid: i64 = 0

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        super().configure(ctx, values, policies)
        self.invalid_tokens: float = values["invalid_tokens"]
        self.token_dice: Dice = ctx.dice("tokens")

    def outcome(self, ctx: Context, call: Call) -> int:
        if self.token_dice.uniform(call.message.root, 0) < self.invalid_tokens:
            self.invalid += 1
            return INVALID
        return super().outcome(ctx, call)

    def gauges(self, ctx: Context) -> dict[str, float]:
        return super().gauges(ctx) | {"invalid tokens": float(self.invalid)}
