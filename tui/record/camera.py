"""Films the app: lets it tick in virtual time, and after each tick takes its cells, when its layout has settled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from chaos.moment import FaultFrame
from chaos.runner import Runner
from tui.app import PlayApp
from tui.history import STEP_NS
from tui.record import cast
from tui.record.cells import grid
from tui.record.job import Job
from tui.record.virtual import NS, Clock, VirtualLoop
from tui.session import Session

Emit = Callable[[str], None]
"""Takes one line of the film."""
Seen = Callable[[float, cast.Grid], None]
"""Takes a picture with its time in the film."""

SETTLED = 0.5
"""When the picture is taken, in shares of a frame after the tick: Textual lays out anew at most 60 times a second."""


class Camera:
    """Turns pictures into the lines of a film."""

    def __init__(self, job: Job, emit: Emit, seen: Seen = lambda seconds, picture: None) -> None:
        self.job = job
        self.emit = emit
        self.seen = seen
        self.marked: set[tuple[int, bool]] = set()
        self._shown: cast.Grid = ()

    @property
    def pictures(self) -> int:
        """How many pictures follow the first; the last one shows the end."""
        return -((self.job.from_ns - self.job.to_ns) * self.job.fps // NS)

    def begin(self, faults: tuple[FaultFrame, ...]) -> None:
        """An empty screen; what happened before gets no marker."""
        self.marked.update(_happened(faults))
        self.emit(cast.event(0.0, cast.OUTPUT, cast.BEGIN))

    def take(self, number: int, picture: cast.Grid, faults: tuple[FaultFrame, ...]) -> None:
        """One picture, after the markers of what has happened since the one before."""
        for fault, ended in self._news(faults):
            at_ns = fault.until_ns if ended and fault.until_ns is not None else fault.since_ns
            self._mark((at_ns - self.job.from_ns) / NS, f"{fault.what}{' healed' if ended else ''}: {fault.on}")
        seconds = number / self.job.fps
        if text := cast.changes(self._shown, picture):
            self.emit(cast.event(seconds, cast.OUTPUT, text))
        self._shown = picture
        self.seen(seconds, picture)

    def end(self, sentence: str) -> None:
        """The verdict, and the terminal as it was found."""
        seconds = self.pictures / self.job.fps
        self._mark(seconds, f"verdict: {sentence}")
        self.emit(cast.event(seconds, cast.OUTPUT, cast.END))

    def _mark(self, seconds: float, words: str) -> None:
        self.emit(cast.event(seconds, cast.MARKER, words))

    def _news(self, faults: tuple[FaultFrame, ...]) -> list[tuple[FaultFrame, bool]]:
        fresh = {key: fault for key, fault in _happened(faults).items() if key not in self.marked}
        self.marked.update(fresh)
        return sorted(((fault, ended) for (_, ended), fault in fresh.items()), key=_order)


def _order(news: tuple[FaultFrame, bool]) -> tuple[int, int, bool]:
    fault, ended = news
    return (fault.until_ns or 0) if ended else fault.since_ns, fault.id, ended


def _happened(faults: tuple[FaultFrame, ...]) -> dict[tuple[int, bool], FaultFrame]:
    begun = {(fault.id, False): fault for fault in faults}
    return begun | {(fault.id, True): fault for fault in faults if not fault.active}


def film(runner: Runner, camera: Camera, clock: Clock) -> None:
    """Film a run from its start, in virtual time, to the last picture."""
    job = camera.job

    def whole_frames() -> float:
        # Textual's timers come half a millisecond early; the run goes by whole frames, so that it is exactly in time.
        return round(round(clock.now * job.fps) * NS / job.fps) / NS

    app = PlayApp(runner, nudge=False, clock=whole_frames, budget=None, fps=job.fps)
    _go_to(app.session, job)
    play_in_time(app, lambda loop: _shoot(app, camera, loop), clock, job.size)


def _go_to(session: Session, job: Job) -> None:
    """Let the run go on to where the film begins, and look at it whenever its history takes a sample.

    The pictures are then the same as in a film of the whole.
    """
    for number in range(1, job.from_ns * job.fps // NS + 1):
        at_ns = round(number * NS / job.fps)
        if at_ns // STEP_NS > session.moment.at_ns // STEP_NS:
            session.runner.advance(at_ns)
            session.look()
    session.runner.advance(job.from_ns)
    session.look()


async def _shoot(app: PlayApp, camera: Camera, loop: VirtualLoop) -> None:
    session, fps = app.session, camera.job.fps
    camera.begin(session.moment.faults)
    for number in range(camera.pictures + 1):
        await loop.until((number + SETTLED) / fps)
        if app.return_code:
            return  # it has failed, and said why
        camera.take(number, grid(app), session.moment.faults)
    camera.end(session.moment.verdict.sentence.replace("\n", " "))


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
