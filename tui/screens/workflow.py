"""A workflow from inside: the graph of its states with live counts, and the path and history of one execution."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.screen import Screen

from topology.workflow_frame import ExecutionFrame, ExecutionLine, StateGraph, WorkflowFrame
from tui.draw import figures
from tui.draw.canvas import Run
from tui.draw.execution import Path, history_rows, path_rows
from tui.draw.palette import Palette
from tui.draw.states import Chart, Look, item_ways
from tui.draw.workflow import execution_head, heading, key_row, legend_row, state_rows
from tui.screens.dialog import palette_of
from tui.session import Session
from tui.widgets.chart import StateChart
from tui.widgets.lines import Lines
from tui.widgets.scroll import ScrollLines

WIDE = 120
"""Columns from which on the execution stands beside the graph, and not below it."""
LOOKS_EVERY = 0.25
NEWEST, FAILED, RUNNING = "the newest", "the newest that failed", "the one that runs longest"
PICKS = (NEWEST, FAILED, RUNNING)


class WorkflowScreen(Screen[None]):
    """One workflow, while the world goes on."""

    AUTO_FOCUS = ""
    BINDINGS = [
        *[Binding(key, "leave", "close", show=False) for key in ("escape", "q", "v")],
        *[Binding(key, f"choose({x},{y})", key, show=False) for key, x, y in (
            ("left", -1, 0), ("right", 1, 0), ("up", 0, -1), ("down", 0, 1))],
        Binding("tab", "pick", "which execution", show=False),
        Binding("left_square_bracket", "step(1)", "older", show=False),
        Binding("right_square_bracket", "step(-1)", "newer", show=False),
        Binding("pageup", "scroll(-1)", "up", show=False),
        Binding("pagedown", "scroll(1)", "down", show=False),
        Binding("home", "jump(0)", "begin", show=False),
        Binding("end", "jump(1)", "end", show=False),
        Binding("z", "zoom", "the graph alone", show=False),
        Binding("space", "pause", "pause", show=False),
        Binding("full_stop", "on", "step", show=False),
        Binding("less_than_sign,comma", "pace(-1)", "slower", show=False),
        Binding("greater_than_sign", "pace(1)", "faster", show=False),
    ]  # fmt: skip
    DEFAULT_CSS = """
    WorkflowScreen { layout: vertical; }
    WorkflowScreen .line { height: 1; }
    WorkflowScreen #all { height: 1fr; layout: vertical; }
    WorkflowScreen #left { height: 1fr; width: 1fr; }
    WorkflowScreen #state { height: 2; }
    WorkflowScreen #right { height: 10; width: 1fr; }
    WorkflowScreen #lists { height: 1fr; layout: horizontal; }
    WorkflowScreen #path { width: 2fr; }
    WorkflowScreen #history { width: 3fr; border-left: vkey $foreground 20%; }
    WorkflowScreen.-wide #all { layout: horizontal; }
    WorkflowScreen.-wide #state { height: 5; }
    WorkflowScreen.-wide #right { width: 62; height: 1fr; border-left: vkey $foreground 20%; }
    WorkflowScreen.-wide #lists { layout: vertical; }
    WorkflowScreen.-wide #path { width: 1fr; height: 2fr; }
    WorkflowScreen.-wide #history { width: 1fr; height: 3fr; border-left: none; }
    WorkflowScreen.-alone #right { display: none; }
    """

    def __init__(self, session: Session, node: str) -> None:
        super().__init__()
        self.session = session
        self.design, self.node = session.design, node
        self.number = 0
        self.pick = ""
        self.frame: WorkflowFrame | None = None
        self.shown: ExecutionFrame | None = None
        self.chart: Chart | None = None
        self.ways: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self.state = 0
        self.follows = True
        """Whether the history stays at its end."""

    @property
    def palette(self) -> Palette:
        """The colours of the app."""
        return palette_of(self)

    def compose(self) -> ComposeResult:
        """A heading; the graph and what is chosen in it; the execution; keys."""
        yield Lines(id="head", classes="line")
        with Horizontal(id="all"):
            with Vertical(id="left"):
                yield StateChart(id="chart")
                yield Lines(id="legend", classes="line")
                yield Lines(id="state")
            with Vertical(id="right"):
                yield Lines(id="which", classes="line")
                with Horizontal(id="lists"):
                    yield ScrollLines(id="path")
                    yield ScrollLines(id="history")
        yield Lines(id="keys", classes="line")

    def on_mount(self) -> None:
        """Look again several times a second."""
        self.lay_out()
        self.set_interval(LOOKS_EVERY, self.update)
        self.call_after_refresh(self.update)

    def on_resize(self, event: Resize) -> None:
        """Another size, another arrangement."""
        self.lay_out()
        self.call_after_refresh(self.update)

    def lay_out(self) -> None:
        """Beside each other where there is room; below each other else."""
        width, height = self.app.size
        self.set_class(width >= WIDE, "-wide")
        right = self.query_one("#right")
        right.styles.height = "1fr" if width >= WIDE else max(6, height * 2 // 5)

    # What it shows.

    def update(self) -> None:
        """Ask for the workflow as it is now, and show it."""
        frame = self.session.runner.workflow(self.design, self.node, self.number)
        if frame is None:
            self.app.pop_screen()
            return
        self.frame = frame
        if self.chart is None or self.chart.graph is not frame.graph:
            self._take(frame.graph)
        if not self.number and frame.executions:
            self._pick(FAILED if self._picked(FAILED) is not None else NEWEST)
            return
        if frame.shown is not None:
            self.shown = frame.shown
        self.paint()

    def _take(self, graph: StateGraph) -> None:
        self.chart = Chart(graph)
        self.ways = item_ways(self.chart)
        self.state = next((i for i, state in enumerate(graph.states) if state.first), 0)

    def paint(self) -> None:
        """Everything, from what is known."""
        frame, chart = self.frame, self.chart
        if frame is None or chart is None:
            return
        path = Path(self.shown) if self.shown is not None else None
        picture = self.query_one("#chart", StateChart)
        picture.show(chart, self._look(frame, chart, path), self.palette)
        self._say("#head", [heading(frame, self.node, self.design, self.session.pace, self.size.width)])
        self._say("#legend", [legend_row(picture.extent, picture.size.width)])
        self._say("#state", state_rows(frame, self.state, self.query_one("#state").size))
        which = self.query_one("#which")
        self._say("#which", [execution_head(self.shown, self._list(), self._still(), which.size.width, frame.at_ns)])
        self._say("#keys", [key_row(self.size.width)])
        if path is not None and self.shown is not None:
            self._show_execution(self.shown, path, frame.at_ns)

    def _say(self, which: str, rows: list[list[Run]]) -> None:
        self.query_one(which, Lines).show_rows(rows, self.palette)

    def _look(self, frame: WorkflowFrame, chart: Chart, path: Path | None) -> Look:
        if path is None:
            return Look(frame.counts, frame.at_ns, self.state)
        been = {chart.graph.at(name): outcome for name, outcome in path.been.items()}
        gone = frozenset(item for ends in path.gone() for item in self.ways.get(ends, ()))
        return Look(frame.counts, frame.at_ns, self.state, been, gone)

    def _show_execution(self, shown: ExecutionFrame, path: Path, now_ns: int) -> None:
        history, stays = self.query_one("#history", ScrollLines), self.query_one("#path", ScrollLines)
        rows = history_rows(shown, history.size.width)
        history.show_all(rows, len(rows) if self.follows else history.top, self.palette)
        stay_rows = path_rows(path, shown.line.started_ns, now_ns, stays.size.width)
        if shown.map_runs:
            stay_rows += [[(f" {figures.fit(words, stays.size.width - 2)}", "dim")] for words in shown.map_runs]
        last = min(history.top + history.size.height, len(shown.events)) - 1
        at = path.at(shown.events[last].id) if shown.events else 0
        top = len(stay_rows) if history.at_end else max(0, at - stays.size.height // 2)
        stays.show_all(stay_rows, top, self.palette)

    # Which execution.

    def _list(self) -> tuple[ExecutionLine, ...]:
        return self.frame.executions if self.frame is not None else ()

    def _picked(self, pick: str) -> ExecutionLine | None:
        """The execution of a sort; None where there is none."""
        lines = self._list()
        if pick == FAILED:
            lines = tuple(line for line in lines if line.status not in ("RUNNING", "SUCCEEDED"))
        if pick == RUNNING:
            lines = tuple(line for line in reversed(lines) if line.status == "RUNNING")
        return lines[0] if lines else None

    def _still(self) -> str:
        """What was picked, as long as that is what is shown."""
        found = self._picked(self.pick) if self.pick else None
        return self.pick if found is not None and found.number == self.number else ""

    def _pick(self, pick: str) -> None:
        found = self._picked(pick)
        if found is not None:
            self.pick = pick
            self._show(found.number)

    def _show(self, number: int) -> None:
        self.number = number
        self.follows = True
        self.shown = None
        self.update()

    def action_pick(self) -> None:
        """The newest, the newest that failed, the one that runs longest: the next of these that there is."""
        at = PICKS.index(self.pick) if self.pick in PICKS else -1
        for step in range(1, len(PICKS) + 1):
            pick = PICKS[(at + step) % len(PICKS)]
            if self._picked(pick) is not None:
                self._pick(pick)
                return

    def action_step(self, older: int) -> None:
        """An older or a newer one of those that are kept."""
        numbers = [line.number for line in self._list()]
        rest = [n for n in numbers if (n < self.number if older > 0 else n > self.number)]
        if rest:
            self.pick = ""
            self._show(rest[0] if older > 0 else rest[-1])

    # Keys.

    def action_leave(self) -> None:
        """Back."""
        self.dismiss(None)

    def action_choose(self, step_x: int, step_y: int) -> None:
        """The state in a direction."""
        if self.chart is not None:
            self.state = self.chart.beside(self.state, step_x, step_y)
            self.paint()

    def on_state_chart_chosen(self, event: StateChart.Chosen) -> None:
        """A click on a state."""
        self.state = event.state
        self.paint()

    def action_scroll(self, pages: int) -> None:
        """The history, by a page."""
        history = self.query_one("#history", ScrollLines)
        self._read_from(history.top + pages * max(1, history.size.height - 1))

    def action_jump(self, end: int) -> None:
        """The history's begin or end."""
        self._read_from(1 << 30 if end else 0)

    def on_scroll_lines_scrolled(self, event: ScrollLines.Scrolled) -> None:
        """The wheel over path or history."""
        self._read_from(self.query_one("#history", ScrollLines).top + event.rows)

    def _read_from(self, top: int) -> None:
        history = self.query_one("#history", ScrollLines)
        history.place(history.whole, top)
        self.follows = history.at_end
        self.paint()

    def action_zoom(self) -> None:
        """The graph alone, or the execution with it."""
        self.toggle_class("-alone")
        self.call_after_refresh(self.paint)

    def action_pause(self) -> None:
        """Pause, or go on."""
        self.session.pause()
        self.update()

    def action_on(self) -> None:
        """A tenth of a second on."""
        self.session.step()
        self.update()

    def action_pace(self, steps: int) -> None:
        """Slower or faster."""
        self.session.pace.change(steps)
        self.update()
