"""Instants as logs write them, in nanoseconds since 1970. A minute is worked out once: logs come minute by minute."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

SECOND: Final = 1_000_000_000

_MONTHS = {name: number for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_ISO = re.compile(rb"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?")
_SECONDS = re.compile(rb"(\d{1,11})(?:\.(\d*))?")


def common_ns(stamp: bytes) -> int | None:
    """An instant such as 17/May/2015:10:05:03 +0000; None where there is no such instant."""
    minute = _common_minute(stamp[:17], stamp[21:])
    second = int(stamp[18:20])
    return None if minute is None or second > 60 else (minute + second) * SECOND


@lru_cache(maxsize=1024)
def _common_minute(text: bytes, zone: bytes) -> int | None:
    month = _MONTHS.get(text[3:6])
    return None if month is None else _minute(int(text[7:11]), month, int(text[:2]), text[12:17], zone)


def iso_ns(text: bytes) -> int | None:
    """An instant such as 2015-05-17T10:05:03.25Z, in UTC where it names no zone; None where it is none."""
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    day, clock, second, fraction, zone = found.groups()
    minute = _iso_minute(day, clock, zone or b"Z")
    whole = int(second or 0)
    return None if minute is None or whole > 60 else (minute + whole) * SECOND + _fraction(fraction)


@lru_cache(maxsize=1024)
def _iso_minute(day: bytes, clock: bytes, zone: bytes) -> int | None:
    return _minute(int(day[:4]), int(day[5:7]), int(day[8:]), clock, b"+0000" if zone == b"Z" else zone)


def _minute(year: int, month: int, day: int, clock: bytes, zone: bytes) -> int | None:
    """The second at which a minute begins; `clock` is as 10:05 and `zone` as +0200, +02:00 or +02."""
    try:
        local = int(datetime(year, month, day, int(clock[:2]), int(clock[3:]), tzinfo=UTC).timestamp())
    except ValueError:
        return None
    away = int(zone[1:3]) * 3600 + int(zone[3:].lstrip(b":") or b"0") * 60
    return local + away if zone[:1] == b"-" else local - away


def seconds_ns(text: bytes) -> int | None:
    """Seconds such as 1431857103.25, since whenever; None where it is no such number."""
    found = _SECONDS.fullmatch(text)
    return None if found is None else int(found[1]) * SECOND + _fraction(found[2])


def _fraction(digits: bytes | None) -> int:
    return int(digits[:9].ljust(9, b"0")) if digits else 0
