"""Retry budgets."""

from typing import Any, ClassVar, Final

from mypy_extensions import mypyc_attr

from topology.message import YES
from topology.node import Call, Context
from topology.parameters import number, share
from topology.policy import LinkPolicy

PAGE: Final = "gRPC proposal A6, Retry Throttling"


@mypyc_attr(allow_interpreted_subclasses=True)
class RetryBudget(LinkPolicy):
    """Retries may add only a share to what succeeds: each success puts that share of a token into a bucket, each retry
    takes a whole one. When the bucket is empty a failed attempt stays failed, so an outage is not met with more traffic.
    """

    params: ClassVar[dict[str, Any]] = {
        "share": share("10%", "Tokens for each success; a retry costs one.", source=PAGE),
        "burst": number(10, "Tokens that the bucket holds; it starts full.", ge=0, le=1e6),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.share: float = values["share"]
        self.burst: float = float(values["burst"])
        self.tokens: float = self.burst

    def reset(self) -> None:
        self.tokens = self.burst

    def heard(self, ctx: Context, call: Call) -> None:
        if call.outcome == YES:
            self.tokens += self.share
            if self.tokens > self.burst:
                self.tokens = self.burst

    def grants(self, ctx: Context, call: Call) -> bool:
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True

    def state(self) -> str:
        return "budget empty" if self.tokens < 1.0 else ""
