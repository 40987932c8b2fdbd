"""The terminal app: one session, its screens, colours and clock. It prints nothing; it hands back a result."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from textual.app import App, SystemCommand
from textual.screen import Screen
from textual.theme import Theme

from tui import actions
from tui.draw.palette import DARK, LIGHT, Palette
from tui.pace import Pace
from tui.screens.gallery import Shelf
from tui.screens.play import PlayScreen
from tui.session import Again, Result, Session, again

if TYPE_CHECKING:
    from chaos.runner import Runner

FPS, FPS_FAR = 20.0, 10.0
BUDGET = 0.025
"""Seconds of each picture that the world may take."""


def theme_of(name: str, palette: Palette) -> Theme:
    """A theme from our own colours: never an ANSI one, which with NO_COLOR would show black on black."""
    inks = palette.inks
    return Theme(
        name=name,
        primary=inks["ok"],
        warning=inks["warn"],
        error=inks["bad"],
        success=inks["ok"],
        accent=inks["key"],
        foreground=inks["text"],
        background=palette.ground,
        surface=palette.ground,
        panel=palette.ground,
        dark=palette is DARK,
    )


def pictures_per_second() -> float:
    """Fewer over a remote shell, where each picture costs bytes."""
    return FPS_FAR if os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY") else FPS


class PlayApp(App[Result]):
    """`clock` gives seconds; with `budget=None` nothing is dropped, and a virtual clock makes the same film twice."""

    TITLE = "knockon"
    ENABLE_COMMAND_PALETTE = True
    CSS = "Screen { background: $background; color: $foreground; }"

    def __init__(
        self,
        runner: Runner,
        *,
        nudge: bool = True,
        clock: Callable[[], float] = time.monotonic,
        budget: float | None = BUDGET,
        fps: float | None = None,
        gallery: Shelf | None = None,
        again: Again = again,
        after_frame: Callable[[], None] = lambda: None,
        light: bool = False,
    ) -> None:
        super().__init__()
        self.fps = fps or pictures_per_second()
        self.gallery = gallery or Shelf()
        self.after_frame = after_frame
        self.palette = LIGHT if light else DARK
        self.session = Session(runner, Pace(clock, budget), nudge=nudge, again=again)
        self.register_theme(theme_of("knockon-dark", DARK))
        self.register_theme(theme_of("knockon-light", LIGHT))
        self.theme = "knockon-light" if light else "knockon-dark"

    def get_default_screen(self) -> Screen[None]:
        """The session."""
        return PlayScreen(self.session)

    def on_mount(self) -> None:
        """A polite end of the process puts the terminal back too."""
        if not self.is_headless and hasattr(signal, "SIGTERM"):
            signal.signal(signal.SIGTERM, lambda number, _: self.exit(self.session.result(), 128 + number))

    def change_colours(self) -> None:
        """Light to dark, dark to light."""
        self.palette = DARK if self.palette is LIGHT else LIGHT
        self.theme = "knockon-dark" if self.palette is DARK else "knockon-light"

    async def open_named(self, name: str | None) -> None:
        """Go on with a playground of the gallery."""
        if name is not None and self.gallery.open is not None:
            self.session.open(self.gallery.open(name))
            await self.query_one_play().rebuild()

    def query_one_play(self) -> PlayScreen:
        """The main screen, whatever lies over it."""
        return next(screen for screen in self.screen_stack if isinstance(screen, PlayScreen))

    async def action_quit(self) -> None:
        """Leave with the result."""
        self.exit(self.session.result())

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: every action of the table that needs no number."""
        for action in actions.OFFERED:
            if action.id != "entry" and isinstance(screen, PlayScreen):
                run = getattr(screen, f"action_{action.id}")
                yield SystemCommand(action.label.capitalize(), action.help, run)
