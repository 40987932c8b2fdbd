"""Worker pools: prefork servers and task workers."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.listening import Listening, listen_params
from topology.message import ERROR, Item, reason
from topology.node import Call, Context
from topology.nodes.service import WORK, Service
from topology.parameters import REQUIRED, count, duration, group

KILLED: Final = reason("worker killed: it was silent for too long")
BOOTED: Final = 21
WATCH: Final = 22
SETTINGS: Final = "Gunicorn documentation, Settings"


class Worker(Item):
    """One worker process: how many calls it still takes before it is started anew; below 0: any number."""

    def __init__(self, left: i64) -> None:
        self.left: i64 = left
        self.call: Call | None = None
        self.worked = False
        """Whether its own work is done, so that it only waits for others."""


@mypyc_attr(allow_interpreted_subclasses=True)
class WorkerPool(Listening):
    """A pool of worker processes, one call each, as a prefork web server or a task queue's workers have. A worker whose call
    takes too long is killed with it; one that has done its share is started anew, against leaks. Either is missing while it
    boots. Connections wait in the listen queue.
    """

    like: ClassVar[str] = "service"
    params: ClassVar[dict[str, Any]] = {
        **Service.params,
        **listen_params(2048, SETTINGS),
        "silence": duration(
            "30s", "A worker that is not done with a call by then is killed, and boots.", gt="0s", le="1h", source=SETTINGS
        ),
        "recycle": group(
            {
                "after": count(REQUIRED, "Calls that a worker takes before it is started anew.", ge=1),
                "jitter": count(0, "Up to so many more, by chance, so that not all boot at once.", ge=0, source=SETTINGS),
            },
            "Workers are started anew now and then; left out: never.",
            short="after",
        ),
        "boot": duration("1s", "How long a worker takes to boot.", ge="0s", le="10m"),
    }

    def __init__(self) -> None:
        super().__init__()
        self.idle: list[Worker] = []
        self.serving: dict[int, Worker] = {}
        """The worker of each call that is in work, in the order in which they began; by identity."""
        self.booting: i64 = 0
        self.boots: i64 = 0
        self.kills: i64 = 0
        self.watched = False

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.silence: i64 = values["silence"]
        self.boot: i64 = values["boot"]
        recycle = values["recycle"]
        self.recycle: i64 = 0 if recycle is None else recycle["after"]
        self.jitter: i64 = 0 if recycle is None else recycle["jitter"]
        self.recycle_dice: Dice = ctx.dice("recycle")
        super().configure(ctx, values, policies)

    def on_start(self, ctx: Context) -> None:
        self.idle = [self._new(ctx) for _ in range(self.all_slots)]
        super().on_start(ctx)

    def on_crash(self, ctx: Context) -> None:
        self.idle = []
        self.serving = {}
        self.booting = 0
        self.watched = False
        super().on_crash(ctx)

    def on_close(self) -> None:
        self.idle = []
        self.serving = {}
        super().on_close()

    def _begin(self, ctx: Context, call: Call) -> None:
        worker = self.idle.pop(0) if self.idle else self._new(ctx)
        worker.call = call
        worker.worked = False
        self.serving[id(call)] = worker
        super()._begin(ctx, call)
        if not self.watched:
            self.watched = True
            ctx.after(self.silence, WATCH, None)

    def _new(self, ctx: Context) -> Worker:
        """A worker that has just booted."""
        if self.recycle == 0:
            return Worker(-1)
        self.boots += 1
        more = self.recycle_dice.uniform(ctx.index + 1, self.boots) * float(self.jitter + 1)
        return Worker(self.recycle + int(more))

    def worked(self, ctx: Context, call: Call) -> None:
        worker = self.serving.get(id(call))
        if worker is not None:
            worker.worked = True
        super().worked(ctx, call)

    def _end(self, ctx: Context, call: Call, outcome: i64, code: int) -> None:
        worker = self.serving.pop(id(call), None)
        if worker is not None:
            worker.call = None
            if worker.left > 0:
                worker.left -= 1
            if worker.left == 0:
                self._boots(ctx)
            else:
                self.idle.append(worker)
        super()._end(ctx, call, outcome, code)

    def _boots(self, ctx: Context) -> None:
        """The worker is gone; its place is not free until another one has booted."""
        self.booting += 1
        self.busy += 1
        ctx.after_same(self.boot, BOOTED, None)

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == WORK and isinstance(item, Call) and item.ended:
            return
        if tag == BOOTED:
            self.booting -= 1
            ctx.meter.upto(ctx.now)
            self.busy -= 1
            ctx.meter.busy = self.busy
            self._fill(ctx)
            if ctx.inlets > 0:
                self._ask(ctx)
        elif tag == WATCH:
            self._watch(ctx)
        else:
            super().on_timer(ctx, tag, item)

    def _watch(self, ctx: Context) -> None:
        """Kill the workers that are silent for too long; they began in order, so the first that is not ends the search."""
        self.watched = False
        while self.serving:
            worker = next(iter(self.serving.values()))
            call = worker.call
            assert call is not None
            left: i64 = call.started + self.silence - ctx.now
            if left > 0:
                self.watched = True
                ctx.after(left, WATCH, None)
                return
            self._kill(ctx, worker, call)

    def _kill(self, ctx: Context, worker: Worker, call: Call) -> None:
        self.kills += 1
        if not worker.worked:
            self._stop_work(ctx, call)
        worker.left = 1
        self._end(ctx, call, ERROR, KILLED)

    def _stop_work(self, ctx: Context, call: Call) -> None:
        """A worker that dies computes no more, or waits for a core no more."""
        waiting = self.ready.oldest
        while waiting is not None:
            if waiting is call:
                self.ready.remove(call)
                return
            waiting = waiting.next
        ctx.meter.upto(ctx.now)
        self.working -= 1
        ctx.meter.working = self.working
        self._compute(ctx)

    def gauges(self, ctx: Context) -> dict[str, float]:
        return super().gauges(ctx) | {"booting": float(self.booting), "killed": float(self.kills)}
