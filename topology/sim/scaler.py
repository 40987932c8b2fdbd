"""What a scaling policy sees of its node in the simulated world, from one look to the next."""

from __future__ import annotations

from mypy_extensions import i64

from topology.chance import Dice
from topology.node import Context
from topology.policy import Load, ScalePolicy
from topology.sim.core import Core
from topology.sim.place import Place
from topology.sim.sender import Group


class Past:
    """The integrals of one replica at the last look."""

    def __init__(self) -> None:
        self.busy_ns: int = 0
        self.working_ns: int = 0
        self.arrivals: i64 = 0
        self.up = False

    def take(self, place: Place) -> None:
        """Remember how things stand."""
        meter = place.meter
        self.busy_ns = meter.busy_ns
        self.working_ns = meter.working_ns
        self.arrivals = meter.arrivals
        self.up = place.up


class Used:
    """What the replicas that count have used since the last look, and what they had: count times nanoseconds."""

    def __init__(self) -> None:
        self.busy = 0.0
        self.working = 0.0
        self.slots = 0.0
        self.cores = 0.0
        self.arrivals: i64 = 0

    def add(self, place: Place, past: Past, span: float) -> None:
        """One more replica, over a span of nanoseconds."""
        self.busy += float(place.meter.busy_ns - past.busy_ns)
        self.working += float(place.meter.working_ns - past.working_ns)
        self.slots += float(place.machine.slots_now()) * span
        self.cores += float(place.machine.cores_now()) * span


class Scaler(Context):
    """One scaling policy and its node as a whole, which is the policy's context.

    Shares are means since the last look, of the replicas that are up and warm, over the time that each has been so.
    """

    def __init__(self, policy: ScalePolicy, group: Group, core: Core) -> None:
        super().__init__(group.name, 0)
        self.name = group.name
        self.policy = policy
        self.group = group
        self.core = core
        self.next_at: i64 = 0
        self.at: i64 = 0
        self.pasts: dict[int, Past] = {}

    def dice(self, purpose: str) -> Dice:
        return Dice(self.core.seed, purpose, self.group.dice_name)

    def note(self, words: str) -> None:
        notes = self.core.notes
        if len(notes) < 10000:
            notes.append((self.core.engine.now, self.name, words))

    def look(self, at: i64) -> i64:
        """How many replicas the policy wants now."""
        every: i64 = self.policy.every_ns()
        self.next_at = at + every
        self.now = at
        if at == 0:
            return len(self.group.places)
        load = self._load(at)
        self.at = at
        wanted: i64 = self.policy.wanted(self, at, load)
        return wanted if wanted > 0 else 0

    def _load(self, at: i64) -> Load:
        load = Load()
        used = Used()
        for place in self.group.places:
            place.meter.close(at)
            past = self.pasts.get(place.index)
            if past is None:
                past = Past()
                self.pasts[place.index] = past
            used.arrivals += place.meter.arrivals - past.arrivals
            if not place.gone and not place.draining:
                load.replicas += 1
                load.queued += place.meter.queued
                if place.up:
                    load.up += 1
                span = self._span(place, past, at)
                if span > 0:
                    load.counted += 1
                    used.add(place, past, float(span))
            past.take(place)
        load.occupancy = used.busy / used.slots if used.slots > 0.0 else 0.0
        load.utilisation = used.working / used.cores if used.cores > 0.0 else 0.0
        if at > self.at:
            load.arrivals = float(used.arrivals) * 1e9 / float(at - self.at)
        self._backlog(load, at)
        return load

    def _span(self, place: Place, past: Past, at: i64) -> i64:
        """Over how long the replica's shares are to be taken, in nanoseconds; 0 while it does not count."""
        if not place.up or (place.up_at > 0 and place.up_at + self.policy.warm_ns() > at):
            return 0
        return at - (self.at if past.up or place.up_at < self.at else place.up_at)

    def _backlog(self, load: Load, at: i64) -> None:
        """What waits in the queues that the node consumes."""
        for inlet in self.group.places[0].inlets_:
            machine = inlet.queue.places[0].machine
            load.backlog += machine.depth()
            age: i64 = machine.oldest(at)
            if age > load.backlog_age:
                load.backlog_age = age

