"""The inspector: all about one node, with live figures, its parameters and where their defaults come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from chaos.spelling import spell
from topology import registry
from topology.dist import Dist
from topology.frame import Frame, NodeFrame
from topology.importers.replay import Replay
from topology.parameters import Param
from topology.plan import NodePlan
from topology.units import format_duration, format_rate, format_share, format_size
from tui.draw import figures, glyphs
from tui.draw.palette import DARK, INK_OF_STATE, Palette
from tui.screens.dialog import Dialog
from tui.session import Session

MOST_CALLED = 4
"""Replicas that a caller is wired to, by name; more are counted."""


class Inspector(Dialog[None]):
    """One node, while the world goes on."""

    BINDINGS = [Binding(key, "leave", "close", show=False) for key in ("enter", "q")]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        with VerticalScroll(id="window") as window:
            window.border_title = f"{self.session.node} in {self.session.design}"
            window.border_subtitle = "Esc closes, arrows scroll"
            yield Static(self.text(), id="about")

    def on_mount(self) -> None:
        """Look again twice a second."""
        self.set_interval(0.5, self.update)

    def update(self) -> None:
        """Show what it is like now."""
        self.query_one("#about", Static).update(self.text())

    def text(self) -> Text:
        """All of it."""
        node, frame = self.session.chosen(), self.session.frame()
        plan = self.session.runner.playground.design(self.session.design).node(node.name)
        palette: Palette = getattr(self.app, "palette", DARK)
        text = Text()
        _state(text, node, palette)
        _figures(text, node)
        width = min(104, self.app.size.width * 9 // 10 - 6)
        for names, parts in _alike(self.session.runner.parts(self.session.design, node.name)):
            _parts(text, names, parts, width)
        _waits(text, node)
        _replicas(text, node, frame)
        _links(text, node, frame)
        if plan is not None:
            _parameters(text, plan, width)
        return text


def _state(text: Text, node: NodeFrame, palette: Palette) -> None:
    text.append(f"{glyphs.STATE[node.state]} {glyphs.STATE_WORDS[node.state]}", palette.inks[INK_OF_STATE[node.state]])
    text.append(f"   {node.kind}, {node.up} of {node.wanted} up{', wired: ' + node.wiring if node.wiring else ''}\n")
    if node.why:
        text.append(f"{node.why}\n", "bold")
    for layer in node.layers:
        text.append(f"on it lies: {layer.words or layer.kind}\n", palette.inks["warn"])


def _figures(text: Text, node: NodeFrame) -> None:
    rows = [
        ("comes in", figures.rate(node.rate_in)),
        ("goes out", figures.rate(node.rate_out)),
        ("fails", figures.rate(node.rate_bad)),
        ("half take up to", _time(node.p50_ns)),
        ("99 % take up to", _time(node.p99_ns)),
        ("came so far", figures.count(node.arrivals)),
        ("left so far", figures.count(node.departures)),
    ]
    if node.slots:
        rows += [
            ("slots in use", f"{node.busy} of {node.slots} ({figures.percent(node.occupancy)} over the last second)"),
            ("cores at work", figures.percent(node.utilisation)),
            ("wait for a slot", figures.count(node.queued)),
        ]
    if node.depth or node.in_flight:
        rows += [
            ("kept", f"{figures.count(node.depth)}, of these {figures.count(node.in_flight)} in flight"),
            ("the oldest", _time(node.age_ns)),
        ]
    rows += [gauge(name, value) for name, value in node.gauges]
    _table(text, "Now", rows, max(18, min(30, 2 + max(len(name) for name, _ in rows))))


def _alike(views: Mapping[str, Mapping[str, float]]) -> list[tuple[tuple[str, ...], list[tuple[str, list[str]]]]]:
    """Parts of a node, those that have the same figures together: (names, (part, figures as words))."""
    found: dict[tuple[str, ...], list[tuple[str, list[str]]]] = {}
    for part, values in views.items():
        rows = [gauge(name, value) for name, value in values.items()]
        found.setdefault(tuple(name for name, _ in rows), []).append((part, [words for _, words in rows]))
    return list(found.items())


def _parts(text: Text, names: tuple[str, ...], parts: list[tuple[str, list[str]]], width: int) -> None:
    """Parts below each other, a column for each figure; where that is too wide, a list for each part."""
    wide = [max(len(name), *(len(words[i]) for _, words in parts)) + 2 for i, name in enumerate(names)]
    first = min(PART, max(len(part) for part, _ in parts)) + 2
    if first + sum(wide) > width:
        wide = [one - 1 for one in wide]
    if first + sum(wide) > width:
        for part, words in parts:
            _table(text, part, list(zip(names, words, strict=True)), 30)
        return
    head = "".join(f"{name:>{wide[i]}}" for i, name in enumerate(names))
    text.append(f"\n  {'':<{first}}{head}\n", "dim")
    for part, words in parts:
        cells = "".join(f"{word:>{wide[i]}}" for i, word in enumerate(words))
        text.append(f"  {figures.fit(part, first - 1):<{first}}{cells}\n")


PART = 24
"""A part's name is cut after so many letters where it stands in a table."""


def gauge(name: str, value: float) -> tuple[str, str]:
    """A kind's own figure: its name says whether it is a share ("hits %") or a time ("lag s"); else it is a number."""
    words = name.replace("_", " ")
    if words.endswith(" %"):
        return words[:-2], figures.percent(value)
    if words.endswith(" s"):
        return words[:-2], figures.short_time(round(value * figures.NS))
    return words, f"{value:,.6g}"


def _time(ns: int) -> str:
    return figures.short_time(ns) if ns else "–"


def _waits(text: Text, node: NodeFrame) -> None:
    rows = [(f"for {name}", f"{count} slots") for name, count in node.waits_for]
    _table(text, "What it waits for", rows)
    _table(text, "What failed so far", [(reason, figures.count(count)) for reason, count in node.errors], width=40)


def _replicas(text: Text, node: NodeFrame, frame: Frame) -> None:
    rows = []
    idle = frame.uncalled(node.name)
    for one in node.replicas:
        busy = f"{one.busy}/{one.slots} slots" if one.slots else ""
        queued = f", {one.queued} wait" if one.queued else ""
        more = f" and {len(one.wired) - MOST_CALLED} more" if len(one.wired) > MOST_CALLED else ""
        calls = f"  calls {', '.join(one.wired[:MOST_CALLED])}{more}" if one.wired else ""
        alone = "  idle: wired to nobody" if f"{node.name}/{one.index}" in idle else ""
        rows.append((f"{node.name}/{one.index}", f"{one.state:<9}{busy}{queued}{calls}{alone}"))
    _table(text, "Replicas", rows)


def _links(text: Text, node: NodeFrame, frame: Frame) -> None:
    rows = []
    for link in frame.links:
        if node.name in (link.caller, link.callee):
            bad = f", {figures.rate(link.rate_bad)} fail" if link.rate_bad else ""
            guard = "breaker " if link.breaker in ("closed", "open", "half-open") else ""
            breaker = f", {guard}{link.breaker}" if link.breaker else ""
            callee = frame.node(link.callee)
            wiring = f", {callee.wiring}" if callee is not None and callee.wiring else ""
            lies = "".join(f", {layer.words or layer.kind}" for layer in link.layers)
            words = f"{figures.rate(link.rate)}{bad}, {link.in_flight} on the way{wiring}{breaker}{lies}"
            rows.append((f"{link.caller} {link.mode} {link.callee}", words))
            rows += [("", f"{reason}: {figures.count(count)}") for reason, count in link.reasons[:3]]
    _table(text, "Links", rows, width=30)


def _parameters(text: Text, plan: NodePlan, width: int) -> None:
    params: dict[str, Param] = registry.kind(plan.kind).params
    _heading(text, "Parameters")
    text.append(f"  {'replicas':<18}{plan.replicas}\n")
    for name, param in params.items():
        text.append(f"  {name:<18}{shown(param, plan.values.get(name))}", "bold")
        text.append(f"   (default {default(param)}; source: {param.source})\n", "dim")
        for line in figures.wrap(param.doc, max(20, width - 20)):
            text.append(f"{'':20}{line}\n", "dim")
    policies: dict[str, Any] = registry.policies()
    for policy, values in plan.policies.items():
        known = policies[policy].params if policy in policies else {}
        words = ", ".join(f"{key} {shown(known[key], v) if key in known else _bare(v)}" for key, v in values.items())
        text.append(f"  {policy:<18}{words}\n", "bold")


def default(param: Param) -> str:
    """The default, in words."""
    return "none" if param.required or param.default is None else str(param.default)


def shown(param: Param, value: Any) -> str:
    """A value with its unit."""
    if value is None:
        return "none"
    if param.type == "duration" and isinstance(value, int):
        return format_duration(value)
    if param.type == "rate" and isinstance(value, int | float):
        return format_rate(value)
    if param.type == "share" and isinstance(value, int | float):
        return format_share(value)
    if param.type == "size" and isinstance(value, int):
        return format_size(value)
    if param.type == "group" and isinstance(value, dict):
        return ", ".join(f"{name} {shown(param.fields[name], v)}" for name, v in value.items() if name in param.fields)
    if isinstance(value, Replay):
        return value.words()
    if isinstance(value, Dist):
        return _dist(param, value)
    return _bare(spell(param, value))


def _dist(param: Param, value: Dist) -> str:
    """As a file would say it; one that came from a file of its own is named."""
    try:
        return _bare(spell(param, value))
    except ValueError:
        return value.text


def _bare(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_bare(inner)}" for name, inner in value.items())
    return "none" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _table(text: Text, title: str, rows: list[tuple[str, str]], width: int = 18) -> None:
    if rows:
        _heading(text, title)
        for name, words in rows:
            text.append(f"  {figures.fit(name, width - 1):<{width}}{words}\n")


def _heading(text: Text, words: str) -> None:
    text.append(f"\n{words}\n", "bold underline")
