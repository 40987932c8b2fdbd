"""Producers: the outside world, which offers messages and waits for answers."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice, ln
from topology.importers.access_log import Instants, read_instants
from topology.message import NONE, REFUSED, SILENT, YES, Item, Message
from topology.node import PRODUCER, Call, Context, Node
from topology.parameters import REQUIRED, choice, count, duration, group, number, path, rate

ARRIVAL: Final = 0
PATIENCE: Final = 1
SECOND: Final = 1e9


class Stream(Item):
    """One stream of arrivals: the declared one (number 0), or one that a surge added."""

    def __init__(self, number: i64, factor: float, since: i64, ramp: i64) -> None:
        self.number: i64 = number
        self.factor = factor
        self.since: i64 = since
        self.ramp: i64 = ramp
        self.n: i64 = 0
        self.ended = False

    def strength(self, now: i64) -> float:
        """From 0 at its beginning to 1 at the end of its ramp."""
        if self.ramp <= 0 or now >= self.since + self.ramp:
            return 1.0
        return float(now - self.since) / float(self.ramp)


@mypyc_attr(allow_interpreted_subclasses=True)
class Producer(Node):
    """Offers messages at instants that do not depend on how the system fares (open loop), and waits for each answer.

    Arrivals are Poisson, evenly spaced, or those of a web server's access log. A yes up to the deadline is in time; after
    its patience the customer gives up. Messages are dealt to `clients` in turn;
    where links are pinned, each client is wired to one replica.
    """

    role: ClassVar[str] = PRODUCER
    params: ClassVar[dict[str, Any]] = {
        "rate": rate(
            None, "Messages offered per second, on average. Left out only with `replay`.", gt="0/s", le="1000000/s"
        ),
        "arrivals": choice(
            "poisson", "Whether arrivals are random (poisson) or evenly spaced.", options=("poisson", "constant")
        ),
        "ramp": group(
            {
                "from": rate(
                    REQUIRED,
                    "The rate at the beginning; it then grows or falls evenly to `rate`.",
                    ge="0/s",
                    le="1000000/s",
                ),
                "over": duration(REQUIRED, "How long that takes.", gt="0s"),
            },
            "A rate that changes evenly at the beginning.",
        ),
        "replay": group(
            {
                "log": path(REQUIRED, "An access log in the Common or Combined Log Format; .gz is read too."),
                "faster": number(1, "How many times faster than it was recorded.", gt=0, le=1e9),
            },
            "Offer one message for each line of a real log, at its instant.",
            short="log",
        ),
        "deadline": duration("10s", "A yes after this is late.", gt="0s", le="1d"),
        "patience": duration(None, "After this the customer gives up; without it at the deadline.", gt="0s", le="1d"),
        "clients": count(
            None,
            "How many clients the messages come from in turn; without it as many as replicas are called.",
            ge=1,
            le=100_000,
        ),
    }

    def __init__(self) -> None:
        self.streams: list[Stream] = []
        self.first: Message | None = None
        self.last: Message | None = None
        self.watching = False
        self.whole = True
        self.stopped = False
        self.thin = 1.0
        self.at: i64 = 0

    @staticmethod
    def prepare(values: dict[str, Any]) -> dict[str, Any]:
        """Read what lies in files, once, when the playground is checked; ValueError names what is wrong."""
        replay = values["replay"]
        if replay is None:
            if values["rate"] is None:
                raise ValueError("a producer needs `rate`, or `replay` with a log")
            return values
        if values["rate"] is not None or values["ramp"] is not None:
            raise ValueError("a producer has either `rate` or `replay`, not both")
        return {**values, "replay": read_instants(replay["log"], replay["faster"])}

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.deadline: i64 = values["deadline"]
        patience = values["patience"]
        self.patience: i64 = self.deadline if patience is None else patience
        self.even: bool = values["arrivals"] == "constant"
        replay = values["replay"]
        self.instants: list[int] = []
        self.rate = 1.0
        if replay is not None:
            assert isinstance(replay, Instants)
            self.instants = replay.at_ns
            self.rate = replay.mean_rate
        else:
            self.rate = values["rate"]
        self.peak = self.rate
        self.low = self.rate
        self.over: i64 = 0
        ramp = values["ramp"]
        if ramp is not None:
            self.low = ramp["from"]
            self.over = ramp["over"]
            self.peak = max(self.low, self.rate)
        self._judge_whole()
        self.thin_dice: Dice = ctx.dice("thin")
        self.ramp_dice: Dice = ctx.dice("ramp")
        self.arrival_dice: Dice = ctx.dice("arrival")

    def on_start(self, ctx: Context) -> None:
        stream = Stream(0, 1.0, ctx.now, 0)
        self.streams = [stream]
        self._next(ctx, stream)

    # Arrivals

    def _next(self, ctx: Context, stream: Stream) -> None:
        """Wait for the stream's next arrival."""
        stream.n += 1
        if self.instants:
            self._next_of_log(ctx, stream)
            return
        mean = SECOND / (self.peak * stream.factor)
        gap: i64 = 0
        if self.even:
            whole = int(float(stream.n) * mean + 0.5) - int(float(stream.n - 1) * mean + 0.5)
            gap = whole
        else:
            u = self.arrival_dice.uniform(stream.n, stream.number)
            gap = int(-ln(u) * mean + 0.5)
        ctx.after(gap, ARRIVAL, stream)

    def _next_of_log(self, ctx: Context, stream: Stream) -> None:
        """The log's next line; a surge's stream has each line again, as often as its factor says."""
        if stream.number:
            while stream.n <= len(self.instants) and self.instants[stream.n - 1] < ctx.now:
                stream.n += 1
        if stream.n <= len(self.instants):
            ctx.after(self.instants[stream.n - 1] - ctx.now, ARRIVAL, stream)

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == PATIENCE:
            self._lose_patience(ctx)
            return
        assert isinstance(item, Stream)
        if self.stopped or item.ended:
            return
        n = item.n
        if self.instants and item.number:
            copies = int(item.factor * item.strength(ctx.now) + self.thin_dice.uniform(n, item.number))
            while copies > 0:
                copies -= 1
                self._offer(ctx, n + copies * 1_000_000_000, item.number)
        elif (self.whole and item.ramp == 0) or self._comes(ctx, item, n):
            self._offer(ctx, n, item.number)
        self._next(ctx, item)

    def _comes(self, ctx: Context, stream: Stream, n: i64) -> bool:
        """Whether this arrival really comes: ramps and lower rates thin the stream by hash."""
        now = ctx.now
        chance = stream.strength(now)
        if now < self.over:
            now_rate = self.low + (self.rate - self.low) * float(now) / float(self.over)
            chance *= now_rate / self.peak
        elif self.peak != self.rate:
            chance *= self.rate / self.peak
        if chance < 1.0 and self.ramp_dice.uniform(n, stream.number) >= chance:
            return False
        return stream.number != 0 or self.thin >= 1.0 or self.thin_dice.uniform(n, 0) < self.thin

    def _offer(self, ctx: Context, n: i64, number: i64) -> None:
        message = ctx.offer(n, number, ctx.now, ctx.now + self.deadline)
        last = self.last
        self.last = message
        if last is None:
            self.first = message
            if not self.watching:
                self.watching = True
                ctx.after(self.patience + 1, PATIENCE, None)
        else:
            last.behind = message
            message.before = last
        ctx.send(0, message, message)

    def _lose_patience(self, ctx: Context) -> None:
        """One timer serves all who wait: they came in order, so the first to lose patience is the first in the chain."""
        while True:
            message = self.first
            if message is None:
                self.watching = False
                return
            left: i64 = message.born + self.patience + 1 - ctx.now
            if left > 0:
                ctx.after(left, PATIENCE, None)
                return
            code = ctx.forget(message)
            self._tell(ctx, message, SILENT, code)

    def on_surge(self, ctx: Context, number: i64, extra: float, ramp_ns: i64) -> None:
        for stream in self.streams:
            if stream.number == number:
                stream.ended = True
        self.streams = [s for s in self.streams if not s.ended]
        if extra > 0.0:
            stream = Stream(number, extra, ctx.now, ramp_ns)
            self.streams.append(stream)
            self._next(ctx, stream)

    def on_thin(self, ctx: Context, share: float) -> None:
        self.thin = share
        self._judge_whole()

    def on_close(self) -> None:
        message = self.first
        while message is not None:
            behind = message.behind
            message.before = None
            message.behind = None
            message.pending = None
            message = behind
        self.first = None
        self.last = None

    def _judge_whole(self) -> None:
        """Whether every arrival comes, so that none need be looked at."""
        self.whole = self.thin >= 1.0 and self.over == 0 and self.peak == self.rate

    def on_stop(self, ctx: Context) -> None:
        self.stopped = True

    # Answers

    def on_answer(self, ctx: Context, call: Call) -> None:
        message = call.message
        if message.answer != NONE:
            return
        if call.outcome == YES:
            message.step += 1
            if message.step < ctx.links:
                ctx.send(message.step, message, message)
                return
            self._tell(ctx, message, YES, 0)
        elif call.outcome == REFUSED and message.step == 0:
            self._tell(ctx, message, REFUSED, call.reason)
        else:
            self._tell(ctx, message, SILENT, call.reason)

    def _tell(self, ctx: Context, message: Message, outcome: i64, code: int) -> None:
        before = message.before
        behind = message.behind
        if before is None:
            self.first = behind
        else:
            before.behind = behind
            message.before = None
        if behind is None:
            self.last = before
        else:
            behind.before = before
            message.behind = None
        ctx.told(message, outcome, code)

    def gauges(self, ctx: Context) -> dict[str, float]:
        return {"rate": self.rate, "streams": float(len(self.streams))}
