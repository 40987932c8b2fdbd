"""What the grid remembers of each node and flow: health, samples by era, series, totals of the last second."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from topology.health import Health
from topology.message import Flow
from topology.series import Samples, Series
from topology.sim.place import Core, Group

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
        span = float((RING - 1) * grid_ns) / 1e9
        for i in range(fields):
            if tick - self.tick >= RING - 1:
                found.append(0.0)
                continue
            first: i64 = tick - RING + 1
            if first < 0:
                first = 0
            newest: i64 = self.ring[(self.tick % RING) * fields + i]
            oldest: i64 = self.ring[(first % RING) * fields + i]
            if first == 0 and tick < RING - 1:
                span = float(tick if tick > 0 else 1) * float(grid_ns) / 1e9
                oldest = 0
            found.append(float(newest - oldest) / span)
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
        self.value_busy: i64 = 0
        self.value_queued: i64 = 0
        self.value_slots: i64 = 0
        self.value_up: i64 = -1
        self.value_age: i64 = 0
        self.value_used = 0.0
        self.working_ns: int = 0

    def mark(self) -> None:
        """A new era begins."""
        self.sample = Samples()
        self.samples.append(self.sample)

    def look(self, core: Core, tick: i64, at: i64) -> bool:
        """Take one sample; True when the node's health turned."""
        group = self.group
        busy: i64 = 0
        queued: i64 = 0
        depth: i64 = 0
        slots: i64 = 0
        up: i64 = 0
        age: i64 = 0
        arrivals: i64 = 0
        working_ns: int = 0
        for place in group.places:
            meter = place.meter
            arrivals += meter.arrivals
            if place.gone:
                continue
            meter.upto(at)
            working_ns += meter.working_ns + meter.near_working
            busy += meter.busy
            queued += meter.queued
            if group.managed:
                depth += place.machine.depth()
                age = place.machine.oldest(at)
            if place.up and not place.frozen:
                up += 1
                slots += place.slots
        gap: i64 = tick - self.tick
        self.tick = tick
        if busy != self.value_busy or queued != self.value_queued or depth != self.value_depth or up != self.value_up:
            core.changed(tick * 1024 + group.index, busy, queued, depth, up)
        self._sum(gap, busy, slots, depth if group.managed else queued, age, working_ns)
        self.depth.add(at, float(depth if group.managed else queued))
        self.busy.add(at, float(busy))
        self.value_busy = busy
        self.value_queued = queued
        self.value_depth = depth
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
        i: i64 = 0
        for wire in group.wires:
            one = self.wire_pasts[i]
            one.turn(tick)
            one.put(tick, 0, wire.attempts)
            one.put(tick, 1, wire.bad)
            i += 1

    def _sum(self, gap: i64, busy: i64, slots: i64, depth: i64, age: i64, working_ns: int) -> None:
        """Add the sample to its era; steps that were skipped repeat the last one."""
        used = 0.0
        if slots > 0 and gap > 0:
            used = float(working_ns - self.working_ns) / float(slots * gap * self.grid_ns)
        self.working_ns = working_ns
        self.value_used = used
        sample = self.sample
        sample.count += gap
        sample.depth_total += (gap - 1) * self.value_depth + depth
        if depth > sample.depth_most:
            sample.depth_most = depth
        sample.busy_total += (gap - 1) * self.value_busy + busy
        if slots > 0:
            occupancy = float(busy) / float(slots)
            sample.occupancy_sum += occupancy * float(gap)
            if occupancy > sample.occupancy_max:
                sample.occupancy_max = occupancy
        sample.utilisation_sum += used * float(gap)
        if used > sample.utilisation_max:
            sample.utilisation_max = used
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

    def look(self, core: Core, tick: i64, at: i64) -> None:
        """Take one sample."""
        flow = self.flow
        offered: i64 = flow.total_offered - self.last_offered
        yes: i64 = flow.total_yes - self.last_yes
        no: i64 = flow.total_no - self.last_no
        done: i64 = flow.total_done - self.last_done
        if offered == 0 and yes == 0 and no == 0 and done == 0:
            return
        core.changed(-(tick * 1024 + flow.index), offered, yes, no, done)
        self.offered.add(at, float(offered))
        self.yes.add(at, float(yes))
        self.no.add(at, float(no))
        self.done.add(at, float(done))
        self.waiting.add(at, float(flow.waiting))
        self.last_offered = flow.total_offered
        self.last_yes = flow.total_yes
        self.last_no = flow.total_no
        self.last_done = flow.total_done
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
