"""Timestamps as states write them: RFC 3339, with a T, seconds and a zone; instants are nanoseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_SHAPE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse(text: object) -> int | None:
    """The instant in nanoseconds, or None for what is no timestamp."""
    found = _SHAPE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    minute, second, fraction, zone = found.groups()
    try:
        whole = datetime.fromisoformat(f"{minute}:{second or '00'}{'+00:00' if zone == 'Z' else zone}")
        since = whole - _EPOCH
    except (ValueError, OverflowError):
        return None
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + int((fraction or "0").ljust(9, "0"))


def show(instant_ns: int) -> str:
    """An instant as the context object shows it, to the millisecond."""
    day, millis = divmod(instant_ns // 1_000_000, 86_400_000)
    second, milli = divmod(millis, 1_000)
    return f"{_date(day)}T{second // 3_600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.{milli:03d}Z"


@lru_cache(maxsize=64)
def _date(day: int) -> str:
    """The date so many days after the first of 1970, within the years that calendars have."""
    return f"{_EPOCH + timedelta(days=min(max(day, -719_162), 2_932_896)):%Y-%m-%d}"
