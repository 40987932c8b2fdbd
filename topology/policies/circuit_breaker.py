"""Circuit breakers."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import YES, reason
from topology.node import Call, Context
from topology.parameters import count, duration, share
from topology.policy import LinkPolicy

BREAKER_OPEN: Final = reason("circuit breaker open")
BINS: Final = 10
CLOSED: Final = 0
OPEN: Final = 1
HALF_OPEN: Final = 2
PAGE: Final = "Nygard, Release It!, Circuit Breaker"


@mypyc_attr(allow_interpreted_subclasses=True)
class CircuitBreaker(LinkPolicy):
    """Stops calling a callee that keeps failing: opens when the share of failed attempts over a window is too high,
    refuses at once while open, then lets a few probes through and closes when they all succeed.
    """

    params: ClassVar[dict[str, Any]] = {
        "window": duration("10s", "Attempts of so long ago still count.", gt="0s", le="1h", source=PAGE),
        "failures": share("50%", "It opens at this share of failed attempts."),
        "least": count(20, "It never opens on fewer attempts than these.", ge=1, le=1_000_000),
        "open": duration("5s", "How long it refuses before it tries again.", gt="0s", le="1h"),
        "probes": count(3, "Attempts let through when it tries again; all must succeed.", ge=1, le=1000),
    }

    def configure(self, ctx: Context, values: dict[str, Any], name: str) -> None:
        self.name = name
        self.bin_ns: i64 = max(1, values["window"] // BINS)
        self.failures: float = values["failures"]
        self.least: i64 = values["least"]
        self.open_ns: i64 = values["open"]
        self.probes: i64 = values["probes"]
        self.reset()

    def reset(self) -> None:
        self.mode: i64 = CLOSED
        self.since: i64 = 0
        self.good: list[i64] = [0] * BINS
        self.bad: list[i64] = [0] * BINS
        self.all_good: i64 = 0
        self.all_bad: i64 = 0
        self.at: i64 = 0
        self.let: i64 = 0
        self.passed: i64 = 0

    def admits(self, ctx: Context, call: Call) -> int:
        if self.mode == CLOSED:
            return 0
        if self.mode == OPEN:
            if ctx.now - self.since < self.open_ns:
                return BREAKER_OPEN
            self.mode = HALF_OPEN
            self.since = ctx.now
            self.let = 0
            self.passed = 0
            ctx.note(f"the circuit breaker on {self.name} tries again")
        if self.let >= self.probes:
            return BREAKER_OPEN
        self.let += 1
        return 0

    def heard(self, ctx: Context, call: Call) -> None:
        good = call.outcome == YES
        if self.mode == HALF_OPEN:
            if call.sent >= self.since:
                self._probe_heard(ctx, good)
            return
        if self.mode == OPEN:
            return
        self._turn_to(ctx.now)
        cell = self.at % BINS
        if good:
            self.good[cell] += 1
            self.all_good += 1
        else:
            self.bad[cell] += 1
            self.all_bad += 1
            total = self.all_good + self.all_bad
            if total >= self.least and float(self.all_bad) >= self.failures * float(total):
                self._trip(ctx)

    def _probe_heard(self, ctx: Context, good: bool) -> None:
        if not good:
            self._trip(ctx)
            return
        self.passed += 1
        if self.passed >= self.probes:
            self.reset()
            ctx.note(f"the circuit breaker on {self.name} closed")

    def _trip(self, ctx: Context) -> None:
        self.mode = OPEN
        self.since = ctx.now
        ctx.note(f"the circuit breaker on {self.name} opened")

    def _turn_to(self, now: i64) -> None:
        """Forget the bins that fell out of the window."""
        cell: i64 = now // self.bin_ns
        gap: i64 = cell - self.at
        if gap > BINS:
            gap = BINS
        while gap > 0:
            old: i64 = (cell - gap + 1) % BINS
            self.all_good -= self.good[old]
            self.all_bad -= self.bad[old]
            self.good[old] = 0
            self.bad[old] = 0
            gap -= 1
        self.at = cell

    def state(self) -> str:
        return ("closed", "open", "half-open")[self.mode]
