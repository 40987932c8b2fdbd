"""Small shops of one design for faults, and what is counted in them from one instant to another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chaos.command import Command
from chaos.runner import Runner
from tests.topology.worlds import check_frame, playground
from topology.frame import NodeFrame
from topology.histogram import Histogram
from topology.message import Tally
from topology.sim.world import SimWorld

S = 1_000_000_000
MS = 1_000_000

SHOP = {"web": "producer, rate: 200/s, arrivals: constant, deadline: 1s", "app": "service, slots: 50, takes: 5ms"}
LINKS = ["web -> app"]


def shop(nodes: dict[str, str] | None = None, links: Sequence[str] = ("web -> app",), *entries: Command) -> Runner:
    """A shop in which commands are on the way; what is given about a node replaces what is usual."""
    return Runner(playground(SHOP | (nodes or {}), links), 1, timeline=False, commands=list(entries))


def breaks(what: str, on: str, at_s: float, for_s: float | None = None, ramp_s: float = 0, **params: object) -> Command:
    """One fault on the way."""
    for_ns = None if for_s is None else round(for_s * S)
    return Command(round(at_s * S), "inject", (on,), what, params=params, for_ns=for_ns, ramp_ns=round(ramp_s * S))


def world(run: Runner) -> SimWorld:
    """The one design."""
    found = run.worlds[0]
    assert isinstance(found, SimWorld)
    return found


def to(run: Runner, at_s: float) -> Runner:
    """The run, advanced to an instant."""
    run.advance(round(at_s * S))
    return run


def node(run: Runner, name: str) -> NodeFrame:
    """A node now."""
    found = run.frames()[0].node(name)
    assert found is not None
    return found


@dataclass
class Count:
    """What happened between two instants, by the instant of the answer; `attempts` are those of the producer."""

    offered: int
    yes: int
    no: int
    attempts: int

    @property
    def success(self) -> float:
        """The share of the answers that were yes."""
        return self.yes / max(1, self.yes + self.no)


def between(run: Runner, from_s: float, to_s: float) -> Count:
    """What happened between two instants."""
    before = to(run, from_s).frames()[0].flows[0]
    after = to(run, to_s).frames()[0].flows[0]
    return Count(
        after.offered - before.offered,
        after.served - before.served,
        after.told_no - before.told_no,
        after.attempts - before.attempts,
    )


class Offered:
    """What has become, until now, of the messages that were offered between two instants."""

    def __init__(self, tallies: Sequence[Tally]) -> None:
        self.tallies = tallies

    def _sum(self, name: str) -> int:
        return sum(int(getattr(tally, name)) for tally in self.tallies)

    @property
    def offered(self) -> int:
        return self._sum("offered")

    @property
    def served(self) -> int:
        return self._sum("served")

    @property
    def refused(self) -> int:
        return self._sum("refused")

    @property
    def failed(self) -> int:
        return self._sum("failed")

    @property
    def latency(self) -> Histogram:
        """Of the answers that were yes."""
        return _merged(tally.latency for tally in self.tallies)

    @property
    def latency_no(self) -> Histogram:
        """Of the answers that were no."""
        return _merged(tally.latency_no for tally in self.tallies)

    @property
    def reasons(self) -> dict[str, int]:
        """Why messages were told no."""
        found: dict[str, int] = {}
        for tally in self.tallies:
            for words, count in tally.reasons.items():
                found[words] = found.get(words, 0) + count
        return found


def _merged(parts: Iterable[Histogram]) -> Histogram:
    whole = Histogram()
    for part in parts:
        whole.merge(part)
    return whole


def offered_in(run: Runner, from_s: float, to_s: float, wait_s: float = 0) -> Offered:
    """What becomes of the messages that are offered between two instants, after waiting for answers for so long."""
    one = world(to(run, from_s))
    first = one.mark()
    last = world(to(run, to_s)).mark()
    if wait_s:
        to(run, to_s + wait_s)
    return Offered(one.tallies("web")[first:last])


def clean(run: Runner) -> bool:
    """Whether nothing of any fault is left anywhere."""
    check_frame(world(run))
    for group in world(run).core.groups:
        for place in group.places:
            left = (place.layers, place.downs, place.freezes, place.restarts, place.throttles, place.leaks, place.swallowed)
            if any(left) or place.dark or place.slow != 1.0 or place.skew or place.error_share or place.tails:
                return False
    for wire in world(run).wires:
        if wire.layers or wire.cut_to or wire.cut_back or wire.refuses or wire.hammer or wire.parked or not wire.clean:
            return False
    return not world(run).layers


def gauge(run: Runner, name: str, what: str) -> float:
    """A figure of a kind's own, now."""
    return dict(node(run, name).gauges)[what]


def view(run: Runner, name: str, part: str, what: str) -> float:
    """A figure of a part of a node, now."""
    return world(run).parts(name)[part][what]


def reasons(run: Runner) -> dict[str, int]:
    """Why messages were told no, lost or dead-lettered, until now."""
    return dict(run.frames()[0].flows[0].reasons)


def arrivals(run: Runner, name: str, from_s: float, to_s: float) -> int:
    """How much came to a node between two instants."""
    before = node(to(run, from_s), name).arrivals
    return node(to(run, to_s), name).arrivals - before
