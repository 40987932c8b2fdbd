"""Schedule expressions of EventBridge: the instants at which a scheduled rule, or a schedule of EventBridge Scheduler, fires.

Sources: EventBridge User Guide, "Cron expressions reference" and "Rate expressions reference"; EventBridge Scheduler User Guide,
"Schedule types" with its sections on time zones and on daylight saving time.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import floor
from typing import Final, Literal, overload
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from topology.problems import Refused, near_miss
from topology.units import shown

Service = Literal["rule", "scheduler"]
Days = Callable[[int, int], tuple[int, ...]]
"""The days of a month (year, month), in order."""

_SECONDS: Final = {"minute": 60, "hour": 3_600, "day": 86_400}
_RATE: Final = re.compile(r"rate\(([0-9]{1,9}) (minute|hour|day)(s?)\)")
_CRON: Final = re.compile(r"cron\((.*)\)", re.DOTALL)
_AT: Final = re.compile(r"at\(([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})\)")
_ITEM: Final = re.compile(r"(\*|(?P<first>[0-9]+|[A-Z]{3})(-(?P<last>[0-9]+|[A-Z]{3}))?)(/(?P<step>[0-9]{1,4}))?")
_NEAREST: Final = re.compile(r"([0-9]+)W")
_NTH: Final = re.compile(r"([0-9]+|[A-Z]{3})#([0-9]{1,4})")
_LAST: Final = re.compile(r"([0-9]+|[A-Z]{3})L")
_EARLIEST: Final = int(datetime(1969, 12, 30, tzinfo=UTC).timestamp())
_LATEST: Final = int(datetime(2200, 1, 2, tzinfo=UTC).timestamp())
"""Any zone's 1970 to 2199 lies between."""


@dataclass(frozen=True, slots=True)
class _Field:
    """One of the six fields: its name, bounds, and what its values may be called."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    widest_step: int = 0
    """A step may not be larger; 0 for the same as the highest value."""


_MINUTES: Final = _Field("minutes", 0, 59)
_HOURS: Final = _Field("hours", 0, 23)
_DAYS: Final = _Field("day-of-month", 1, 31)
_MONTHS: Final = _Field("month", 1, 12, ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"))
_WEEKDAYS: Final = _Field("day-of-week", 1, 7, ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"))
_YEARS: Final = _Field("year", 1970, 2199, widest_step=229)
_FIELDS: Final = (_MINUTES, _HOURS, _DAYS, _MONTHS, _WEEKDAYS, _YEARS)


class Schedule:
    """A schedule that the service would take. Instants are whole seconds."""

    def __init__(self, text: str, zone: ZoneInfo) -> None:
        self.text, self.zone = text, zone

    @overload
    def after(self, instant: datetime) -> datetime | None: ...
    @overload
    def after(self, instant: float) -> int | None: ...
    def after(self, instant: datetime | float) -> datetime | int | None:
        """The first firing after an instant, or None when there is none before the end of 2199.

        Seconds since 1970 (UTC) are answered in such seconds; a datetime, which must know its zone, in one of the schedule's.
        """
        if not isinstance(instant, datetime):
            return self._before_the_end(floor(instant))
        if instant.tzinfo is None:
            raise ValueError("expected an instant that knows its time zone; give it one, such as UTC")
        found = self._before_the_end(floor(instant.timestamp()))
        return None if found is None else datetime.fromtimestamp(found, self.zone)

    def _before_the_end(self, second: int) -> int | None:
        found = self._next(second) if second < _LATEST else None
        return found if found is not None and found < _LATEST else None

    def _next(self, second: int) -> int | None:
        raise NotImplementedError

    def _instant(self, wall: datetime) -> int | None:
        """The second at which the clocks of the zone first show a time; None when they are put forward past it."""
        there = wall.replace(tzinfo=self.zone).astimezone(UTC)
        return int(there.timestamp()) if there.astimezone(self.zone).replace(tzinfo=None) == wall else None


class Rate(Schedule):
    """Every so many seconds since a beginning, first one period after it. A day is 24 hours, whatever the clocks do."""

    def __init__(self, text: str, zone: ZoneInfo, period: int, since: int) -> None:
        super().__init__(text, zone)
        self.period, self.since = period, since

    def _next(self, second: int) -> int:
        return self.since + self.period * max(1, (second - self.since) // self.period + 1)


class Once(Schedule):
    """At one time of the zone's clocks."""

    def __init__(self, text: str, zone: ZoneInfo, wall: datetime) -> None:
        super().__init__(text, zone)
        self.wall = wall

    def _next(self, second: int) -> int | None:
        found = self._instant(self.wall)
        return found if found is not None and found > second else None


class Cron(Schedule):
    """At times of the zone's clocks. A time that they skip is left out; one that they show twice fires the first time only."""

    def __init__(self, text: str, zone: ZoneInfo, numbers: dict[str, tuple[int, ...]], days: Days) -> None:
        super().__init__(text, zone)
        self._years, self._months = numbers["year"], numbers["month"]
        self._times = tuple((hour, minute) for hour in numbers["hours"] for minute in numbers["minutes"])
        self._days = days

    def _next(self, second: int) -> int | None:
        wall = datetime.fromtimestamp(max(second, _EARLIEST), self.zone).replace(tzinfo=None)
        for due in self._walls_from(wall.replace(second=0, fold=0)):
            found = self._instant(due)
            if found is not None and found > second:
                return found
        return None

    def _walls_from(self, wall: datetime) -> Iterator[datetime]:
        """The times of the clocks from a minute on, in their order."""
        for day in self._days_from(wall.date()):
            begin = bisect_left(self._times, (wall.hour, wall.minute)) if day == wall.date() else 0
            for hour, minute in self._times[begin:]:
                yield datetime(day.year, day.month, day.day, hour, minute)

    def _days_from(self, first: date) -> Iterator[date]:
        for year in self._years[bisect_left(self._years, first.year) :]:
            for month in self._months:
                if (year, month) >= (first.year, first.month):
                    days = (date(year, month, day) for day in self._days(year, month))
                    yield from (day for day in days if day >= first)


def compile_schedule(text: str, service: Service, zone: str = "UTC", since: datetime | float = 0) -> Schedule:
    """Read rate(…), cron(…) or, for a scheduler, at(…). Raises Refused with the place inside it, as the service would.

    Rules know UTC only. `since` (an instant, or seconds since 1970) is where a rate begins to count. A scheduler without a start
    date also fires at once when it is made; that is its maker's affair.
    """
    if service not in ("rule", "scheduler"):
        raise ValueError(f"expected rule or scheduler, got {shown(service)}")
    if not isinstance(text, str):
        raise Refused((), f"expected a text such as rate(5 minutes), got {shown(text)}; put it in quotes")
    clock = _zone(zone, service)
    if text.startswith("cron("):
        return _cron(text, clock)
    if text.startswith("rate("):
        begin = floor(since.timestamp() if isinstance(since, datetime) else since)
        return Rate(text, clock, _period(text, service), begin)
    if text.startswith("at(") and service == "scheduler":
        return _once(text, clock)
    if text.startswith("at("):
        raise Refused((), f"expected rate(…) or cron(…), got {shown(text)}; only a scheduler can fire once")
    forms = "rate(…) or cron(…)" if service == "rule" else "rate(…), cron(…) or at(…)"
    raise Refused((), f"expected {forms} and no space before it, got {shown(text)}; write it as rate(5 minutes)")


def _zone(name: str, service: Service) -> ZoneInfo:
    if service == "rule" and name != "UTC":
        raise Refused(("zone",), f"expected UTC, the only zone of a scheduled rule, got {shown(name)}; use a scheduler")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        hint = near_miss(name, available_timezones()) if isinstance(name, str) else ""
        also = f"; did you mean {hint}?" if hint else "; take one of the IANA database"
        raise Refused(("zone",), f"expected a time zone such as Europe/Berlin, got {shown(name)}{also}") from None


def _period(text: str, service: Service) -> int:
    """Seconds. A rule's unit is singular for 1 and plural for more; a scheduler takes a plural for 1 as well."""
    found = _RATE.fullmatch(text)
    if found is None:
        units = "minute(s), hour(s) or day(s)"
        raise Refused(("rate",), f"expected a number and {units}, got {shown(text)}; write it as rate(5 minutes)")
    count, unit, plural = int(found[1]), found[2], bool(found[3])
    if count == 0:
        raise Refused(("rate",), "expected a number of at least 1, got 0; a rate has to be a minute or longer")
    if plural != (count > 1) and not (plural and service == "scheduler"):
        right = f"rate({count} {unit}{'s' if count > 1 else ''})"
        raise Refused(("rate",), f"expected the unit of 1 in the singular and of more in the plural; write {right}")
    return count * _SECONDS[unit]


def _once(text: str, zone: ZoneInfo) -> Once:
    found = _AT.fullmatch(text)
    try:
        if found:
            return Once(text, zone, datetime.fromisoformat(found[1]))
    except ValueError:
        pass
    words = f"expected a date and a time of day, got {shown(text)}; write it as at(2026-11-24T08:00:00), the zone apart"
    raise Refused(("at",), words)


def _cron(text: str, zone: ZoneInfo) -> Cron:
    inside = _CRON.fullmatch(text)
    parts = inside[1].upper().split() if inside else []
    if len(parts) != len(_FIELDS):
        order = " ".join(field.name for field in _FIELDS)
        raise Refused(("cron",), f"expected the six fields {order}, got {len(parts)}; write it as cron(0 2 * * ? *)")
    written = {field.name: part for field, part in zip(_FIELDS, parts, strict=True)}
    in_month, in_week = written["day-of-month"], written["day-of-week"]
    if (in_month == "?") == (in_week == "?"):
        raise Refused(("cron", "day-of-week"), "expected ? in exactly one of day-of-month and day-of-week; write ? in the other")
    days = _days_of_month(in_month) if in_week == "?" else _days_of_week(in_week)
    numbers = {field.name: _numbers(written[field.name], field) for field in (_MINUTES, _HOURS, _MONTHS, _YEARS)}
    return Cron(text, zone, numbers, days)


def _numbers(text: str, field: _Field) -> tuple[int, ...]:
    """The values of a field of numbers, in order: a list of numbers, ranges and steps."""
    found: set[int] = set()
    for item in text.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise _misfit(item, field)
        first = _number(match["first"], field) if match["first"] else field.low
        last = _number(match["last"], field) if match["last"] else first if match["first"] and not match["step"] else field.high
        step = int(match["step"] or 1)
        if last < first:
            raise Refused(("cron", field.name), f"expected a range that goes up, got {item}; write it as two, joined by a comma")
        if not 1 <= step <= (field.widest_step or field.high):
            raise Refused(("cron", field.name), f"expected a step from 1 to {field.widest_step or field.high}, got {step}")
        found.update(range(first, last + 1, step))
    return tuple(sorted(found))


def _number(text: str, field: _Field) -> int:
    if text in field.names:
        return field.names.index(text) + field.low
    if not text.isdigit() or len(text) > 4 or not field.low <= int(text) <= field.high:
        raise _misfit(text, field)
    return int(text)


def _misfit(text: str, field: _Field) -> Refused:
    also = f" ({field.names[0]} to {field.names[-1]})" if field.names else ""
    words = f"expected {field.low} to {field.high}{also}, *, a list, a range or a step, got {shown(text)}"
    return Refused(("cron", field.name), words)


def _days_of_month(text: str) -> Days:
    """Days by number, the last one (L), the last weekday (LW) or the weekday nearest to a day (15W)."""
    if text == "L":
        return lambda year, month: (monthrange(year, month)[1],)
    if text == "LW":
        return lambda year, month: _nearest_weekday(year, month, monthrange(year, month)[1])
    nearest = _NEAREST.fullmatch(text)
    if nearest:
        wanted = _number(nearest[1], _DAYS)
        return lambda year, month: _nearest_weekday(year, month, wanted)
    _refuse_letters(text, "LW", _DAYS, "write L, LW or a day followed by W alone in its field")
    numbers = _numbers(text, _DAYS)
    return lambda year, month: numbers[: bisect_left(numbers, monthrange(year, month)[1] + 1)]


def _nearest_weekday(year: int, month: int, day: int) -> tuple[int, ...]:
    """The Monday to Friday nearest to a day without leaving the month; none in a month without that day."""
    length = monthrange(year, month)[1]
    if day > length:
        return ()
    weekday = date(year, month, day).weekday()
    if weekday == 5:
        return (day - 1 if day > 1 else day + 2,)
    if weekday == 6:
        return (day + 1 if day < length else day - 2,)
    return (day,)


def _days_of_week(text: str) -> Days:
    """Weekdays by number or name (1 is Sunday), Saturday (L), the last one of a month (6L) or the k-th (6#3)."""
    last, nth = _LAST.fullmatch(text), _NTH.fullmatch(text)
    if last:
        wanted = _number(last[1], _WEEKDAYS)
        return lambda year, month: _weekdays(year, month, (wanted,))[-1:]
    if nth:
        which, k = _number(nth[1], _WEEKDAYS), int(nth[2])
        if not 1 <= k <= 5:
            raise Refused(("cron", _WEEKDAYS.name), f"expected # and 1 to 5, got {shown(text)}: no month has more weeks")
        return lambda year, month: _weekdays(year, month, (which,))[k - 1 : k]
    if text == "L":
        return lambda year, month: _weekdays(year, month, (7,))
    _refuse_letters(text, "L#", _WEEKDAYS, "write a weekday followed by L, or by # and a number, alone in its field")
    numbers = _numbers(text, _WEEKDAYS)
    return lambda year, month: _weekdays(year, month, numbers)


def _weekdays(year: int, month: int, numbers: tuple[int, ...]) -> tuple[int, ...]:
    """All days of a month that are one of the weekdays, 1 for Sunday to 7 for Saturday."""
    first, length = monthrange(year, month)
    return tuple(day for day in range(1, length + 1) if (first + day) % 7 + 1 in numbers)


def _refuse_letters(text: str, letters: str, field: _Field, remedy: str) -> None:
    """L, W and # go with nothing else in their field."""
    plain = text
    for name in field.names:
        plain = plain.replace(name, "")
    if any(letter in plain for letter in letters):
        raise Refused(("cron", field.name), f"expected {' or '.join(letters)} to stand alone, got {shown(text)}; {remedy}")
