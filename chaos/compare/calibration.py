"""What a machine adds to every message, read from one healthy live run, and put into the simulation as delays of links.

A process draws the same work as its simulated twin; what it takes longer is the way of the message: wire, broker, disk and
scheduler. So how much longer a node keeps its messages, less what those whom it waits for keep them longer, is the round
trip over its links.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from chaos.journals.reading import Journal
from topology.dist import constant
from topology.plan import CALL, PULL, PUSH, DesignPlan, LinkPlan, Playground
from topology.units import format_share

SECOND = 1e9
SPREADS, SCALES = 3, 2
"""A delay adds more or less than itself where calls are made in parallel or entries come in batches, so it takes rounds."""
MISSED = 0.05
"""A healthy live run that succeeds less often than this below the simulated one is not healthy."""
MOST = 4.0
"""In one round delays grow by no more than this factor."""

Delays = dict[str, dict[str, int]]
"""By design and link: nanoseconds, each way."""
Simulate = Callable[[Playground], Journal]


def healthy(playground: Playground, longest_ns: int) -> Playground:
    """The same without anything that breaks it or judges it, and no longer than so many nanoseconds."""
    length = min(playground.duration_ns, longest_ns)
    return replace(playground, timeline=(), steady=(), expect=None, run=None, duration_ns=length)


def unhealthy(sim: Journal, live: Journal) -> list[str]:
    """Why a live run that nothing broke is no ground for a calibration: a sentence for each flow that did far worse live."""
    found = []
    for design, told in sim["designs"].items():
        for flow, expected in told["flows"].items():
            seen = live["designs"][design]["flows"][flow]["success"] or 0.0
            if seen < (expected["success"] or 0.0) - MISSED:
                shares = f"{format_share(seen)} live and {format_share(expected['success'])} simulated"
                found.append(f"{design}: {flow} succeeds in {shares}, though nothing is broken")
    return found


def fitted(playground: Playground, live: Journal, simulate: Simulate) -> Delays:
    """The delays with which the simulation of a healthy playground takes as long as `live` did.

    The means of nodes say how the overhead is spread over the links, and the medians of flows how much it is: a machine that
    stalls for a moment moves the means, and not the medians.
    """
    none: Delays = {design.name: {link.name: 0 for link in design.links} for design in playground.designs}
    plain = simulate(playground)
    delays = none
    for number in range(SPREADS):
        sim = simulate(calibrated(playground, delays)) if number else plain
        delays = {d.name: _moved(d, delays[d.name], sim, live) for d in playground.designs}
    for _ in range(SCALES):
        sim = simulate(calibrated(playground, delays))
        factors = {d: _factor(*(_medians(world["designs"][d]) for world in (plain, sim, live))) for d in delays}
        delays = {d: {link: round(ns * factors[d]) for link, ns in links.items()} for d, links in delays.items()}
    return delays


def _moved(design: DesignPlan, own: Mapping[str, int], sim: Journal, live: Journal) -> dict[str, int]:
    """Delays that bring each node closer to the mean that it had live; none is below 0."""
    over = round_trips(design, sim["designs"][design.name], live["designs"][design.name])
    return {link: max(0, delay + round(over.get(link, 0.0) * SECOND / 2)) for link, delay in own.items()}


def _medians(design: Mapping[str, Any]) -> float:
    """The medians of all answers and of all work that was done, added up, in seconds."""
    flows = design["flows"].values()
    return sum(flow[what]["p50"] or 0.0 for flow in flows for what in ("latency", "completion"))


def _factor(plain: float, sim: float, live: float) -> float:
    """By what to multiply all delays of a design, so that its medians come to where they were live."""
    return min(MOST, max(0.0, live - plain) / (sim - plain)) if sim > plain else 1.0


def calibrated(playground: Playground, delays: Mapping[str, Mapping[str, int]]) -> Playground:
    """The playground with these delays on its links."""
    designs = (replace(d, links=tuple(_delayed(k, delays[d.name][k.name]) for k in d.links)) for d in playground.designs)
    return replace(playground, designs=tuple(designs))


def _delayed(link: LinkPlan, delay_ns: int) -> LinkPlan:
    return replace(link, values={**link.values, "delay": constant(delay_ns)})


def round_trips(design: DesignPlan, sim: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, float]:
    """By link, how many seconds longer a round trip took live than in the simulation; less than 0 where it was shorter."""
    found = {}
    for node in design.nodes:
        links = [link for link in design.links if link.caller == node.name]
        visits = {link.name: _visits(live, link) for link in links}
        total = sum(visits.values())
        if total:
            below = sum(visits[link.name] * _longer(sim, live, link.callee) for link in links if waits(link))
            own = (_longer(sim, live, node.name) - below) / total
            found.update({link.name: own for link in links})
    return found


def waits(link: LinkPlan) -> bool:
    """Whether the time at the end of a link is part of the time at its start: of a call, and of what a queue gives out."""
    return link.mode == CALL or link.wiring in (PULL, PUSH)


def _longer(sim: Mapping[str, Any], live: Mapping[str, Any], node: str) -> float:
    """How many seconds longer a node keeps a message live."""
    before, now = (world["nodes"].get(node, {}).get("mean_stay") for world in (sim, live))
    return 0.0 if before is None or now is None else float(now) - float(before)


def _visits(live: Mapping[str, Any], link: LinkPlan) -> float:
    """How often a message of the caller goes over a link."""
    departures = live["nodes"].get(link.caller, {}).get("departures", 0)
    return live["links"].get(link.name, {}).get("attempts", 0) / departures if departures else 0.0
