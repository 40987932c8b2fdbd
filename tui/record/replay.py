"""Plays a film in the terminal, at any speed, from any instant; it only shows cells, so nothing runs behind it."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from functools import lru_cache, partial

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from tui.app import theme_of
from tui.draw.palette import DARK
from tui.lookup import Mistake
from tui.pace import SPEEDS
from tui.record.cast import Row
from tui.record.formats.txt import lines
from tui.record.looks import look_of
from tui.record.pictures import Film

FPS = 30
JUMP = 5.0
"""Seconds to left and right."""
NEARLY = 0.5
"""Who goes back so soon after a marker means the one before it."""
BAR = 12
KEYS = "q quits · space goes on · ← → 5 s · [ ] markers · , . picture · < > speed"


class Place:
    """Where in a film one is, and how fast one goes on; `clock` gives seconds."""

    def __init__(self, film: Film, clock: Callable[[], float], at: float = 0.0, speed: float = 1.0) -> None:
        self.film = film
        self.speed = speed
        self.running = True
        self._clock = clock
        self._last = clock()
        self.now = 0.0
        self.go(at)

    @property
    def ended(self) -> bool:
        """Whether nothing comes any more."""
        return self.now >= self.film.seconds

    def tick(self) -> None:
        """Let the time pass that has passed."""
        now = self._clock()
        if self.running:
            self.go(self.now + (now - self._last) * self.speed)
            self.running = not self.ended
        self._last = now

    def go(self, seconds: float) -> None:
        """To an instant."""
        self.now = min(self.film.seconds, max(0.0, seconds))

    def toggle(self) -> None:
        """Pause, or go on; at the end from the start."""
        if not self.running and self.ended:
            self.now = 0.0
        self.running = not self.running

    def faster(self, steps: int) -> None:
        """So many speeds up or down."""
        place = min(range(len(SPEEDS)), key=lambda number: abs(SPEEDS[number] - self.speed))
        self.speed = SPEEDS[min(len(SPEEDS) - 1, max(0, place + steps))]

    def jump(self, forward: bool) -> None:
        """To the next marker, or the one before."""
        instants = [0.0, *(mark.seconds for mark in self.film.stops), self.film.seconds]
        if forward:
            self.go(next((at for at in instants if at > self.now + 1e-6), self.film.seconds))
        else:
            self.go(next((at for at in reversed(instants) if at < self.now - NEARLY), 0.0))

    def step(self, forward: bool) -> None:
        """To the next picture, or the one before, and stay there."""
        self.running = False
        instants = [picture.seconds for picture in self.film.pictures]
        if forward:
            self.go(next((at for at in instants if at > self.now + 1e-6), self.now))
        else:
            self.go(next((at for at in reversed(instants) if at < self.now - 1e-6), self.now))

    @property
    def last_mark(self) -> str:
        """The words of what was marked last."""
        found = [mark for mark in self.film.stops if mark.seconds <= self.now + 1e-6]
        return f"{found[-1].kind}{found[-1].words}" if found else ""


class Pane(Widget):
    """The film's cells."""

    DEFAULT_CSS = "Pane { width: 1fr; height: 1fr; }"

    def __init__(self, film: Film) -> None:
        super().__init__()
        self.film = film
        self.grid = film.pictures[0].grid

    def show(self, seconds: float) -> None:
        """The picture of an instant."""
        grid = self.film.at(seconds)
        if grid is not self.grid:
            self.grid = grid
            self.refresh()

    @property
    def too_small(self) -> str:
        """What is wrong with the room that there is, in words, or nothing."""
        (columns, rows), room = self.film.size, self.app.size
        if room.width >= columns and room.height >= rows:
            return ""
        return f"The film needs a terminal of {columns}x{rows}, and this one has {room.width}x{room.height}. q quits."

    def render_line(self, y: int) -> Strip:
        """One row of the film."""
        if words := self.too_small:
            return Strip([Segment(words if y == 0 else "", Style())]).crop(0, self.size.width)
        return Strip(list(_segments(self.grid[y]))) if y < len(self.grid) else Strip.blank(self.size.width, Style())


@lru_cache(maxsize=2048)
def _segments(row: Row) -> tuple[Segment, ...]:
    found: list[tuple[str, str]] = []
    for sign, ink in row:
        if found and found[-1][1] == ink:
            found[-1] = (found[-1][0] + sign, ink)
        else:
            found.append((sign, ink))
    return tuple(Segment(text, _style(ink)) for text, ink in found)


@lru_cache(maxsize=1024)
def _style(codes: str) -> Style:
    look = look_of(codes)
    return Style(
        color=Color.from_rgb(*look.ink),
        bgcolor=Color.from_rgb(*look.paper),
        bold=look.bold,
        italic=look.italic,
        underline=look.underline,
        strike=look.strike,
    )


class ReplayApp(App[None]):
    """The player."""

    ENABLE_COMMAND_PALETTE = False
    CSS = "Screen { background: $background; color: $foreground; } #bar { height: 1; dock: bottom; }"
    BINDINGS = [
        Binding("q,escape,ctrl+c,ctrl+q", "quit"),
        Binding("space", "pause"),
        Binding("left", f"shift({-JUMP})"),
        Binding("right", f"shift({JUMP})"),
        Binding("home", "go(0.0)"),
        Binding("end", "go(1.0)"),
        Binding("left_square_bracket", "jump(False)"),
        Binding("right_square_bracket", "jump(True)"),
        Binding("comma", "step(False)"),
        Binding("full_stop", "step(True)"),
        Binding("less_than_sign", "faster(-1)"),
        Binding("greater_than_sign", "faster(1)"),
        *(Binding(str(digit), f"go({digit / 10})") for digit in range(10)),
    ]

    def __init__(
        self, film: Film, *, at: float = 0.0, speed: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self.place = Place(film, clock, at, speed)
        self.register_theme(theme_of("knockon-dark", DARK))
        self.theme = "knockon-dark"

    def compose(self) -> ComposeResult:
        """The film, and where one is in it."""
        yield Pane(self.place.film)
        yield Static(id="bar", markup=False)

    def on_mount(self) -> None:
        """Begin; a polite end of the process puts the terminal back too."""
        if not self.is_headless and hasattr(signal, "SIGTERM"):
            signal.signal(signal.SIGTERM, lambda number, _: self.exit(None, 128 + number))
        self.set_interval(1 / FPS, self._tick)
        self._show()

    def on_resize(self, event: events.Resize) -> None:
        """In a terminal as high as the film, the film needs the row of the bar."""
        self.query_one("#bar").display = event.size.height > self.place.film.size[1]

    def _tick(self) -> None:
        was_running = self.place.running
        self.place.tick()
        if was_running:
            self._show()

    def _show(self) -> None:
        self.query_one(Pane).show(self.place.now)
        self.query_one("#bar", Static).update(self.bar())

    def bar(self) -> Text:
        """Where one is: state, time, speed, how far, and what was marked last; paused, the keys."""
        place = self.place
        sign = "▶" if place.running else "■" if place.ended else "⏸"
        share = place.now / place.film.seconds if place.film.seconds else 1.0
        full = round(BAR * share)
        words = place.last_mark if place.running else KEYS
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {sign} {_clock(place.now)} of {_clock(place.film.seconds)} ×{place.speed:g} ")
        text.append("━" * full, DARK.inks["ok"])
        text.append("┄" * (BAR - full), DARK.inks["dim"])
        text.append(f" {words}")
        return text

    def action_shift(self, seconds: float) -> None:
        """So many seconds on, or back."""
        self._after(lambda: self.place.go(self.place.now + seconds))

    def action_go(self, share: float) -> None:
        """To this share of the film."""
        self._after(lambda: self.place.go(share * self.place.film.seconds))

    def action_pause(self) -> None:
        """Pause, or go on."""
        self._after(self.place.toggle)

    def action_jump(self, forward: bool) -> None:
        """To a marker."""
        self._after(partial(self.place.jump, forward))

    def action_step(self, forward: bool) -> None:
        """To a picture."""
        self._after(partial(self.place.step, forward))

    def action_faster(self, steps: int) -> None:
        """Another speed."""
        self._after(partial(self.place.faster, steps))

    def _after(self, change: Callable[[], None]) -> None:
        change()
        self._show()


def _clock(seconds: float) -> str:
    minutes, tenths = divmod(round(10 * seconds), 600)
    return f"{minutes}:{tenths / 10:04.1f}"


def replay(film: Film, at: float | None, speed: float) -> int:
    """Play a film until somebody has seen enough. Without a terminal: the picture at that instant, or the last one."""
    if at is not None and at > film.seconds:
        raise Mistake(f"--at {at:g}s: the film is {film.seconds:g} s long")
    if not sys.stdout.isatty() or not sys.stdin.isatty():
        print(lines(film.at(film.seconds if at is None else at)), end="")
        return 0
    app = ReplayApp(film, at=at or 0.0, speed=speed)
    app.run()
    if not app.return_code and film.verdict:
        print(film.verdict)
    return app.return_code or 0
