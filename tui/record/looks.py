"""How a cell looks, out of its codes: colours as they are seen, after reversing and dimming."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

Colour = tuple[int, int, int]

INK: Colour = (0xE0, 0xE0, 0xE0)
PAPER: Colour = (0x12, 0x12, 0x12)
"""What stands for the terminal's own two colours, where the app leaves a cell to them."""


@dataclass(frozen=True, slots=True)
class Look:
    """A cell's colours and style."""

    ink: Colour = INK
    paper: Colour = PAPER
    bold: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False


@lru_cache(maxsize=4096)
def look_of(codes: str) -> Look:
    """What the codes between `ESC [` and `m` mean; what a film does not use is passed over."""
    ink, paper, on = INK, PAPER, set[int]()
    numbers = iter([int(code) for code in codes.split(";") if code])
    for number in numbers:
        if number in (38, 48) and next(numbers, 0) == 2:
            colour = (next(numbers, 0), next(numbers, 0), next(numbers, 0))
            ink, paper = (colour, paper) if number == 38 else (ink, colour)
        else:
            on.add(number)
    if 7 in on:
        ink, paper = paper, ink
    if 2 in on:
        ink = mixed(ink, paper, 0.5)
    return Look(ink, paper, 1 in on, 3 in on, 4 in on, 9 in on)


def mixed(over: Colour, under: Colour, share: float) -> Colour:
    """So much of the one over the other."""
    red, green, blue = (round(a * share + b * (1 - share)) for a, b in zip(over, under, strict=True))
    return red, green, blue


def css(colour: Colour) -> str:
    """As CSS and SVG write it."""
    text = "{:02x}{:02x}{:02x}".format(*colour)
    return f"#{text[::2]}" if text[::2] == text[1::2] else f"#{text}"
