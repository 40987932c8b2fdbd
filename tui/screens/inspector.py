"""The inspector: all about one node, with live figures, its parameters and where their defaults come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from chaos.journals.spelling import spell
from topology import registry
from topology.dist import Dist
from topology.frame import Frame, NodeFrame
from topology.importers.replay import Replay
from topology.parameters import Param
from topology.plan import NodePlan
from topology.tables import Table
from topology.units import format_duration, format_rate, format_share, format_size
from tui.draw import figures, glyphs
from tui.draw.palette import INK_OF_STATE, Palette
from tui.draw.tables import Columns, gauge, order, tab_row, table_rows
from tui.screens.dialog import Dialog
from tui.screens.workflow import WorkflowScreen
from tui.session import Session
from tui.widgets.lines import Lines
from tui.widgets.scroll import ScrollLines

MOST_CALLED = 4
"""Replicas that a caller is wired to, by name; more are counted."""


def inside(session: Session) -> Screen[None] | None:
    """What shows the chosen node from inside; None where its kind has nothing of the sort."""
    if not inside_word(session.chosen().kind):
        return None
    if session.runner.workflow(session.design, session.node) is not None:
        return WorkflowScreen(session, session.node)
    return Inspector(session, 1)


def inside_word(kind: str) -> str:
    """What there is to see inside nodes of a kind, in a word; empty for nothing."""
    word: str = registry.kind(kind).inside
    return word


class Inspector(Dialog[None]):
    """One node, while the world goes on: all about it, and a view for each table of what it consists of."""

    BINDINGS = [
        *[Binding(key, "leave", "close", show=False) for key in ("enter", "q")],
        Binding("v", "inside", "inside", show=False),
        Binding("s", "sort", "by number", show=False),
        Binding("tab", "turn(1)", "next view", show=False),
        Binding("shift+tab", "turn(-1)", "view before", show=False),
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "a page up", show=False),
        Binding("pagedown", "page(1)", "a page down", show=False),
        Binding("home", "jump(0)", "the first", show=False),
        Binding("end", "jump(1)", "the last", show=False),
        Binding("left", "columns(-1)", "columns to the left", show=False),
        Binding("right", "columns(1)", "columns to the right", show=False),
    ]
    DEFAULT_CSS = """
    Inspector #views, Inspector #note, Inspector #columns { height: 1; }
    Inspector #table { height: 1fr; }
    Inspector.-table > #window { width: 100%; max-width: 160; height: 100%; max-height: 100%; }
    """

    def __init__(self, session: Session, view: int = 0) -> None:
        super().__init__()
        self.session = session
        self.view = view
        self.tables: list[Table] = []
        self.columns: dict[str, Columns] = {}
        self.worst_first = True

    def compose(self) -> ComposeResult:
        """A text that scrolls, and a table that does."""
        with Vertical(id="window") as window:
            window.border_title = f"{self.session.node} in {self.session.design}"
            yield Lines(id="views")
            with VerticalScroll(id="all"):
                yield Static(id="about")
            with Vertical(id="table"):
                yield Lines(id="note")
                yield Lines(id="columns")
                yield ScrollLines(id="rows")

    def on_mount(self) -> None:
        """Look again twice a second."""
        self.update()
        self.call_after_refresh(self.update)
        self.set_interval(0.5, self.update)

    def update(self) -> None:
        """Show what it is like now."""
        kind = inside_word(self.session.chosen().kind)
        self.tables = self.session.runner.tables(self.session.design, self.session.node) if kind else []
        self.view = self.view % (len(self.tables) + 1)
        self.query_one("#views").display = bool(self.tables)
        self.query_one("#all").display = self.view == 0
        self.query_one("#table").display = self.view > 0
        self.set_class(self.view > 0, "-table")
        if self.view:
            self._show(self.tables[self.view - 1])
        else:
            self.query_one("#about", Static).update(self.text())
        names = ["about", *(f"{table.name} {len(table.rows):,}" for table in self.tables)]
        views = self.query_one("#views", Lines)
        views.show_rows([tab_row(names, self.view)], self.palette)
        self.query_one("#window").border_subtitle = self._keys(kind)

    def _keys(self, kind: str) -> str:
        if not self.view:
            more = ", tab or v: what is inside" if self.tables else f", v: its {kind}" if kind else ""
            return f"Esc closes, arrows scroll{more}"
        return f"Esc closes, tab: next view, s: {'in order' if self.worst_first else 'the worst first'}, arrows scroll"

    def _show(self, table: Table) -> None:
        """What is seen of a table, with a few words about it."""
        rows = self.query_one("#rows", ScrollLines)
        places = order(table, self.worst_first)
        seen = rows.place(len(places), rows.top)
        columns = self.columns.setdefault(table.name, Columns())
        head, shown, hidden = table_rows(table, places[seen.start : seen.stop], columns, rows.size.width)
        self.query_one("#columns", Lines).show_rows([head], self.palette)
        rows.show_rows(shown, self.palette)
        how = "the worst first" if self.worst_first else "in order"
        words = " · ".join(words for words in (table.words, how if len(places) > 1 else "", rows.extent, hidden) if words)
        self.query_one("#note", Lines).show_rows([[(f" {words}", "dim")]], self.palette)

    # Keys.

    def action_inside(self) -> None:
        """A workflow's states, or the next table."""
        screen = inside(self.session)
        if isinstance(screen, WorkflowScreen):
            self.app.switch_screen(screen)
        else:
            self.action_turn(1)

    def action_turn(self, steps: int) -> None:
        """Another view."""
        self.view = (self.view + steps) % (len(self.tables) + 1)
        self.query_one("#rows", ScrollLines).top = 0
        self.update()
        self.call_after_refresh(self.update)

    def action_sort(self) -> None:
        """The worst first, or in order."""
        self.worst_first = not self.worst_first
        self._to(0)

    def action_move(self, rows: int) -> None:
        """One row."""
        if self.view:
            self._to(self.query_one("#rows", ScrollLines).top + rows)
        else:
            self.query_one("#all").scroll_relative(y=rows, animate=False)

    def action_page(self, pages: int) -> None:
        """A page."""
        area = self.query_one("#rows" if self.view else "#all")
        self.action_move(pages * max(1, area.size.height - 1))

    def action_jump(self, end: int) -> None:
        """The first or the last row."""
        if self.view:
            self._to(len(self.tables[self.view - 1].rows) if end else 0)
        elif end:
            self.query_one("#all").scroll_end(animate=False)
        else:
            self.query_one("#all").scroll_home(animate=False)

    def action_columns(self, steps: int) -> None:
        """Columns farther to the right or left."""
        if self.view:
            self.columns.setdefault(self.tables[self.view - 1].name, Columns()).left += steps
            self.update()

    def on_scroll_lines_scrolled(self, event: ScrollLines.Scrolled) -> None:
        """The wheel."""
        self._to(event.of.top + event.rows)

    def _to(self, top: int) -> None:
        rows = self.query_one("#rows", ScrollLines)
        rows.place(rows.whole, top)
        self.update()

    def text(self) -> Text:
        """All of it."""
        node, frame = self.session.chosen(), self.session.frame()
        plan = self.session.runner.playground.design(self.session.design).node(node.name)
        text = Text()
        _state(text, node, self.palette)
        _figures(text, node)
        _emitted(text, node, frame)
        width = min(104, self.app.size.width * 9 // 10 - 6)
        if not self.tables:
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


def _emitted(text: Text, node: NodeFrame, frame: Frame) -> None:
    """What became of the messages that a node inside made itself."""
    flow = next((flow for flow in frame.flows if flow.inside and flow.producer == node.name), None)
    if flow is None:
        return
    counts = [
        ("offered", flow.offered), ("told yes", flow.told_yes), ("told no", flow.told_no), ("without an answer", flow.unanswered),
        ("all done", flow.done), ("lost after a yes", flow.lost), ("dead letters", flow.dead_lettered),
    ]  # fmt: skip
    _table(text, "Its own messages", [(name, figures.count(count)) for name, count in counts], 18)


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
