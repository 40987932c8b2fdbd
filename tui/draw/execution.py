"""The path of one execution, read from its history: which states it was in, for how long, and how each let it go."""

from __future__ import annotations

from dataclasses import dataclass, field

from topology.workflow_frame import EventFrame, ExecutionFrame
from tui.draw import figures
from tui.draw.canvas import Run
from tui.draw.states import BEEN, RETRIED

INKS = {"done": "ok", "here": "key", "failed": "bad", "caught": "warn", "stopped": "dim"}
INDENT = 2
ROOMY = 44
"""From this width on a stay tells when it began, too."""


@dataclass(slots=True)
class Visit:
    """One stay in a state: `around` is the stay in the Parallel or Map that it belongs to, by index, or -1."""

    state: str
    type: str
    at_ns: int
    first: int
    """The event that entered it."""
    around: int = -1
    depth: int = 0
    left_ns: int = -1
    outcome: str = "here"
    attempts: int = 0
    words: str = ""
    bad: bool = False
    """Whether the last that was heard of it is a failure."""
    last: int = 0
    """The last event that belongs to it."""
    errors: list[str] = field(default_factory=list)


class Path:
    """All stays of an execution, in the order in which it entered them."""

    def __init__(self, shown: ExecutionFrame) -> None:
        self.visits: list[Visit] = []
        self._of: dict[int, int] = {}
        for event in shown.events:
            self._read(event)
        if shown.line.stopped_ns >= 0:
            self._end(shown)

    @property
    def been(self) -> dict[str, str]:
        """What became of the execution in each state that it was in, the last time."""
        return {visit.state: visit.outcome for visit in self.visits}

    def at(self, event: int) -> int:
        """The stay to which an event belongs, by index; -1 for none."""
        return self._of.get(event, -1)

    def gone(self) -> set[tuple[str, str]]:
        """Pairs of states, the one entered after the other, or after the one around it."""
        found: set[tuple[str, str]] = set()
        last: dict[int, str] = {}
        for visit in self.visits:
            before = last.get(visit.around)
            around = self.visits[visit.around].state if visit.around >= 0 else ""
            if before is not None:
                found.add((before, visit.state))
            if around:
                found |= {(around, visit.state), (visit.state, around)}
            last[visit.around] = visit.state
        return found

    def _read(self, event: EventFrame) -> None:
        at = self._of.get(event.previous, -1)
        if event.type.endswith("StateEntered"):
            at = self._enter(event, at)
        elif event.type.endswith("StateExited"):
            at = self._exit(event, at)
        elif at >= 0 and not event.type.startswith("Execution"):
            at = self._owner(event, at)
            self._note(event, at)
        if at >= 0:
            self._of[event.id] = at
            self.visits[at].last = event.id

    def _enter(self, event: EventFrame, at: int) -> int:
        while at >= 0 and self.visits[at].left_ns >= 0:
            at = self.visits[at].around
        depth = self.visits[at].depth + 1 if at >= 0 else 0
        self.visits.append(Visit(event.state, event.type.removesuffix("StateEntered"), event.at_ns, event.id, at, depth))
        return len(self.visits) - 1

    def _exit(self, event: EventFrame, at: int) -> int:
        while at >= 0 and (self.visits[at].state != event.state or self.visits[at].left_ns >= 0):
            at = self.visits[at].around
        if at < 0:  # what led to it was not kept
            left = [i for i, v in enumerate(self.visits) if v.state == event.state and v.left_ns < 0]
            at = left[-1] if left else -1
        if at < 0:
            return -1
        visit = self.visits[at]
        visit.left_ns = event.at_ns
        visit.outcome = "caught" if visit.bad else "done"
        self._leave(at, event.at_ns)
        return at

    def _leave(self, outer: int, at_ns: int) -> None:
        """Whatever goes on within a stay is over."""
        for inner in range(outer + 1, len(self.visits)):
            if self.visits[inner].left_ns < 0 and self._inside(inner, outer):
                self._stop(self.visits[inner], at_ns)

    def _owner(self, event: EventFrame, at: int) -> int:
        """The stay that an event is about: what is said of a Parallel or Map follows from an event of a branch."""
        sort = next((one for one in ("Parallel", "Map") if event.type.startswith(f"{one}State")), "")
        found = at
        while sort and found >= 0:
            visit = self.visits[found]
            if visit.type == sort and visit.left_ns < 0 and not (visit.bad and event.type.endswith("Failed")):
                return found
            found = visit.around
        return at

    def _inside(self, inner: int, outer: int) -> bool:
        while inner >= 0 and inner != outer:
            inner = self.visits[inner].around
        return inner == outer

    def _stop(self, visit: Visit, at_ns: int) -> None:
        visit.left_ns = at_ns
        visit.outcome = "failed" if visit.bad else "stopped"

    def _note(self, event: EventFrame, at: int) -> None:
        """A task began again, failed or succeeded."""
        visit = self.visits[at]
        if event.type.endswith(("Scheduled", "StateStarted")):
            visit.attempts += 1
            self._leave(at, event.at_ns)
        elif event.type.endswith("Succeeded"):
            visit.bad = False
        elif event.type.endswith(("Failed", "TimedOut")):
            visit.bad = True
            visit.words = event.words or event.type
            visit.errors.append(visit.words)

    def _end(self, shown: ExecutionFrame) -> None:
        """Whatever it was still in is over; the one that it entered last has failed with it."""
        still = [visit for visit in self.visits if visit.left_ns < 0]
        failed = shown.line.status == "FAILED"
        if failed and still and not any(visit.bad for visit in still):
            still[-1].bad = True
            still[-1].words = f"{shown.line.error}{': ' if shown.cause else ''}{shown.cause}"
        for visit in reversed(still):
            self._stop(visit, shown.line.stopped_ns)
            if visit.outcome == "failed" and visit.around >= 0:
                self.visits[visit.around].bad = True


def path_rows(path: Path, started_ns: int, now_ns: int, width: int) -> list[list[Run]]:
    """A row for each stay: sign, name, when it began and how long it took, and what went wrong."""
    return [_path_row(visit, started_ns, now_ns, width) for visit in path.visits]


def _path_row(visit: Visit, started_ns: int, now_ns: int, width: int) -> list[Run]:
    ink = INKS[visit.outcome]
    long = (visit.left_ns if visit.left_ns >= 0 else now_ns) - visit.at_ns
    again = f" {RETRIED}{visit.attempts - 1}" if visit.attempts > 1 else ""
    began = f" {since(visit.at_ns - started_ns):>9}" if width >= ROOMY else ""
    times = f"{began} {figures.short_time(long):>8}"
    indent = " " * (INDENT * min(visit.depth, 6))
    room = width - len(indent) - 3 - len(again) - len(times)
    name = figures.fit(visit.state, max(4, room))
    runs: list[Run] = [(f" {indent}", "text"), (f"{BEEN[visit.outcome]} ", f"{ink}+bold"), (name, "text"), (again, "warn")]
    pad = " " * max(0, room - len(name))
    return [*runs, (f"{pad}{times}", "dim")]


def since(ns: int) -> str:
    """A time since the begin: +1.2 s."""
    return f"+{figures.short_time(ns)}" if ns else "+0 s"


def history_rows(shown: ExecutionFrame, width: int) -> list[list[Run]]:
    """A row for each event: its number, its time since the begin, its type, its state or what went wrong."""
    rows: list[list[Run]] = []
    before = 0
    for event in shown.events:
        if event.id > before + 1:
            rows.append([(f"  … {event.id - before - 1:,} events between these are not kept", "dim")])
        before = event.id
        rows.append(event_row(event, shown.line.started_ns, width))
    return rows


def event_row(event: EventFrame, started_ns: int, width: int) -> list[Run]:
    """One event."""
    bad = event.type.endswith(("Failed", "TimedOut", "Aborted"))
    head = f"{event.id:>5} {since(event.at_ns - started_ns):>9} "
    words = event.words or event.state
    room = max(0, width - len(head) - len(event.type) - 2)
    ink = "bad" if bad else "text"
    return [(head, "dim"), (event.type, ink), (f"  {figures.fit(words, room)}" if words and room > 3 else "", "dim")]
