"""Draws the frame of a simulated world, and sums up its nodes and links for reports."""

from __future__ import annotations

from typing import Any, Final

from topology.frame import (
    CRASHED,
    DOWN,
    DRAINING,
    FROZEN,
    OK,
    PAUSED,
    STARTING,
    STRAINED,
    UP,
    FlowFrame,
    Frame,
    LayerFrame,
    LinkFrame,
    NodeFrame,
    ReplicaFrame,
)
from topology.message import Tally, name_reasons, reason_words
from topology.node import SERVICE
from topology.plan import PULL, DesignPlan, LinkPlan, NodePlan
from topology.sim.core import Core
from topology.sim.place import Place
from topology.sim.sender import Group
from topology.sim.watch import FlowWatch, Watch
from topology.sim.wire import Wire

SECOND: Final = 1_000_000_000
MOST_WIRED: Final = 256
"""Clients take their replicas in turn, so that the first few of many show to whom all of them are wired."""


def draw_frame(
    plan: DesignPlan,
    core: Core,
    wires: list[Wire],
    watches: list[Watch],
    flows: list[FlowWatch],
    now: int,
    grid_ns: int,
) -> Frame:
    """A picture of the instant `now`."""
    tick = (now - 1) // grid_ns if now > 0 else 0
    speeds = {
        w.index: p.rates(tick, grid_ns) for x in watches for w, p in zip(x.group.wires, x.wire_pasts, strict=True)
    }
    wirings = _wirings(plan)
    nodes = tuple(
        _node(declared, wirings, core, watch, now, watch.past.rates(tick, grid_ns), speeds)
        for declared, watch in zip(plan.nodes, watches, strict=True)
    )
    links = tuple(_link(core, wire, link, speeds[wire.index]) for wire, link in zip(wires, plan.links, strict=True))
    return Frame(plan.name, now, nodes, links, tuple(_flow(fw, now, fw.past.rates(tick, grid_ns)) for fw in flows))


def _replica_state(place: Place) -> str:
    if place.draining:
        return DRAINING
    if place.frozen and place.up:
        return FROZEN
    if place.starting or (place.downs and len(place.restarts) == len(place.downs)):
        return STARTING
    return UP if place.up else CRASHED


def _replica(place: Place) -> ReplicaFrame:
    wired = []
    for outlet in place.outlets:
        callee = outlet.wire.callee
        if not _is_service(callee):
            wired.append(callee.name)
        elif outlet.spread or place.source:
            wired.extend({one.name: None for one in outlet.wired[:MOST_WIRED]})
        elif outlet.wired:
            wired.append(outlet.wired[0].name)
    return ReplicaFrame(
        int(place.index),
        _replica_state(place),
        int(place.meter.busy),
        place.machine.slots_now(),
        int(place.meter.queued),
        tuple(wired),
    )


def _waits_for(places: list[Place]) -> tuple[tuple[str, int], ...]:
    held: dict[str, int] = {}
    for place in places:
        for outlet in place.outlets:
            if outlet.out > 0:
                name = outlet.wire.callee.name
                held[name] = held.get(name, 0) + int(outlet.out)
    return tuple(sorted(held.items(), key=lambda pair: (-pair[1], pair[0])))


def _state(sums: _Sums, unhealthy: bool) -> str:
    if sums.staying and sums.frozen == sums.staying:
        return PAUSED
    if sums.up == 0:
        return DOWN
    full = sums.slots > 0 and sums.busy >= sums.slots
    return STRAINED if unhealthy or sums.up < sums.staying or full or sums.laid else OK


def _hears(core: Core, wire: Wire) -> str:
    """What the last failed attempt over a wire was told."""
    where, words = wire.last_code >> 16, reason_words(wire.last_code)
    origin = core.names[where - 1] if where else wire.callee.name
    return f"hears “{words}” from {origin}" + ("" if origin == wire.callee.name else f", through {wire.callee.name}")


def _why(
    core: Core,
    group: Group,
    watch: Watch,
    up: int,
    waits: tuple[tuple[str, int], ...],
    busy: int,
    slots: int,
    bad: float,
    speeds: dict[int, list[float]],
) -> str:
    if up == 0:
        return "no replica is up"
    if waits and slots and waits[0][1] * 2 >= slots:
        return f"{waits[0][1]} of {slots} slots wait for {waits[0][0]}"
    if watch.health.unhealthy or bad > 0:
        for wire in group.wires:
            if speeds[int(wire.index)][1] > 0:
                return _hears(core, wire)
    if slots and busy >= slots:
        return "all slots are taken"
    return watch.health.why if watch.health.unhealthy else ""


def _layers(places: list[Place]) -> tuple[LayerFrame, ...]:
    found: dict[int, LayerFrame] = {}
    for place in places:
        for layer in place.layers:
            found[layer.handle] = LayerFrame(layer.handle, layer.kind, layer.words)
        for handle in place.downs:
            words = "restarts" if handle in place.restarts else "crashed"
            found[handle] = LayerFrame(handle, "down", words)
        for handle in place.freezes:
            found[handle] = LayerFrame(handle, "frozen", "frozen")
    return tuple(found.values())


class _Sums:
    """What the replicas of one node come to together: those that are there, and of these the ones that stay."""

    def __init__(self, places: list[Place], now: int) -> None:
        self.there: list[Place] = []
        self.staying = 0
        self.up = 0
        self.frozen = 0
        self.laid = False
        self.hurt = False
        self.busy = 0
        self.slots = 0
        self.queued = 0
        self.depth = 0
        self.in_flight = 0
        self.age_ns = 0
        self.arrivals = 0
        self.departures = 0
        self.gauges: dict[str, float] = {}
        self.telling: dict[str, int] = {}
        for place in places:
            self.arrivals += int(place.meter.arrivals)
            self.departures += int(place.meter.departures)
            if not place.gone:
                self._add(place, now)

    def _add(self, place: Place, now: int) -> None:
        machine = place.machine
        self.there.append(place)
        self.busy += int(place.meter.busy)
        self.queued += int(place.meter.queued)
        if place.up:
            self.slots += machine.slots_now()
        if place.layers or place.downs or place.freezes:
            self.hurt = True
        if not place.draining:
            self.staying += 1
            if place.layers:
                self.laid = True
            if place.up and place.frozen:
                self.frozen += 1
            elif place.up:
                self.up += 1
        self.depth += machine.depth()
        self.in_flight += machine.in_flight()
        self.age_ns = max(self.age_ns, machine.oldest(now))
        for name, value in machine.gauges(place).items():
            before = self.gauges.get(name, 0.0)
            self.gauges[name] = max(before, value) if name.endswith(" s") else before + value
            self.telling[name] = self.telling.get(name, 0) + 1

    def all_gauges(self) -> tuple[tuple[str, float], ...]:
        """Times are the longest of all replicas, shares the mean of those that tell one, everything else is summed."""
        return tuple((n, v / float(self.telling[n]) if n.endswith(" %") else v) for n, v in self.gauges.items())


def _node(
    declared: NodePlan,
    wirings: dict[str, str],
    core: Core,
    watch: Watch,
    now: int,
    speed: list[float],
    speeds: dict[int, list[float]],
) -> NodeFrame:
    group = watch.group
    sums = _Sums(group.places, now)
    busy, slots = sums.busy, sums.slots
    waits = _waits_for(sums.there) if not group.source else ()
    silent = _silent(group, speed[0])
    codes = group.codes.all()
    return NodeFrame(
        name=group.name,
        kind=group.kind,
        state=_state(sums, watch.health.unhealthy or silent > 0),
        unhealthy=watch.health.unhealthy,
        why=_waiters(silent) or _why(core, group, watch, sums.up, waits, busy, slots, speed[2], speeds),
        replicas=tuple(_replica(p) for p in sums.there),
        up=sums.up,
        wanted=sums.staying,
        busy=busy,
        slots=slots,
        queued=sums.queued,
        depth=sums.depth,
        in_flight=sums.in_flight,
        age_ns=sums.age_ns,
        rate_in=speed[0],
        rate_out=speed[1],
        rate_bad=speed[2],
        p50_ns=int(watch.health.p50),
        p99_ns=int(watch.health.p99),
        occupancy=busy / slots if slots else 0.0,
        utilisation=max(0.0, watch.value_used),  # what was reckoned ahead of a process is taken back when it reports
        arrivals=sums.arrivals,
        departures=sums.departures,
        errors=tuple(name_reasons(codes, core.names).items()) if codes else (),
        waits_for=waits,
        gauges=sums.all_gauges(),
        wiring=wirings.get(group.name, "") if _is_service(group) else "",
        layers=_layers(sums.there) if sums.hurt else (),
        shared=declared.shared,
    )


def _waiters(silent: int) -> str:
    return f"{silent:,} requests wait for an answer" if silent else ""


def _silent(group: Group, rate: float) -> int:
    """How many of a producer's requests have no answer, where that is more than a second's worth; else 0."""
    flow = group.places[0].flow if group.source else None
    if flow is None:
        return 0
    open_ones = int(flow.total_offered - flow.total_yes - flow.total_no)
    return open_ones if open_ones > max(20.0, rate) else 0


def _is_service(group: Group) -> bool:
    """Whether callers are wired to its replicas; a balancer, a queue or a third party is one thing to all of them."""
    return bool(group.places) and group.places[0].machine.role == SERVICE


def _wirings(plan: DesignPlan) -> dict[str, str]:
    """How the callers of each node are wired to it: where it consumes from a queue that, else as its first link says."""
    found: dict[str, str] = {}
    for link in plan.links:
        if link.wiring == PULL or link.callee not in found:
            found[link.callee] = link.wiring
    return found


def _link(core: Core, wire: Wire, link: LinkPlan, speed: list[float]) -> LinkFrame:
    breaker = ""
    for place in wire.caller.places if link.policies else ():
        for outlet in place.outlets:
            if outlet.wire is wire and not place.gone:
                words = outlet.state()
                if (words and words != "closed") or not breaker:
                    breaker = words
    codes = wire.codes.all()
    return LinkFrame(
        caller=link.caller,
        callee=link.callee,
        mode=link.mode,
        wiring=link.wiring,
        rate=speed[0],
        rate_bad=speed[1],
        in_flight=int(wire.open),
        attempts=int(wire.attempts),
        reasons=tuple(name_reasons(codes, core.names).items()) if codes else (),
        flow=int(wire.attempts) / 10.0,
        cut=wire.cut_to > 0 or wire.cut_back > 0,
        breaker=breaker,
        layers=tuple(LayerFrame(y.handle, y.kind, y.words) for y in wire.layers) if wire.layers else (),
    )


def _flow(fw: FlowWatch, now: int, speed: list[float]) -> FlowFrame:
    flow = fw.flow
    total = Tally(flow.names)
    for tally in flow.tallies:
        total.merge(tally)
    return FlowFrame(
        producer=flow.producer,
        offered=int(total.offered),
        served=int(total.served),
        late=int(total.late),
        refused=int(total.refused),
        failed=int(total.failed),
        lost=int(total.lost),
        dead_lettered=int(total.dead_lettered),
        in_system=total.in_system,
        unanswered=int(total.unanswered),
        waiting=int(total.waiting),
        done=int(total.done),
        done_after_no=int(total.done_after_no),
        half_done=int(total.half_done),
        degraded=int(total.degraded),
        duplicates=int(total.duplicates),
        attempts=int(total.attempts),
        wasted_ns=int(total.wasted_ns),
        oldest_ns=flow.oldest_ns(now),
        rate_offered=speed[0],
        rate_yes=speed[1],
        rate_no=speed[2],
        rate_done=speed[3],
        latency_p50_ns=total.latency.quantile_ns(0.5),
        latency_p99_ns=total.latency.quantile_ns(0.99),
        completion_p50_ns=total.completion.quantile_ns(0.5),
        completion_p99_ns=total.completion.quantile_ns(0.99),
        reasons=tuple(total.reasons.items()),
        inside=bool(flow.inside),
        yes_late=int(total.yes_late),
    )


def sum_up(core: Core, wires: list[Wire], watches: list[Watch], now: int) -> dict[str, Any]:
    """Figures of every node and link since the start, in SI units."""
    return {
        "nodes": {watch.group.name: _node_sums(core, watch, now) for watch in watches},
        "links": {
            wire.name: {
                "attempts": int(wire.attempts),
                "failed": int(wire.bad),
                "reasons": name_reasons(wire.codes.all(), core.names),
            }
            for wire in wires
        },
    }


def _node_sums(core: Core, watch: Watch, now: int) -> dict[str, Any]:
    group = watch.group
    places = group.places
    span = max(now, 1)
    arrivals = sum(int(p.meter.arrivals) for p in places)
    departures = sum(int(p.meter.departures) for p in places)
    served = sum(int(p.meter.served) for p in places)
    slots_ns, cores_ns = watch.capacity_ns(now)
    busy_ns = sum(p.meter.busy_ns for p in places)
    working_ns = sum(p.meter.working_ns for p in places)
    return {
        "arrivals": arrivals,
        "departures": departures,
        "mean_in_system": sum(p.meter.inside_ns for p in places) / span,
        "mean_busy": busy_ns / span,
        "occupancy": busy_ns / slots_ns if slots_ns else None,
        "utilisation": working_ns / cores_ns if cores_ns else None,
        "mean_stay": sum(p.meter.stay_ns for p in places) / departures / SECOND if departures else None,
        "mean_wait": sum(p.meter.wait_ns for p in places) / served / SECOND if served else None,
        "mean_service": sum(p.meter.service_ns for p in places) / served / SECOND if served else None,
        "errors": name_reasons(group.codes.all(), core.names),
    }
