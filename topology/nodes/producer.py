"""Producers: the outside world, which offers messages and waits for answers."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice, ln
from topology.dist import Dist
from topology.importers.replay import CHOICES, Cursor, Replay, read_replay
from topology.message import SILENT, Item, Message, Mix
from topology.node import PRODUCER, Context
from topology.parameters import (
    REQUIRED,
    choice,
    count,
    data,
    dist,
    duration,
    flag,
    group,
    number,
    paths,
    rate,
    size,
    table,
    word,
)
from topology.source import Source
from topology.wave import Wave
from topology.zipf import Weights, Zipf

ARRIVAL: Final = 0
PATIENCE: Final = 1
BURST: Final = 2
COMES: Final = 3
SECOND: Final = 1e9
MOST: Final = 1e6
"""Messages per second that one producer may offer."""
BURSTS: Final = -1
"""The number of the stream that bursts add; surges count up from 1."""

_RATE: Final = {"ge": "0/s", "le": "1000000/s"}
_ONE_OF: Final = "a producer needs one of `rate`, `wave`, `closed`, or `replay` with a log"


class Stream(Item):
    """One stream of arrivals: the declared one (number 0), that of its bursts, or one that a surge added."""

    def __init__(self, number: i64, factor: float, since: i64, ramp: i64) -> None:
        self.number: i64 = number
        self.factor = factor
        self.since: i64 = since
        self.ramp: i64 = ramp
        self.n: i64 = 0
        self.spent: i64 = 0
        """Of bursts: how long they have lasted in all, up to the last arrival."""
        self.apart = False
        """Whether it comes whatever the declared rate does: waves, ramps and logs are not its own."""
        self.ended = False

    def strength(self, now: i64) -> float:
        """From 0 at its beginning to 1 at the end of its ramp."""
        if self.ramp <= 0 or now >= self.since + self.ramp:
            return 1.0
        return float(now - self.since) / float(self.ramp)


class User(Item):
    """One user of a closed loop: comes, waits for the answer, thinks, and comes again."""

    def __init__(self, stream: Stream, place: i64, of: i64) -> None:
        self.stream = stream
        self.place: i64 = place
        self.of: i64 = of
        self.visits: i64 = 0


@mypyc_attr(allow_interpreted_subclasses=True)
class Producer(Source):
    """Offers messages at instants that do not depend on how the system fares (open loop), and waits for each answer.

    Arrivals are Poisson or evenly spaced, at a steady rate, in bursts or in a daily wave, or those of a real log. A yes up
    to the deadline is in time; after its patience the customer gives up. Messages are dealt to `clients` in turn;
    where links are pinned, each client is wired to one replica.

    With `closed` it is a closed loop instead: so many users, each of whom waits for the answer (or for as long as the
    patience lasts), thinks, and comes again. Then a slow system is offered less, so designs are no longer offered the same.
    """

    role: ClassVar[str] = PRODUCER
    params: ClassVar[dict[str, Any]] = {
        "rate": rate(None, "Messages offered per second, on average.", gt="0/s", le="1000000/s"),
        "arrivals": choice(
            "poisson", "Whether arrivals are random (poisson) or evenly spaced.", options=("poisson", "constant")
        ),
        "ramp": group(
            {
                "from": rate(REQUIRED, "The rate at the beginning; it then grows or falls evenly to `rate`.", **_RATE),
                "over": duration(REQUIRED, "How long that takes.", gt="0s"),
            },
            "A rate that changes evenly at the beginning.",
        ),
        "bursts": group(
            {
                "every": duration(REQUIRED, "From the beginning of one burst to that of the next.", ge="1ms", le="30d"),
                "lasts": duration("0s", "How long each lasts; shorter than `every`.", ge="0s", le="30d"),
                "factor": number(None, "How many times the rate comes during a burst.", gt=1, le=1000),
                "size": count(
                    None, "In place of a factor: how many more messages a burst brings, evenly over it.", ge=1, le=1_000_000
                ),
                "first": duration(None, "When the first burst begins; left out, after one `every`.", ge="0s", le="30d"),
            },
            "More than the rate, again and again. What comes anyway comes at the same instants as without bursts.",
        ),
        "wave": group(
            {
                "low": rate(REQUIRED, "The rate when least is offered.", **_RATE),
                "high": rate(REQUIRED, "The rate when most is offered.", gt="0/s", le="1000000/s"),
                "period": duration("24h", "From one peak to the next.", ge="1ms", le="30d"),
                "peak": duration(None, "When most is offered, in each period; left out, half-way through it.", ge="0s", le="30d"),
            },
            "In place of `rate`: a rate that rises and falls as a sine, as over a day.",
        ),
        "closed": group(
            {
                "users": count(REQUIRED, "How many users there are.", ge=1, le=100_000),
                "think": dist(REQUIRED, "How long a user thinks between an answer and the next message.", gt="0s"),
            },
            "In place of `rate`: users who wait for their answers, so that what is offered depends on how the system fares.",
        ),
        "replay": group(
            {
                "log": paths(
                    REQUIRED,
                    "A log, or several that are merged by time; .gz is read too. Web servers' (Common and Combined Log "
                    "Format), a Classic or Application Load Balancer's, or a table of instants (csv).",
                ),
                "format": choice("auto", "What the log is; auto recognises it by its first lines.", options=CHOICES),
                "column": word(None, "Of a table: the heading of the column with the instants; left out, the first column."),
                "faster": number(1, "How many times faster than it was recorded.", gt=0, le=1e9),
                "gaps": choice("keep", "Whether long silences are kept as recorded or cut short.", options=("keep", "cut")),
                "longest_gap": duration(None, "With `gaps: cut`: no silence of the run is longer; left out, 10 s.", gt="0s"),
                "lenient": flag(False, "Skip and count lines that are no requests, instead of refusing the log."),
            },
            "Offer one message for each line of a real log, at its instant.",
            short="log",
        ),
        "mix": table(
            {
                "weight": number(1, "How often this sort comes, against the weights of the others.", gt=0, le=1e9),
                "size": size("1KiB", "How large such a message is.", ge=0, le="1GiB"),
                "priority": count(None, "How important it is, from 0 up; left out, the producer's `priority`.", ge=0, le=100),
                "attributes": data(None, "Attributes by name, which filters and rules look at."),
                "body": data(None, "What it says, for rules that look into it."),
            },
            "Sorts of messages by name. Which of them a message is, is the same in every design.",
        ),
        "keys": group(
            {
                "count": count(REQUIRED, "How many things there are: items, accounts, partition keys.", ge=1, le=10_000_000),
                "skew": number(1.0, "How uneven they are: 0 all alike, 1 Zipf's law, above 1 a few have nearly all.", ge=0, le=5),
            },
            "What each message is about: the key of caches, shards and hot spots.",
            short="count",
        ),
        "tenants": group(
            {
                "count": count(None, "How many tenants messages come from.", ge=1, le=10_000),
                "skew": number(0, "How uneven they are: 0 all alike, 1 Zipf's law.", ge=0, le=5),
                "names": table(
                    {"weight": number(1, "How much comes from it, against the others.", gt=0, le=1e9)},
                    "In place of a count: tenants by name, numbered in this order.",
                    short="weight",
                ),
                "first": count(
                    0, "The number of the first tenant, so that two producers need not have the same ones.", ge=0, le=1_000_000
                ),
            },
            "Whose each message is.",
            short="count",
        ),
        "priority": count(0, "How important its messages are, from 0, the least, up.", ge=0, le=100),
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
        self.away: list[Stream] = []
        self.first: Message | None = None
        self.last: Message | None = None
        self.watching = False
        self.whole = True
        self.stopped = False
        self.thin = 1.0
        self.hot = 0.0
        self.cursor: Cursor | None = None
        self.buffer: list[int] = []
        self.spot: i64 = 0
        self.users: i64 = 0
        self.present: i64 = 0
        self.thinking: i64 = 0
        self.coming: User | None = None
        self.at_it: dict[Message, User] = {}
        self.idle: list[User] = []
        self.gathered: i64 = 0
        self.resized: i64 = 0
        self.burst_from: i64 = 0
        self.burst_since: i64 = 0
        self.values: dict[str, Any] = {}

    @staticmethod
    def prepare(values: dict[str, Any]) -> dict[str, Any]:
        """Read what lies in files, once, when the playground is checked; ValueError names what is wrong."""
        given = [name for name in ("rate", "wave", "closed", "replay") if values[name] is not None]
        if len(given) != 1:
            raise ValueError(f"{_ONE_OF}; it has {' and '.join(given)}" if given else _ONE_OF)
        if values["ramp"] is not None and given[0] != "rate":
            raise ValueError(f"`ramp` needs `rate`, and there is `{given[0]}`")
        if values["bursts"] is not None and given[0] not in ("rate", "wave"):
            raise ValueError(f"`bursts` need `rate` or `wave`, and there is `{given[0]}`")
        _check_bursts(values["bursts"])
        _check_wave(values["wave"])
        _check_closed(values["closed"])
        _check_who(values["mix"], values["tenants"])
        replay = values["replay"]
        return values if replay is None or isinstance(replay, Replay) else {**values, "replay": read_replay(replay)}

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.deadline: i64 = values["deadline"]
        patience = values["patience"]
        self.patience: i64 = self.deadline if patience is None else patience
        self.even: bool = values["arrivals"] == "constant"
        changed = self.values
        self.values = values
        self._set_rate(values)
        self._set_bursts(values["bursts"])
        self._set_sorts(values)
        self._judge_whole()
        self.thin_dice: Dice = ctx.dice("thin")
        self.ramp_dice: Dice = ctx.dice("ramp")
        self.arrival_dice: Dice = ctx.dice("arrival")
        self.think_dice: Dice = ctx.dice("think")
        self.mix_dice: Dice = ctx.dice("mix")
        self.key_dice: Dice = ctx.dice("key")
        self.hot_dice: Dice = ctx.dice("hot")
        self.tenant_dice: Dice = ctx.dice("tenant")
        if self.streams:
            self._change(ctx, changed)

    def _change(self, ctx: Context, before: dict[str, Any]) -> None:
        """Something was set while it runs: begin anew what goes by it."""
        if self.values["bursts"] != before["bursts"]:
            self._begin_bursts(ctx)
        if self.replay is not None and self.replay is not before["replay"]:
            self.cursor = Cursor(self.replay)
            self.buffer = []
            self.spot = 0
        if self.think is not None and self.users != before["closed"]["users"]:
            self._resize(ctx)

    def _set_rate(self, values: dict[str, Any]) -> None:
        """How much comes: the highest rate, and what makes it less at times."""
        replay, closed, wave, ramp = values["replay"], values["closed"], values["wave"], values["ramp"]
        self.replay: Replay | None = replay
        self.think: Dist | None = None
        self.wave: Wave | None = None
        self.over: i64 = 0
        self.rate = 1.0
        if replay is not None:
            self.rate = replay.mean_rate
        elif closed is not None:
            think: Dist = closed["think"]
            self.think = think
            self.users = closed["users"]
            self.rate = float(self.users) * SECOND / think.mean_ns()
        elif wave is not None:
            self.rate = wave["high"]
            period: int = wave["period"]
            peak: int = period // 2 if wave["peak"] is None else wave["peak"]
            self.wave = Wave(wave["low"], wave["high"], period, peak)
        else:
            self.rate = values["rate"]
        self.peak = self.rate
        self.low = self.rate
        if ramp is not None:
            self.low = ramp["from"]
            self.over = ramp["over"]
            self.peak = max(self.low, self.rate)

    def _set_bursts(self, bursts: dict[str, Any] | None) -> None:
        self.burst_every: i64 = 0
        self.burst_lasts: i64 = 0
        self.burst_first: i64 = 0
        self.burst_size: i64 = 0
        self.burst_factor = 0.0
        if bursts is not None:
            first = bursts["first"]
            self.burst_every = bursts["every"]
            self.burst_lasts = bursts["lasts"]
            self.burst_first = bursts["every"] if first is None else first
            self.burst_size = 0 if bursts["size"] is None else bursts["size"]
            self.burst_factor = 0.0 if bursts["factor"] is None else bursts["factor"] - 1.0

    def _set_sorts(self, values: dict[str, Any]) -> None:
        """What messages are, what they are about and whose they are."""
        self.priority: i64 = values["priority"]
        mix, keys, tenants = values["mix"], values["keys"], values["tenants"]
        self.mixes: list[Mix] = []
        for name, row in (mix or {}).items():
            priority: int = values["priority"] if row["priority"] is None else row["priority"]
            self.mixes.append(Mix(name, row["weight"], row["size"], priority, row["attributes"] or {}, row["body"]))
        self.mix_weights = Weights([one.weight for one in self.mixes])
        self.keys: Zipf | None = None if keys is None else Zipf(keys["count"], keys["skew"])
        self.tenants: Zipf | None = None
        self.tenant_weights: Weights | None = None
        self.first_tenant: i64 = 0 if tenants is None else tenants["first"]
        if tenants is not None and tenants["names"] is not None:
            self.tenant_weights = Weights([row["weight"] for row in tenants["names"].values()])
        elif tenants is not None:
            self.tenants = Zipf(tenants["count"], tenants["skew"])
        plain = mix is None and keys is None and tenants is None and self.priority == 0 and self.think is None
        self.dressed = not plain

    def on_layers(self, ctx: Context) -> None:
        self.hot = ctx.strength("hot")

    def on_start(self, ctx: Context) -> None:
        stream = Stream(0, 1.0, ctx.now, 0)
        self.streams = [stream]
        if self.replay is not None:
            self.cursor = Cursor(self.replay)
        if self.think is not None:
            self.gathered = self.users
            self._gather(ctx, stream, self.users, self._mean_think())
            return
        self._next(ctx, stream)
        self._begin_bursts(ctx)

    def _begin_bursts(self, ctx: Context) -> None:
        """The first burst is still to come, as counted from now; earlier ones are over."""
        n: i64 = 0
        for stream in self.streams:
            if stream.number == BURSTS:
                stream.ended = True
                n = stream.n
        self.streams = [s for s in self.streams if not s.ended]
        if self.burst_every:
            stream = Stream(BURSTS, self.burst_factor, ctx.now, 0)
            stream.n = n
            self.burst_from = n
            self.burst_since = ctx.now + self.burst_first
            self.streams.append(stream)
            self._next_of_bursts(ctx, stream)

    # Arrivals

    def _next(self, ctx: Context, stream: Stream) -> None:
        """Wait for the stream's next arrival."""
        stream.n += 1
        if self.cursor is not None and not stream.apart:
            self._next_of_log(ctx, stream)
            return
        ctx.after(self._gap(stream, stream.factor), ARRIVAL, stream)

    def _gap(self, stream: Stream, factor: float) -> i64:
        """From the stream's last arrival to its next, in nanoseconds, at so many times the highest rate."""
        mean = SECOND / (self.peak * factor)
        if self.even:
            whole = int(float(stream.n) * mean + 0.5) - int(float(stream.n - 1) * mean + 0.5)
            return whole
        u = self.arrival_dice.uniform(stream.n, stream.number)
        gap = int(-ln(u) * mean + 0.5)
        return gap

    def _next_of_log(self, ctx: Context, stream: Stream) -> None:
        """The log's next line, for the declared stream and every other: surges copy its lines as they come."""
        at = self._line()
        while 0 <= at < ctx.now:
            at = self._line()  # a log that is set while it runs begins where the run is
        if at >= 0:
            ctx.after(at - ctx.now, ARRIVAL, stream)

    def _line(self) -> i64:
        """The instant of the log's next line; -1 at its end."""
        if self.spot >= len(self.buffer):
            assert self.cursor is not None
            self.buffer = self.cursor.more()
            self.spot = 0
            if not self.buffer:
                return -1
        at: i64 = self.buffer[self.spot]
        self.spot += 1
        return at

    def _next_of_bursts(self, ctx: Context, stream: Stream) -> None:
        """The next message that bursts add, by a clock that stands still between them."""
        k: i64 = 0
        within: i64 = 0
        if self.burst_size:
            k = (stream.n - self.burst_from) // self.burst_size
            part: int = (stream.n - self.burst_from) % self.burst_size
            within = part * int(self.burst_lasts) // int(self.burst_size)
            stream.n += 1
        else:
            stream.n += 1
            stream.spent += self._gap(stream, stream.factor)
            k = stream.spent // self.burst_lasts
            within = stream.spent % self.burst_lasts
        at: i64 = self.burst_since + k * self.burst_every + within
        ctx.after(at - ctx.now, BURST, stream)

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == ARRIVAL:
            assert isinstance(item, Stream)
            if self.stopped or item.ended:
                return
            n = item.n
            if (self.whole and item.ramp == 0) or self._comes(ctx, item, n):
                self._offer(ctx, n, item.number)
            if self.cursor is not None and len(self.streams) > 1 and not item.apart:
                self._copy(ctx, n)
            self._next(ctx, item)
        elif tag == PATIENCE:
            self._lose_patience(ctx)
        elif tag == COMES:
            assert isinstance(item, User)
            self._come(ctx, item)
        else:
            assert isinstance(item, Stream)
            self._burst(ctx, item)

    def _copy(self, ctx: Context, n: i64) -> None:
        """A line of the log came: surges have it again, as often as their factors say."""
        for stream in self.streams:
            if stream.number and not stream.apart:
                copies = int(stream.factor * stream.strength(ctx.now) + self.thin_dice.uniform(n, stream.number))
                while copies > 0:
                    copies -= 1
                    self._offer(ctx, n + copies * 1_000_000_000, stream.number)

    def _burst(self, ctx: Context, stream: Stream) -> None:
        """A message of a burst is due."""
        if self.stopped or stream.ended:
            return
        if self.whole or self._comes(ctx, stream, stream.n):
            self._offer(ctx, stream.n, stream.number)
        self._next_of_bursts(ctx, stream)

    def _comes(self, ctx: Context, stream: Stream, n: i64) -> bool:
        """Whether this arrival really comes: ramps, waves and lower rates thin the stream by hash."""
        if stream.apart:
            return True
        now = ctx.now
        chance = 1.0 if stream.number == BURSTS else stream.strength(now)
        if self.wave is not None:
            chance *= self.wave.rate(now) / self.peak
        elif now < self.over:
            now_rate = self.low + (self.rate - self.low) * float(now) / float(self.over)
            chance *= now_rate / self.peak
        elif self.peak != self.rate:
            chance *= self.rate / self.peak
        if chance < 1.0 and self.ramp_dice.uniform(n, stream.number) >= chance:
            return False
        if stream.number > 0:
            return True
        stays = self._staying(now)
        return stays >= 1.0 or self.thin_dice.uniform(n, stream.number) < stays

    def _staying(self, now: i64) -> float:
        """The share of the declared stream that comes: a lower rate, and customers who stay away."""
        share = self.thin
        for one in self.away:
            share *= 1.0 + one.factor * one.strength(now)
        return share

    def _offer(self, ctx: Context, n: i64, number: i64) -> None:
        message = ctx.offer(n, number, ctx.now, ctx.now + self.deadline)
        if self.dressed:
            self._dress(message, n, number)
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

    def _dress(self, message: Message, n: i64, number: i64) -> None:
        """Give a message its sort, its key and its tenant, each by a hash of which message it is, and its user."""
        message.priority = self.priority
        if self.mixes:
            mix = self.mixes[self.mix_weights.draw(self.mix_dice.uniform(n, number))]
            message.mix = mix
            message.priority = mix.priority
        if self.keys is not None:
            message.key = self.keys.draw(self.key_dice.uniform(n, number))
            if self.hot > 0.0 and self.hot_dice.uniform(n, number) < self.hot:
                message.key = 0
        if self.tenants is not None:
            message.tenant = self.first_tenant + self.tenants.draw(self.tenant_dice.uniform(n, number))
        elif self.tenant_weights is not None:
            message.tenant = self.first_tenant + self.tenant_weights.draw(self.tenant_dice.uniform(n, number))
        if self.coming is not None:
            self.at_it[message] = self.coming
            self.coming = None

    # Closed loop

    def _mean_think(self) -> i64:
        assert self.think is not None
        mean = int(self.think.mean_ns())
        return mean

    def _gather(self, ctx: Context, stream: Stream, users: i64, over: i64) -> None:
        """So many users more, who come for the first time one after another, evenly over `over` nanoseconds."""
        k: i64 = 0
        wide: int = over
        while k < users:
            delay: i64 = wide * int(k) // int(users)
            ctx.after(delay, COMES, User(stream, k, users))
            k += 1
        self.present += users
        self.thinking += users

    def _come(self, ctx: Context, user: User) -> None:
        """A user has thought, and comes, unless he went away meanwhile."""
        self.thinking -= 1
        if self.stopped or user.stream.ended:
            self.present -= 1
            return
        if user.stream.number == 0 and user.place >= self._wanted(ctx.now):
            self.present -= 1
            self.idle.append(user)
            return
        user.visits += 1
        self.coming = user
        self._offer(ctx, (user.visits - 1) * user.of + user.place + 1, user.stream.number)

    def _wanted(self, now: i64) -> i64:
        """How many of the declared users take part."""
        share = self._staying(now)
        if share >= 1.0:
            return self.users
        wanted = int(float(self.users) * share + 0.5)
        return wanted

    def _think(self, ctx: Context, message: Message) -> None:
        """A user has his answer, or has given up: he thinks, and then comes again."""
        user = self.at_it.pop(message, None)
        if user is not None and self.think is not None:
            self.thinking += 1
            ctx.after(self.think.sample(self.think_dice.uniform(message.n, user.stream.number)), COMES, user)

    def _recall(self, ctx: Context) -> None:
        """Users who stayed away come again, as far as they are wanted now."""
        wanted = self._wanted(ctx.now)
        back = [user for user in self.idle if user.place < wanted]
        self.idle = [user for user in self.idle if user.place >= wanted]
        mean: int = self._mean_think() if back else 0
        for k, user in enumerate(back):
            delay: i64 = mean * k // len(back)
            ctx.after(delay, COMES, user)
        self.present += len(back)
        self.thinking += len(back)

    def _resize(self, ctx: Context) -> None:
        """There are more declared users than at the start, or fewer."""
        for stream in self.streams:
            if stream.number < BURSTS:
                stream.ended = True
        self.streams = [s for s in self.streams if not s.ended]
        if self.users > self.gathered:
            self.resized += 1
            stream = Stream(BURSTS - self.resized, 0.0, ctx.now, 0)
            self.streams.append(stream)
            self._gather(ctx, stream, self.users - self.gathered, self._mean_think())
        self._recall(ctx)

    # More and less

    def on_surge(self, ctx: Context, number: i64, extra: float, ramp_ns: i64) -> None:
        for stream in self.streams:
            if stream.number == number:
                stream.ended = True
        self.streams = [s for s in self.streams if not s.ended]
        self.away = [s for s in self.away if s.number != number]
        if extra != 0.0:
            stream = Stream(number, extra, ctx.now, ramp_ns)
            if extra < 0.0:
                self.away.append(stream)
            else:
                self.streams.append(stream)
                self._begin(ctx, stream)
        self._judge_whole()
        if self.think is not None:
            self._recall(ctx)

    def on_crowd(self, ctx: Context, number: i64, per_second: float) -> None:
        stream = Stream(number, per_second / self.peak, ctx.now, 0)
        stream.apart = True
        self.streams.append(stream)
        self._begin(ctx, stream)

    def _begin(self, ctx: Context, stream: Stream) -> None:
        """A surge begins: more users, or a stream of its own; of a log it copies the lines as they come."""
        if self.think is not None:
            more = int(float(self.users) * stream.factor + 0.5)
            self._gather(ctx, stream, more, max(stream.ramp, self._mean_think()))
        elif self.cursor is None or stream.apart:
            self._next(ctx, stream)

    def on_thin(self, ctx: Context, share: float) -> None:
        self.thin = share
        self._judge_whole()
        if self.think is not None:
            self._recall(ctx)

    def _judge_whole(self) -> None:
        """Whether every arrival comes, so that none need be looked at."""
        steady = self.over == 0 and self.peak == self.rate and self.wave is None
        self.whole = steady and self.thin >= 1.0 and not self.away

    def on_stop(self, ctx: Context) -> None:
        self.stopped = True

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
        self.at_it = {}
        self.idle = []
        self.cursor = None

    # Answers

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
            self.tell(ctx, message, SILENT, code)

    def tell(self, ctx: Context, message: Message, outcome: i64, code: int) -> None:
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
        if self.think is not None:
            self._think(ctx, message)

    def gauges(self, ctx: Context) -> dict[str, float]:
        if self.think is not None:
            return {"users": float(self.present), "thinking": float(self.thinking), "rate": self.rate}
        found = {"rate": self.rate, "streams": float(len(self.streams))}
        if self.wave is not None:
            found["rate_now"] = self.wave.rate(ctx.now) * self._staying(ctx.now)
        return found


# What must fit together


def _check_bursts(bursts: dict[str, Any] | None) -> None:
    if bursts is None:
        return
    if (bursts["factor"] is None) == (bursts["size"] is None):
        raise ValueError("`bursts` need either `factor` or `size`")
    if bursts["lasts"] >= bursts["every"]:
        raise ValueError("`bursts` must last shorter than `every`")
    if bursts["factor"] is not None and bursts["lasts"] == 0:
        raise ValueError("`bursts` with a `factor` need `lasts`: how long each lasts")
    if bursts["size"] is not None and bursts["size"] * SECOND > MOST * bursts["every"]:
        raise ValueError(f"`bursts` of that size so often bring more than {MOST:,.0f}/s, the limit")


def _check_wave(wave: dict[str, Any] | None) -> None:
    if wave is None:
        return
    if wave["low"] > wave["high"]:
        raise ValueError("the `wave`'s low is above its high")
    if wave["peak"] is not None and wave["peak"] >= wave["period"]:
        raise ValueError("the `wave`'s peak lies past its period")


def _check_closed(closed: dict[str, Any] | None) -> None:
    if closed is None:
        return
    mean: float = closed["think"].mean_ns()
    if mean > 2.6e15:
        raise ValueError("`closed` needs users who think for at most 30 days on average")
    if closed["users"] * SECOND > MOST * mean:
        raise ValueError(f"`closed`: so many users who think so shortly may offer more than {MOST:,.0f}/s, the limit")


def _check_who(mix: dict[str, Any] | None, tenants: dict[str, Any] | None) -> None:
    for name, row in (mix or {}).items():
        if row["attributes"] is not None and not isinstance(row["attributes"], dict):
            raise ValueError(f"the attributes of `mix.{name}` must be a mapping of names to values")
    if tenants is not None and (tenants["count"] is None) == (tenants["names"] is None):
        raise ValueError("`tenants` need either `count` or `names`")
