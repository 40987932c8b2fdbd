"""Databases: one primary with connections, cores and row locks, and read replicas that lag behind it."""

from typing import Any, ClassVar, Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.dist import Dist, whole
from topology.message import CRASHED, ERROR, REFUSED, RESET, YES, Item, Message, reason
from topology.node import SERVICE, Call, Context, Node, Timer
from topology.nodes.service import less
from topology.parameters import REQUIRED, count, dist, duration, flag, group, share

WORK: Final = 0
COMMIT: Final = 1
LOCK_WAIT: Final = 2
APPLY: Final = 3
TOO_MANY: Final = reason("too many connections")
LOCKED: Final = reason("lock wait timeout")
DIVIDED: Final = reason("written to the old primary")
BEHIND: Final = reason("not replicated when the primary died")
CONNECTIONS: Final = "PostgreSQL documentation, Connections and Authentication, max_connections"
LOCK_TIMEOUT: Final = "PostgreSQL documentation, Client Connection Defaults, lock_timeout"


class Server(Item):
    """The primary, or one read replica: who is connected, who computes, and who waits for a core."""

    def __init__(self) -> None:
        self.connected: i64 = 0
        self.working: i64 = 0
        self.ready = Line()


class Job(Item):
    """One call that holds a connection."""

    def __init__(self, call: Call, number: int, server: Server, write: bool, row: int) -> None:
        self.call = call
        self.number = number
        self.server = server
        self.write = write
        self.row = row
        self.work: i64 = 0
        self.locks = False
        self.stray = False
        """It reached the old primary while there were two."""
        self.over = False
        self.timer: Timer | None = None
        self.next: Job | None = None


class Line(Item):
    """Jobs in order of arrival. Those that are over are passed by."""

    def __init__(self) -> None:
        self.first: Job | None = None
        self.last: Job | None = None

    def add(self, job: Job) -> None:
        """One more at the end."""
        last = self.last
        self.last = job
        if last is None:
            self.first = job
        else:
            last.next = job

    def take(self) -> Job | None:
        """The one that waits longest; None when nobody waits."""
        while True:
            job = self.first
            if job is None:
                return None
            self.first = job.next
            job.next = None
            if self.first is None:
                self.last = None
            if not job.over:
                return job


class Change(Item):
    """One write on its way to the read replicas, which show it from `seen` on. `call` waits for that, or nobody does."""

    def __init__(self, row: int, seen: i64, call: Call | None) -> None:
        self.row = row
        self.seen: i64 = seen
        self.call = call


@mypyc_attr(allow_interpreted_subclasses=True)
class Database(Node):
    """A database server: a call takes a connection, waits for its row's lock if it writes, and works on a core. When all
    connections are taken, further calls are refused at once.

    A call stands for a whole transaction: it holds its connection, and its lock, until it is answered. A message is a write
    where its sort in the producer's mix says `write: true`, else by the share of writes. Read replicas have as many
    connections and cores each as the primary and are read in turn; they show a write only after the lag, and until then a
    read of that row is stale and counted as degraded. A crash takes all of it down, resets its calls and keeps what was
    committed. It is one node and not several replicas, because two primaries would be two databases.
    """

    role: ClassVar[str] = SERVICE
    managed: ClassVar[bool] = True
    layers: ClassVar[dict[str, str]] = {"locks": "times", "lag": "plus", "split": "either"}
    params: ClassVar[dict[str, Any]] = {
        "connections": count(
            100, "Calls that one server takes at once; more are refused.", ge=1, le=100_000, source=CONNECTIONS
        ),
        "cores": count(8, "Calls that one server computes at once; the others wait, connected.", ge=1, le=100_000),
        "takes": dist("5ms", "The work for one read."),
        "fails": share(0, "The share of calls that end in an error, after the work."),
        "writes": group(
            {
                "share": share(0, "The share of messages that write, where their sort does not say."),
                "takes": dist(None, "The work for one write; without it as for a read."),
            },
            "Messages that change something. Without it only those whose sort says `write: true`.",
            short="share",
        ),
        "locks": group(
            {
                "wait": duration(
                    None,
                    "How long a write waits for its row's lock before it fails; without it as long as it takes. "
                    "MySQL's innodb_lock_wait_timeout is 50s.",
                    gt="0s",
                    le="1d",
                    source=LOCK_TIMEOUT,
                ),
                "held": dist("0s", "How long a transaction stays open after the work of its write, until it commits."),
                "rows": count(
                    None,
                    "So many rows, each as likely; without it the row is the message's key, and all messages of a producer "
                    "without keys are about one row.",
                    ge=1,
                    le=1_000_000_000,
                ),
            },
            "Writes to one row wait for each other. Without it no two writes ever meet.",
        ),
        "read_replicas": group(
            {
                "count": count(REQUIRED, "How many there are.", ge=1, le=1000),
                "lag": dist("10ms", "How long after its commit a replica shows a write. They show writes in order."),
                "promote": flag(
                    False,
                    "Whether after a crash a replica takes over, so that writes it did not have yet are lost. How long that "
                    "takes is how long the crash lasts. A write is then done only when a replica has it.",
                ),
            },
            "Copies that answer the reads. Without them the primary does.",
            short="count",
        ),
        "start": duration("0s", "How long it recovers after a crash until it takes connections.", ge="0s", le="1h"),
    }

    def __init__(self) -> None:
        self.servers: list[Server] = [Server()]
        self.jobs: dict[int, Job] = {}
        self.locked: dict[int, Line] = {}
        self.busy: i64 = 0
        self.working: i64 = 0
        self.blocked: i64 = 0
        self.numbers: int = 0
        self.turn: i64 = 0
        self.changes: list[Change] = []
        self.head: i64 = 0
        self.newest: dict[int, int] = {}
        """By row, the instant from which on the replicas show its last write."""
        self.last_seen: i64 = 0
        self.applying: Timer | None = None
        self.extra: i64 = 0
        self.times = 1.0
        self.split = 0.0
        self.strays: list[Call] = []
        self.stale: int = 0
        self.connections: i64 = 1
        self.cores: i64 = 1

    def configure(self, ctx: Context, values: dict[str, Any], policies: list[Any]) -> None:
        self.all_connections: i64 = values["connections"]
        self.all_cores: i64 = values["cores"]
        self.takes: Dist = values["takes"]
        self.fails: float = float(values["fails"])
        writes = values["writes"]
        self.write_share: float = 0.0 if writes is None else float(writes["share"])
        self.write_takes: Dist = self.takes if writes is None or writes["takes"] is None else writes["takes"]
        self._configure_locks(values["locks"])
        self._configure_replicas(values["read_replicas"])
        self.work_dice: Dice = ctx.dice("work")
        self.error_dice: Dice = ctx.dice("errors")
        self.write_dice: Dice = ctx.dice("writes")
        self.row_dice: Dice = ctx.dice("rows")
        self.held_dice: Dice = ctx.dice("held")
        self.lag_dice: Dice = ctx.dice("lag")
        self.split_dice: Dice = ctx.dice("split")
        self.on_layers(ctx)

    def _configure_locks(self, locks: dict[str, Any] | None) -> None:
        self.locking: bool = locks is not None
        self.wait: i64 = 0
        self.rows: i64 = 0
        self.held: Dist | None = None
        if locks is not None:
            self.wait = 0 if locks["wait"] is None else locks["wait"]
            self.rows = 0 if locks["rows"] is None else locks["rows"]
            self.held = locks["held"]

    def _configure_replicas(self, replicas: dict[str, Any] | None) -> None:
        self.replicas: i64 = 0
        self.lag: Dist | None = None
        self.promote: bool = False
        if replicas is not None:
            self.replicas = replicas["count"]
            self.lag = replicas["lag"]
            self.promote = replicas["promote"]
        while len(self.servers) < self.replicas + 1:
            self.servers.append(Server())

    def on_layers(self, ctx: Context) -> None:
        """Connections and cores that are taken away, how long locks are held, how far replicas lag, who strays."""
        self.connections = less(self.all_connections, ctx.slots_lost)
        self.cores = less(self.all_cores, ctx.cores_lost)
        self.times = ctx.strength("locks")
        extra: i64 = whole(ctx.strength("lag"))
        if extra < self.extra:
            self._catch_up(ctx, self.extra - extra)
        self.extra = extra
        self.split = ctx.strength("split")
        if self.split <= 0.0 and self.strays:
            self._reunite(ctx)
        for server in self.servers:
            self._use_cores(ctx, server)

    # Calls that arrive

    def on_message(self, ctx: Context, call: Call) -> None:
        message = call.message
        write = self._writes(call)
        server = self.servers[0 if write else self._next_server()]
        if server.connected >= self.connections:
            ctx.answer(call, REFUSED, TOO_MANY)
            return
        if call.handoff:
            ctx.accept(call)
        self.numbers += 1
        job = Job(call, self.numbers, server, write, self._row(message))
        job.stray = write and self.split > 0.0 and self.split_dice.uniform(message.root, 0) < self.split
        self.jobs[job.number] = job
        self._connect(ctx, job)

    def _writes(self, call: Call) -> bool:
        """Whether a message changes something: its sort says so, else its dice. Taking back is a change, too."""
        if call.undo:
            return True
        mix = call.message.mix
        if mix is not None:
            said = mix.attributes.get("write")
            if said is not None:
                return bool(said)
        return self.write_share > 0.0 and self.write_dice.uniform(call.message.root, 0) < self.write_share

    def _row(self, message: Message) -> int:
        if self.rows > 0:
            return self.row_dice.bits(message.root, 0) % self.rows
        return message.key

    def _next_server(self) -> i64:
        """Who answers the next read: the replicas in turn, or the primary where there are none."""
        if self.replicas == 0:
            return 0
        self.turn = self.turn % self.replicas + 1
        return self.turn

    def _connect(self, ctx: Context, job: Job) -> None:
        """The call has its connection: a write asks for its lock first."""
        call = job.call
        meter = ctx.meter
        meter.upto(ctx.now)
        job.server.connected += 1
        self.busy += 1
        meter.busy = self.busy
        call.started = ctx.now
        call.visit = ctx.visit(call.message)
        takes = self.write_takes if job.write else self.takes
        job.work = takes.sample(self.work_dice.uniform(call.message.root, call.visit))
        if ctx.slow != 1.0 or ctx.tails:
            job.work = ctx.stretched(job.work, call.message.root, call.visit)
        if not job.write or not self.locking or self._lock(ctx, job):
            self._compute(ctx, job)

    def _lock(self, ctx: Context, job: Job) -> bool:
        """Take the row's lock, or wait for it."""
        line = self.locked.get(job.row)
        if line is None:
            self.locked[job.row] = Line()
            job.locks = True
            return True
        line.add(job)
        self.blocked += 1
        if self.wait > 0:
            job.timer = ctx.after(self.wait, LOCK_WAIT, job)
        return False

    def _unlock(self, ctx: Context, row: int) -> None:
        """The row is free: whoever waits longest gets it."""
        line = self.locked[row]
        job = line.take()
        if job is None:
            del self.locked[row]
            return
        self.blocked -= 1
        timer = job.timer
        if timer is not None:
            ctx.cancel(timer)
            job.timer = None
        job.locks = True
        self._compute(ctx, job)

    # Work

    def _compute(self, ctx: Context, job: Job) -> None:
        if job.server.working < self.cores:
            self._work(ctx, job)
        else:
            job.server.ready.add(job)

    def _work(self, ctx: Context, job: Job) -> None:
        """A read sees what its server shows at the instant at which its work begins."""
        meter = ctx.meter
        meter.upto(ctx.now)
        job.server.working += 1
        self.working += 1
        meter.working = self.working
        meter.service_ns += job.work
        meter.served += 1
        if not job.write and self.replicas > 0 and self.newest.get(job.row, 0) > ctx.now:
            self.stale += 1
            ctx.degrade(job.call.message)
        ctx.after(job.work, WORK, job)

    def _use_cores(self, ctx: Context, server: Server) -> None:
        while server.working < self.cores:
            job = server.ready.take()
            if job is None:
                break
            self._work(ctx, job)

    def on_timer(self, ctx: Context, tag: i64, item: Item | None) -> None:
        if tag == APPLY:
            self.applying = None
            self._apply(ctx)
            return
        assert isinstance(item, Job)
        if item.over:
            return
        if tag == WORK:
            self._worked(ctx, item)
        elif tag == COMMIT:
            self._commit(ctx, item)
        elif not item.locks:
            self.blocked -= 1
            self._end(ctx, item, ERROR, LOCKED)

    def _worked(self, ctx: Context, job: Job) -> None:
        """The work is done and the core free; a write still has to commit."""
        server = job.server
        meter = ctx.meter
        meter.upto(ctx.now)
        server.working -= 1
        self.working -= 1
        meter.working = self.working
        self._use_cores(ctx, server)
        code = ctx.failure(self.error_dice, self.fails, job.call.message.root, job.call.visit)
        if code:
            self._end(ctx, job, ERROR, code)
        elif not job.write:
            self._end(ctx, job, YES, 0)
        else:
            rest = self._open_for(job)
            if rest > 0:
                ctx.after(rest, COMMIT, job)
            else:
                self._commit(ctx, job)

    def _open_for(self, job: Job) -> i64:
        """How long a transaction stays open after its work."""
        held = self.held
        rest: i64 = 0
        if held is not None:
            rest = held.sample(self.held_dice.uniform(job.call.message.root, job.call.visit))
        if self.times != 1.0:
            rest = whole(float(rest) * self.times + float(job.work) * (self.times - 1.0))
        return rest

    def _commit(self, ctx: Context, job: Job) -> None:
        """The write is there: on the old primary until that is given up, else for good once the replicas have it."""
        call = job.call
        if job.stray and self.split > 0.0:
            self._accept(ctx, job)
            self.strays.append(call)
            return
        if self.promote:
            self._accept(ctx, job)
            self._replicate(ctx, job, call)
            return
        if self.replicas > 0:
            self._replicate(ctx, job, None)
        self._end(ctx, job, YES, 0)

    def _accept(self, ctx: Context, job: Job) -> None:
        """Tell yes now, and see later what becomes of the write."""
        self._disconnect(ctx, job)
        if not job.call.kept:
            ctx.accept(job.call)

    def _end(self, ctx: Context, job: Job, outcome: i64, code: int) -> None:
        self._disconnect(ctx, job)
        if job.call.kept:
            ctx.finish(job.call, outcome == YES, code)
        else:
            ctx.answer(job.call, outcome, code)

    def _disconnect(self, ctx: Context, job: Job) -> None:
        """The connection is free, and so is the lock."""
        meter = ctx.meter
        meter.upto(ctx.now)
        job.over = True
        job.server.connected -= 1
        self.busy -= 1
        meter.busy = self.busy
        del self.jobs[job.number]
        if job.locks:
            job.locks = False
            self._unlock(ctx, job.row)

    # Replication

    def _replicate(self, ctx: Context, job: Job, call: Call | None) -> None:
        """A replica applies writes in the order of their commits, so none is seen before an earlier one."""
        lag = self.lag
        seen: i64 = ctx.now + self.extra
        if lag is not None:
            seen += lag.sample(self.lag_dice.uniform(job.call.message.root, job.call.visit))
        if seen < self.last_seen:
            seen = self.last_seen
        self.last_seen = seen
        self.newest[job.row] = seen
        self.changes.append(Change(job.row, seen, call))
        self._wait_for_first(ctx)

    def _wait_for_first(self, ctx: Context) -> None:
        if self.applying is None and self.head < len(self.changes):
            left: i64 = self.changes[self.head].seen - ctx.now
            self.applying = ctx.after(left if left > 0 else 0, APPLY, None)

    def _apply(self, ctx: Context) -> None:
        """The replicas show what is due."""
        while self.head < len(self.changes) and self.changes[self.head].seen <= ctx.now:
            change = self.changes[self.head]
            self.head += 1
            if self.newest.get(change.row, 0) == change.seen:
                del self.newest[change.row]
            call = change.call
            if call is not None:
                ctx.finish(call, True, 0)
        if self.head > 64 and self.head * 2 > len(self.changes):
            del self.changes[: self.head]
            self.head = 0
        self._wait_for_first(ctx)

    def _catch_up(self, ctx: Context, by: i64) -> None:
        """The replicas lag less than they did: what is on its way is seen sooner."""
        del self.changes[: self.head]
        self.head = 0
        self.last_seen = 0
        for change in self.changes:
            earlier: i64 = change.seen - by
            change.seen = earlier if earlier > ctx.now else ctx.now
            self.newest[change.row] = change.seen
            self.last_seen = change.seen
        timer = self.applying
        if timer is not None:
            ctx.cancel(timer)
            self.applying = None
        self._wait_for_first(ctx)

    # What is lost

    def _reunite(self, ctx: Context) -> None:
        """The old primary is given up: what was written to it while there were two is gone."""
        strays = self.strays
        self.strays = []
        for call in strays:
            ctx.finish(call, False, DIVIDED)

    def on_crash(self, ctx: Context) -> None:
        """Connections are reset and locks are free; what was committed stays, unless a replica takes over without it."""
        jobs = list(self.jobs.values())
        self.jobs = {}
        self.locked = {}
        self.servers = []
        self._forget_work(ctx)
        for job in jobs:
            job.over = True
            job.next = None
            if job.call.kept:
                ctx.finish(job.call, False, CRASHED)
            else:
                ctx.answer(job.call, ERROR, RESET)
        if self.promote:
            self._promote(ctx)

    def _forget_work(self, ctx: Context) -> None:
        meter = ctx.meter
        meter.upto(ctx.now)
        self.busy = 0
        self.working = 0
        self.blocked = 0
        meter.busy = 0
        meter.working = 0
        while len(self.servers) < self.replicas + 1:
            self.servers.append(Server())

    def _promote(self, ctx: Context) -> None:
        """A replica takes over as it is."""
        lost = self.changes[self.head :]
        self.changes = []
        self.head = 0
        self.newest = {}
        self.last_seen = 0
        for change in lost:
            if change.call is not None:
                ctx.finish(change.call, False, BEHIND)

    def on_close(self) -> None:
        for job in self.jobs.values():
            job.next = None
            job.timer = None
        self.jobs = {}
        self.locked = {}
        self.servers = []
        self.changes = []
        self.strays = []

    # Looking

    def depth(self) -> int:
        waiting: i64 = self.busy - self.working
        return waiting if waiting > 0 else 0

    def slots_now(self) -> int:
        return self.connections * (self.replicas + 1)

    def cores_now(self) -> int:
        return self.cores * (self.replicas + 1)

    def gauges(self, ctx: Context) -> dict[str, float]:
        found = {"connections": float(self.busy), "waiting for a lock": float(self.blocked)}
        if self.replicas > 0:
            behind: i64 = self.last_seen - ctx.now
            found["lag s"] = float(behind) * 1e-9 if behind > 0 else 0.0
            found["stale reads"] = float(self.stale)
        if self.strays or self.split > 0.0:
            found["writes on the old primary"] = float(len(self.strays))
        return found
