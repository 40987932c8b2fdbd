"""What every fault has in common: parameters, the powers it needs, and one method that returns its own undoing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from topology import registry
from topology.world import Target, World

REPLICAS, LINKS, PRODUCERS, ANYTHING = "replicas", "links", "producers", "anything"
"""What a fault acts on: the target language turns names into these."""

Undo = tuple[int, ...]
"""Handles that the world gave; lifting them takes this fault back and nothing else."""


class Fault:
    """The base of every fault: one file in `chaos/faults`, whose name is the fault's name.

    The docstring says in plain words what breaks, what you will see and what heals. When, where, for how long and how
    probably belong to whoever injects it.
    """

    params: Mapping[str, Any] = {}
    needs: frozenset[str] = frozenset()
    """Verbs of a world without which it cannot be injected."""
    lays: frozenset[str] = frozenset()
    """Layers that a target must be able to take; of several targets, those that cannot are left alone."""
    lays_one: frozenset[str] = frozenset()
    """Layers of which a target must be able to take one."""
    roles: frozenset[str] = frozenset()
    """The roles of the nodes that it acts on; none named: any."""
    acts_on: str = REPLICAS
    past: str = "broke"
    """What was done, for the event log: "you crashed inventory"."""
    tone: str = "bad"
    """The colour hint of its line in the log: bad, warn or info."""

    hint: str = ""
    """What a target must have, said to whoever names one that has it not: "it acts on a cache"."""

    def fits(self, world: World, target: Target) -> bool:
        """Whether there is anything on that target that this fault can break."""
        node = world.plan.node(target.node)
        if self.roles and (node is None or registry.kind(node.kind).role not in self.roles):
            return False
        chosen = not self.lays_one or any(world.takes(layer, target) for layer in self.lays_one)
        return chosen and all(world.takes(layer, target) for layer in self.lays)

    def reaches(self, world: World, target: Target, values: dict[str, Any]) -> bool:
        """Whether what the values name is there, on a target that it fits: the third broker, the second zone."""
        return True

    def strength(self, values: dict[str, Any]) -> dict[str, Any]:
        """What its one layer is told; the values themselves where it says no more."""
        return values

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Ask the world for it, and return what takes it back. A fault of one layer that says no more lays it on every target."""
        if len(self.lays) != 1:
            raise TypeError(f"{type(self).__name__} does not say what it breaks")
        (layer,) = self.lays
        strength = self.strength(values)
        return tuple(world.lay(layer, target, strength, ramp_ns) for target in targets)
