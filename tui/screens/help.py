"""Help: the playground's own words, every key, every sign; made from the tables that the program itself uses."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from topology.plan import Playground
from tui import actions
from tui.draw import glyphs
from tui.draw.palette import Palette
from tui.screens.dialog import Dialog
from tui.session import entry_words


class Help(Dialog[None]):
    """Keys and signs."""

    BINDINGS = [Binding(key, "leave", "close", show=False) for key in ("?", "q", "enter")]

    def __init__(self, playground: Playground) -> None:
        super().__init__()
        self.playground = playground

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        with VerticalScroll(id="window") as window:
            window.border_title = "Help"
            window.border_subtitle = "Esc closes, arrows scroll"
            yield Static(help_text(self.playground, self.palette))


def help_text(playground: Playground, palette: Palette) -> Text:
    """All of it."""
    text = Text()
    _heading(text, playground.name)
    text.append(f"{playground.about.strip() or 'This playground says nothing about itself.'}\n")
    for label, words in (("What it teaches", playground.lesson), ("What that costs", playground.price)):
        if words:
            text.append(f"{label}: ", "bold")
            text.append(f"{words.strip()}\n")
    for number, entry in enumerate(playground.timeline[:9], 1):
        text.append(f"  {number:<11}", "bold")
        text.append(f"{entry_words(playground, entry)}\n")
    for group in actions.GROUPS:
        _heading(text, group)
        for action in actions.OFFERED:
            if action.group == group and action.keys:
                text.append(f"  {actions.keys_of(action):<11}", "bold")
                text.append(f"{action.help}\n")
    _heading(text, "Signs")
    for sign, ink, words in glyphs.LEGEND:
        text.append(f"  {sign:<11}", palette.inks[ink])
        text.append(f"{words}\n")
    text.append("\nctrl+p finds any of these by name.")
    return text


def _heading(text: Text, words: str) -> None:
    text.append(("\n" if text else "") + words + "\n", "bold underline")
