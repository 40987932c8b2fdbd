"""The search line: what is typed finds nodes at once; arrows go from one to the next."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from topology.frame import Frame, NodeFrame
from tui.draw import glyphs


def found(frame: Frame, text: str) -> list[str]:
    """The nodes that every word fits: part of the name, the kind, the state, or what lies on it; best names first."""
    words = text.casefold().split()
    names = [node.name for node in frame.nodes if words and all(_fits(node, word) for word in words)]
    first = words[0] if words else ""
    return sorted(names, key=lambda name: (name.casefold() != first, not name.casefold().startswith(first)))


def _fits(node: NodeFrame, word: str) -> bool:
    if word in node.name.casefold():
        return True
    others = [*node.kind.split("_"), node.kind, node.state, glyphs.STATE[node.state], *(y.kind for y in node.layers)]
    return any(other.startswith(word) for other in others)


FIELD = 22
"""Columns for what is typed."""


class SearchBar(Horizontal):
    """One line at the bottom, there only while one searches. It knows a frame and says which node it found."""

    BINDINGS = [
        Binding("down,ctrl+n", "turn(1)", "next", show=False),
        Binding("up,ctrl+p", "turn(-1)", "previous", show=False, priority=True),
        Binding("escape", "close(False)", "back", show=False),
    ]
    DEFAULT_CSS = """
    SearchBar { height: 1; dock: bottom; display: none; }
    SearchBar Label { padding: 0 1; }
    SearchBar Input { width: 22; height: 1; border: none; padding: 0; }
    SearchBar Input { background: $foreground 10%; }
    SearchBar Input:focus { border: none; background: $foreground 20%; }
    SearchBar #said { width: 1fr; }
    """

    class Found(Message):
        """A node was found, or the next one asked for."""

        def __init__(self, node: str) -> None:
            super().__init__()
            self.node = node

    class Closed(Message):
        """The search is over; `kept` where what was found stays chosen."""

        def __init__(self, kept: bool) -> None:
            super().__init__()
            self.kept = kept

    def __init__(self) -> None:
        super().__init__()
        self.frame: Frame | None = None
        self.names: list[str] = []
        self.at = 0

    def compose(self) -> ComposeResult:
        """A slash, the field, what was found."""
        yield Label("/")
        yield Input(id="sought", placeholder="name, kind or state")
        yield Label("", id="said")

    def open(self, frame: Frame) -> None:
        """Begin to search in a frame."""
        self.frame = frame
        self.display = True
        field = self.query_one(Input)
        field.value = ""
        field.focus()
        self._say("")

    def action_turn(self, steps: int) -> None:
        """To the next one, round and round."""
        if self.names:
            self._go((self.at + steps) % len(self.names))

    def action_close(self, kept: bool) -> None:
        """Leave the search."""
        self.display = False
        self.post_message(self.Closed(kept))

    @on(Input.Changed)
    def seek(self, event: Input.Changed) -> None:
        """Another letter, another list."""
        event.stop()
        self.names = found(self.frame, event.value) if self.frame is not None else []
        if self.names:
            self._go(0)
        else:
            self._say("no node is like that" if event.value.strip() else "")

    @on(Input.Submitted)
    def keep(self, event: Input.Submitted) -> None:
        """Stay at what was found."""
        event.stop()
        self.action_close(bool(self.names))

    def _go(self, at: int) -> None:
        self.at = at
        name = self.names[at]
        node = self.frame.node(name) if self.frame is not None else None
        state = f" · {glyphs.STATE[node.state]} {glyphs.STATE_WORDS[node.state]}" if node is not None else ""
        self._say(f"{at + 1} of {len(self.names):,}: {name}{state}")
        self.post_message(self.Found(name))

    def _say(self, words: str) -> None:
        room = self.size.width - FIELD - 6
        keys = ("↑ ↓ next   ↵ go there   Esc back", "↑ ↓ ↵ Esc", "")
        tail = next((text for text in keys if len(words) + 3 + len(text) <= room), "")
        self.query_one("#said", Label).update(Text(f"{words}   {tail}".strip()))
