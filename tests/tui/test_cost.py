"""What a picture costs: printed, not judged, since machines differ (`pytest -s`)."""

from __future__ import annotations

import random
import time

from tests.tui.worlds import frame, link, node
from tui.draw.canvas import strip_of
from tui.draw.palette import DARK
from tui.draw.scene import Scene


def test_the_cost_of_a_picture_is_printed() -> None:
    for count, width, height in ((12, 120, 30), (60, 200, 50), (300, 200, 50)):
        dice = random.Random(5)
        nodes = [node(f"svc{i}", slots=8, busy=i % 9, rate_out=float(i)) for i in range(count)]
        links = [link(f"svc{dice.randrange(max(1, i // 2))}", f"svc{i}", rate=10.0, flow=1.0) for i in range(1, count)]
        picture = frame(nodes, links)
        scene = Scene([n.name for n in nodes], [(one.caller, one.callee) for one in links], [])
        started = time.process_time()
        scene.fit(width, height)
        laid_out = time.process_time()
        for _ in range(10):
            canvas = scene.draw(picture, "svc0")
            strips = [strip_of(canvas.runs(y), width, DARK) for y in range(min(height, canvas.height))]
        drawn = time.process_time()
        print(f"{count} nodes at {width}x{height}: layout {1e3 * (laid_out - started):.1f} ms, "
              f"picture {1e2 * (drawn - laid_out):.1f} ms, {scene.picture.detail.name}")  # fmt: skip
        assert strips
