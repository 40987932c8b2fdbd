"""Inks by name, and what they look like on dark and on light.

The three colours of health stay apart for every common colour blindness; signs and borders say the same again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.style import Style


@dataclass(frozen=True)
class Palette:
    """Colours by ink; `style` gives the style of "bad" or, with attributes, "bad+bold+reverse"."""

    ground: str
    inks: dict[str, str]
    styles: dict[str, Style] = field(default_factory=dict, compare=False, repr=False)

    def style(self, ink: str) -> Style:
        """The style of an ink; it always has a colour and a ground, never None."""
        known = self.styles.get(ink)
        if known is None:
            name, *attributes = ink.split("+")
            known = Style(
                color=self.inks[name],
                bgcolor=self.ground,
                bold="bold" in attributes,
                reverse="reverse" in attributes,
                italic="italic" in attributes,
            )
            self.styles[ink] = known
        return known


DARK = Palette(
    "#101418",
    {
        "text": "#d8dee4",
        "dim": "#7d8791",
        "faint": "#4a535c",
        "line": "#8fa3b5",
        "title": "#ffffff",
        "ok": "#56b4e9",
        "warn": "#f0e442",
        "bad": "#d55e00",
        "paused": "#cc9bd8",
        "key": "#f0e442",
    },
)
LIGHT = Palette(
    "#fbfaf7",
    {
        "text": "#22282e",
        "dim": "#5c6670",
        "faint": "#a9b0b7",
        "line": "#4f6070",
        "title": "#000000",
        "ok": "#0060a8",
        "warn": "#7d6200",
        "bad": "#b03a00",
        "paused": "#7a3b8f",
        "key": "#7d6200",
    },
)
INK_OF_STATE = {"ok": "ok", "strained": "warn", "down": "bad", "paused": "paused"}
