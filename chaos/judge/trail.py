"""The way from a symptom to what was hit, along links, by what differs from the same run without the faults.

Pictures of both runs are compared at the same instants. A way goes over nodes and links that differ, as far as it can;
where it cannot, it has a gap and says so.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from topology.frame import FROZEN, Frame, LinkFrame, NodeFrame
from topology.plan import DesignPlan
from topology.units import format_duration, format_share

LOOK_NS = 2_500_000_000
"""So long after the symptom began something may still show for the first time: slots take a while to fill."""

AGAINST = 1.5
"""How much longer a way is that goes from who is called to who calls: most trouble goes the other way."""
GAP = 20.0

Film = Mapping[int, Sequence[Frame]]
Found = tuple[float, str]
"""How strongly something differs, up to 1, and that in words."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What differs at a node or link: since when it was seen, how strongly (0: not at all), and that in words."""

    at_ns: int
    strength: float
    words: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A node on the way, what differs there, and the link that leads on, which is empty at the end."""

    node: str
    sign: Sign
    link: str
    link_sign: Sign
    gap: bool
    """Whether neither this link nor the node behind it shows anything."""

    @property
    def tells(self) -> bool:
        """Whether anything differs here."""
        return bool(self.sign.strength or self.link_sign.strength)


class Trail:
    """Finds ways in one design."""

    def __init__(self, plan: DesignPlan, here: Film, there: Film, begun_ns: int, symptom_ns: int) -> None:
        self.plan = plan
        self.begun_ns = begun_ns
        until = max(begun_ns, symptom_ns) + LOOK_NS
        looks = [at_ns for at_ns in sorted(here) if at_ns >= begun_ns and at_ns in there]
        pairs = [(at_ns, _of(here[at_ns], plan.name), _of(there[at_ns], plan.name)) for at_ns in looks]
        self.early = [pair for pair in pairs if pair[0] <= until] or pairs[:1]
        self.pairs = pairs
        self.edges = [(link.caller, link.callee, link.name) for link in plan.links]
        dead = [(node.name, node.values.get("dead_letter")) for node in plan.nodes]
        self.edges += [(name, d["to"], f"{name} => {d['to']}") for name, d in dead if isinstance(d, dict) and d.get("to")]
        self._signs: dict[str, Sign] = {}

    def sign(self, name: str) -> Sign:
        """What differs at a node, or at a link."""
        if name not in self._signs:
            found = self._look(name, self.early)
            self._signs[name] = found if found.strength else self._look(name, self.pairs)
        return self._signs[name]

    def _look(self, name: str, pairs: Sequence[tuple[int, Frame, Frame]]) -> Sign:
        """The strongest of what differs, at the first instant at which it is nearly as strong as it gets."""
        seen = [(at, max(_differences(name, here, there), key=_strength, default=(0.0, ""))) for at, here, there in pairs]
        most = max((found[0] for _, found in seen), default=0.0)
        if not most:
            return Sign(self.begun_ns, 0.0, "")
        at, (strength, words) = next((at, found) for at, found in seen if found[0] >= 0.8 * most)
        assert strength <= 1.0, words
        return Sign(at, strength, words)

    def way(self, start: str, nodes: frozenset[str], links: frozenset[str]) -> list[Stop]:
        """From a node to the nearest of some nodes or links that were hit; empty where nothing joins them."""
        ends = nodes | {end for a, b, name in self.edges if name in links for end in (a, b)}
        best: dict[str, float] = {start: 0.0}
        came: dict[str, tuple[str, str]] = {}
        heap = [(0.0, start)]
        while heap:
            far, here = heapq.heappop(heap)
            if far > best[here]:
                continue
            if here in ends:
                return self._stops(start, here, came, nodes | ends)
            for there, link, weight in self._from(here, ends):
                if far + weight < best.get(there, float("inf")):
                    best[there] = far + weight
                    came[there] = (here, link)
                    heapq.heappush(heap, (far + weight, there))
        return []

    def _from(self, here: str, ends: frozenset[str] | set[str]) -> Iterator[tuple[str, str, float]]:
        for caller, callee, name in self.edges:
            if here not in (caller, callee):
                continue
            there = callee if here == caller else caller
            shown = max(self.sign(name).strength, 1.0 if there in ends else self.sign(there).strength)
            length = 1.0 + 4.0 * (1.0 - shown) if shown else GAP
            yield there, name, length * (1.0 if here == caller else AGAINST)

    def _stops(self, start: str, end: str, came: Mapping[str, tuple[str, str]], hit: frozenset[str] | set[str]) -> list[Stop]:
        nothing = Sign(self.begun_ns, 0.0, "")
        found = [Stop(end, self.sign(end), "", nothing, False)]
        here = end
        while here != start:
            before, link = came[here]
            sign = self.sign(link)
            gap = not sign.strength and here not in hit and not self.sign(here).strength
            found.append(Stop(before, self.sign(before), link, sign, gap))
            here = before
        return found[::-1]


def _strength(found: Found) -> float:
    return found[0]


def _of(frames: Sequence[Frame], design: str) -> Frame:
    return next(frame for frame in frames if frame.design == design)


def _differences(name: str, here: Frame, there: Frame) -> list[Found]:
    """What differs at a node or link between two pictures of one instant."""
    one, other = here.node(name), there.node(name)
    if one is not None and other is not None:
        return [found for found in _of_node(one, other) if found[0] > 0]
    links = [next((k for k in frame.links if _name(k) == name), None) for frame in (here, there)]
    if links[0] is not None and links[1] is not None:
        return [found for found in _of_link(links[0], links[1]) if found[0] > 0]
    return []


def _name(link: LinkFrame) -> str:
    return f"{link.caller} {link.mode} {link.callee}"


def _of_node(a: NodeFrame, b: NodeFrame) -> Iterator[Found]:
    frozen = sum(1 for replica in a.replicas if replica.state == FROZEN)
    if a.up < b.up:
        words = f"{a.up} of {a.wanted} up" if frozen < a.wanted - a.up else f"{frozen} of {a.wanted} frozen"
        yield 1.0, words
    for callee, waiting in a.waits_for[:1]:
        before = dict(b.waits_for).get(callee, 0)
        words = f"{waiting} of {a.slots} slots wait for {callee} instead of {before}"
        yield _more(waiting, before, max(a.slots, 1), words)
    yield _more(a.queued, b.queued, 20, f"{a.queued:,} calls wait for a slot instead of {b.queued:,}")
    yield _more(a.depth, b.depth, 20, f"{a.depth:,} messages wait in it instead of {b.depth:,}")
    yield _more(a.rate_bad, b.rate_bad, max(a.rate_in, 1), f"fails {_rate(a.rate_bad)} instead of {_rate(b.rate_bad)}")
    held = f"{format_share(a.occupancy)} of its slots are held instead of {format_share(b.occupancy)}"
    yield _more(a.occupancy, b.occupancy, 1.0, held, 0.05)
    busy = f"{format_share(a.utilisation)} busy instead of {format_share(b.utilisation)}"
    yield _more(a.utilisation, b.utilisation, 1.0, busy, 0.05)
    if a.p99_ns > 1.2 * b.p99_ns > 0:
        slow = f"answers after up to {format_duration(a.p99_ns)} (p99) instead of {format_duration(b.p99_ns)}"
        yield min(1.0, (a.p99_ns / b.p99_ns - 1.0) / 3.0), slow
    yield _other(a.rate_in, b.rate_in, f"gets {_rate(a.rate_in)} instead of {_rate(b.rate_in)}")
    yield _other(a.rate_out, b.rate_out, f"answers {_rate(a.rate_out)} instead of {_rate(b.rate_out)}")
    before_gauges = dict(b.gauges)
    for gauge, value in a.gauges:
        was = before_gauges.get(gauge, 0.0)
        words = f"{gauge.removesuffix(' s').removesuffix(' %')}: {value:,.3g} instead of {was:,.3g}"
        yield 0.5 * _other(value, was, "")[0], words
    changed = abs(a.arrivals - b.arrivals) + abs(a.departures - b.departures)
    yield 0.05 * bool(changed), f"{a.arrivals:,} have come until then instead of {b.arrivals:,}"


def _of_link(a: LinkFrame, b: LinkFrame) -> Iterator[Found]:
    if a.cut and not b.cut:
        yield 1.0, "it is cut"
    why = next((words.partition(": ")[2] or words for words in _newer(a, b)), "")
    fails = f"{_rate(a.rate_bad)} of {_rate(a.rate)} attempts fail{f': {why}' if why else ''}"
    yield _more(a.rate_bad, b.rate_bad, max(a.rate, 1.0), fails)
    if a.breaker != b.breaker:
        yield 0.6, f"its breaker is {a.breaker}"
    yield _more(a.in_flight, b.in_flight, 20, f"{a.in_flight:,} attempts wait for an answer instead of {b.in_flight:,}", 1.0)
    yield _other(a.rate, b.rate, f"carries {_rate(a.rate)} instead of {_rate(b.rate)}")
    yield 0.05 * (a.attempts != b.attempts), f"{a.attempts:,} attempts until then instead of {b.attempts:,}"


def _newer(a: LinkFrame, b: LinkFrame) -> list[str]:
    """Reasons of failure, those first of which there are most more."""
    before = dict(b.reasons)
    more = [(n - before.get(words, 0), words) for words, n in a.reasons]
    return [words for n, words in sorted(more, key=lambda pair: -pair[0]) if n > 0]


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}/s" if per_second >= 10 or per_second == int(per_second) else f"{per_second:.1f}/s"


def _more(here: float, there: float, whole: float, words: str, least: float = 0.0) -> Found:
    """More of something than without the faults, as a share of what would be a lot."""
    more = here - there
    return (min(1.0, more / whole), words) if more > least else (0.0, "")


def _other(here: float, there: float, words: str) -> Found:
    """More or fewer, by a tenth at least; never as telling as what is wrong in itself."""
    change = abs(here - there) / max(abs(there), abs(here), 1e-9)
    return (min(0.6, 0.6 * change), words) if change > 0.1 and abs(here - there) >= 0.05 else (0.0, "")
