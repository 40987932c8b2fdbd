"""A node as cells, at any level of detail. What it says depends on its figures, never on the name of its kind."""

from __future__ import annotations

from collections.abc import Sequence

from topology import registry
from topology.frame import DOWN, OK, PAUSED, NodeFrame
from topology.node import PULLED
from tui.draw import figures, glyphs
from tui.draw.canvas import Canvas, Run
from tui.draw.crowd import Crowd
from tui.draw.layout import FULL, LINE, Box, Detail
from tui.draw.palette import INK_OF_STATE

COUNTS = 12
"""Cells that the counts of a crowd may take in one line."""
PLAIN_KINDS = ("service", "producer")
"""Kinds that need no label: a box is a service unless it says otherwise."""


def draw_box(
    canvas: Canvas,
    box: Box,
    node: NodeFrame,
    detail: Detail,
    chosen: bool,
    idle: Sequence[str] = (),
    crowd: Crowd | None = None,
) -> None:
    """Draw one node at its place; `idle` are its replicas that nobody calls. For a crowd, `node` is its sums."""
    if detail is LINE:
        _draw_line(canvas, box, node, chosen, crowd)
        return
    _draw_border(canvas, box, node, detail, chosen, idle, crowd)
    room = box.width - 4
    rows = full_rows(node, room, crowd) if detail.height == FULL.height else [small_row(node, room, crowd)]
    for at, runs in enumerate(rows):
        canvas.put_runs(box.x + 2, box.y + 1 + at, runs)


def _draw_line(canvas: Canvas, box: Box, node: NodeFrame, chosen: bool, crowd: Crowd | None) -> None:
    ink = INK_OF_STATE[node.state]
    figure = crowd.counts(COUNTS) if crowd else short_figure(node)
    spare = box.width - 6 - len(figure)
    name = crowd.name(spare) if crowd else figures.fit(node.name, spare)
    canvas.put(box.x, box.y, f"{glyphs.STATE[node.state]} ", f"{ink}+bold")
    canvas.put(box.x + 2, box.y, name, "title+reverse" if chosen else "text")
    canvas.put(box.x + 3 + len(name), box.y, glyphs.bar(load(node)), ink)
    canvas.put(box.x + 5 + len(name), box.y, figure, ink)


def _draw_border(
    canvas: Canvas, box: Box, node: NodeFrame, detail: Detail, chosen: bool, idle: Sequence[str], crowd: Crowd | None
) -> None:
    top_left, across, top_right, side, low_left, low_right = glyphs.BORDERS[node.state]
    ink = INK_OF_STATE[node.state] if node.state != OK else ("title" if chosen else "line")
    ink = f"{ink}+bold" if chosen else ink
    right, low = box.x + box.width - 1, box.y + box.height - 1
    canvas.put(box.x, box.y, top_left + across * (box.width - 2) + top_right, ink)
    canvas.put(box.x, low, low_left + across * (box.width - 2) + low_right, ink)
    for y in range(box.y + 1, low):
        canvas.put(box.x, y, side + " " * (box.width - 2) + side, ink)
        canvas.put(right, y, side, ink)
    words = crowd.name(box.width - 6) if crowd else title(node, box.width - 6, detail)
    canvas.put(box.x + 2, box.y, f" {words} ", "title+bold+reverse" if chosen else "title")
    foot = footing(node, box.width - 6, idle)
    if foot:
        canvas.put(box.x + 2, low, f" {foot} ", "warn" if node.layers or idle else "dim")


def title(node: NodeFrame, room: int, detail: Detail) -> str:
    """The name, with the kind behind it where it is not a plain service and there is room."""
    if node.kind not in PLAIN_KINDS:
        long = f"{node.name} · {node.kind.replace('_', ' ')}"
        if len(long) <= room:
            return long
    return figures.fit(node.name, room)


def footing(node: NodeFrame, room: int, idle: Sequence[str] = ()) -> str:
    """What lies on it, else whom nobody calls, else how it is wired; whole words only."""
    kinds = list(dict.fromkeys(layer.kind for layer in node.layers if layer.kind not in ("down", "frozen")))
    alone = f"{idle[0]} idle" if len(idle) == 1 else f"{len(idle)} idle"
    options = [" + ".join(kinds)] if kinds else [f"{node.wiring}, {alone}", alone] if idle else [node.wiring]
    return next((words for words in options if len(words) <= room), "")


def small_row(node: NodeFrame, room: int, crowd: Crowd | None = None) -> list[Run]:
    """The one row of a small box: state, figure, and how full it is where there is room."""
    ink = INK_OF_STATE[node.state]
    words = crowd.counts(room - 2) if crowd else headline(node, room - 2)
    runs = [(f"{glyphs.STATE[node.state]} ", f"{ink}+bold"), (words, "text" if node.state == OK else ink)]
    if _has_load(node) and len(words) + 4 <= room:
        runs.append((f" {glyphs.bar(load(node))}", ink))
    return runs


def full_rows(node: NodeFrame, room: int, crowd: Crowd | None = None) -> list[list[Run]]:
    """The three rows of a full box: state and figure, how full it is, and its rates."""
    ink = INK_OF_STATE[node.state]
    first = [
        (f"{glyphs.STATE[node.state]} ", f"{ink}+bold"),
        (crowd.counts(room - 2) if crowd else headline(node, room - 2), "text" if node.state == OK else ink),
    ]
    return [first, second_row(node, room), rate_row(node, room)]


def headline(node: NodeFrame, room: int) -> str:
    """The figure that matters most, in the longest words that fit."""
    return next((words for words in _headlines(node) if len(words) <= room), figures.fit(_headlines(node)[-1], room))


def _headlines(node: NodeFrame) -> list[str]:
    if node.state == PAUSED:
        return ["frozen"]
    if node.state == DOWN:
        return [f"0 of {node.wanted} up", f"0/{node.wanted} up", "down"] if node.wanted > 1 else ["down"]
    part = f" {node.up} of {node.wanted} up" if node.up < node.wanted else ""
    if node.slots:
        used = f"{node.busy}/{node.slots}"
        return [f"{used} slots{part}", f"{used}{part}", f"{used} slots", used]
    if is_store(node):
        kept = figures.count(node.depth)
        age = figures.short_time(node.age_ns)
        return [f"{kept} kept, {age}", f"{kept}  {age}", f"{kept} kept", kept] if node.depth else ["empty"]
    targets = _targets(node)
    if targets:
        return [f"{targets} healthy", f"{targets} up", f"{targets.replace(' of ', '/')} up"]
    return [figures.rate(max(node.rate_in, node.rate_out))]


def _targets(node: NodeFrame) -> str:
    gauges = dict(node.gauges)
    if "healthy targets" in gauges and "targets" in gauges:
        return f"{gauges['healthy targets']:.0f} of {gauges['targets']:.0f}"
    return ""


def is_store(node: NodeFrame) -> bool:
    """Whether it keeps messages, as its kind declares, or because it holds some."""
    return node.depth > 0 or _role(node.kind) in PULLED


def _role(kind: str) -> str:
    role: str = registry.kind(kind).role
    return role


def _has_load(node: NodeFrame) -> bool:
    return node.state not in (DOWN, PAUSED) and (node.slots > 0 or node.depth > 0)


def load(node: NodeFrame) -> float:
    """How full it is: slots in use, or for a queue a figure that grows with each factor of ten up to 10,000."""
    if node.slots:
        return node.busy / node.slots
    return min(1.0, (len(str(node.depth)) - 1 + node.depth / 10 ** len(str(node.depth))) / 5) if node.depth else 0.0


def second_row(node: NodeFrame, room: int) -> list[Run]:
    """How full it is, and who waits in front of it."""
    if not _has_load(node):
        return [(figures.fit(_at_rest(node), room), "dim")]
    if node.slots:
        share = load(node)
        queued = f" +{figures.brief(node.queued)}"
        options = (f"{queued} wait", queued) if node.queued else (f" {figures.percent(share)}", "")
        waiting = next((words for words in options if len(words) <= room - 4), options[-1])
        ink = "bad" if share >= 1 else "warn" if share > 0.8 else "ok"
        return [(glyphs.meter(share, min(8, room - len(waiting))), ink), (waiting, "text" if node.queued else "dim")]
    flying = _flying(node, room)
    width = min(5, room - len(flying))
    return [(glyphs.meter(load(node), width) if width > 2 else "", "ok"), (flying, "dim")]


def _flying(node: NodeFrame, room: int) -> str:
    """What a queue's consumers hold and have not yet deleted, in words that fit; they matter more than the meter."""
    if not node.in_flight:
        return ""
    held = figures.brief(node.in_flight)
    options = (f" {held} in flight", f" {held} held")
    return next((words for words in options if len(words) <= room - 3), figures.fit(f"{held} held", room))


def _at_rest(node: NodeFrame) -> str:
    if node.up < node.wanted and node.state != DOWN:
        return f"{node.up} of {node.wanted} up"
    return ""


def rate_row(node: NodeFrame, room: int) -> list[Run]:
    """What comes out per second and how long it takes; failures first."""
    if node.rate_bad >= 0.5:
        words = f"{glyphs.FAILING} {figures.rate(node.rate_bad)} fail"
        return [(figures.fit(words, room), "bad")]
    options = _rates(node)
    words = next((words for words in options if len(words) <= room), options[-1])
    return [(figures.fit(words, room), "dim")]


def _rates(node: NodeFrame) -> list[str]:
    out = figures.rate(node.rate_out)
    if is_store(node):
        into = figures.rate(node.rate_in)
        return [f"{into} in, {out} out", f"{into} → {out}", f"{into} in"]
    if node.p99_ns and node.slots:
        p99 = figures.short_time(node.p99_ns)
        return [f"{out}  p99 {p99}", f"{out} {p99}", out]
    return [out]


def short_figure(node: NodeFrame) -> str:
    """One figure of at most five characters, for a node of one line."""
    if node.state in (DOWN, PAUSED):
        return "down" if node.state == DOWN else "froze"
    return figures.brief(node.depth if is_store(node) else max(node.rate_out, node.rate_in))
