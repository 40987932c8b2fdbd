"""The ends of the links at one replica, as the plan of its design has them: whom it calls, and whom it asks for work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from topology.chance import text_hash
from topology.message import Flow
from topology.node import QUEUE, SERVICE
from topology.plan import HANDOFF, LIST, PULL, DesignPlan, LinkPlan, NodePlan, Playground
from topology.registry import kind


class Unsupported(ValueError):
    """Something in the file that the live world cannot run; the words name it."""


@dataclass(slots=True)
class Outlet:
    """One end of an outgoing link: the replicas that this one may call, and whether it goes round them."""

    where: int
    targets: list[str]
    handoff: bool
    turn: int = 0

    def choose(self) -> str:
        """The replica that the next attempt goes to."""
        self.turn += 1
        return self.targets[self.turn % len(self.targets)]


@dataclass(frozen=True, slots=True)
class Inlet:
    """One end of a link out of a queue: the queue's place, the number of the link there, and what a failure means."""

    queue: str
    outlet: int
    release_on_failure: bool


@dataclass(slots=True)
class Ends:
    """All of one replica's, and what its node class is configured with."""

    node: NodePlan
    where: int
    managed: bool
    values: dict[str, Any]
    flows: dict[str, Flow]
    outlets: list[Outlet] = field(default_factory=list)
    inlets: list[Inlet] = field(default_factory=list)


def ends_of(playground: Playground, design: DesignPlan, name: str, index: int) -> Ends:
    """The ends of replica `index` of node `name`; `Unsupported` where the live world has no way to run it."""
    node = design.node(name)
    if node is None:
        raise Unsupported(f"{design.name} has no node {name!r}")
    _must_run(node)
    names = [n.name for n in design.nodes]
    outgoing = [p for p in design.links if p.caller == name and p.wiring != PULL]
    outgoing.sort(key=lambda p: p.mode == HANDOFF)
    incoming = [p for p in design.links if p.callee == name and p.wiring == PULL]
    values = dict(node.values)
    kinds = {n.name: n.kind for n in design.nodes}
    values["out"] = [
        p.values | {"mode": p.mode, "to": p.callee, "kind": kinds[p.callee], "role": kind(kinds[p.callee]).role} for p in outgoing
    ]
    values["in"] = [p.values | {"from": p.caller} for p in incoming]
    return Ends(
        node,
        (names.index(name) + 1) << 16,
        bool(kind(node.kind).managed),
        values,
        {f.producer: _flow(i, f.producer, f.work, names, playground.grid_ns) for i, f in enumerate(playground.flows)},
        [_outlet(design, p, index, names.index(p.callee)) for p in outgoing],
        [_inlet(design, p) for p in incoming],
    )


def _must_run(node: NodePlan) -> None:
    if kind(node.kind).role not in (SERVICE, QUEUE):
        raise Unsupported(f"{node.name}: a {node.kind} cannot run live; services and queues can")
    if node.policies:
        raise Unsupported(f"{node.name}: {', '.join(node.policies)} cannot run live; leave it out")
    if node.values.get("dead_letter"):
        raise Unsupported(f"{node.name}: dead_letter cannot run live; leave it out")


def _flow(index: int, producer: str, work: tuple[str, ...], names: list[str], grid_ns: int) -> Flow:
    return Flow(index, producer, list(work), text_hash(producer) & 0x7FFFFFFF, names, grid_ns)


def _outlet(design: DesignPlan, link: LinkPlan, index: int, callee_index: int) -> Outlet:
    _must_carry(link)
    callee = design.node(link.callee)
    assert callee is not None
    targets = [f"{callee.name}/{i}" for i in range(1 if kind(callee.kind).managed else callee.replicas)]
    if link.wiring != LIST:
        targets = [targets[index % len(targets)]]
    return Outlet((callee_index + 1) << 16, targets, link.mode == HANDOFF)


def _inlet(design: DesignPlan, link: LinkPlan) -> Inlet:
    _must_carry(link)
    others = [p for p in design.links if p.caller == link.caller and p.wiring == PULL]
    return Inlet(f"{link.caller}/0", others.index(link), link.values.get("on_failure") == "release")


def _must_carry(link: LinkPlan) -> None:
    if link.policies:
        raise Unsupported(f"{link.name}: {', '.join(link.policies)} cannot run live; leave it out")
    if link.values["delay"].mean_ns() > 0:
        raise Unsupported(f"{link.name}: delay cannot be set live; a real wire has its own")
