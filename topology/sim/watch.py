"""What the grid remembers of each node and flow: health, samples by era, series, totals of the last second."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from topology.health import Health
from topology.message import Flow
from topology.series import Samples, Series
from topology.sim.core import Core
from topology.sim.sender import Group

RING: Final = 11
"""Totals of so many grid steps are kept: a second, and the step before it."""


class Past:
    """Totals at the last grid steps, so that rates over the last second can be read."""

    def __init__(self, fields: i64) -> None:
        self.fields: i64 = fields
        self.ring: list[i64] = [0] * (RING * fields)
        self.tick: i64 = 0

    def put(self, tick: i64, field: i64, total: i64) -> None:
        """Remember one total; call `turn` first."""
        self.ring[(tick % RING) * self.fields + field] = total

    def turn(self, tick: i64) -> None:
        """Steps that were skipped repeat the totals of the last one."""
        fields = self.fields
        ring = self.ring
        last: i64 = (self.tick % RING) * fields
        gap: i64 = tick - self.tick
        if gap > RING:
            gap = RING
        while gap > 1:
            gap -= 1
            cell: i64 = ((tick - gap) % RING) * fields
            for i in range(fields):
                ring[cell + i] = ring[last + i]
        self.tick = tick

    def rates(self, tick: i64, grid_ns: i64) -> list[float]:
        """Change per second of each total over the last ten steps before `tick`."""
        fields = self.fields
        found: list[float] = []
        if tick - self.tick >= RING - 1:
            for _ in range(fields):
                found.append(0.0)
            return found
        ring = self.ring
        young = tick < RING - 1
        steps: i64 = RING - 1 if not young else tick if tick > 0 else 1
        span = float(steps * grid_ns) / 1e9
        newest: i64 = (self.tick % RING) * fields
        oldest: i64 = 0 if young else ((tick - RING + 1) % RING) * fields
        for i in range(fields):
            change: i64 = ring[newest + i] if young else ring[newest + i] - ring[oldest + i]
            found.append(float(change) / span)
        return found


class Watch:
    """What the grid remembers of one node."""

    def __init__(self, group: Group, grid_ns: i64) -> None:
        self.group = group
        self.grid_ns: i64 = grid_ns
        self.health = Health()
        self.sample = Samples()
        self.samples = [self.sample]
        self.depth = Series(grid_ns, True)
        self.busy = Series(grid_ns, True)
        self.past = Past(3)
        self.wire_pasts = [Past(2) for _ in group.wires]
        self.tick: i64 = 0
        self.value_depth: i64 = 0
        self.value_kept: i64 = 0
        self.value_busy: i64 = 0
        self.value_queued: i64 = 0
        self.value_slots: i64 = 0
        self.value_up: i64 = -1
        self.value_age: i64 = 0
        self.value_cores: i64 = 0
        self.value_occupancy = 0.0
        self.value_used = 0.0
        self.working_ns: int = 0
        self.measured: i64 = 0
        self.slot_steps: i64 = 0
        self.core_steps: i64 = 0

    def mark(self, tick: i64, at: i64) -> None:
        """A new era begins; the steps skipped until now belong to the one that ends."""
        gap: i64 = tick - self.tick
        if gap > 0:
            working_ns: int = 0
            for place in self.group.places:
                place.meter.upto(at)
                working_ns += place.meter.working_ns + int(place.meter.near_working)
            used = self._used(working_ns, self.value_cores, at)
            self._skip(self.sample, gap)
            self.sample.utilisation_sum += used * float(gap)
            self.slot_steps += gap * self.value_slots
            self.core_steps += gap * self.value_cores
            self.tick = tick
        self.sample = Samples()
        self.samples.append(self.sample)

    def upto(self, tick: i64) -> list[Samples]:
        """One for each era, with the steps that were skipped since the last look."""
        gap: i64 = tick - self.tick
        if gap <= 0:
            return self.samples
        last = self.sample.again()
        self._skip(last, gap)
        last.utilisation_sum += self.value_used * float(gap)
        return [*self.samples[:-1], last]

    def _skip(self, sample: Samples, steps: i64) -> None:
        sample.repeat(steps, self.value_depth, self.value_busy, self.value_occupancy)

    def capacity_ns(self, now: i64) -> tuple[int, int]:
        """How long slots and cores of replicas that were up could have been used until now, all together."""
        grid: int = self.grid_ns
        left: int = now - self.tick * self.grid_ns
        slots: int = self.slot_steps
        cores: int = self.core_steps
        slots_now: int = self.value_slots
        cores_now: int = self.value_cores
        return slots * grid + slots_now * left, cores * grid + cores_now * left

    def _used(self, working_ns: int, cores: i64, at: i64) -> float:
        """The share of cores at work since it was measured last. A core that came or went meanwhile counts as there."""
        most: i64 = cores if cores > self.value_cores else self.value_cores
        span: i64 = at - self.measured
        used = 0.0
        if most > 0 and span > 0:
            used = float(working_ns - self.working_ns) / (float(most) * float(span))
        self.working_ns = working_ns
        self.measured = at
        return used

    def look(self, core: Core, tick: i64, at: i64) -> bool:
        """Take one sample; True when the node's health turned."""
        group = self.group
        busy: i64 = 0
        queued: i64 = 0
        depth: i64 = 0
        slots: i64 = 0
        cores: i64 = 0
        up: i64 = 0
        age: i64 = 0
        arrivals: i64 = 0
        working_ns: int = 0
        for place in group.places:
            meter = place.meter
            arrivals += meter.arrivals
            meter.upto(at)
            working_ns += meter.working_ns + int(meter.near_working)
            if place.gone:
                continue
            busy += meter.busy
            queued += meter.queued
            if group.managed:
                depth += place.machine.depth()
                age = place.machine.oldest(at)
            if place.up:
                slots += place.slots
                cores += place.cores
                if not place.frozen:
                    up += 1
        if busy != self.value_busy or queued != self.value_queued or depth != self.value_kept or up != self.value_up:
            core.changed(tick * 65536 + group.index, busy, queued, depth, up)
        self.value_used = self._used(working_ns, cores, at)
        self._sum(tick - self.tick, busy, slots, depth if group.managed else queued, age)
        self.tick = tick
        self.value_slots = slots
        self.value_cores = cores
        self.depth.add(at, float(depth if group.managed else queued))
        self.busy.add(at, float(busy))
        self.value_busy = busy
        self.value_kept = depth
        self.value_queued = queued
        self.value_depth = depth if group.managed else queued
        self.value_up = up
        self._remember(tick, arrivals)
        return self.health.tick(tick, group.good, group.bad, group.recent, up > 0)

    def _remember(self, tick: i64, arrivals: i64) -> None:
        group = self.group
        past = self.past
        past.turn(tick)
        past.put(tick, 0, arrivals)
        past.put(tick, 1, group.good)
        past.put(tick, 2, group.bad)
        for i, wire in enumerate(group.wires):
            one = self.wire_pasts[i]
            one.turn(tick)
            one.put(tick, 0, wire.attempts)
            one.put(tick, 1, wire.bad)

    def _sum(self, gap: i64, busy: i64, slots: i64, depth: i64, age: i64) -> None:
        """Add the sample to its era; steps that were skipped repeat the last one."""
        occupancy = float(busy) / float(slots) if slots > 0 else 0.0
        sample = self.sample
        if gap > 0:
            if gap > 1:
                self._skip(sample, gap - 1)
            sample.repeat(1, depth, busy, occupancy)
            sample.utilisation_sum += self.value_used * float(gap)
            self.slot_steps += gap * self.value_slots
            self.core_steps += gap * self.value_cores
        self.value_occupancy = occupancy
        if depth > sample.depth_most:
            sample.depth_most = depth
        if occupancy > sample.occupancy_max:
            sample.occupancy_max = occupancy
        if self.value_used > sample.utilisation_max:
            sample.utilisation_max = self.value_used
        if age > sample.age_max_ns:
            sample.age_max_ns = age


class FlowWatch:
    """The series of one flow, and its totals at the last grid steps."""

    def __init__(self, flow: Flow, grid_ns: i64) -> None:
        self.flow = flow
        self.offered = Series(grid_ns, False)
        self.yes = Series(grid_ns, False)
        self.no = Series(grid_ns, False)
        self.done = Series(grid_ns, False)
        self.waiting = Series(grid_ns, True)
        self.past = Past(4)
        self.last_offered: i64 = 0
        self.last_yes: i64 = 0
        self.last_no: i64 = 0
        self.last_done: i64 = 0
        self.last_waiting: i64 = 0

    def look(self, core: Core, tick: i64, at: i64) -> None:
        """Take one sample."""
        flow = self.flow
        offered: i64 = flow.total_offered - self.last_offered
        yes: i64 = flow.total_yes - self.last_yes
        no: i64 = flow.total_no - self.last_no
        done: i64 = flow.total_done - self.last_done
        if offered == 0 and yes == 0 and no == 0 and done == 0 and flow.waiting == self.last_waiting:
            return
        core.changed(-(tick * 65536 + flow.index), offered, yes, no, done)
        self.offered.add(at, float(offered))
        self.yes.add(at, float(yes))
        self.no.add(at, float(no))
        self.done.add(at, float(done))
        self.waiting.add(at, float(flow.waiting))
        self.last_offered = flow.total_offered
        self.last_yes = flow.total_yes
        self.last_no = flow.total_no
        self.last_done = flow.total_done
        self.last_waiting = flow.waiting
        past = self.past
        past.turn(tick)
        past.put(tick, 0, flow.total_offered)
        past.put(tick, 1, flow.total_yes)
        past.put(tick, 2, flow.total_no)
        past.put(tick, 3, flow.total_done)

    def series(self, name: str) -> Series | None:
        """One of offered, yes, no, done, waiting; None when there is no such."""
        if name == "offered":
            return self.offered
        if name == "yes":
            return self.yes
        if name == "no":
            return self.no
        if name == "done":
            return self.done
        return self.waiting if name == "waiting" else None
