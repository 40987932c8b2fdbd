"""The four rows under each design: told yes, told no, waiting, done; curves on scales that all designs share."""

from __future__ import annotations

from tui.draw import figures, glyphs
from tui.draw.canvas import Run
from tui.history import Figures, Scales

LABEL = 9
LONGEST_CURVE = 60
UNDER_WAY = 20
"""So many, or a second's worth, are just under way; more are said to wait."""


def curve_width(width: int) -> int:
    """Columns for the curve: what labels and figures leave."""
    return max(0, min(LONGEST_CURVE, width - LABEL - _figure_room(width) - 1))


def _figure_room(width: int) -> int:
    return 24 if width >= 44 else 16 if width >= 34 else 12


def curve(values: list[float], top: float, width: int) -> str:
    """The newest values at the right; nothing at all is a flat line, and anything above nothing is seen."""
    cells = [_cell(value, top) for value in values[-width:]] if width else []
    return "".join(cells).rjust(width)


def _cell(value: float, top: float) -> str:
    if value <= 0 or top <= 0:
        return glyphs.BARS[0]
    return glyphs.BARS[min(7, max(1, round(value / top * 7)))]


def rows(now: Figures, past: list[Figures], scales: Scales, width: int) -> list[list[Run]]:
    """The four rows at a width."""
    room = curve_width(width)
    trouble = now.no > 0.05 * (now.yes + now.no)
    waiting = figures.count(now.waiting)
    if now.dead or now.lost:
        waiting = _broken(now, waiting, width - LABEL - room - 1)
    elif now.silent > 20 and 2 * now.silent > now.waiting:
        waiting = f"{figures.count(now.silent)} for an answer"
    elif now.waiting and now.oldest_ns:
        waiting += f", oldest {figures.short_time(now.oldest_ns)}"
    lines = (
        ("told yes", [f.yes for f in past], scales.answers, _both(now.yes, now.told_yes, width), "ok"),
        (
            "told no",
            [f.no for f in past],
            scales.answers,
            _both(now.no, now.told_no, width),
            "bad" if trouble else "dim",
        ),
        ("waiting", [float(f.waiting) for f in past], scales.waiting, waiting, _waits(now)),
        ("done", [f.done for f in past], scales.done, _both(now.done, now.work_done, width), "ok"),
    )
    return [_row(label, curve(past_, top, room), words, ink, width) for label, past_, top, words, ink in lines]


def _waits(now: Figures) -> str:
    return "bad" if now.dead or now.lost else "warn" if now.waiting > 0 else "dim"


def _broken(now: Figures, waiting: str, room: int) -> str:
    """What waits, and what never will be done: told yes, and then lost or given up."""
    dead, lost = figures.count(now.dead), figures.count(now.lost)
    parts = [f"{dead} dead letters"] if now.dead else []
    parts += [f"{lost} lost"] if now.lost else []
    long = " + ".join([waiting, *parts])
    options = (long, long.replace(" dead letters", " dead"), " + ".join(parts))
    return next((words for words in options if len(words) <= room), options[-1])


def _both(rate: float, total: int, width: int) -> str:
    """The rate now, and all so far where there is room."""
    words = figures.rate(rate).rjust(8)
    return f"{words}  {figures.count(total)} so far" if _figure_room(width) == 24 else words


def _row(label: str, drawn: str, words: str, ink: str, width: int) -> list[Run]:
    room = max(0, width - LABEL - len(drawn) - 1)
    return [(label.ljust(LABEL), "dim"), (drawn, ink), (" " + figures.fit(words, room), "text")]


def state_words(now: Figures) -> tuple[str, str, str]:
    """How a design's customers fare: sign, words, ink."""
    answered = now.yes + now.no
    waits = f", {figures.count(now.waiting)} waiting" if now.waiting > max(UNDER_WAY, answered) else ""
    if now.dead or now.lost:
        waits = f", {figures.count(now.dead)} dead letters" if now.dead else f", {figures.count(now.lost)} lost"
    if answered < 0.05:
        return ("▲", f"no answers{waits}", "warn") if now.told_yes + now.told_no else ("●", "starting", "dim")
    refused = now.no / answered
    if refused < 0.01:
        broken = now.dead + now.lost > 0
        return ("▲" if broken else "●"), f"{figures.rate(now.yes)} told yes{waits}", "warn" if broken else "ok"
    bad = refused >= 0.5
    return ("✖" if bad else "▲"), f"{figures.percent(refused)} told no{waits}", "bad" if bad else "warn"
