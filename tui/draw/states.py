"""The graph of a workflow as cells: a box for each state, and a way for each Next, rule, Default and Catch.

The layout and the lines are those of designs. What runs at the same time is drawn between the box of its Parallel or Map and a
box at which it joins again, with double lines from the one and to the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from topology.frame import DOWN, OK, STRAINED
from topology.workflow_frame import CATCH, CHOICE, DEFAULT, FORK, JOIN, NEXT, StateCount, StateGraph, StatePart, Way
from tui.draw import figures, glyphs
from tui.draw.canvas import Canvas, Run
from tui.draw.layout import FULL, LINE, SLIM, SMALL, TIGHT, Box, Edge, Picture, fitting, neighbour, rank, scrolled
from tui.draw.palette import INK_OF_STATE
from tui.draw.routing import ASIDE, DOUBLE, SOLID, Line, Wires, draw_links, draw_ports, wires_of
from tui.draw.scene import Window

RECENT = 3_000_000_000
"""A state looks ill for so long after something went wrong in it."""
COMFORT = 60
"""From this width on boxes that have to scroll anyway are as wide as they like."""
STYLES = {NEXT: SOLID, FORK: DOUBLE, JOIN: DOUBLE, CHOICE: SOLID, DEFAULT: SOLID, CATCH: ASIDE}
"""In the order in which one gives its look to a way that is of several sorts."""
ELSE, CAUGHT, SEVERAL = "e", "!", "*"
RETRIED, EMPTY = "↻", "○"
STARTS, ENDS = "▶", "■"
BEEN = {"done": "✓", "here": "▶", "failed": "✖", "caught": CAUGHT, "stopped": "◌"}
"""What became of one execution in a state."""

LEGEND = (
    ("1 2 3", "the rules of a Choice"),
    (ELSE, "its Default"),
    (f"┄{CAUGHT}┄▷", "Catch"),
    (SEVERAL, "several of these"),
    ("══▶", "branches or items"),
)
"""How the ways of a chart differ."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A way as it is drawn: one line for all ways between two boxes."""

    edge: Edge
    sort: str
    mark: str


class Chart:
    """One graph. An item is a state, or behind these the place where a Parallel or Map joins again."""

    def __init__(self, graph: StateGraph) -> None:
        self.graph = graph
        self.joins = _joins(graph)
        self.names = [state.name for state in graph.states] + [_joint(graph.states[at]) for at in self.joins]
        self.lines = _lines(graph, self.joins)
        self.room = [f"{name}  " for name in self.names]
        """Names with the place of the sign before them."""
        self.ranks = rank(len(self.names), [line.edge for line in self.lines], [STYLES[line.sort] for line in self.lines])
        self.size = (-1, -1)
        self.picture = Picture(LINE, 0, 0, (), ())
        self._wires: tuple[Window, Wires] | None = None

    def fit(self, width: int, height: int) -> Picture:
        """Lay out for a size; what is too large for it keeps its boxes and is taller, to be scrolled."""
        if (width, height) != self.size:
            self.size = (width, height)
            self._wires = None
            found = fitting(self.ranks, self.room, width, height, (FULL, SLIM, SMALL, TIGHT))
            self.picture = found or scrolled(self.ranks, self.room, width, SMALL if width >= COMFORT else TIGHT)
        return self.picture

    def state_of(self, item: int) -> int:
        """The state that an item belongs to."""
        states = len(self.graph.states)
        return item if item < states else self.joins[item - states]

    def beside(self, state: int, step_x: int, step_y: int) -> int:
        """The state next to another in a direction."""
        return self.state_of(neighbour(self.picture, state, step_x, step_y)) if self.picture.boxes else state

    def draw(self, look: Look, window: Window) -> Canvas:
        """What a window shows."""
        canvas = Canvas(window.width, window.height)
        if self._wires is None or self._wires[0] != window:
            self._wires = (window, wires_of(self.picture, *window))
        wires = self._wires[1]
        lines = {at: self._line(at, look) for at in range(len(self.lines))}
        draw_links(canvas, lines, wires)
        states: dict[int, str] = {}
        seen = [(item, replace(box, x=box.x - window.left, y=box.y - window.top)) for item, box in self._seen(window)]
        for item, box in seen:
            states[item] = look.state(item) if item < len(self.graph.states) else OK
            self._draw_box(canvas, box, item, look, states[item])
        draw_ports(canvas, wires, lines, [line.edge for line in self.lines], states)
        for item, box in seen:
            self._draw_ends(canvas, box, item)
        return canvas

    def _seen(self, window: Window) -> Iterator[tuple[int, Box]]:
        """Items of which a window shows something."""
        for item, box in enumerate(self.picture.boxes):
            in_rows = box.y < window.top + window.height and box.y + box.height > window.top
            if in_rows and box.x < window.left + window.width and box.x + box.width > window.left:
                yield item, box

    def _line(self, at: int, look: Look) -> Line:
        line = self.lines[at]
        gone = (line.edge.source, line.edge.target) in look.gone
        ink = "title" if gone else "dim" if line.sort == CATCH else "line"
        return Line(STYLES[line.sort], ink, line.mark)

    def _draw_box(self, canvas: Canvas, box: Box, item: int, look: Look, state: str) -> None:
        at = self.state_of(item)
        part, count = self.graph.states[at], look.counts[at]
        chosen = at == look.chosen and item < len(self.graph.states)
        top_left, across, top_right, side, low_left, low_right = glyphs.BORDERS[state]
        ink = INK_OF_STATE[state] if state != OK else "title" if chosen else "line"
        ink = f"{ink}+bold" if chosen else ink
        low = box.y + box.height - 1
        canvas.put(box.x, box.y, top_left + across * (box.width - 2) + top_right, ink)
        canvas.put(box.x, low, low_left + across * (box.width - 2) + low_right, ink)
        for y in range(box.y + 1, low):
            canvas.put(box.x, y, side + " " * (box.width - 2) + side, ink)
        mark = BEEN.get(look.been.get(at, ""), "") if item < len(self.graph.states) else ""
        words = figures.fit(f"{mark} {self.names[item]}" if mark else self.names[item], box.width - 6)
        canvas.put(box.x + 2, box.y, f" {words} ", "title+bold+reverse" if chosen else "title")
        if item >= len(self.graph.states):
            canvas.put(box.x + 2, box.y + box.height // 2, figures.fit(f"of {part.name}", box.width - 4), "dim")
            return
        foot = next((f for f in footings(part, count) if len(f) <= box.width - 6), "")
        if foot:
            canvas.put(box.x + 2, low, f" {foot} ", "dim")
        tall, room = box.height >= FULL.height, box.width - 4
        rows = full_rows(count, state, room) if tall else [small_row(count, state, room)]
        for y, runs in enumerate(rows, box.y + 1):
            canvas.put_runs(box.x + 2, y, runs)

    def _draw_ends(self, canvas: Canvas, box: Box, item: int) -> None:
        """Where an execution begins and where it may end."""
        part = self.graph.states[self.state_of(item)]
        if part.within >= 0:
            return
        near, far = (box.x, box.x + box.width - 1) if box.toward == 1 else (box.x + box.width - 1, box.x)
        if item < len(self.graph.states) and part.first:
            canvas.put(near, box.row, STARTS, "key+bold")
        if part.last and item not in self.joins:
            canvas.put(far, box.row, ENDS, "key+bold")


@dataclass(frozen=True, slots=True)
class Look:
    """What is drawn into a chart: counts, the chosen state, and where one execution has been."""

    counts: Sequence[StateCount]
    at_ns: int
    chosen: int = -1
    been: Mapping[int, str] = field(default_factory=dict)
    gone: frozenset[tuple[int, int]] = frozenset()
    """Items between which it has gone."""

    def state(self, at: int) -> str:
        """How a state is: failing, in trouble, or fine."""
        return condition(self.counts[at], self.at_ns)


def condition(count: StateCount, at_ns: int) -> str:
    """Down: executions failed in it within the last seconds; strained: it caught something, or tries again; else ok."""
    if count.failed_ns >= 0 and at_ns - count.failed_ns <= RECENT:
        return DOWN
    late = max(count.caught_ns, count.retried_ns)
    return STRAINED if late >= 0 and at_ns - late <= RECENT else OK


def _joins(graph: StateGraph) -> list[int]:
    """The states that something joins."""
    return list(dict.fromkeys(way.target for way in graph.ways if way.sort == JOIN))


def _joint(part: StatePart) -> str:
    return "all branches" if part.type == "Parallel" else "every item"


def _lines(graph: StateGraph, joins: list[int]) -> list[Joined]:
    """One for each two boxes between which a way leads, with the marks of all its ways."""
    found: dict[tuple[int, int], tuple[str, str]] = {}
    order = list(STYLES)
    for way, ends in _drawn(graph, joins):
        sort, mark = found.get(ends, (way.sort, ""))
        sort = min(sort, way.sort, key=order.index)
        new = _mark(way.sort, way.rule)
        found[ends] = (sort, SEVERAL if mark and new else mark or new)
    return [Joined(Edge(*ends), sort, mark) for ends, (sort, mark) in found.items()]


def _drawn(graph: StateGraph, joins: list[int]) -> Iterator[tuple[Way, tuple[int, int]]]:
    """Each way with the items between which it is drawn: what joins leads to the place of joining, and what follows from it."""
    behind = {at: len(graph.states) + i for i, at in enumerate(joins)}
    for way in graph.ways:
        source = behind.get(way.source, way.source) if way.sort in (NEXT, JOIN) else way.source
        yield way, (source, behind[way.target] if way.sort == JOIN else way.target)


def _mark(sort: str, rule: int) -> str:
    if sort == CHOICE:
        return str(rule) if rule < 10 else "+"
    return {DEFAULT: ELSE, CATCH: CAUGHT}.get(sort, "")


def item_ways(chart: Chart) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """The lines that an execution passes between two states that follow each other, by their names."""
    states = chart.graph.states
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for way, items in _drawn(chart.graph, chart.joins):
        found.setdefault((states[way.source].name, states[way.target].name), []).append(items)
    return found


def footings(part: StatePart, count: StateCount) -> list[str]:
    """The type, and what it does; the longest first."""
    does = f"→ {count.calls}" if count.calls else part.words
    return [f"{part.type} {does}".strip(), part.type]


def wrongs(count: StateCount) -> list[Run]:
    """What went wrong in a state, so far."""
    runs: list[Run] = []
    for sign, number, ink in (
        (glyphs.FAILING, count.failed, "bad"),
        (CAUGHT, count.caught, "warn"),
        (RETRIED, count.retried, "warn"),
        (BEEN["stopped"], count.stopped, "dim"),
    ):
        if number:
            runs.append((f"{' ' if runs else ''}{sign}{figures.brief(number)}", ink))
    return runs


def small_row(count: StateCount, state: str, room: int) -> list[Run]:
    """One row: who is in it, how many came, and what went wrong where there is room."""
    head = _head(count, state, room)
    used = sum(len(text) for text, _ in head)
    tail = f" {figures.brief(count.entered)}"
    wrong = wrongs(count)
    long = sum(len(text) for text, _ in wrong) + 1
    if wrong and used + long + len(tail) <= room:
        return [*head, (tail, "dim"), (" ", "text"), *wrong]
    if wrong and used + long <= room:
        return [*head, (" ", "text"), *wrong]
    if wrong:
        first = (" " + wrong[0][0], wrong[0][1])
        return [*head, first] if used + len(first[0]) <= room else head
    words = f"{tail} entered" if used + len(tail) + 8 <= room else tail
    return [*head, (words, "dim")] if count.entered and used + len(words) <= room else head


def full_rows(count: StateCount, state: str, room: int) -> list[list[Run]]:
    """Three rows: who is in it, how many came, what went wrong."""
    rows = [_head(count, state, room)]
    rows.append([(figures.fit(f"{figures.count(count.entered)} entered", room), "dim")] if count.entered else [])
    wrong: list[Run] = []
    left = room
    for text, ink in wrongs(count):
        if len(text) <= left:
            wrong.append((text, ink))
            left -= len(text)
    return [*rows, wrong]


def _head(count: StateCount, state: str, room: int) -> list[Run]:
    """The sign, and how many executions are in it now."""
    if count.now:
        ink = INK_OF_STATE[state]
        return [(f"{glyphs.STATE[state]} ", f"{ink}+bold"), (f"{figures.brief(count.now)} now", "title+bold")]
    if state != OK:
        return [(f"{glyphs.STATE[state]} ", f"{INK_OF_STATE[state]}+bold"), ("0 now", "text")]
    never = "never entered" if room >= 15 else "never"
    return [(f"{EMPTY} ", "dim"), ("0 now" if count.entered else never, "dim")]
