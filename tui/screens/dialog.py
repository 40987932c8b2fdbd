"""What all windows over the main screen share: a frame in the middle, and Escape to leave."""

from __future__ import annotations

from typing import Any, TypeVar

from textual.binding import Binding
from textual.screen import ModalScreen, Screen

from tui.draw.palette import DARK, Palette

T = TypeVar("T")


def palette_of(screen: Screen[Any]) -> Palette:
    """The colours of the app that a screen belongs to."""
    palette: Palette = getattr(screen.app, "palette", DARK)
    return palette


class Dialog(ModalScreen[T]):
    """A window in the middle."""

    BINDINGS = [Binding("escape", "leave", "close", show=False)]
    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > #window {
        width: 90%; max-width: 110; height: 90%; max-height: 46;
        border: round $foreground 60%; border-title-style: bold; background: $surface; padding: 0 1;
    }
    Dialog .note { color: $foreground 70%; height: auto; }
    """

    @property
    def palette(self) -> Palette:
        """The colours of the app."""
        return palette_of(self)

    def action_leave(self) -> None:
        """Close without doing anything."""
        self.dismiss(None)
