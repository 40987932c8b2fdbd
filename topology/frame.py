"""A frame: an immutable picture of one design at one instant. Anyone may hold it; nobody can change the world by it.

Times are integer nanoseconds, rates are per second over the last second, shares run from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

OK, STRAINED, DOWN, PAUSED = "ok", "strained", "down", "paused"
"""The states of a node: fine; unhealthy or partly up (▲); none up (✖); frozen (⏸)."""

UP, CRASHED, FROZEN, STARTING, DRAINING = "up", "down", "frozen", "starting", "draining"
"""The states of a replica."""


@dataclass(frozen=True, slots=True)
class LayerFrame:
    """One layer that lies on a node or link: its id, kind (slow, errors, latency, loss, cut, down, frozen) and words."""

    id: int
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class ReplicaFrame:
    """One replica of a node."""

    index: int
    state: str
    busy: int
    slots: int
    queued: int
    wired: tuple[str, ...]
    """The replicas that it calls, by link in file order, e.g. ("inventory/0",), all of a list; of a balancer, a queue
    or the outside world only the name, since none of them is wired to replicas."""


@dataclass(frozen=True, slots=True)
class NodeFrame:
    """One declared node, over all its replicas."""

    name: str
    kind: str
    state: str
    unhealthy: bool
    why: str
    """What it waits for or suffers from, in words: "7 of 8 slots wait for inventory"; empty when fine."""
    replicas: tuple[ReplicaFrame, ...]
    up: int
    wanted: int
    busy: int
    slots: int
    """Slots of all replicas that are up; 0 for a kind that has none."""
    queued: int
    """Calls that wait for a slot, in memory."""
    depth: int
    """Messages kept by a queue: visible and in flight; 0 elsewhere."""
    in_flight: int
    age_ns: int
    """How long the oldest of them has been there."""
    rate_in: float
    rate_out: float
    rate_bad: float
    p50_ns: int
    p99_ns: int
    """Of the time from arrival to answer, over the last second that had answers."""
    occupancy: float
    utilisation: float
    arrivals: int
    departures: int
    errors: tuple[tuple[str, int], ...]
    """Failures so far by reason, most frequent first."""
    waits_for: tuple[tuple[str, int], ...]
    """Slots held by calls to each callee right now."""
    gauges: tuple[tuple[str, float], ...]
    """Figures of the kind's own over all replicas: healthy targets of a balancer, receives outstanding … A name that ends
    in " %" is a share from 0 to 1 (the mean), one that ends in " s" a time in seconds (the longest); others are sums."""
    wiring: str
    """How the callers of a service are wired to it: pinned, list, balanced, pull; empty for every other kind."""
    layers: tuple[LayerFrame, ...]
    shared: bool


@dataclass(frozen=True, slots=True)
class LinkFrame:
    """One link."""

    caller: str
    callee: str
    mode: str
    wiring: str
    rate: float
    """Attempts (or deliveries) per second."""
    rate_bad: float
    in_flight: int
    """Attempts that their caller still waits for."""
    attempts: int
    reasons: tuple[tuple[str, int], ...]
    flow: float
    """Moves forward by one for each 10 messages carried: what the screen animates."""
    cut: bool
    breaker: str
    """"closed", "open", "half-open", or empty where there is none."""
    layers: tuple[LayerFrame, ...]


@dataclass(frozen=True, slots=True)
class FlowFrame:
    """What one producer offered until now, and what became of it. The fates add up to `offered`."""

    producer: str
    offered: int
    served: int
    late: int
    refused: int
    failed: int
    lost: int
    dead_lettered: int
    in_system: int
    unanswered: int
    waiting: int
    done: int
    done_after_no: int
    half_done: int
    degraded: int
    duplicates: int
    attempts: int
    wasted_ns: int
    oldest_ns: int
    """Age of the oldest message told yes whose work still waits (an upper bound of one grid step); 0 when none."""
    rate_offered: float
    rate_yes: float
    rate_no: float
    rate_done: float
    latency_p50_ns: int
    latency_p99_ns: int
    completion_p50_ns: int
    completion_p99_ns: int
    reasons: tuple[tuple[str, int], ...]
    """Why messages were told no or lost, e.g. ("inventory: connection refused", 118)."""
    inside: bool = False
    """Whether a node inside offers it (its alerts), and nobody who is a customer."""

    @property
    def told_yes(self) -> int:
        """Messages whose answer was yes, in time or late."""
        return self.offered - self.unanswered - self.refused - self.failed

    @property
    def told_no(self) -> int:
        """Messages whose answer was no."""
        return self.refused + self.failed

    @property
    def success(self) -> float:
        """Share of the answered messages told yes in time (1.0 when none was answered yet)."""
        answered = self.offered - self.unanswered
        return 1.0 if answered == 0 else (answered - self.told_no - self.yes_late) / answered

    yes_late: int = 0
    """Messages told yes after their deadline, whatever became of their work."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One design at one instant."""

    design: str
    at_ns: int
    nodes: tuple[NodeFrame, ...]
    links: tuple[LinkFrame, ...]
    flows: tuple[FlowFrame, ...]

    def node(self, name: str) -> NodeFrame | None:
        """The node of that name, or None."""
        return next((n for n in self.nodes if n.name == name), None)

    def customers(self) -> list[FlowFrame]:
        """The flows of those outside; what a node inside offers, such as alerts, is no request of theirs."""
        return [flow for flow in self.flows if not flow.inside]

    def uncalled(self, name: str) -> tuple[str, ...]:
        """The replicas of a node that are up and to which no caller is wired, where callers are wired to replicas."""
        node = self.node(name)
        callers = {link.caller for link in self.links if link.callee == name}
        return () if node is None else idle_replicas(node, [one for one in self.nodes if one.name in callers])

    def all_uncalled(self) -> dict[str, tuple[str, ...]]:
        """The same for every node that has such replicas, in one pass."""
        nodes = {node.name: node for node in self.nodes}
        callers: dict[str, list[NodeFrame]] = {}
        for link in self.links:
            callers.setdefault(link.callee, []).append(nodes[link.caller])
        found = {name: idle_replicas(nodes[name], ones) for name, ones in callers.items()}
        return {name: replicas for name, replicas in found.items() if replicas}


def idle_replicas(node: NodeFrame, callers: Sequence[NodeFrame]) -> tuple[str, ...]:
    """The replicas of a node that are up and that none of its callers is wired to, where callers are wired to replicas."""
    if node.wiring not in ("pinned", "list"):
        return ()
    wired = {one for caller in callers for replica in caller.replicas for one in replica.wired}
    if node.name in wired:
        return ()
    replicas = [(f"{node.name}/{replica.index}", replica.state) for replica in node.replicas]
    return tuple(replica for replica, state in replicas if state == UP and replica not in wired)
