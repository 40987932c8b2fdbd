"""What happened over time: for each design its answers, the work done and the work that waits, on axes that all share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chaos.journals.reading import clock
from chaos.svg.marks import element, picture, shortened, text

LEFT, RIGHT, TOP = 66, 150, 26
WIDTH = 760
"""Of the axes; the names of the lines stand to the right of them."""
ANSWERS_H, WORK_H = 76, 42
BETWEEN, DESIGN_H = 17, 26
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400, 604800)

Line = list[tuple[float, float]]
"""Instants in seconds, and values; each value holds until the next instant."""


@dataclass(frozen=True, slots=True)
class Axes:
    """One pair of axes: where it begins, and what its ends stand for."""

    top: float
    height: float
    end_s: float
    most: float

    def x(self, at_s: float) -> float:
        """Where an instant is."""
        return LEFT + WIDTH * min(at_s / self.end_s, 1.0)

    def y(self, value: float) -> float:
        """Where a value is."""
        return self.top + self.height * (1.0 - value / self.most)


PANELS = (
    (ANSWERS_H, (("yes", "told yes /s"), ("no", "told no /s"))),
    (WORK_H, (("done", "work done /s"),)),
    (WORK_H, (("waiting", "waiting for its work"),)),
)
"""What each panel of a design shows: its height, and its lines with their names. A panel without anything is left out."""
KINDS = [kind for _, shown in PANELS for kind, _ in shown]


def timeline(run: dict[str, Any]) -> str:
    """The picture of one run: three panels for each design. Empty where no series were kept."""
    designs = run["designs"]
    lines = {name: _lines(design["series"]) for name, design in designs.items()}
    if not _any(lines, KINDS):
        return ""
    end = run["duration"]
    panels = [(height, shown) for height, shown in PANELS if _any(lines, [kind for kind, _ in shown])]
    most = [_most(lines, [kind for kind, _ in shown]) for _, shown in panels]
    block = DESIGN_H + sum(height + BETWEEN for height, _ in panels)
    parts = [_fault_names(run, end)]
    for number, (name, design) in enumerate(designs.items()):
        top = float(TOP + number * block + DESIGN_H)
        parts.append(text(LEFT, top - 8, name, "design") + _ill(design, Axes(top, ANSWERS_H, end, 1.0)))
        for (height, shown), highest in zip(panels, most, strict=True):
            axes = Axes(top, height, end, highest)
            parts.append(_panel(axes, run, name) + _drawn_lines(axes, lines[name], shown))
            top += height + BETWEEN
    whole = TOP + block * len(designs) + 22
    parts.append(_seconds(Axes(0, whole, end, 1.0), whole))
    return picture(LEFT + WIDTH + RIGHT, whole, "Timelines of all designs", _about(run), "".join(parts))


def _about(run: dict[str, Any]) -> str:
    names = ", ".join(run["designs"])
    rates = "messages told yes, told no and done a second, and messages that wait for their work"
    return f"For {names}: {rates}, over {run['duration']:g} seconds."


def _lines(series: dict[str, Any]) -> dict[str, Line]:
    """The flows of a design together."""
    return {kind: _together([one for name, one in series.items() if name.endswith(f".{kind}")]) for kind in KINDS}


def _together(many: Sequence[dict[str, Any]]) -> Line:
    if not many:
        return []
    width = max(one["bin"] for one in many)
    count = max(round(len(one["values"]) * one["bin"] / width + 0.49) for one in many)
    return [(at * width, sum(_at(one, at * width) for one in many)) for at in range(count)]


def _at(one: dict[str, Any], at_s: float) -> float:
    index = round(at_s / one["bin"])
    return float(one["values"][index]) if index < len(one["values"]) else 0.0


def _most(lines: dict[str, dict[str, Line]], names: Sequence[str]) -> float:
    """The top of an axis that all designs share: a round number above everything."""
    highest = max((value for found in lines.values() for name in names for _, value in found[name]), default=0.0)
    step = 1.0
    while step * 10 < highest:
        step *= 10
    return next((step * factor for factor in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * factor >= highest), highest) or 1.0


def _any(lines: dict[str, dict[str, Line]], names: Sequence[str]) -> bool:
    """Whether any design has anything to show in a panel."""
    return any(value for found in lines.values() for name in names for _, value in found[name])


def _panel(axes: Axes, run: dict[str, Any], design: str) -> str:
    """The ground of a panel: its frame, its scale, and a band for each fault that reached this design."""
    parts = [element("rect", x=LEFT, y=axes.top, width=WIDTH, height=axes.height, class_="panel")]
    for fault in run["faults"]:
        if design in fault["targets"]:
            begin, end = _span(fault, axes.end_s)
            x = axes.x(begin)
            parts.append(element("rect", x=x, y=axes.top, width=max(axes.x(end) - x, 1.5), height=axes.height, class_="band"))
    for share in (0.0, 0.5, 1.0):
        y = axes.y(axes.most * share)
        parts.append(element("line", x1=LEFT, x2=LEFT + WIDTH, y1=y, y2=y, class_="grid"))
        if share != 0.5 or axes.height > 60:
            parts.append(text(LEFT - 6, y + 4, _number(axes.most * share), "small", "end"))
    return "".join(parts)


def _number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _span(fault: dict[str, Any], end_s: float) -> tuple[float, float]:
    return fault["since"], end_s if fault["until"] is None else fault["until"]


def _drawn_lines(axes: Axes, lines: dict[str, Line], shown: Sequence[tuple[str, str]]) -> str:
    """Told yes as an area, told no hatched, done as dashes, waiting as dots: told apart without any colour."""
    x, y = LEFT + WIDTH + 10, axes.top + 14
    keys = [_key(x, y + 20 * row, kind, words) for row, (kind, words) in enumerate(shown)]
    drawn = [_step(axes, lines[kind], kind) if kind == "done" else _area(axes, lines[kind], kind) for kind, _ in shown]
    return "".join([*drawn, *keys])


def _key(x: float, y: float, kind: str, words: str) -> str:
    if kind == "done":
        sign = element("line", x1=x, x2=x + 22, y1=y - 4, y2=y - 4, class_="line done")
    else:
        sign = element("rect", x=x, y=y - 10, width=22, height=12, class_=f"area {kind}")
        sign += element("line", x1=x, x2=x + 22, y1=y - 10, y2=y - 10, class_=f"line {kind}")
    return sign + text(x + 28, y, words, "small")


def _points(axes: Axes, line: Line) -> list[tuple[float, float]]:
    """A staircase: each value holds until the next one."""
    corners: list[tuple[float, float]] = []
    for number, (at_s, value) in enumerate(line):
        until = line[number + 1][0] if number + 1 < len(line) else axes.end_s
        y = axes.y(value)
        if corners and corners[-1][1] == y:
            corners[-1] = (axes.x(until), y)
        else:
            corners += [(axes.x(at_s), y), (axes.x(until), y)]
    return corners


def _drawn(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _step(axes: Axes, line: Line, kind: str) -> str:
    return element("polyline", points=_drawn(_points(axes, line)), class_=f"line {kind}") if line else ""


def _area(axes: Axes, line: Line, kind: str) -> str:
    if not any(value for _, value in line):
        return ""
    points = _points(axes, line)
    floor = axes.y(0.0)
    closed = [(points[0][0], floor), *points, (points[-1][0], floor)]
    return element("polygon", points=_drawn(closed), class_=f"area {kind}") + _step(axes, line, kind)


def _ill(design: dict[str, Any], axes: Axes) -> str:
    """A mark on the upper edge where nodes turned unhealthy, with their names for who points at it."""
    marks = []
    for turn in design["turns"]:
        if turn["unhealthy"] and turn["at"] <= axes.end_s:
            x = axes.x(turn["at"])
            words = f"<title>{clock(turn['at'])} {_escaped(turn['node'])} turned unhealthy: {_escaped(turn['words'])}</title>"
            marks.append(element("path", words, d=f"M{x:.1f} {axes.top} l-4 -7 l8 0 z", class_="turn"))
    return "".join(marks)


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;")


def _fault_names(run: dict[str, Any], end_s: float) -> str:
    """The names of the faults above their bands, as far as they have room."""
    axes = Axes(0, 1, end_s, 1)
    parts, free = [], 0.0
    for fault in run["faults"]:
        begin, end = _span(fault, end_s)
        x = axes.x(begin)
        if x >= free:
            words = shortened(f"✖ {fault['what']} {fault['words']}", 34)
            parts.append(text(x, 14, words, "small strong") + element("line", x1=x, x2=axes.x(end), y1=20, y2=20, class_="bar"))
            free = x + 6.4 * len(words) + 8
    return "".join(parts)


def _seconds(axes: Axes, height: float) -> str:
    """The instants below everything."""
    step = next((s for s in STEPS_S if axes.end_s / s <= 12), STEPS_S[-1])
    at, parts = 0.0, []
    while at <= axes.end_s:
        parts.append(text(axes.x(at), height - 8, clock(at), "small", "middle"))
        at += step
    return "".join(parts)
