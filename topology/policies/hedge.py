"""Hedged attempts."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.histogram import Histogram
from topology.message import SILENT, YES
from topology.node import Call, Context
from topology.parameters import count, duration, number, share
from topology.policy import LinkPolicy

PAGE: Final = "Dean and Barroso, The Tail at Scale (CACM 2013)"
WINDOW: Final = 1000
"""So many answers make one estimate of the quantile, which the next so many go by."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Hedge(LinkPolicy):
    """When an answer is slow in coming, a second attempt is sent beside the first, to another replica where the wiring has
    one; the quicker answer counts, the other is dropped and its work is wasted. There is never more than one extra attempt
    at a time.

    With `quantile` the delay is learned from this caller replica's own answers, and never below `after`. The budget keeps
    hedges to a share of all attempts, so that a callee that is slow for everybody is not sent twice the load.
    """

    params: ClassVar[dict[str, Any]] = {
        "after": duration(
            "50ms", "How long the first attempt has before a second one is sent; with `quantile` at least.", ge="0s", le="1h"
        ),
        "quantile": share(None, "Send it when the answer is later than this share of answers lately.", gt=0, lt=1, source=PAGE),
        "least": count(100, "Answers that must be known before the quantile counts; until then no hedges.", ge=1, le=WINDOW),
        "budget": share("5%", "Hedges may be this share of first attempts.", source=PAGE),
        "burst": number(10, "Hedges that may be saved up; the bucket starts full.", ge=1, le=1e6),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.after_ns: i64 = values["after"]
        quantile = values["quantile"]
        self.quantile: float = 0.0 if quantile is None else float(quantile)
        self.least: i64 = values["least"]
        self.budget: float = float(values["budget"])
        self.burst: float = float(values["burst"])
        self.times = Histogram()
        self.reset()

    def reset(self) -> None:
        self.tokens: float = self.burst
        self.times.clear()
        self.learned: i64 = -1

    def hedges_in(self, ctx: Context, call: Call) -> i64:
        self.tokens += self.budget
        if self.tokens > self.burst:
            self.tokens = self.burst
        if self.quantile <= 0.0:
            return self.after_ns
        if self.learned < 0:
            return -1
        return self.learned if self.learned > self.after_ns else self.after_ns

    def hedges(self, ctx: Context, call: Call) -> bool:
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True

    def heard(self, ctx: Context, call: Call) -> None:
        if call.outcome == YES or call.outcome == SILENT:
            self._learn(ctx.now - call.sent)

    def withdrawn(self, ctx: Context, call: Call) -> None:
        """The other was quicker: this one would have taken at least so long."""
        if ctx.now > call.sent:
            self._learn(ctx.now - call.sent)

    def _learn(self, took: i64) -> None:
        if self.quantile <= 0.0:
            return
        self.times.add(took)
        if self.times.count == self.least and self.learned < 0:
            self.learned = self.times.quantile_ns(self.quantile)
        elif self.times.count >= WINDOW:
            self.learned = self.times.quantile_ns(self.quantile)
            self.times.clear()

    def state(self) -> str:
        return "hedge budget empty" if self.tokens < 1.0 else ""
