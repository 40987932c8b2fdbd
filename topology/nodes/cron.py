"""Cron: jobs that begin by the clock."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.dist import whole
from topology.message import CRASHED, ERROR, NONE, SILENT, Item, Message
from topology.node import SCHEDULER, Context, Shelf, Timer
from topology.parameters import REQUIRED, choice, count, duration
from topology.source import Source

DUE: Final = 0
PATIENCE: Final = 1
ALLOW, SKIP, QUEUE = "allow", "skip", "queue"
MORE: Final = 1_000_000_000
"""The jobs of others that a storm brings are numbered from here on, so that no other job gets another number."""
MOST_CAUGHT_UP: Final = 1000
"""So many missed runs are made up for at most."""


class Run(Item):
    """One run of the jobs: its number, and how many of them have no answer yet."""

    def __init__(self, n: i64, due: i64) -> None:
        self.n: i64 = n
        self.due: i64 = due
        self.open: i64 = 0


class Begun(Item):
    """The number of the last run that was begun or let go; it is on disk, and outlives a crash."""

    def __init__(self) -> None:
        self.n: i64 = -1


@mypyc_attr(allow_interpreted_subclasses=True)
class Cron(Source):
    """Begins a run of its job by the clock, again and again; each job is a message of a flow of its own, and the run ends with
    its last answer. It goes by its own clock, which may be wrong. When it crashes, the jobs that it waits for are failed, and
    what was due meanwhile is made up for or not.
    """

    role: ClassVar[str] = SCHEDULER
    layers: ClassVar[dict[str, str]] = {"storm": "plus"}
    """`storm`: so many jobs of others begin at the instant at which it is laid."""
    params: ClassVar[dict[str, Any]] = {
        "every": duration(REQUIRED, "The time from one run to the next.", ge="10ms", le="30d"),
        "at": duration(None, "When the first run is due; without it after the first `every`.", ge="0s"),
        "jitter": duration("0s", "Each run begins later by a random time up to this.", ge="0s"),
        "jobs": count(1, "How many jobs a run has; all are begun at once.", ge=1, le=100_000),
        "overlap": choice(
            ALLOW,
            "What happens when a run is due while one before it goes on: both go on, the new one is left out, or it begins "
            "when the one before has ended.",
            options=(ALLOW, SKIP, QUEUE),
            source="Kubernetes documentation, CronJob, Concurrency policy",
        ),
        "catch_up": choice(
            "one",
            "What is done for runs that were missed, because it was down or its clock was put forward: nothing, one run for all "
            "of them, or every one.",
            options=("none", "one", "all"),
        ),
        "start": duration("0s", "How long it takes to start anew.", ge="0s", le="1h"),
        "deadline": duration(None, "A job that is done after this is late; without it after `every`.", gt="0s", le="30d"),
        "patience": duration("1h", "After this a job is given up.", gt="0s", le="30d"),
    }

    def __init__(self) -> None:
        self.going: list[Run] = []
        self.queued: list[Run] = []
        self.of: dict[int, Run] = {}
        """The run of each job that has no answer yet, by the job's number."""
        self.jobs_open: dict[int, Message] = {}
        self.timer: Timer | None = None
        self.up = False
        self.stormed: i64 = 0
        """How many jobs the storms that lie here have, each of which was begun or let go."""
        self.more: i64 = 0
        self.left_out: i64 = 0
        self.missed: i64 = 0

    @staticmethod
    def prepare(values: dict[str, Any]) -> dict[str, Any]:
        """See that settings fit together; ValueError names what does not."""
        if values["jitter"] > values["every"]:
            raise ValueError("`jitter` is at most `every`")
        return values

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.every: i64 = values["every"]
        at = values["at"]
        self.at: i64 = self.every if at is None else at
        self.jitter: i64 = values["jitter"]
        self.jobs: i64 = values["jobs"]
        self.overlap: str = values["overlap"]
        self.catch_up: str = values["catch_up"]
        deadline = values["deadline"]
        self.deadline: i64 = self.every if deadline is None else deadline
        self.patience: i64 = values["patience"]
        self.jitter_dice: Dice = ctx.dice("jitter")
        self.disk: Shelf = ctx.shelf("begun")
        if self.up:
            self._wait(ctx)

    # The clock

    def due(self, n: i64) -> i64:
        """The instant, by the clock, at which run n is due."""
        return self.at + n * self.every + self._late(n)

    def newest(self, clock: i64) -> i64:
        """The number of the last run that is due by then; -1 for none."""
        if clock < self.at:
            return -1
        n: i64 = (clock - self.at) // self.every
        while n >= 0 and self.due(n) > clock:
            n -= 1
        return n

    def _late(self, n: i64) -> i64:
        return whole(float(self.jitter) * self.jitter_dice.uniform(n + 1, 0)) if self.jitter > 0 else 0

    def _begun(self) -> Begun:
        row = self.disk.rows.get(0)
        if not isinstance(row, Begun):
            row = Begun()
            self.disk.rows[0] = row
        return row

    def on_start(self, ctx: Context) -> None:
        self.up = True
        clock: i64 = ctx.now + ctx.skew
        self._make_up(ctx, self.newest(clock - 1))
        self._wait(ctx)

    def on_layers(self, ctx: Context) -> None:
        """Its clock may have been put forward or back, and more jobs may come; those that are lifted have begun."""
        storm: i64 = whole(ctx.strength("storm"))
        while self.stormed < storm:
            self.stormed += 1
            self.more += 1
            if self.up:
                self._start(ctx, MORE + self.more, ctx.now)
        self.stormed = storm
        if self.up:
            self._wait(ctx)

    def _wait(self, ctx: Context) -> None:
        """Until the next run is due, by its clock."""
        timer = self.timer
        if timer is not None:
            ctx.cancel(timer)
        left: i64 = self.due(self._begun().n + 1) - ctx.now - ctx.skew
        self.timer = ctx.after(left if left > 0 else 0, DUE, None)

    def _make_up(self, ctx: Context, upto: i64) -> None:
        """Runs up to that one were missed."""
        begun = self._begun()
        first = begun.n + 1
        if upto < first:
            return
        self.missed += upto - first + 1
        begun.n = upto
        if self.catch_up == "none":
            return
        if self.catch_up == "one":
            first = upto
        elif upto - first >= MOST_CAUGHT_UP:
            first = upto - MOST_CAUGHT_UP + 1
        while first <= upto:
            self._due(ctx, first)
            first += 1

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == PATIENCE:
            assert isinstance(item, Message)
            if item.answer == NONE:
                self.tell(ctx, item, SILENT, ctx.forget(item))
            return
        self.timer = None
        begun = self._begun()
        newest = self.newest(ctx.now + ctx.skew)
        if newest > begun.n + 1:
            self._make_up(ctx, newest)
        elif newest > begun.n:
            begun.n = newest
            self._due(ctx, newest)
        self._wait(ctx)

    # Runs

    def _due(self, ctx: Context, n: i64) -> None:
        due: i64 = self.due(n)
        run = Run(n, due if due < ctx.now else ctx.now)
        if not self.going or self.overlap == ALLOW:
            self._begin(ctx, run)
        elif self.overlap == QUEUE:
            self.queued.append(run)
        else:
            self.left_out += 1
            ctx.note(f"leaves run {n} out: the one before goes on")

    def _begin(self, ctx: Context, run: Run) -> None:
        self.going.append(run)
        run.open = self.jobs
        i: i64 = 0
        while i < self.jobs:
            number: i64 = run.n * self.jobs + i + 1
            self.of[int(number)] = run
            self._start(ctx, number, run.due)
            i += 1

    def _start(self, ctx: Context, number: i64, due: i64) -> None:
        """Begin one job."""
        message = ctx.offer(number, 0, due, due + self.deadline)
        self.jobs_open[int(number)] = message
        ctx.after_same(self.patience, PATIENCE, message)
        ctx.send(0, message, message)

    def tell(self, ctx: Context, message: Message, outcome: i64, code: int) -> None:
        """A job has its answer; with the last one its run has ended."""
        key: int = message.n
        run = self.of.pop(key, None)
        self.jobs_open.pop(key, None)
        ctx.told(message, outcome, code)
        if run is None:
            return
        run.open -= 1
        if run.open == 0:
            self.going.remove(run)
            if self.queued and not self.going:
                self._begin(ctx, self.queued.pop(0))

    def on_crash(self, ctx: Context) -> None:
        """Nobody waits any more for the jobs that go on; what was queued in memory was never offered."""
        self.up = False
        self.timer = None
        self.going = []
        self.queued = []
        self.of = {}
        waiting = list(self.jobs_open.values())
        self.jobs_open = {}
        for message in waiting:
            ctx.told(message, ERROR, CRASHED)

    def on_stop(self, ctx: Context) -> None:
        timer = self.timer
        if timer is not None:
            ctx.cancel(timer)
        self.timer = None
        self.queued = []
        self.up = False

    def on_close(self) -> None:
        for message in self.jobs_open.values():
            message.pending = None
        self.jobs_open = {}
        self.of = {}
        self.timer = None

    def gauges(self, ctx: Context) -> dict[str, float]:
        return {
            "going": float(len(self.going)),
            "queued": float(len(self.queued)),
            "left out": float(self.left_out),
            "missed": float(self.missed),
        }
