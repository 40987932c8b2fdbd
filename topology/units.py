"""Text with units at the edges, exact integers within: durations in nanoseconds, sizes in bytes, rates per second.

`parse_*` take what a file holds and raise ValueError in plain words; `format_*` write figures for people.
"""

from __future__ import annotations

import re

NS_PER_SECOND = 1_000_000_000
MAX_DURATION_NS = 30 * 86_400 * NS_PER_SECOND
MAX_RATE = 1_000_000.0

_DURATION_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": NS_PER_SECOND,
    "m": 60 * NS_PER_SECOND,
    "min": 60 * NS_PER_SECOND,
    "h": 3_600 * NS_PER_SECOND,
    "d": 86_400 * NS_PER_SECOND,
}
_RATE_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400}
_SIZE_UNITS = {"B": 1, "kB": 1_000, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000}
_SIZE_UNITS |= {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}

_NUMBER = r"[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20}"
_PART = re.compile(rf"({_NUMBER})\s*(ns|us|µs|μs|ms|s|min|m|h|d)\s*")
_RATE = re.compile(rf"({_NUMBER})\s*/\s*(s|min|m|h|d)")
_SHARE = re.compile(rf"({_NUMBER})\s*%")
_SIZE = re.compile(rf"({_NUMBER})\s*([KMGT]iB|[kKMGT]?B)")

_DURATION_HINT = "a duration such as 30s, 15ms, 2m or 1h"
_RATE_HINT = "a rate such as 100/s or 60/m"
_SHARE_HINT = "a share such as 5% or 0.05"
_SIZE_HINT = "a size such as 256KiB or 1MB"


def parse_duration(value: object) -> int:
    """Nanoseconds of "30s", "1m30s", "1.5 h" or a plain 0."""
    if is_number(value) and value == 0:
        return 0
    if is_number(value):
        raise ValueError(f"expected {_DURATION_HINT}, but {shown(value)} has no unit")
    if not isinstance(value, str):
        raise ValueError(f"expected {_DURATION_HINT}, got {shown(value)}")
    whole, rest = _duration_parts(value.strip())
    if rest:
        raise ValueError(f"{shown(value)} is finer than a nanosecond")
    if whole > MAX_DURATION_NS:
        raise ValueError(f"{shown(value)} is too long: at most 30 days")
    return whole


def _duration_parts(text: str) -> tuple[int, bool]:
    """The nanoseconds of all parts together, and whether something finer was left over."""
    if text.startswith("-"):
        raise ValueError(f"expected {_DURATION_HINT}, got {shown(text)}: time does not run backwards")
    total, finer, at = 0, False, 0
    while at < len(text):
        match = _PART.match(text, at)
        if match is None:
            raise ValueError(f"expected {_DURATION_HINT}, got {shown(text)}")
        digits, scale = _exact(match[1])
        whole, rest = divmod(digits * _DURATION_UNITS[match[2]], scale)
        total, finer, at = total + whole, finer or rest > 0, match.end()
    if not text:
        raise ValueError(f"expected {_DURATION_HINT}, got an empty text")
    return total, finer


def _exact(number: str) -> tuple[int, int]:
    """A decimal number as a whole number and the power of ten to divide it by, so that nothing is rounded."""
    whole, _, part = number.partition(".")
    return int(f"0{whole}{part}"), int(10 ** len(part))


def parse_rate(value: object) -> float:
    """Events per second of "100/s", "60/m", "1000/h" or a plain 0."""
    if is_number(value) and value == 0:
        return 0.0
    if is_number(value):
        raise ValueError(f"expected {_RATE_HINT}, but {shown(value)} does not say per what")
    match = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"expected {_RATE_HINT}, got {shown(value)}")
    digits, scale = _exact(match[1])
    per_second = digits / (scale * _RATE_UNITS[match[2]])
    if per_second > MAX_RATE:
        raise ValueError(f"{shown(value)} is too fast: at most 1,000,000/s")
    return per_second


def parse_share(value: object) -> float:
    """A number from "5%" or 0.05; whether it may pass 1 is the parameter's affair."""
    if is_number(value):
        return finite(value)
    match = _SHARE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"expected {_SHARE_HINT}, got {shown(value)}")
    digits, scale = _exact(match[1])
    return digits / (scale * 100)


def parse_size(value: object) -> int:
    """Bytes of "256KiB", "1MB", or a plain whole number of bytes."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 50:
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"expected {_SIZE_HINT}, got {shown(value)}")
    digits, scale = _exact(match[1])
    size, rest = divmod(digits * _SIZE_UNITS[match[2]], scale)
    if rest or size >= 1 << 50:
        raise ValueError(f"{shown(value)} is not a whole number of bytes below 1 PiB")
    return size


def is_number(value: object) -> bool:
    """Whether it is an int or a float, which True and False are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def finite(value: object) -> float:
    """The number as a float; infinities, not-a-numbers and numbers beyond 10¹⁵ are refused."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"expected a number, got {shown(value)}")
    if not -1e15 <= value <= 1e15:
        raise ValueError(f"expected a number below 10¹⁵, got {shown(value)}")
    return float(value)


def shown(value: object) -> str:
    """A value as a message quotes it: short, on one line, in the file's own words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, int) and abs(value) >= 10**30:
        return "a huge number"
    if isinstance(value, int | float):
        return str(value)
    text = " ".join(str(value).split())
    return f"'{text[:37]}…'" if len(text) > 40 else f"'{text}'"


def format_duration(ns: int) -> str:
    """Short words of at most two units: "30 s", "1 min 30 s", "15 ms", "2 d 4 h"."""
    if ns < 0:
        return f"-{format_duration(-ns)}"
    if ns < 1_000:
        return f"{ns} ns" if ns else "0 s"
    if ns < 60 * NS_PER_SECOND:
        return _one_unit(ns)
    return _two_units(round(ns / NS_PER_SECOND))


def _one_unit(ns: int) -> str:
    """Below a minute: up to three digits that matter, carried to the next unit where rounding reaches it."""
    for unit, size, limit in (("µs", 1_000, 1_000), ("ms", 1_000_000, 1_000), ("s", NS_PER_SECOND, 60)):
        number = _three_digits(ns / size)
        if float(number) < limit:
            return f"{number} {unit}"
    return "1 min"


def _two_units(seconds: int) -> str:
    for big, size, small, part in (("min", 60, "s", 1), ("h", 3_600, "min", 60), ("d", 86_400, "h", 3_600)):
        whole = seconds // size
        if size == 86_400 or seconds < size * (60 if size == 60 else 24):
            rest = (seconds - whole * size) // part
            return f"{whole} {big} {rest} {small}" if rest else f"{whole} {big}"
    raise AssertionError("days hold any length of time")


def _three_digits(number: float) -> str:
    digits = 2 if number < 10 else 1 if number < 100 else 0
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_rate(per_second: float) -> str:
    """A rate in the largest-looking unit that keeps it readable: "100/s", "1,200/s", "30/min", "2/h"."""
    if per_second == 0:
        return "0/s"
    for unit, seconds in (("s", 1), ("min", 60), ("h", 3_600)):
        if abs(per_second) * seconds >= 1 or unit == "h":
            return f"{_figure(per_second * seconds)}/{unit}"
    raise AssertionError("the last unit takes any rate")


def format_share(share: float) -> str:
    """A share in per cent: "5 %", "99.5 %", "0.1 %"; never rounded up to 100 nor down to 0."""
    percent = share * 100
    text = f"{percent:.1f}"
    if text == "100.0" and percent < 100:
        return "> 99.9 %"
    if text == "0.0" and percent > 0:
        return "< 0.1 %"
    return f"{text.removesuffix('.0')} %"


def format_size(size: int) -> str:
    """A size in the binary unit that fits: "256 KiB"."""
    for unit, width in (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= width:
            return f"{_figure(size / width)} {unit}"
    return f"{size} B"


def _figure(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else _three_digits(number)


def exact_duration(ns: int) -> str:
    """The shortest text that reads back as the very same nanoseconds: "30s", "1500ms", "30000000001ns"."""
    for unit in ("h", "m", "s", "ms", "us"):
        if ns and ns % _DURATION_UNITS[unit] == 0:
            return f"{ns // _DURATION_UNITS[unit]}{unit}"
    return f"{ns}ns" if ns else "0s"
