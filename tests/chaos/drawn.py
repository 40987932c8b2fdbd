"""Runs with one fault that the dice chose: which playground, which fault, on what; and beside it a noop that does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import chaos
from chaos.command import Command
from chaos.fault import LINKS, PRODUCERS, REPLICAS
from chaos.judge import why
from chaos.judge.why import NO_EFFECT, Why
from chaos.registry import faults
from chaos.runner import Runner
from topology.plan import Playground
from topology.spec import load

GALLERY = Path(str(chaos.__file__)).parent / "gallery"
S = 1_000_000_000
END_S, AT_S, FOR_S = 25, 10, 6


@dataclass(frozen=True)
class Drawn:
    """One run and why each design fared as it did. `fault` is the number of the one that is not a noop."""

    words: str
    fault: int
    whys: tuple[Why, ...]

    @property
    def told(self) -> tuple[Why, ...]:
        """What was told of the designs in which it made a difference."""
        return tuple(one for one in self.whys if one.kind != NO_EFFECT)


def draws(playgrounds: list[Playground], seed: int) -> Iterator[Drawn]:
    """One after the other, without end; faults that find nothing there to break are drawn again."""
    dice = Random(seed)
    names = sorted(set(faults()) - {"noop"})
    while True:
        playground = replace(dice.choice(playgrounds), timeline=(), steady=(), expect=None, duration_ns=END_S * S)
        name, number = dice.choice(names), dice.randrange(1_000)
        target = dice.choice(targets(playground, name))
        at_ns, decoy_ns = AT_S * S, (AT_S + dice.choice((-2, 2))) * S
        real = Command(at_ns, "inject", (target,), name, for_ns=FOR_S * S)
        decoy = Command(decoy_ns, "inject", (dice.choice(targets(playground, "noop")),), "noop", for_ns=FOR_S * S)
        found = explained(playground, number, real, decoy)
        if found is not None:
            yield found


def explained(playground: Playground, seed: int, real: Command, decoy: Command) -> Drawn | None:
    """One run of both, explained in each design; None where the fault found nothing to break."""
    run = Runner(playground, seed, timeline=False, commands=sorted((real, decoy), key=lambda one: one.at_ns), narrate=False)
    try:
        run.advance(run.end)
        run.finish()
        if run.misfires:
            return None
        number = next(fault.id for fault in run.faults if fault.what == real.what)
        words = f"{playground.name} seed {seed}: {real.what} on {real.on[0]}"
        return Drawn(words, number, tuple(why.explain(run, world.plan.name) for world in run.worlds))
    finally:
        run.close()


def targets(playground: Playground, name: str) -> list[str]:
    """What a fault may be pointed at: each node or link that it can act on."""
    acts_on = faults()[name].acts_on
    producers = {flow.producer for flow in playground.flows}
    if acts_on == LINKS:
        return sorted({link.name for design in playground.designs for link in design.links})
    if acts_on == PRODUCERS:
        return sorted(producers)
    nodes = {node.name for design in playground.designs for node in design.nodes}
    zones = {"zone:a"} if any(node.zones for design in playground.designs for node in design.nodes) else set()
    return sorted(nodes - producers | zones) if acts_on == REPLICAS else sorted(nodes)


def gallery() -> list[Playground]:
    """Every playground that ships."""
    return [load(path, faults=faults()) for path in sorted(GALLERY.glob("*.yaml"))]
