"""Small films out of nothing but cells."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from tui.record.cast import BEGIN, END, MARKER, OUTPUT, Cell, Grid, changes, event, header

WIDTH, HEIGHT = 7, 3
INKS = ["", "1", "38;2;86;180;233", "1;7;38;2;1;2;3;48;2;16;20;24"]
NARROW, WIDE, ACCENT = "a │✖╭", "界🔎", "\u0301"


@st.composite
def rows(draw: st.DrawFn, narrow: Sequence[str]) -> tuple[Cell, ...]:
    """A full row of narrow and wide signs."""
    cells: list[Cell] = []
    while len(cells) < WIDTH:
        ink = draw(st.sampled_from(INKS))
        sign = draw(st.sampled_from([*narrow, *("" if len(cells) == WIDTH - 1 else WIDE)]))
        cells.extend([(sign, ink), ("", ink)] if sign in WIDE else [(sign, ink)])
    return tuple(cells)


grids = st.tuples(*[rows([*NARROW, "e" + ACCENT])] * HEIGHT)
plain_grids = st.tuples(*[rows(NARROW)] * HEIGHT)
"""Without accents: in the last column the emulated terminal loses its place over one."""


def blank(sign: str = " ") -> Grid:
    """A picture of one sign."""
    return tuple(tuple((sign, "") for _ in range(WIDTH)) for _ in range(HEIGHT))


def reel(taken: Sequence[Grid], marks: Sequence[tuple[float, str]] = (), fps: int = 10) -> str:
    """The text of a film of these pictures, one after the other."""
    size = (len(taken[0][0]), len(taken[0])) if taken else (WIDTH, HEIGHT)
    seconds = max(0, len(taken) - 1) / fps
    lines = [header(size, seconds, "reel", {"playground": "reel", "fps": fps}), event(0.0, OUTPUT, BEGIN)]
    before: Grid = ()
    for number, grid in enumerate(taken):
        lines += [event(at, MARKER, words) for at, words in marks if round(at * fps) == number]
        if text := changes(before, grid):
            lines.append(event(number / fps, OUTPUT, text))
        before = grid
    lines.append(event(seconds, OUTPUT, END))
    return "".join(f"{line}\n" for line in lines)
