"""A service of 8 slots and 40 ms (200/s) behind a door, with too much or just enough to do: for tests of node policies."""

from __future__ import annotations

from dataclasses import dataclass

from tests.topology.worlds import S, all_of, check_frame, node, world
from topology.message import Tally
from topology.policy import NodePolicy
from topology.sim.world import SimWorld

WORK = "service, slots: 8, takes: {exponential: {mean: 40ms}}"


@dataclass(frozen=True)
class Fared:
    """How one producer's messages fared over a window; latencies in milliseconds."""

    offered: int
    served: int
    refused: int
    late: int
    p50_ms: float

    @property
    def share(self) -> float:
        """The share that was served in time."""
        return self.served / self.offered


def door(policies: str, producers: dict[str, str], work: str = WORK) -> SimWorld:
    """Producers by name, all of which call "app"."""
    nodes = {name: f"producer, deadline: 1s, {words}" for name, words in producers.items()}
    words = f"{work}, {policies}" if policies else work
    return world({**nodes, "app": words}, [f"{name} -> app" for name in producers])


def overloaded(policies: str, seconds: int = 30, rate: int = 400) -> SimWorld:
    """Twice as much as it can do, from one producer."""
    one = door(policies, {"web": f"rate: {rate}/s"})
    one.advance(seconds * S)
    check_frame(one)
    return one


def fared(one: SimWorld, producer: str = "web", since: int = 0) -> Fared:
    """What became of what was offered in the eras from `since` on."""
    found = Tally([])
    for tally in one.tallies(producer)[since:]:
        found.merge(tally)
    late = int(found.late + found.failed)
    return Fared(int(found.offered), int(found.served), int(found.refused), late, found.latency.quantile_ns(0.5) / 1e6)


def guard(one: SimWorld, name: str, node_name: str = "app", replica: int = 0) -> NodePolicy:
    """One replica's policy of a class."""
    return next(g for g in one.groups[node_name].places[replica].guards if type(g).__name__ == name)


def crash(one: SimWorld, name: str = "app") -> None:
    """Kill every replica of a node and start it at once."""
    one.lift(one.kill(all_of(one, name)))
    assert node(one, name).queued == 0
