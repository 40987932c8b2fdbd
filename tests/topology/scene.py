"""Cases that both worlds play: a small design, and a script of what is done to it and what must come of it.

A script is a generator: each `yield` says how many seconds to go on. So many live worlds can play at once, over one broker,
while each simulated one plays alone. What a script expects are counts and orders, with margins for a machine that is busy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any, cast

from tests.topology.worlds import FATES, MS, S, check_frame
from topology.frame import LinkFrame, NodeFrame
from topology.message import Tally
from topology.plan import DesignPlan, Playground
from topology.sim.world import SimWorld
from topology.spec import load_text
from topology.world import Beat, Target, World

Script = Generator[float, None, None]
SEED = 1
SLICE_S = 0.25
"""Frames are looked at so often."""
DRAIN_S = 60
COUNTS = ("offered", *FATES, "unanswered", "waiting", "done", "done_after_no", "half_done", "degraded", "duplicates", "attempts")
__all__ = ["MS", "SEED", "SLICE_S", "Beat", "Case", "S", "Scene", "Script", "Tally", "case", "together"]


@dataclass(frozen=True)
class Case:
    """A design with one producer, `web`, and its script. `network`: its links are broken for real."""

    name: str
    nodes: dict[str, str]
    links: tuple[str, ...]
    script: Callable[[Scene], Script]
    network: bool

    @property
    def web(self) -> str:
        """What its producer is called: each case has its own, so that all can run at once."""
        return f"web-{self.name}"

    def playground(self) -> Playground:
        """The design by itself."""
        lines = [f"playground: {self.name}", "duration: 1h", "nodes:"]
        lines += [f"  {name}: {{kind: {words}}}" for name, words in self.nodes.items()]
        lines += ["designs:", f"  {self.name}:", "    links:", *[f"      - {link}" for link in self.links]]
        return load_text(re.sub(r"\bweb\b", self.web, "\n".join(lines)) + "\n")


def case(nodes: dict[str, str], *links: str, network: bool = False) -> Callable[[Callable[[Scene], Script]], Case]:
    """Make a case of a script; `nodes` by name, as the inside of a YAML flow mapping; links as in YAML."""

    def made(script: Callable[[Scene], Script]) -> Case:
        return Case(script.__name__.replace("_", "-"), nodes, links, script, network)

    return made


def together(cases: list[Case]) -> Playground:
    """One playground with the designs of all cases."""
    alone = [one.playground() for one in cases]
    designs: list[DesignPlan] = [one.designs[0] for one in alone]
    return replace(alone[0], designs=tuple(designs), flows=tuple(flow for one in alone for flow in one.flows))


class Scene:
    """One world as a script sees it."""

    def __init__(self, world: World, of: Case) -> None:
        self.world = world
        self.case = of
        self.eras = 1

    def on(self, node: str, *replicas: int) -> Target:
        """Replicas of a node: all that are there if none is named."""
        return Target(node, replicas or tuple(self.world.replicas(node)))

    def link(self, name: str) -> Target:
        """A link."""
        return Target(link=self._own(name))

    def _own(self, name: str) -> str:
        return re.sub(r"\bweb\b", self.case.web, name)

    def lay(self, kind: str, target: Target, beats: Beat | None = None, **values: Any) -> int:
        """Lay a layer."""
        assert self.world.takes(kind, target), kind
        return self.world.lay(kind, target, values, beats=beats)

    def era(self) -> None:
        """A new era begins."""
        assert self.world.mark() == self.eras
        self.eras += 1

    def tallies(self) -> list[Tally]:
        """What became of all messages, era by era."""
        return list(self.world.tallies(self.case.web))

    def total(self) -> Tally:
        """What became of all messages."""
        whole = Tally(self.tallies()[0].names)
        for tally in self.tallies():
            whole.merge(tally)
        return whole

    def node(self, name: str) -> NodeFrame:
        """A node as the screen shows it."""
        found = self.world.frame().node(name)
        assert found is not None
        return found

    def line(self, name: str) -> LinkFrame:
        """A link as the screen shows it."""
        own = self._own(name)
        return next(x for x in self.world.frame().links if f"{x.caller} {x.mode} {x.callee}" == own)

    def until(self, true: Callable[[], bool], within_s: float = 10.0) -> Script:
        """Go on until something is so, which must come to be."""
        for _ in range(int(within_s / SLICE_S)):
            if true():
                return
            yield SLICE_S
        assert true(), self.words()

    def settled(self) -> Script:
        """Offer nothing more, and let everything settle."""
        self.world.stop()
        yield from self.until(self.world.idle, DRAIN_S)
        total = self.total()
        assert total.offered > 0
        assert total.unanswered == total.waiting == 0, self.words()

    def words(self) -> str:
        """Everything that is known of its messages, for whoever reads of a failure."""
        rows = [{name: found for name in COUNTS if (found := getattr(tally, name))} for tally in self.tallies()]
        return f"{rows}; {dict(self.world.frame().flows[0].reasons)}"

    def check(self) -> None:
        """What is true of every frame."""
        check_frame(cast(SimWorld, self.world))
