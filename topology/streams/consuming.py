"""Who consumes a stream: applications, their members, which of them has the lease of which shard, and how far each has come."""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import i64

from topology.message import Item
from topology.node import Call, Part, Receive, Timer
from topology.runs import in_runs
from topology.streams.shard_log import Shard

LATEST: Final = "latest"
TRIM_HORIZON: Final = "trim_horizon"
TIMESTAMP: Final = "timestamp"
FROM: Final = (TRIM_HORIZON, LATEST, TIMESTAMP)

SECOND: Final = 1_000_000_000


class Lane(Part):
    """Records of one shard that are processed one batch after the other: all of them, or those of some partition keys."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.whole: bool = reader.app.parallel == 1
        """Whether it has all records of the shard: then what was read and is not processed are those from `head` up to `end`."""
        self.end: i64 = 0
        self.numbers: list[i64] = []
        """Otherwise they are these, from place `head` on."""
        self.head: i64 = 0
        self.calls: list[Call] = []
        self.left: i64 = 0
        """How many of the deliveries in flight have no answer yet."""
        self.sent: i64 = -1
        self.receive: Receive | None = None
        self.failures: i64 = 0
        self.halves: list[i64] = []
        """Sizes of the parts into which a failed batch was split, the next last."""
        self.listed = False
        self.waits = False
        """Whether a failed batch waits to be tried again."""
        self.retry: Timer | None = None

    def count(self) -> i64:
        """How many records wait here or are in flight."""
        return (self.end if self.whole else len(self.numbers)) - self.head

    def number(self, at: i64) -> i64:
        """The number of a record, by its place among those that are not processed yet."""
        return self.head + at if self.whole else self.numbers[self.head + at]

    def reads(self, first: i64, end: i64) -> None:
        """All records from one up to another were read. Between them and earlier ones there may be some that are gone."""
        if self.head == self.end:
            self.head = first
        self.end = end

    def idle(self) -> bool:
        """Whether the next batch may go out."""
        return self.left == 0 and not self.waits and self.count() > 0

    def pass_over(self, count: i64) -> None:
        """So many of the first are processed, or given up."""
        self.head += count
        if not self.whole and self.head >= 256 and self.head * 2 > len(self.numbers):
            del self.numbers[: self.head]
            self.head = 0

    def drop(self, floor: i64) -> None:
        """Records before this one are gone."""
        while self.count() > 0 and self.number(0) < floor:
            self.pass_over(1)
            self.failures = 0
            self.halves = []

    def forget(self) -> None:
        """All that was read is forgotten; answers to what is in flight go nowhere."""
        self.numbers = []
        self.head = 0
        self.end = 0
        self.calls = []
        self.left = 0
        self.sent = -1
        self.receive = None
        self.failures = 0
        self.halves = []
        self.waits = False


class Reader(Item):
    """How far an application has come with one shard: read up to `fetched`, processed up to `done`, and noted `checkpoint`."""

    def __init__(self, app: App, shard: Shard) -> None:
        self.app = app
        self.shard = shard
        self.begun = False
        self.ended = False
        self.fetched: i64 = 0
        self.done: i64 = 0
        self.checkpoint: i64 = 0
        self.noted_at: i64 = 0
        self.ends: list[i64] = []
        """Where the reads ended whose records are not all processed yet."""
        self.lanes = [Lane(self) for _ in range(int(app.parallel))]
        self.owner: Member | None = None
        self.heir: Member | None = None
        """Who gets the lease as soon as nothing is in flight."""
        self.timer: Timer | None = None
        self.noting: Timer | None = None
        self.sleeping = False
        self.full = False
        self.read_at: i64 = 0
        self.free_at: i64 = 0
        self.reads: i64 = 0

    def flying(self) -> bool:
        """Whether anything of it is in flight."""
        return any([lane.left > 0 for lane in self.lanes])

    def buffered(self) -> i64:
        """How many records were read and are not processed."""
        n: i64 = 0
        for lane in self.lanes:
            n += lane.count()
        return n

    def moves(self) -> None:
        """See how far everything is processed."""
        done = self.fetched
        for lane in self.lanes:
            if lane.count() > 0 and lane.number(0) < done:
                done = lane.number(0)
        self.done = done

    def place_at(self, number: i64) -> None:
        """Go on from this record: what was read and not noted is read anew."""
        self.fetched = number
        self.done = number
        self.checkpoint = number
        self.ends = []
        for lane in self.lanes:
            lane.forget()

    def notes_batches(self) -> None:
        """Note the end of each read whose records are all processed."""
        ends = self.ends
        while ends and ends[0] <= self.done:
            self.checkpoint = ends.pop(0)

    def backlog(self) -> i64:
        """How many records of the shard it has not processed."""
        first: i64 = self.done if self.done > self.shard.floor else self.shard.floor
        return self.shard.end() - first

    def age(self, now: i64) -> i64:
        """The age of the oldest record that it has not processed; 0 where there is none."""
        first: i64 = self.done if self.done > self.shard.floor else self.shard.floor
        since = self.shard.arrived(first)
        return now - since if since >= 0 else 0


class Member(Item):
    """One running process of an application: what it asks for, and the lanes whose next records it could have."""

    def __init__(self, index: i64, epoch: i64, now: i64) -> None:
        self.index: i64 = index
        self.epoch: i64 = epoch
        self.renewed: i64 = now
        self.latest: Receive | None = None
        self.asking: list[Receive] = []
        self.asked: i64 = 0
        self.ready: list[Lane] = []
        self.given: i64 = 0
        self.leases: i64 = 0

    def lane(self) -> Lane | None:
        """The lane whose records wait longest, left on the list."""
        while self.given < len(self.ready):
            lane = self.ready[self.given]
            reader = lane.reader
            if reader.owner is self and reader.heir is None and lane.idle():
                return lane
            self.took()
        return None

    def took(self) -> None:
        """The first lane is taken off the list."""
        self.ready[self.given].listed = False
        self.given += 1
        if self.given > 64 and self.given * 2 > len(self.ready):
            del self.ready[: self.given]
            self.given = 0

    def next_asked(self) -> Receive:
        """Who has asked first and has no answer yet: there must be one."""
        receive = self.asking[self.asked]
        self.asked += 1
        if self.asked > 64 and self.asked * 2 > len(self.asking):
            del self.asking[: self.asked]
            self.asked = 0
        return receive

    def waits(self) -> bool:
        """Whether anybody asks in vain."""
        while self.asked < len(self.asking) and self.asking[self.asked].served:
            self.asked += 1
        return self.asked < len(self.asking)


class App(Item):
    """One consumer of a stream: an application of several processes that share out the shards, or a function."""

    def __init__(self, outlet: i64, values: dict[str, Any]) -> None:
        self.outlet: i64 = outlet
        self.callee = str(values["to"])
        self.in_turn = bool(values["in_turn"])
        """Whether it is a function, whose positions the service keeps itself."""
        self.runs = in_runs(values)
        """Whether it takes a batch of one shard and works for its records one after the other."""
        self.parallel: i64 = values["parallelization"]
        self.members: list[Member] = []
        self.by_index: list[Member | None] = []
        self.began: i64 = -1
        self.ticking = False
        self.joining = False
        self.throttled: i64 = 0
        self.expired: i64 = 0
        self.retried: i64 = 0
        self.skipped: i64 = 0
        self.dead: i64 = 0
        self.moved: i64 = 0
        """Leases that changed their owner."""
        self.set(values)

    def set(self, values: dict[str, Any]) -> None:
        """Take over the settings of its link."""
        self.begins = str(values["from"])
        at = values["timestamp"]
        self.timestamp: i64 = 0 if at is None else at
        self.fan_out = bool(values["fan_out"])
        self.poll: i64 = values["poll"]
        self.failover: i64 = values["failover"]
        self.checkpoint: i64 = values["checkpoint"]
        self.retries: i64 = values["retries"]
        age = values["max_age"]
        self.max_age: i64 = -1 if age is None else age
        self.bisect = bool(values["bisect"])
        self.failed = str(values["failed"] or "")

    def start(self) -> i64:
        """From which instant on it wants records; what was written before does not matter to it."""
        if self.begins == LATEST:
            return self.began
        return self.timestamp if self.begins == TIMESTAMP else 0

    def member(self, index: i64, epoch: i64, now: i64) -> Member:
        """The member that runs as this process of this replica; a process that was started anew is another one."""
        while len(self.by_index) <= index:
            self.by_index.append(None)
        found = self.by_index[index]
        if found is None or found.epoch != epoch:
            found = Member(index, epoch, now)
            self.by_index[index] = found
            self.members.append(found)
            self.joining = True
        return found

    def leave(self, member: Member) -> None:
        """A member is gone."""
        self.members.remove(member)
        if self.by_index[member.index] is member:
            self.by_index[member.index] = None

    def least(self) -> Member | None:
        """The member with the fewest leases, the first of them."""
        found: Member | None = None
        for member in self.members:
            if found is None or member.leases < found.leases:
                found = member
        return found

    def most(self) -> Member | None:
        """The member with the most leases, the first of them."""
        found: Member | None = None
        for member in self.members:
            if found is None or member.leases > found.leases:
                found = member
        return found
