"""Stream processors: windows over what a stream or a queue brings, and alerts about what is out of the ordinary in them."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.message import ERROR, GAVE_UP, NONE, REFUSED, SILENT, UNMATCHED, YES, Item, Message, reason
from topology.node import FUNCTION, Call, Context, Part, Timer, content_of
from topology.nodes.service import Service
from topology.parameters import choice, count, dist, duration, group, number, share, word
from topology.problems import Refused
from topology.windows import COUNT, FAR, MEASURES, SLIDING, SORTS, TUMBLING, Held, Window, Windows

IDLE: Final = 50
UNHEARD: Final = 51
EVENT, ARRIVAL = "event", "arrival"
KEYS: Final = 65_536
"""Of so many keys the last windows are remembered."""
FEW: Final = 3
"""A z-score needs so many windows before it."""

WINDOWS: Final = "Apache Flink documentation, Windows"
TIMES: Final = "Apache Flink documentation, Timely stream processing"
LATE: Final = reason("late data: its windows were closed")


@mypyc_attr(allow_interpreted_subclasses=True)
class Alert(Item):
    """What was out of the ordinary, on its way to each of those whom it goes to: all must say yes."""

    def __init__(self, message: Message, links: i64) -> None:
        self.message: Message = message
        self.left: i64 = links
        self.refused: i64 = 0
        self.outcome: i64 = YES
        self.reason: int = 0
        self.links: i64 = links


@mypyc_attr(allow_interpreted_subclasses=True)
class StreamProcessor(Service):
    """Gathers what it consumes in windows, by the time of the events and for each key apart, and looks at each window by a rule.

    What it takes is checkpointed: it is done when the last of its windows closes, and a crash only delays that. A window is
    looked at when the watermark passes its end: the time of the latest event of each shard, of the shard that is farthest
    behind, less the disorder that is allowed for. Events that come still later count for as long as `lateness` says, and are
    dropped after that.

    Its links lead to those whom an alert goes to. An alert is a new message, offered when its window is looked at, in a flow
    that has the processor's name; it carries what the last record of the window says, and goes over all links at once.
    """

    role: ClassVar[str] = FUNCTION
    managed: ClassVar[bool] = True
    shields: ClassVar[bool] = True
    reads_times: ClassVar[bool] = True
    emits: ClassVar[bool] = True
    like: ClassVar[str] = ""
    inlet_params: ClassVar[dict[str, Any]] = {}
    example: ClassVar[str] = """
nodes:
  sensors: {kind: producer, rate: 50/s, keys: {count: 20}, work: [it]}
  readings: {kind: kinesis, shards: 2}
  it: {kind: stream_processor, size: 10s, alert: {above: 100}}
  alerts: {kind: sqs}
  app: {kind: service}
designs:
  only:
    links: [sensors => readings => it => alerts => app]
"""
    params: ClassVar[dict[str, Any]] = {
        "window": choice(
            TUMBLING,
            "What a window is: one after the other (tumbling), overlapping (sliding), or as long as events of a key follow each "
            "other closely (session).",
            options=SORTS,
            source=WINDOWS,
        ),
        "size": duration("10s", "How long a window is; of a session, the gap that ends it.", ge="1ms", le="1d"),
        "slide": duration(None, "Of sliding windows, the time from one to the next.", ge="1ms", le="1d", source=WINDOWS),
        "by": choice("key", "For which events windows are apart.", options=("key", "tenant", "one")),
        "time": choice(
            EVENT, "The time of an event: when it was meant to be sent, or what the processor's clock says when it comes.",
            options=(EVENT, ARRIVAL), source=TIMES,
        ),
        "disorder": duration("0s", "Events may come later than others by so much.", ge="0s", le="1d", source=TIMES),
        "lateness": duration("0s", "For so long after its end a window takes late events.", ge="0s", le="1d", source=WINDOWS),
        "idle": duration("5s", "When nothing came for so long, the watermark goes by the clock.", gt="0s", le="1d"),
        "value": word(None, "The attribute of a message that is measured; left out: each counts as 1."),
        "measure": choice(COUNT, "What the values of a window amount to.", options=MEASURES),
        "alert": group(
            {
                "above": number(None, "An alert when the figure is greater."),
                "below": number(None, "An alert when the figure is less."),
                "z_score": number(None, "Or when it lies so many standard deviations from the mean of the windows before.", gt=0),
                "change": share(None, "Or when it differs from that of the window before by more than this share.", ge=0, le=100),
                "history": count(10, "How many windows before it are compared with.", ge=FEW, le=1000),
            },
            "When a window is out of the ordinary; left out: never.",
        ),
        "deadline": duration("10s", "An alert that is not answered for so long is late, and nobody waits for it.", ge="1ms"),
        "concurrency": count(64, "Records in work at once.", ge=1, le=10_000),
        "takes": dist("1ms", "The work for one record."),
        "fails": share(0, "The share of records that end in an error, after the work."),
    }

    def __init__(self) -> None:
        super().__init__()
        self.windows = Windows(TUMBLING, 1, 1, 0)
        self.arranged = False
        self.rule: dict[str, Any] = {}
        self.before: dict[int, list[float]] = {}
        """The figures of the windows before, by key."""
        self.parts: list[Part] = []
        """The parts of the streams that it consumes, as far as it knows them; and one for all that is in no order."""
        self.rest = Part()
        self.arrived_at: i64 = 0
        self.timer: Timer | None = None
        self.held: i64 = 0
        self.closed = 0
        self.late = 0
        self.alerts = 0
        self.failed_alerts = 0

    @staticmethod
    def prepare(values: dict[str, Any]) -> dict[str, Any]:
        """See that settings fit together; Refused names the place of what does not."""
        slide = values["slide"]
        if (values["window"] == SLIDING) != (slide is not None):
            raise Refused(("slide",), "`window: sliding` and `slide: 1s` go together; set both or neither")
        if slide is not None and slide > values["size"]:
            raise Refused(("slide",), "`slide` is at most `size`, or events fall between windows")
        if slide is not None and values["size"] // slide > 1000:
            raise Refused(("slide",), "an event would be in more than 1,000 windows; let `slide` be longer")
        return values

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        plain = {"slots": values["concurrency"], "cores": None, "takes": values["takes"], "fails": values["fails"]}
        rest = {"grows": 0.0, "order": "sequence", "warmup": None, "pauses": None, "in": values["in"], "out": values["out"]}
        super().configure(ctx, plain | rest, policies)
        if not self.arranged:
            self.arranged = True
            slide = values["size"] if values["slide"] is None else values["slide"]
            self.windows = Windows(values["window"], values["size"], slide, values["lateness"])
        self.windows.lateness = values["lateness"]
        self.by: str = values["by"]
        self.by_arrival: bool = values["time"] == ARRIVAL
        self.disorder: i64 = values["disorder"]
        self.idle: i64 = values["idle"]
        self.value: str = values["value"] or ""
        self.measure: str = values["measure"]
        self.rule = values["alert"] or {}
        self.deadline: i64 = values["deadline"]

    # Records

    def worked(self, ctx: Context, call: Call) -> None:
        """Its own work is done: fail, or take the record over into its windows."""
        message = call.message
        code = ctx.failure(self.error_dice, self.fails, message.root, call.visit)
        if code or call.undo:
            self._end(ctx, call, ERROR if code else YES, code)
            return
        if not call.kept:
            ctx.accept(call)
        self._gather(ctx, call)
        self.busy -= 1
        ctx.meter.upto(ctx.now)
        ctx.meter.busy = self.busy
        if self.waiting.count > 0:
            self._fill(ctx)
        if ctx.inlets > 0:
            self._ask(ctx)

    def _gather(self, ctx: Context, call: Call) -> None:
        """Put a record into its windows, or drop it because it comes too late."""
        at: i64 = ctx.now + ctx.skew if self.by_arrival else call.message.born + call.message.skew
        at = at if at > 0 else 0
        key: i64 = 0
        if self.by == "key":
            key = call.message.key
        elif self.by == "tenant":
            key = call.message.tenant
        self.arrived_at = ctx.now
        part = call.cause if isinstance(call.cause, Part) else self.rest
        if part.latest < 0:
            self.parts.append(part)
        part.seen = ctx.now
        if at > part.latest:
            part.latest = at
        elif at < part.latest:
            self._pass(ctx, self._front(ctx.now))
        held = Held(call)
        self.held += 1
        if not self.windows.add(key, at, self._measured(call), held):
            self.late += 1
            self.held -= 1
            ctx.finish(call, False, LATE)
        if part.latest - self.disorder >= self.windows.next_end():
            self._pass(ctx, self._front(ctx.now))
        if self.timer is None and self.windows.open > 0:
            self.timer = ctx.after_same(self.idle, IDLE, None)

    def _front(self, now: i64) -> i64:
        """The watermark: how far each part has come that is not silent, less the disorder within it."""
        least: i64 = FAR
        for part in self.parts:
            if part.latest < least and now - part.seen < self.idle:
                least = part.latest
        return least - self.disorder if least < FAR else self.windows.watermark

    def _measured(self, call: Call) -> float:
        """The value of a record; what says none, or no number, is 0."""
        if not self.value:
            return 1.0
        content = content_of(call)
        said = None if content is None else content.attributes.get(self.value)
        if isinstance(said, (int, float)):
            return float(said)
        text = str(said or "")
        return float(text) if text.replace(".", "", 1).removeprefix("-").isdecimal() else 0.0

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == UNHEARD:
            assert isinstance(item, Message)
            if item.answer == NONE:
                self.failed_alerts += 1
                ctx.told(item, SILENT, GAVE_UP)
            return
        if tag != IDLE:
            super().on_timer(ctx, tag, item)
            return
        self.timer = None
        if self.running and ctx.now - self.arrived_at >= self.idle:
            self._pass(ctx, ctx.now + ctx.skew - self.disorder)
        if self.windows.open > 0:
            self.timer = ctx.after_same(self.idle, IDLE, None)

    # Windows

    def _pass(self, ctx: Context, watermark: i64) -> None:
        """The watermark moves on: look at the windows that it passes."""
        windows = self.windows
        if watermark <= windows.watermark:
            return
        windows.watermark = watermark
        while True:
            window = windows.due()
            if window is None:
                return
            self._look_at(ctx, window)
            if window.gone:
                self._close(ctx, window)

    def _look_at(self, ctx: Context, window: Window) -> None:
        """See whether a window is out of the ordinary; one that late events have changed may become so."""
        figure = window.figure(self.measure)
        before = self.before.get(int(window.key), [])
        if not window.alerted and self._strange(figure, before):
            window.alerted = True
            self._tell(ctx, window)
        if window.gone and self.rule:
            self._remember(window, figure)

    def _remember(self, window: Window, figure: float) -> None:
        """Keep the figure of a window that closes, to compare the next ones with."""
        key: int = window.key
        before = self.before.get(key)
        if before is None:
            if len(self.before) >= KEYS:
                del self.before[next(iter(self.before))]
            before = []
            self.before[key] = before
        before.append(figure)
        if len(before) > self.rule["history"]:
            del before[0]

    def _strange(self, figure: float, before: list[float]) -> bool:
        """Whether a figure is out of the ordinary, by the threshold, the z-score or the rate of change."""
        rule = self.rule
        if not rule:
            return False
        above, below, change, z = rule["above"], rule["below"], rule["change"], rule["z_score"]
        if (above is not None and figure > above) or (below is not None and figure < below):
            return True
        if change is not None and before and abs(figure - before[-1]) > change * abs(before[-1]):
            return True
        if z is None or len(before) < FEW:
            return False
        mean = sum(before) / len(before)
        variance = sum([(one - mean) * (one - mean) for one in before]) / len(before)
        return bool((figure - mean) * (figure - mean) > z * z * variance)

    def _tell(self, ctx: Context, window: Window) -> None:
        """An alert goes out over each link, as a new message that says what the record that came last said."""
        self.alerts += 1
        if ctx.links == 0:
            return
        call = window.held[-1].call
        last = call.message
        message = ctx.offer(self.alerts, 0, ctx.now, ctx.now + self.deadline)
        message.key, message.tenant, message.priority, message.mix = last.key, last.tenant, last.priority, last.mix
        ctx.after_same(self.deadline, UNHEARD, message)
        alert = Alert(message, ctx.links)
        link: i64 = 0
        while link < ctx.links:
            ctx.send_as(link, alert, message, call.content)
            link += 1

    def _close(self, ctx: Context, window: Window) -> None:
        """Its records are done, unless they are in other windows too."""
        self.closed += 1
        for held in window.held:
            held.windows -= 1
            if held.windows == 0:
                self.held -= 1
                ctx.finish(held.call, True, UNMATCHED if ctx.links > 0 else 0)
        window.held = []

    def on_answer(self, ctx: Context, call: Call) -> None:
        alert = call.cause
        if not isinstance(alert, Alert):
            super().on_answer(ctx, call)
            return
        if call.outcome != YES:
            alert.refused += 1 if call.outcome == REFUSED else 0
            alert.outcome = REFUSED if alert.refused == alert.links else SILENT
            alert.reason = call.reason
        alert.left -= 1
        if alert.left > 0 or alert.message.answer != NONE:
            return
        if alert.outcome != YES:
            self.failed_alerts += 1
        ctx.told(alert.message, alert.outcome, alert.reason)

    # Living and dying

    def on_crash(self, ctx: Context) -> None:
        """It stands still; what it gathered is checkpointed."""
        self.running = False

    def _ask(self, ctx: Context) -> None:
        if self.running:
            super()._ask(ctx)

    def on_revival(self, ctx: Context) -> None:
        self.running = True
        self.arrived_at = ctx.now
        for part in self.parts:
            part.seen = ctx.now  # what was not read while it was down is not idle
        self._ask(ctx)

    def on_close(self) -> None:
        super().on_close()
        self.windows.clear()
        self.parts = []
        self.timer = None

    # Looking

    def depth(self) -> int:
        return self.held

    def oldest(self, now: int) -> int:
        for _, _, window in self.windows.ends:
            if not window.gone and window.held:
                return now - window.held[0].call.arrived
        return 0

    def gauges(self, ctx: Context) -> dict[str, float]:
        behind = float(ctx.now - self.windows.watermark) * 1e-9 if self.windows.watermark >= 0 else 0.0
        return super().gauges(ctx) | {
            "windows open": float(self.windows.open),
            "windows closed": float(self.closed),
            "watermark behind s": behind,
            "late dropped": float(self.late),
            "alerts": float(self.alerts),
            "alerts that failed": float(self.failed_alerts),
        }
