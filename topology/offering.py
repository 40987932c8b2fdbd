"""Who offers messages: the outside world, what runs by the clock, and nodes that tell others of what they found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from topology.node import SOURCES
from topology.plan import PULL, LinkPlan


def may_offer(kind: Any) -> bool:
    """Whether a node of a kind has a flow of its own where it has somebody to tell."""
    return kind.role in SOURCES or bool(getattr(kind, "emits", False))


def emits(kind: Any, name: str, links: Iterable[LinkPlan]) -> bool:
    """Whether a node makes new messages out of those that come to it: its kind does so, and it has somebody to tell."""
    return bool(getattr(kind, "emits", False)) and any(link.caller == name and link.wiring != PULL for link in links)


def offers(kind: Any, name: str, links: Iterable[LinkPlan]) -> bool:
    """Whether a node has a flow of its own in a design with these links."""
    return kind.role in SOURCES or emits(kind, name, links)
