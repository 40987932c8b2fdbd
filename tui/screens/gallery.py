"""The gallery: the playgrounds that ship, each with what it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from chaos.runner import Runner


@dataclass(frozen=True)
class Shelf:
    """What can be opened: names with a sentence each, and how to open one."""

    entries: tuple[tuple[str, str], ...] = ()
    open: Callable[[str], Runner] | None = field(default=None)


class Gallery(Dialog[str]):
    """Choose a playground; the answer is its name."""

    DEFAULT_CSS = """
    Gallery OptionList { height: 1fr; background: $surface; border: none; padding: 1 0; }
    Gallery OptionList:focus { border: none; }
    """

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self.shelf = shelf

    def compose(self) -> ComposeResult:
        """A list."""
        with Vertical(id="window") as window:
            window.border_title = "Gallery"
            window.border_subtitle = "↵ opens, Esc closes"
            if not self.shelf.entries:
                yield Label("Nothing else to open here.")
            options = [Option(f"[b]{name}[/b]\n{about}\n", id=name) for name, about in self.shelf.entries]
            if options:
                yield OptionList(*options)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Chosen."""
        self.dismiss(event.option.id)
