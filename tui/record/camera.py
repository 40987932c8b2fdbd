"""Films the app: lets it tick in virtual time, and after each tick takes its cells, when its layout has settled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from chaos.moment import FaultFrame
from chaos.runner import Runner
from tui.app import PlayApp
from tui.history import STEP_NS
from tui.record import cast
from tui.record.cells import grid
from tui.record.job import LIGHT, Job
from tui.record.reel import NS, Mark, Reel
from tui.record.stage import Audience, FilmPace, Stage
from tui.record.virtual import Clock, VirtualLoop
from tui.session import Session

Emit = Callable[[str], None]
"""Takes one line of the film."""
Seen = Callable[[float, cast.Grid], None]
"""Takes a picture with its time in the film."""

SETTING, SETTLED = 0.1, 0.5
"""When scenes are performed and when the picture is taken, in shares of a frame after the tick.

Textual lays out anew at most 60 times a second.
"""


class Camera:
    """Turns pictures into the lines of a film."""

    def __init__(self, reel: Reel, emit: Emit, seen: Seen = lambda seconds, picture: None) -> None:
        self.reel = reel
        self.emit = emit
        self.seen = seen
        self.marked: set[tuple[int, bool]] = set()
        self._shown: cast.Grid = ()

    def begin(self, faults: tuple[FaultFrame, ...]) -> None:
        """An empty screen; what happened before gets no marker."""
        past = {key for key, fault in _happened(faults).items() if _instant((fault, key[1])) < self.reel.from_ns}
        self.marked.update(past)
        self.emit(cast.event(0.0, cast.OUTPUT, cast.BEGIN))

    def take(self, number: int, picture: cast.Grid, marks: Sequence[Mark] = ()) -> None:
        """One picture, after the markers of what has happened since the one before."""
        self.mark(marks)
        seconds = self.reel.seconds(number)
        if text := cast.changes(self._shown, picture):
            self.emit(cast.event(seconds, cast.OUTPUT, text))
        self._shown = picture
        self.seen(seconds, picture)

    def mark(self, marks: Sequence[Mark]) -> None:
        """Markers, in the order of their instants."""
        for at_ns, words in sorted(marks, key=itemgetter(0)):
            self.emit(cast.event(at_ns / NS, cast.MARKER, words))

    def end(self, sentence: str) -> None:
        """The verdict, and the terminal as it was found."""
        seconds = self.reel.seconds(self.reel.pictures)
        self.emit(cast.event(seconds, cast.MARKER, cast.VERDICT + sentence))
        self.emit(cast.event(seconds, cast.OUTPUT, cast.END))

    def news(self, faults: tuple[FaultFrame, ...]) -> list[tuple[FaultFrame, bool]]:
        """The faults that have begun, and those that have ended (True), since somebody last asked; the oldest news first."""
        fresh = {key: fault for key, fault in _happened(faults).items() if key not in self.marked}
        self.marked.update(fresh)
        return sorted(((fault, ended) for (_, ended), fault in fresh.items()), key=_order)


def _order(news: tuple[FaultFrame, bool]) -> tuple[int, int, bool]:
    fault, ended = news
    return _instant(news), fault.id, ended


def _instant(news: tuple[FaultFrame, bool]) -> int:
    fault, ended = news
    return (fault.until_ns or 0) if ended else fault.since_ns


def _happened(faults: tuple[FaultFrame, ...]) -> dict[tuple[int, bool], FaultFrame]:
    begun = {(fault.id, False): fault for fault in faults}
    return begun | {(fault.id, True): fault for fault in faults if not fault.active}


def film(runner: Runner, job: Job, camera: Camera, clock: Clock) -> None:
    """Film a run from its start, in virtual time, to the last picture."""
    app = PlayApp(runner, nudge=False, fps=job.fps, light=job.theme == LIGHT)
    app.session = Audience(runner, FilmPace(lambda: clock.now, camera.reel), nudge=False)
    _go_to(app.session, camera.reel)
    stage = Stage(app, job.scenes(runner.playground), camera.reel, bool(job.captions))
    play_in_time(app, lambda loop: _shoot(app, camera, stage, loop), clock, job.size)


def _go_to(session: Session, reel: Reel) -> None:
    """Let the run go on to where the film begins, and look at it whenever its history takes a sample.

    The pictures are then the same as in a film of the whole.
    """
    before = replace(reel, from_ns=0, to_ns=reel.from_ns, holds=())
    for number in range(1, before.pictures + 1):
        at_ns, _ = before.shown(number)
        if at_ns // STEP_NS > session.moment.at_ns // STEP_NS:
            session.runner.advance(at_ns)
            session.look()
    session.runner.advance(reel.from_ns)
    session.look()


async def _shoot(app: PlayApp, camera: Camera, stage: Stage, loop: VirtualLoop) -> None:
    session, reel = app.session, camera.reel
    camera.begin(session.moment.faults)
    for number in range(reel.pictures + 1):
        await loop.until((number + SETTING) / reel.fps)
        if app.return_code:
            return  # it has failed, and said why
        marks = [mark for news in camera.news(session.moment.faults) for mark in _told(news, stage)]
        marks += await stage.perform(number, loop)
        if number == reel.pictures:
            marks += stage.remark(_sentence(session), reel.length_ns)
        await stage.show_caption(loop)
        await loop.until((number + SETTLED) / reel.fps)
        camera.take(number, grid(app), marks)
    camera.end(_sentence(session))


def _sentence(session: Session) -> str:
    return session.moment.verdict.sentence.replace("\n", " ")


def _told(news: tuple[FaultFrame, bool], stage: Stage) -> list[Mark]:
    """A fault's beginning or end as a marker, and as a caption where captions are wanted."""
    fault, ended = news
    at_ns = stage.reel.film_ns(_instant(news))
    kind = cast.HEAL if ended else cast.FAULT
    where = f"{fault.on} in {' and '.join(fault.designs)}"
    said = f"{fault.what} of {where} is over" if ended else f"{fault.what}: {where}"
    return [(at_ns, f"{kind}{fault.what} {fault.on}"), *stage.remark(said, at_ns)]


def play_in_time(app: App[Any], action: Callable[[VirtualLoop], Any], clock: Clock, size: tuple[int, int]) -> None:
    """Run an app in virtual time without a terminal while `action` looks on; when that is done, leave."""
    loop = VirtualLoop(clock)

    async def pilot(_: Pilot[Any]) -> None:
        await action(loop)
        if not app.return_code:  # leaving would forget that it has failed
            app.exit()

    try:
        loop.run_until_complete(app.run_async(headless=True, size=size, auto_pilot=pilot))
    finally:
        loop.close()
    if app.return_code:
        raise RuntimeError("the app ended with an error while it was filmed")
