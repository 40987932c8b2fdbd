"""One suite over both worlds: every case in the simulated one, and all together as processes over a real broker."""

from __future__ import annotations

import os
import shutil
import time

import pytest

from tests.topology.cases import CASES
from tests.topology.scene import SEED, SLICE_S, Case, S, Scene, Script, together
from topology.sim.world import SimWorld

NAMES = [one.name for one in CASES]


@pytest.mark.parametrize("of", CASES, ids=NAMES)
def test_simulated(of: Case) -> None:
    playground = of.playground()
    world = SimWorld(playground.designs[0], playground, SEED)
    scene = Scene(world, of)
    for seconds in of.script(scene):
        until = world.now + round(seconds * S)
        while world.now < until:
            world.advance(min(until, world.now + round(SLICE_S * S)))
            scene.check()
    world.close()


class Playing:
    """A script under way in a live world."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.script: Script = scene.case.script(scene)
        self.due = 0
        self.failure: BaseException | None = None
        self.over = False

    def go_on(self) -> None:
        """As far as the script goes at this instant."""
        try:
            self.scene.check()
            self.due = self.scene.world.now + round(next(self.script) * S)
        except StopIteration:
            self.over = True
        except Exception as error:  # the others play on, and the test says it
            self.over, self.failure = True, error


def play_live(which: str, cases: list[Case]) -> tuple[dict[str, BaseException | None], list[str]]:
    """All cases at once, over one broker; what went wrong with each, by name, and what the run said of this machine."""
    from topology.live.theatre import Theatre

    playground = together(cases)
    theatre = Theatre(which)
    worlds = [theatre(design, playground, SEED) for design in playground.designs]
    try:
        playing = [Playing(Scene(world, of)) for world, of in zip(worlds, cases, strict=True)]
        while running := [one for one in playing if not one.over]:
            until = min(one.due for one in running)
            for world in worlds:
                world.advance(max(until, world.now + 1))
            for one in running:
                if one.due <= until:
                    one.go_on()
        short = [words for _, who, words in worlds[0].notes() if who == "live"]
        return {one.scene.case.name: one.failure for one in playing}, short
    finally:
        worlds[0].close()


BROKERS = ["amqtt", pytest.param("mosquitto", marks=pytest.mark.skipif(not shutil.which("mosquitto"), reason="not installed"))]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="live needs a POSIX system")
@pytest.mark.parametrize("which", BROKERS)
def test_live(which: str) -> None:
    began = time.monotonic()
    found, short = play_live(which, CASES)
    failures = {name: error for name, error in found.items() if error is not None}
    if failures and short:
        pytest.skip(f"nothing can be told here: {short[-1]}")
    told = "\n\n".join(f"{name}: {type(error).__name__}: {error}" for name, error in failures.items())
    assert not failures, f"after {time.monotonic() - began:.0f} s, of {len(CASES)} cases:\n{told}"
