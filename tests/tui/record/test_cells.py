"""Cells read from the compositor: wide signs, windows with what shines through behind them, colours."""

from __future__ import annotations

from unicodedata import normalize

import pyte
from rich.style import Style
from textual.app import App, ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tests.tui import grid as compositor
from tests.tui.record.replay import looks, shown, text_of
from tui.record.cast import changes
from tui.record.cells import grid, sgr


class Window(ModalScreen[None]):
    """A window over the rest."""

    DEFAULT_CSS = "Window { align: center middle; } Window Static { width: 14; height: 3; border: round white; }"

    def compose(self) -> ComposeResult:
        """A box."""
        yield Static("鍵 in front")


class Signs(App[None]):
    """Wide, narrow and joined signs."""

    def compose(self) -> ComposeResult:
        """Three lines and a field."""
        yield Static("[#56b4e9 on #101418]● 在庫 🔎 ok[/] [b reverse]bold[/]")
        yield Static("cafe\u0301 behind the window " * 3)
        yield Input("typed")


def composed(app: App[None]) -> list[str]:
    """What the compositor shows, with accents joined to their letters as the emulated terminal joins them."""
    return [normalize("NFC", row) for row in compositor.rows(app)]


async def test_a_terminal_shows_what_the_compositor_shows() -> None:
    app = Signs()
    async with app.run_test(size=(40, 12)) as pilot:
        screen = pyte.Screen(40, 12)
        stream = pyte.Stream(screen)
        plain = grid(app)
        stream.feed(changes((), plain))
        assert shown(screen) == text_of(plain) == composed(app)
        assert (screen.buffer[0][0].fg, screen.buffer[0][0].bg) == ("56b4e9", "101418")
        x = compositor.rows(app)[0].index("bold") + 3  # three wide signs stand before it
        assert screen.buffer[0][x].bold

        app.push_screen(Window())
        await pilot.pause()
        windowed = grid(app)
        stream.feed(changes(plain, windowed))
        rows = shown(screen)
        assert rows == text_of(windowed) == composed(app)
        assert any("鍵 in front" in row for row in rows)
        assert "behind the window" in "\n".join(rows), "what lies behind a window is still seen"

        fresh = pyte.Screen(40, 12)
        pyte.Stream(fresh).feed(changes((), windowed))
        assert looks(screen) == looks(fresh)


async def test_every_row_fills_the_width() -> None:
    app = Signs()
    async with app.run_test(size=(31, 9)):
        assert [len(row) for row in grid(app)] == [31] * 9


def test_codes_of_a_look() -> None:
    assert sgr(Style.null()) == ""
    assert sgr(Style.parse("bold #56b4e9 on #101418")) == "1;38;2;86;180;233;48;2;16;20;24"
    assert sgr(Style.parse("dim italic underline reverse strike")) == "2;3;4;7;9"
    assert sgr(Style.parse("default on default")) == "39;49"
