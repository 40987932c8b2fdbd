"""Back-pressure: a sending rate that gives way to a callee that refuses."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import GONE, REFUSED, REFUSED_CONNECTION, reason
from topology.node import Call, Context
from topology.parameters import count, duration, rate, share
from topology.policy import WAIT, LinkPolicy

HELD: Final = reason("held back: the callee refuses")
LONGEST: Final = 3600.0
"""Nobody is held back for longer than an hour, in seconds."""
PAGE: Final = "Chiu and Jain, Analysis of the Increase and Decrease Algorithms (1989)"


@mypyc_attr(allow_interpreted_subclasses=True)
class Backpressure(LinkPolicy):
    """Each caller replica sends at a rate of its own, which falls to a share when the callee refuses (queue full, 429, 503,
    shed) and then rises steadily again: additive increase, multiplicative decrease. What is too much waits at the caller, in
    its slots, instead of being thrown at the callee. A callee that is down refuses connections, which is not heard as a
    wish for less.
    """

    parks: ClassVar[bool] = True
    params: ClassVar[dict[str, Any]] = {
        "max": rate("1000/s", "It never sends faster.", gt="0/s", le="1000000/s"),
        "min": rate("1/s", "It never sends slower.", gt="0/s", le="1000000/s"),
        "start": rate(None, "The rate after a start; without it `max`.", gt="0/s", le="1000000/s"),
        "rises": rate("10/s", "So much higher is the rate after a second without a refusal.", ge="0/s", le="1000000/s"),
        "falls": share("50%", "What is left of the rate after a refusal.", gt=0, lt=1, source=PAGE),
        "every": duration("1s", "It falls at most once in this time.", ge="0s", le="1h"),
        "burst": count(1, "Attempts that may follow each other at once after a quiet time.", ge=1, le=1_000_000),
        "wait": duration("1s", "How long an attempt is held back at most; 0: it is refused at once.", ge="0s", le="1h"),
        "waiting": count(None, "How many may be held back at once; without it any number.", ge=0, le=1_000_000),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.most: float = float(values["max"])
        self.least: float = min(float(values["min"]), self.most)
        start = values["start"]
        self.start: float = self.most if start is None else min(self.most, max(self.least, float(start)))
        self.rises: float = float(values["rises"])
        self.falls: float = float(values["falls"])
        self.every: i64 = values["every"]
        self.burst: float = float(values["burst"])
        self.wait: i64 = values["wait"]
        waiting = values["waiting"]
        self.waiting: i64 = -1 if waiting is None else waiting
        self.reset()

    def reset(self) -> None:
        self.rate: float = self.start
        self.tokens: float = self.burst
        self.at: i64 = -1
        self.fell: i64 = -1

    def _upto(self, now: i64) -> None:
        """Let tokens and the rate grow until now."""
        if self.at < 0:
            self.at = now
        past = float(now - self.at) * 1e-9
        self.at = now
        self.tokens += past * self.rate
        if self.tokens > self.burst:
            self.tokens = self.burst
        self.rate += past * self.rises
        if self.rate > self.most:
            self.rate = self.most

    def admits(self, ctx: Context, call: Call) -> int:
        self._upto(ctx.now)
        if self.tokens >= 0.999999:
            self.tokens -= 1.0
            return 0
        return WAIT if self.wait > 0 else HELD

    def wait_ns(self) -> i64:
        return self.wait

    def waited_out(self) -> int:
        return HELD

    def most_waiting(self) -> i64:
        return self.waiting

    def wakes_in(self, ctx: Context) -> i64:
        missing = (1.0 - self.tokens) / self.rate
        return int(min(missing, LONGEST) * 1e9) + 1 if missing > 0.0 else 1

    def heard(self, ctx: Context, call: Call) -> None:
        if call.outcome != REFUSED:
            return
        code = call.reason & 0xFFFF
        if code in (REFUSED_CONNECTION, GONE):
            return
        if self.fell >= 0 and ctx.now - self.fell < self.every:
            return
        self._upto(ctx.now)
        self.fell = ctx.now
        self.rate *= self.falls
        if self.rate < self.least:
            self.rate = self.least

    def withdrawn(self, ctx: Context, call: Call) -> None:
        """What was let go and never sent took no place."""
        if call.sent == ctx.now and self.tokens + 1.0 <= self.burst:
            self.tokens += 1.0

    def state(self) -> str:
        return f"slowed to {self.rate:.0f}/s" if self.rate < self.most else ""
