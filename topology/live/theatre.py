"""Where live runs are put on: it makes the worlds of all designs of a playground, over one broker and one set of processes."""

from __future__ import annotations

from topology.live.endpoint import Endpoint
from topology.live.layout import check
from topology.live.stage import Stage
from topology.live.world import LiveWorld
from topology.plan import DesignPlan, Playground


class Theatre:
    """Makes the live worlds of one playground, which share a stage: what `Runner` takes as `build`.

    `which` and `network` as for a stage.
    """

    def __init__(self, which: str | Endpoint = "", network: bool = False) -> None:
        self.which = which
        self.network = network
        self.stage: Stage | None = None

    def __call__(self, plan: DesignPlan, playground: Playground, seed: int) -> LiveWorld:
        if self.stage is None or self.stage.closed:
            for design in playground.designs:
                check(design)
            self.stage = Stage(playground, seed, self.which, network=self.network)
        return LiveWorld(self.stage, plan, playground, seed)
