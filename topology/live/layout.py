"""Which process each replica of a design lives in, and what of a design no process can do."""

from __future__ import annotations

from typing import Final

from topology.node import ENDPOINT, PRODUCER, PROXY, QUEUE, SERVICE, Node
from topology.plan import DesignPlan, LinkPlan, NodePlan
from topology.registry import kind

ROLES: Final = (PRODUCER, SERVICE, PROXY, QUEUE, ENDPOINT)
"""The roles that run live so far."""
SHARED: Final = ("idempotency_key", "outbox")
"""Policies that keep a table which all replicas of a node share: processes do not."""
DRIVEN: Final = ("autoscaling",)
"""Policies that decide over the replicas of a node."""


class Unsupported(ValueError):
    """Something in the file that the live world cannot run; the words name it and say what can be done."""


def check(design: DesignPlan) -> None:
    """`Unsupported` names all that cannot run live, in one sentence each."""
    found = [words for node in design.nodes for words in _of_node(node)]
    found += [words for link in design.links for words in _of_link(link)]
    if found:
        raise Unsupported("\n".join(f"{design.name}: {words}" for words in found))


def _of_node(node: NodePlan) -> list[str]:
    found = []
    if kind(node.kind).role not in ROLES:
        found.append(f"{node.name}: a {node.kind} cannot run live so far; leave --live out")
    for name in (*SHARED, *DRIVEN):
        if name in node.policies:
            why = "is a table that replicas share" if name in SHARED else "starts and ends replicas by itself"
            found.append(f"{node.name}: {name} {why}, which live processes cannot do so far; leave it or --live out")
    if node.values.get("stickiness"):
        found.append(f"{node.name}: stickiness cannot run live so far; leave it or --live out")
    return found


def _of_link(link: LinkPlan) -> list[str]:
    if link.values["delay"].mean_ns() > 0:
        return [f"{link.name}: a real wire has its own delay; leave `delay` or --live out"]
    return []


def homes(design: DesignPlan) -> dict[str, str]:
    """For each node whose one process it shares with others: the name of that process.

    A queue and its dead-letter queue give entries to each other inside their service, so they live together.
    """
    found: dict[str, str] = {}
    for node in design.nodes:
        if kind(node.kind).role == QUEUE:
            found.setdefault(node.name, node.name)
            dead = node.values.get("dead_letter")
            if dead:
                found[dead["to"]] = found.get(dead["to"], node.name)
                _join(found, node.name, dead["to"])
    return found


def _join(found: dict[str, str], one: str, other: str) -> None:
    """Let all that live with either live together."""
    first, second = found[one], found[other]
    for name, home in found.items():
        if home == second:
            found[name] = first


def home_of(shared: dict[str, str], node: str, index: int) -> str:
    """The name of the process that a replica lives in."""
    return f"{shared.get(node, node)}/{index}"


def hosts_of(design: DesignPlan) -> dict[str, list[tuple[str, int]]]:
    """The processes of a design as it begins, each with the replicas that live in it."""
    shared = homes(design)
    found: dict[str, list[tuple[str, int]]] = {}
    for node in design.nodes:
        for index in range(node.replicas):
            found.setdefault(home_of(shared, node.name, index), []).append((node.name, index))
    return found


def keeps(cls: type[Node]) -> bool:
    """Whether a kind keeps what it accepted beyond the death of its process."""
    return bool(cls.role == QUEUE)
