"""What stands on the screen, as text, from the compositor itself."""

from __future__ import annotations

from textual.app import App


def rows(app: App[object]) -> list[str]:
    """The screen, row by row."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    return ["".join(s.text for part in strip for s in part if not s.control) for strip in update.strips]  # type: ignore[attr-defined]


def text(app: App[object]) -> str:
    """The screen."""
    return "\n".join(rows(app))
