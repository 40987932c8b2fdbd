"""Which faults can act on what: one answer for the menu, which greys what cannot, and for the reference pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from chaos.fault import ANYTHING, LINKS, PRODUCERS, Fault
from topology import registry
from topology.layers import OF_WORK, sort_of
from topology.node import WORKERS

CONTRACT = "topology.node"
HOOKS = {"flush": "on_flush", "redrive": "on_redrive"}
"""Verbs that do nothing to a kind which does not answer them."""


def spared(fault: type[Fault], kind: str) -> str:
    """Why a fault cannot act on nodes of a kind, nor on their links; empty where it can."""
    cls: Any = registry.kind(kind)
    if fault.acts_on == PRODUCERS and cls.role != "producer":
        return "acts on producers"
    if fault.acts_on not in (PRODUCERS, LINKS, ANYTHING) and cls.role == "producer":
        return "a producer does not break"
    if not _takes(fault, cls):
        return f"acts on {' or '.join(n for n, one in registry.kinds().items() if _takes(fault, one)) or 'nothing here'}"
    return ""


def _takes(fault: type[Fault], cls: Any) -> bool:
    """Whether nodes of a kind can have what the fault lays, and hear what it does."""
    if fault.roles and cls.role not in fault.roles:
        return False
    laid = fault.acts_on == LINKS or all(_bears(cls, layer) for layer in fault.lays)
    one = not fault.lays_one or any(_bears(cls, layer) for layer in fault.lays_one)
    return laid and one and all(_answers(cls, hook) for verb, hook in HOOKS.items() if verb in fault.needs)


def _bears(cls: Any, layer: str) -> bool:
    """Whether such a layer can lie on nodes of a kind, and means anything to one that does its sort of work."""
    return sort_of(layer, cls.layers) is not None and (layer not in OF_WORK or cls.role in WORKERS)


def _answers(cls: type, hook: str) -> bool:
    """Whether a kind says itself what a verb does to it, and does not leave it to what every kind does: nothing."""
    return any(hook in vars(one) for one in cls.__mro__ if one.__module__ != CONTRACT)


def sorted_out(
    faults: Mapping[str, type[Fault]], kind: str, powers: Collection[str]
) -> tuple[dict[str, type[Fault]], dict[str, str]]:
    """The faults, those that can act on nodes of a kind in a world first; and why the others cannot."""
    why: dict[str, str] = {}
    for name, fault in faults.items():
        missing = sorted(fault.needs - set(powers))
        words = spared(fault, kind) or (f"this world cannot {', '.join(missing)}" if missing else "")
        if words:
            why[name] = words
    able = {name: fault for name, fault in faults.items() if name not in why}
    return able | {name: faults[name] for name in why}, why
