"""Figures as people read them, short enough for a box: counts, rates, shares, lengths of time and the run's clock."""

from __future__ import annotations

from topology.units import format_duration
from tui.draw.glyphs import ELLIPSIS

NS = 1_000_000_000


def count(number: int) -> str:
    """A count with thousands: 1,124; from a million on 1.12M."""
    if abs(number) >= 1_000_000:
        return f"{number / 1_000_000:.2f}M"
    return f"{number:,}"


def brief(number: float) -> str:
    """A count in at most five characters: 431, 9,999, 12.4k, 1.1M."""
    if number < 10_000:
        return f"{number:,.0f}"
    if number < 999_500:
        return f"{number / 1_000:.1f}k" if number < 99_950 else f"{number / 1_000:.0f}k"
    return f"{number / 1_000_000:.1f}M"


def rate(per_second: float) -> str:
    """A rate per second: 0/s, 0.4/s, 100/s, 12.4k/s."""
    if 0 < per_second < 9.95:
        return f"{per_second:.1f}".removesuffix(".0") + "/s" if per_second >= 0.05 else "<0.1/s"
    return f"{brief(per_second)}/s"


def percent(share: float) -> str:
    """A share in whole per cent, never rounded up to 100 nor down to 0."""
    whole = round(share * 100)
    if whole == 100 and share < 1:
        return ">99 %"
    if whole == 0 and share > 0:
        return "<1 %"
    return f"{whole} %"


def short_time(ns: int) -> str:
    """A length of time in one or two units, without fractions from ten on: 11 s, 350 ms, 2.1 s, 3 min 5 s."""
    if ns >= 10 * NS:
        return format_duration(round(ns / NS) * NS)
    if ns >= NS:
        return f"{ns / NS:.1f} s"
    if ns >= 10_000_000:
        return f"{ns / 1e6:.0f} ms"
    return f"{ns / 1e6:.1f} ms".replace(".0 ", " ") if ns >= 100_000 else format_duration(ns)


def clock(ns: int) -> str:
    """The run's clock, to the tenth: 00:41.2; with hours from one hour on."""
    tenths = ns // (NS // 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    tail = f"{minutes:02d}:{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{tail}" if hours else tail


def fit(text: str, width: int) -> str:
    """The text, cut to a width with … where it is too long."""
    if len(text) <= width:
        return text
    return text[: width - 1] + ELLIPSIS if width > 0 else ""


def wrap(text: str, width: int) -> list[str]:
    """Words in lines of at most a width; a word longer than that is cut with …."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        word = fit(word, width)
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line else lines


def wrap_to(text: str, width: int, rows: int) -> list[str]:
    """Words in at most so many lines; … after the last word that fits where there are more."""
    lines = wrap(text, width)
    if len(lines) <= rows:
        return lines
    last = lines[rows - 1]
    while len(last) + 2 > width and " " in last:
        last = last.rpartition(" ")[0]
    return [*lines[: rows - 1], f"{fit(last, width - 2)} {ELLIPSIS}"]
