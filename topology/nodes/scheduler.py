"""Amazon EventBridge Scheduler."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.backing_off import BackingOff, backing_off, retry_group
from topology.begins import BEGINS, begin_of
from topology.chance import Dice
from topology.dist import whole
from topology.message import YES, Item
from topology.node import SCHEDULER, Context, Timer
from topology.parameters import REQUIRED, count, data, duration, node, word
from topology.problems import Refused
from topology.push.pushing import OWN, Copy, Pusher, Subscriber
from topology.rules.schedules import Schedule, compile_schedule

TYPES: Final = "EventBridge Scheduler User Guide, Schedule types in EventBridge Scheduler"
FLEXIBLE: Final = "EventBridge Scheduler User Guide, Configuring flexible time windows"
RETRY: Final = "EventBridge Scheduler API Reference, RetryPolicy"
DEAD: Final = "EventBridge Scheduler User Guide, Configuring a dead-letter queue"
DUE: Final = OWN
FIRE: Final = OWN + 1
SECOND: Final = 1_000_000_000
MORE: Final = 1_000_000_000
"""The number of a firing of what a storm brings; its messages are numbered from here on, so that no other gets another number."""
MOST_MISSED: Final = 1000
"""So many firings that came due while it was down are made up for."""
ZONES: Final = "the names of the IANA time zone database"


class Firing(Item):
    """One firing: its number, which of the schedules it is, and the instant at which it is due, within its window."""

    def __init__(self, n: i64, due: i64, job: i64) -> None:
        self.n: i64 = n
        self.due: i64 = due
        self.job: i64 = job


@mypyc_attr(allow_interpreted_subclasses=True)
class Scheduler(Pusher):
    """Begins by the calendar: at a rate, by a cron expression in a time zone, or once; each firing is a message of a flow of
    its own, and is delivered to its target at least once.

    A firing is taken on when it is due, which counts as its yes; what could not be delivered is tried again for a day and then
    goes to the dead-letter queue or is dropped, which shows as a dead letter or a loss. Many schedules with one expression
    fire in the same minute: a flexible window spreads them.
    """

    role: ClassVar[str] = SCHEDULER
    layers: ClassVar[dict[str, str]] = {**Pusher.layers, "storm": "plus"}
    """`storm`: so many one-time schedules more fire at the instant at which it is laid."""
    example: ClassVar[str] = "schedule: cron(0/15 * * * ? *), zone: Europe/Berlin"
    params: ClassVar[dict[str, Any]] = {
        "schedule": word(REQUIRED, "When it fires: rate(5 minutes), cron(0 3 * * ? *) or at(2026-03-01T08:00:00)."),
        "zone": word("UTC", "The time zone of a cron or one-time schedule, such as Europe/Berlin.", source=TYPES),
        "begins": BEGINS,
        "schedules": count(1, "How many schedules there are with this expression; all fire at once.", ge=1, le=100_000),
        "window": duration(
            "0s", "The flexible time window: each fires at a random instant within it.", ge="0s", le="1440m", source=FLEXIBLE
        ),
        "precision": duration(
            "60s", "Without a window each fires within this time after the instant that is set.", ge="0s", le="60s", source=TYPES
        ),
        "deadline": duration("60s", "Work that is done later than this after the set instant counts as late.", gt="0s"),
    }
    link_params: ClassVar[dict[str, Any]] = {
        "input": data(None, "What the target gets."),
        "retry": retry_group(RETRY),
        "dead_letter": node(None, "The queue that takes what could not be delivered.", options=("queue",), source=DEAD),
    }

    def __init__(self) -> None:
        super().__init__()
        self.retries: list[BackingOff] = []
        self.timer: Timer | None = None
        self.fired: i64 = 0
        self.offered: i64 = 0
        self.missed: list[Firing] = []
        self.stopped = False
        self.began: i64 = 0
        self.stormed: i64 = 0
        """How many schedules the storms that lie here have, each of which has fired."""
        self.more: i64 = 0

    @staticmethod
    def prepare(values: dict[str, Any]) -> dict[str, Any]:
        """See that the expression, the zone and the begin are some; Refused says what is not."""
        _schedule(values)
        return values

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.retries = []
        super().configure(ctx, values, policies)

    def subscribe(self, ctx: Context, one: Subscriber, values: dict[str, Any]) -> None:
        self.retries.append(backing_off(values["retry"]))

    def arrange(self, ctx: Context, values: dict[str, Any]) -> None:
        self.begins: int = begin_of(values["begins"])
        self.schedule: Schedule = _schedule(values)
        self.schedules: i64 = values["schedules"]
        self.window: i64 = values["window"] if values["window"] > 0 else values["precision"]
        self.deadline: i64 = values["deadline"]
        self.window_dice: Dice = ctx.dice("window")
        if self.began:
            self._wait(ctx, ctx.now)

    # The calendar

    def on_start(self, ctx: Context) -> None:
        self.began = 1
        self._wait(ctx, -1)

    def _wait(self, ctx: Context, since: i64) -> None:
        """Until the expression is due next, after an instant of the run (-1: from its very beginning)."""
        timer = self.timer
        if timer is not None:
            ctx.cancel(timer)
            self.timer = None
        if self.stopped:
            return
        second: int = since // SECOND if since >= 0 else -1
        following = self.schedule.after(float(self.begins + second))
        if following is None:
            return
        due: i64 = (int(following) - self.begins) * SECOND
        left: i64 = due - ctx.now
        self.timer = ctx.after(left if left > 0 else 0, DUE, Firing(0, due, 0))

    def on_own_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        assert isinstance(item, Firing)
        if tag == FIRE:
            self._fire(ctx, item)
            return
        self.timer = None
        self.fired += 1
        job: i64 = 0
        while job < self.schedules:
            self._spread(ctx, Firing(self.fired, item.due, job))
            job += 1
        self._wait(ctx, item.due)

    def on_layers(self, ctx: Context) -> None:
        """More schedules may come; those that are lifted have fired."""
        storm: i64 = whole(ctx.strength("storm"))
        while self.stormed < storm:
            self.stormed += 1
            self.more += 1
            self._spread(ctx, Firing(MORE, ctx.now, self.more))
        self.stormed = storm

    def _spread(self, ctx: Context, firing: Firing) -> None:
        late: i64 = 0
        if self.window > 0:
            late = whole(float(self.window) * self.window_dice.uniform(firing.n, firing.job))
        firing.due += late
        left: i64 = firing.due - ctx.now
        ctx.after(left if left > 0 else 0, FIRE, firing)

    def _fire(self, ctx: Context, firing: Firing) -> None:
        """Take it on, and deliver it; what comes due while the service is down fires when it is back."""
        if self.down:
            if len(self.missed) < MOST_MISSED:
                self.missed.append(firing)
            return
        if self.stopped:
            return
        number: i64 = MORE + firing.job
        if firing.n != MORE:
            self.offered += 1
            number = self.offered
        self.published += 1
        message = ctx.offer(number, 0, firing.due, firing.due + self.deadline)
        for one in self.subscribers:
            copy = Copy(ctx.retain(one.link, message, None), one.link, ctx.now)
            self.hold(copy, one)
            ctx.send_as(one.link, copy, message, None)
        ctx.told(message, YES, 0)

    def delay_ns(self, ctx: Context, copy: Copy, one: Subscriber) -> i64:
        retry = self.retries[one.link]
        return retry.delay(self.retry_dice, copy.call.message.root, copy.tries, copy.since, ctx.now)

    def on_revival(self, ctx: Context) -> None:
        super().on_revival(ctx)
        missed = self.missed
        self.missed = []
        for firing in missed:
            self._fire(ctx, firing)

    def on_stop(self, ctx: Context) -> None:
        self.stopped = True
        timer = self.timer
        if timer is not None:
            ctx.cancel(timer)
            self.timer = None

    def on_close(self) -> None:
        super().on_close()
        self.timer = None

    def gauges(self, ctx: Context) -> dict[str, float]:
        return super().gauges(ctx) | {"fired": float(self.fired)}


def _schedule(values: dict[str, Any]) -> Schedule:
    begins = begin_of(values["begins"])
    try:
        return compile_schedule(values["schedule"], "scheduler", values["zone"], begins)
    except Refused as refused:
        place = refused.path if refused.path else ("schedule",)
        raise Refused(place, refused.words) from None
