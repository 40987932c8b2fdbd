"""What a picture costs: printed, not judged, since machines differ (`pytest -s`)."""

from __future__ import annotations

import time

import pytest

from tests.topology.grown import grown
from topology.sim.world import SimWorld
from topology.spec import load_text
from tui.draw.canvas import Canvas, strip_of
from tui.draw.palette import DARK
from tui.draw.scene import Scene, Window, scene_of

WIDTH, HEIGHT = 200, 55
"""Of the picture on a screen of 200 by 60."""
ROUNDS = 10


def strips(scene: Scene, canvas: Canvas) -> int:
    return sum(len(strip_of(canvas.runs(y), WIDTH, DARK)) for y in range(canvas.height))


def cost(nodes: int) -> str:
    """Load, build and run it for two seconds; then take pictures, folded as the room asks for, and all open."""
    began = time.process_time()
    made = load_text(grown(nodes))
    loaded = time.process_time()
    world = SimWorld(made.designs[0], made, 1)
    built = time.process_time()
    words = [f"{nodes:,} nodes: load {loaded - began:.2f} s, build {built - loaded:.2f} s"]
    frames, drawn = [], []
    for step in range(1, ROUNDS + 1):
        world.advance(2_000_000_000 + step * 50_000_000)
        started = time.process_time()
        frame = world.frame()
        frames.append(time.process_time() - started)
    words.append(f"frame {1e3 * min(frames):.1f} ms")
    scene = scene_of(made.designs[0], frame)
    for what in ("fitted", "all open"):
        started = time.process_time()
        scene.fit(WIDTH, HEIGHT)
        if what == "all open" and scene.grouped:
            scene.folding.toggle_all()
            scene.refold()
        laid_out = time.process_time() - started
        window = Window(0, 0, min(WIDTH, scene.picture.width), min(HEIGHT, scene.picture.height))
        scene.draw(frame, "web", window)
        drawn = []
        for _ in range(ROUNDS):
            started = time.process_time()
            assert strips(scene, scene.draw(frame, "web", window)) > 0
            drawn.append(time.process_time() - started)
        words.append(
            f"{what}: {len(scene.items):,} drawn as {scene.picture.detail.name}, "
            f"layout {1e3 * laid_out:.1f} ms, picture {1e3 * min(drawn):.1f} ms"
        )
    world.close()
    return "; ".join(words)


@pytest.mark.parametrize("nodes", [12, 60, 300])
def test_the_cost_of_a_picture_is_printed(nodes: int) -> None:
    print(f"\n{cost(nodes)}")


@pytest.mark.slow
def test_the_cost_of_a_picture_of_10_000_nodes_is_printed() -> None:
    print(f"\n{cost(10_000)}")
