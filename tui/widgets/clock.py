"""The header: playground, seed, the run's clock, its speed, and what is broken just now."""

from __future__ import annotations

from collections.abc import Mapping

from chaos.fault import Fault
from chaos.moment import FaultFrame, Moment
from tui.draw import figures
from tui.draw.canvas import Run
from tui.draw.palette import Palette
from tui.pace import Pace
from tui.widgets.lines import Lines

Faults = Mapping[str, type[Fault]]


class Clock(Lines):
    """One line at the top."""

    DEFAULT_CSS = """
    Clock { height: 1; dock: top; }
    """

    def show(self, moment: Moment, pace: Pace, ended: bool, faults: Faults, palette: Palette) -> None:
        """Show a moment."""
        self.show_rows([header(moment, pace, ended, faults, self.size.width)], palette)


def header(moment: Moment, pace: Pace, ended: bool, faults: Faults, width: int) -> list[Run]:
    """The line at a width."""
    sign = "■ ended" if ended else "⏸ paused" if pace.paused else f"▶ {pace.words()}"
    wide = width >= 100
    runs: list[Run] = [
        (" knockon  " if wide else " ", "title+bold"),
        (figures.fit(moment.playground, 24), "title"),
        (f" · seed {moment.seed}   ", "dim"),
        (figures.clock(moment.at_ns), "title+bold"),
        (f" of {figures.clock(moment.end_ns)[:-2]}  ", "dim"),
        (sign, "warn" if ended or pace.paused else "ok"),
        ("   ", "text"),
    ]
    room = width - sum(len(text) for text, _ in runs) - 1
    words, ink = broken(moment.faults, faults, room)
    return [*runs, (figures.fit(words, room), ink)]


def broken(active: tuple[FaultFrame, ...], faults: Faults, room: int) -> tuple[str, str]:
    """What is broken, the newest first, in the longest words that fit."""
    on = [fault for fault in active if fault.active]
    if not on:
        return "nothing is broken", "dim"
    newest = on[-1]
    past = faults[newest.what].past if newest.what in faults else newest.what
    more = f", and {len(on) - 1} more" if len(on) > 1 else ""
    where = newest.on.split(" (")[0]
    since = figures.clock(newest.since_ns)
    heals = f", heals {figures.clock(newest.until_ns)}" if newest.until_ns is not None else ""
    long = f"✖ {past} {where} {since}{heals}{more}"
    brief = f"✖ {past} {where}{heals}{more}"
    options = (long, brief, f"✖ {past} {where}{more}", f"✖ {past} {where}")
    return next((words for words in options if len(words) <= room), options[-1]), "bad"
