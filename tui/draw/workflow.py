"""The lines around a workflow's graph: how the workflow fares, the chosen state in words, which execution is shown, keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from topology.workflow_frame import CATCH, CHOICE, DEFAULT, FORK, JOIN, ExecutionFrame, ExecutionLine, Way, WorkflowFrame
from tui.draw import figures
from tui.draw.canvas import Run
from tui.draw.states import LEGEND, STARTS
from tui.pace import Pace

DOING = ("Task", "Wait", "Parallel", "Map")
"""Types whose words say what they do; those of others are comments."""
SIGNS = {"RUNNING": ("▶", "key"), "SUCCEEDED": ("✓", "ok")}
KEYS = (
    ("Esc", "back"),
    ("←↑↓→", "state"),
    ("tab", "newest/failed"),
    ("[ ]", "step"),
    ("PgUp/Dn", "scroll"),
    ("z", "graph"),
    ("space", "pause"),
    ("< >", "speed"),
    (".", "step"),
)


def heading(frame: WorkflowFrame, node: str, design: str, pace: Pace, width: int) -> list[Run]:
    """Name, sort, how its executions stand, and the run's clock."""
    clock = f"{figures.clock(frame.at_ns)} {'⏸ paused' if pace.paused else f'▶ {pace.words()}'} "
    runs: list[Run] = [(f" {node}", "title+bold"), (f" in {design}, {frame.sort}  ", "dim")]
    if frame.down:
        runs.append(("✖ the service is down  ", "bad"))
    counts: list[Run] = [(f"{figures.count(frame.running)} running", "text")]
    for status, number in frame.ended:
        ink = "ok" if status == "SUCCEEDED" else "bad" if number else "dim"
        counts.append((f", {figures.count(number)} {status.lower().replace('_', ' ')}", ink))
    if frame.refused:
        counts.append((f", {figures.count(frame.refused)} refused", "bad"))
    room = width - len(clock) - sum(len(text) for text, _ in runs) - 1
    for text, ink in counts:
        if len(text) <= room:
            runs.append((text, ink))
            room -= len(text)
    return [*runs, (" " * max(1, room + 1), "text"), (clock, "warn" if pace.paused else "ok")]


def legend_row(extent: str, width: int) -> list[Run]:
    """How ways differ, and which part of the graph is seen."""
    runs: list[Run] = [(f" {STARTS}", "key"), (" start ", "dim"), ("■", "key"), (" end", "dim")]
    room = width - 14 - (len(extent) + 2 if extent else 0)
    for sign, words in LEGEND:
        need = len(sign) + len(words) + 3
        if need <= room:
            runs += [("  ", "text"), (sign, "key"), (f" {words}", "dim")]
            room -= need
    return [*runs, (f"{extent:>{max(0, room) + len(extent)}}", "text")] if extent else runs


def state_rows(frame: WorkflowFrame, at: int, size: tuple[int, int]) -> list[list[Run]]:
    """The chosen state: what it is, what became of it, what is tried again, and where it goes on."""
    width, height = size
    if not 0 <= at < len(frame.graph.states):
        return []
    part, count = frame.graph.states[at], frame.counts[at]
    does = f" → {count.calls}" if count.calls else ""
    numbers = [f"{figures.count(count.now)} in it now", f"{figures.count(count.entered)} entered"]
    for number, words in (
        (count.failed, "failed"),
        (count.caught, "caught"),
        (count.retried, "retried"),
        (count.stopped, "stopped"),
    ):
        if number:
            numbers.append(f"{figures.count(number)} {words}")
    said = f"  {', '.join(numbers)}"
    name = figures.fit(part.name, max(8, width - len(part.type) - len(does) - len(said) - 7))
    head: list[Run] = [(" ▸ ", "key+bold"), (name, "title+bold"), (f" {part.type}{does}", "dim"), (said, "text")]
    more = " · ".join(_more(frame, at))
    lines = figures.wrap_to(more, max(10, width - 4), height - 1)
    return [head, *[[(f"   {line}", "dim")] for line in lines]]


def _more(frame: WorkflowFrame, at: int) -> Iterator[str]:
    """What there is to say of a state besides its counts."""
    graph = frame.graph
    part = graph.states[at]
    if part.within >= 0:
        yield f"in {graph.states[part.within].name}"
    if part.words and part.type in DOING and not frame.counts[at].calls:
        yield part.words
    ways = [way for way in graph.ways if way.source == at and way.sort not in (FORK, JOIN)]
    for way in ways:
        yield f"{_how(way)}→ {graph.states[way.target].name}"
    if part.last and part.within < 0:
        yield "ends the execution"
    for rule in part.rules:
        yield f"retries {rule}"
    if part.words and part.type not in DOING:
        yield part.words


def _how(way: Way) -> str:
    if way.sort == CHOICE:
        return f"{way.rule}: {way.words} "
    return f"catches {way.words} " if way.sort == CATCH else "else " if way.sort == DEFAULT else ""


def execution_head(
    shown: ExecutionFrame | None, lines: Sequence[ExecutionLine], pick: str, width: int, now_ns: int
) -> list[Run]:
    """Which execution is shown, how it stands, and how many there are to look at."""
    if shown is None:
        return [(" no execution has begun" if not lines else " this execution is not kept any more", "dim")]
    line = shown.line
    sign, ink = SIGNS.get(line.status, ("✖", "bad"))
    stopped = line.stopped_ns >= 0
    long = figures.short_time((line.stopped_ns if stopped else now_ns) - line.started_ns)
    state = line.status.lower().replace("_", " ")
    runs: list[Run] = [
        (f" {line.name} ", "title+bold+reverse"),
        (f" {sign} {state} {'after' if stopped else 'for'} {long}", ink),
    ]
    if line.error:
        runs.append((f" {line.error}", "bad"))
    began = f"  began {figures.clock(line.started_ns)}"
    at = next((i for i, one in enumerate(lines) if one.number == line.number), -1)
    place = f"  {pick}" if pick else f"  {at + 1} of {len(lines)}" if at >= 0 else ""
    room = width - sum(len(text) for text, _ in runs)
    for text in (place, began):
        if 0 < len(text) <= room:
            runs.append((text, "dim"))
            room -= len(text)
    return runs


def key_row(width: int) -> list[Run]:
    """The keys, as many as fit."""
    runs: list[Run] = [(" ", "text")]
    room = width - 1
    for key, words in KEYS:
        need = len(key) + len(words) + 3
        if need <= room:
            runs += [(key, "key+bold"), (f" {words}  ", "dim")]
            room -= need
    return runs
