"""Schedule expressions, by EventBridge's pages on cron and rate expressions and the Scheduler's page on schedule types."""

from __future__ import annotations

import random
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from topology.problems import Refused
from topology.rules.schedules import compile_schedule

NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")


def fires(text: str, start: str, count: int = 1, zone: str = "UTC") -> list[str]:
    """The first times after a start, both by the clocks of the zone."""
    schedule = compile_schedule(text, "rule" if zone == "UTC" and not text.startswith("at") else "scheduler", zone)
    at: datetime | None = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone))
    found = []
    for _ in range(count):
        assert at is not None
        at = schedule.after(at)
        found.append("never" if at is None else at.strftime("%Y-%m-%d %H:%M"))
        if at is None:
            break
    return found


def refusal(text: Any, service: Any = "rule", zone: Any = "UTC") -> Refused:
    with pytest.raises(Refused) as refused:
        compile_schedule(text, service, zone)
    return refused.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cron(0 9 * * ? *)", ["2026-11-25 09:00", "2026-11-26 09:00"]),
        ("cron(1/20 * * * ? *)", ["2026-11-24 20:21", "2026-11-24 20:41", "2026-11-24 21:01"]),
        ("cron(*/25 20 * * ? *)", ["2026-11-24 20:25", "2026-11-24 20:50", "2026-11-25 20:00"]),
        ("cron(10-30/20,45 7,21 * * ? *)", ["2026-11-24 21:10", "2026-11-24 21:30", "2026-11-24 21:45", "2026-11-25 07:10"]),
        ("cron(0 0 31 * ? *)", ["2026-12-31 00:00", "2027-01-31 00:00", "2027-03-31 00:00"]),
        ("cron(0 0 L * ? *)", ["2026-11-30 00:00", "2026-12-31 00:00", "2027-01-31 00:00", "2027-02-28 00:00"]),
        ("cron(0 0 LW * ? *)", ["2026-11-30 00:00", "2026-12-31 00:00", "2027-01-29 00:00", "2027-02-26 00:00"]),
        ("cron(0 0 1W APR-MAY ? *)", ["2027-04-01 00:00", "2027-05-03 00:00", "2028-04-03 00:00", "2028-05-01 00:00"]),
        ("cron(0 0 15W * ? *)", ["2026-12-15 00:00", "2027-01-15 00:00", "2027-02-15 00:00"]),
        ("cron(0 0 31W JAN-MAY ? *)", ["2027-01-29 00:00", "2027-03-31 00:00", "2027-05-31 00:00"]),
        ("cron(0 0 30W 5 ? *)", ["2027-05-31 00:00"]),
        ("cron(0 0 29 FEB ? *)", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("cron(0 12 ? * MON-FRI *)", ["2026-11-25 12:00", "2026-11-26 12:00", "2026-11-27 12:00", "2026-11-30 12:00"]),
        ("cron(0 12 ? * 1,7 *)", ["2026-11-28 12:00", "2026-11-29 12:00", "2026-12-05 12:00"]),
        ("cron(0 12 ? * sun *)", ["2026-11-29 12:00"]),
        ("cron(0 12 ? * L *)", ["2026-11-28 12:00", "2026-12-05 12:00"]),
        ("cron(0 12 ? * 6L *)", ["2026-11-27 12:00", "2026-12-25 12:00"]),
        ("cron(0 12 ? * TUEL *)", ["2026-12-29 12:00"]),
        ("cron(0 12 ? * 3#2 *)", ["2026-12-08 12:00", "2027-01-12 12:00"]),
        ("cron(0 12 ? * SUN#5 *)", ["2026-11-29 12:00", "2027-01-31 12:00"]),
        ("cron(0 0 1 1/5 ? *)", ["2027-01-01 00:00", "2027-06-01 00:00", "2027-11-01 00:00"]),
        ("cron(0 0 1 1 ? 2028/90)", ["2028-01-01 00:00", "2118-01-01 00:00", "never"]),
        ("cron(0 0 1 1 ? 2020-2025)", ["never"]),
        ("cron(0 0 30 2 ? *)", ["never"]),
        ("cron(59 23 31 12 ? 2199)", ["2199-12-31 23:59", "never"]),
    ],
)
def test_cron_in_utc(text: str, expected: list[str]) -> None:
    assert fires(text, "2026-11-24 20:15", len(expected)) == expected


def test_a_firing_comes_strictly_after_the_instant() -> None:
    schedule = compile_schedule("cron(30 * * * ? *)", "rule")
    assert schedule.after(1_800) == 5_400
    assert schedule.after(1_799) == 1_800
    assert schedule.after(1_799.9) == 1_800
    assert schedule.after(1_800.5) == 5_400
    assert schedule.after(-1e12) == 1_800
    assert schedule.after(1e12) is None


def test_an_instant_is_answered_in_the_zone_of_the_schedule() -> None:
    schedule = compile_schedule("cron(0 9 * * ? *)", "scheduler", "America/New_York")
    found = schedule.after(datetime(2026, 1, 5, 13, 30, tzinfo=UTC))
    assert found == datetime(2026, 1, 5, 14, tzinfo=UTC)
    assert found is not None
    assert found.isoformat() == "2026-01-05T09:00:00-05:00"
    with pytest.raises(ValueError, match="time zone"):
        schedule.after(datetime(2026, 1, 5))


def test_a_time_that_the_clocks_skip_is_left_out() -> None:
    assert fires("cron(30 2 * * ? *)", "2026-03-07 12:00", 1, "America/New_York") == ["2026-03-09 02:30"]
    assert fires("cron(0/30 1-3 8 3 ? 2026)", "2026-03-08 00:00", 5, "America/New_York") == [
        "2026-03-08 01:00",
        "2026-03-08 01:30",
        "2026-03-08 03:00",
        "2026-03-08 03:30",
        "never",
    ]
    assert fires("at(2026-03-29T02:30:00)", "2026-01-01 00:00", 1, "Europe/Berlin") == ["never"]
    skipped_day = fires("cron(0 12 30 12 ? *)", "2011-12-01 00:00", 1, "Pacific/Apia")
    assert skipped_day == ["2012-12-30 12:00"]


def test_a_time_that_the_clocks_show_twice_fires_the_first_time_only() -> None:
    schedule = compile_schedule("cron(0/30 2 * * ? *)", "scheduler", "Europe/Berlin")
    at: datetime | None = datetime(2026, 10, 25, 0, 0, tzinfo=BERLIN)
    seen = []
    for _ in range(3):
        assert at is not None
        at = schedule.after(at)
        assert at is not None
        seen.append(at.astimezone(UTC).strftime("%d %H:%M"))
    assert seen == ["25 00:00", "25 00:30", "26 01:00"]
    second_half_past_two = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert schedule.after(second_half_past_two) == datetime(2026, 10, 26, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "period"),
    [("rate(1 minute)", 60), ("rate(90 minutes)", 5_400), ("rate(1 hour)", 3_600), ("rate(2 days)", 172_800)],
)
def test_a_rate_counts_from_its_beginning(text: str, period: int) -> None:
    schedule = compile_schedule(text, "rule", since=1_000)
    assert schedule.after(-5) == 1_000 + period
    assert schedule.after(1_000) == 1_000 + period
    assert schedule.after(999 + period) == 1_000 + period
    assert schedule.after(1_000 + 7 * period) == 1_000 + 8 * period


def test_a_day_of_a_rate_is_24_hours_when_the_clocks_change() -> None:
    begin = datetime(2026, 10, 24, 8, tzinfo=BERLIN)
    schedule = compile_schedule("rate(1 day)", "scheduler", "Europe/Berlin", since=begin)
    found = schedule.after(begin)
    assert found is not None
    assert found.strftime("%d %H:%M") == "25 07:00"


def test_a_schedule_fires_once_at_its_time() -> None:
    assert fires("at(2026-12-24T18:00:30)", "2026-11-24 20:15", 2, "Asia/Tokyo") == ["2026-12-24 18:00", "never"]
    assert compile_schedule("at(1970-01-01T00:00:07)", "scheduler").after(6) == 7
    assert compile_schedule("at(1970-01-01T00:00:07)", "scheduler").after(7) is None


def test_a_unit_is_singular_for_one_and_a_scheduler_is_less_strict() -> None:
    assert "write rate(1 hour)" in refusal("rate(1 hours)").words
    assert "write rate(2 hours)" in refusal("rate(2 hour)").words
    assert "write rate(2 hours)" in refusal("rate(2 hour)", "scheduler").words
    assert compile_schedule("rate(1 hours)", "scheduler").after(0) == 3_600


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", ()),
        ("* * * * *", ()),
        (" cron(0 9 * * ? *)", ()),
        ("Cron(0 9 * * ? *)", ()),
        (5, ()),
        ("at(2026-12-24T18:00:00)", ()),
        ("rate(five minutes)", ("rate",)),
        ("rate(-5 minutes)", ("rate",)),
        ("rate(1.5 hours)", ("rate",)),
        ("rate(5  minutes)", ("rate",)),
        ("rate(5 minutes) ", ("rate",)),
        ("rate(5 weeks)", ("rate",)),
        ("rate(00 minutes)", ("rate",)),
        ("cron(0 9 * * ? *", ("cron",)),
        ("cron(0 9 * * ?)", ("cron",)),
        ("cron(0 0 9 * * ? *)", ("cron",)),
        ("cron(0 9 * * * *)", ("cron", "day-of-week")),
        ("cron(0 9 ? * ? *)", ("cron", "day-of-week")),
        ("cron(0 9 1 * MON *)", ("cron", "day-of-week")),
        ("cron(60 9 * * ? *)", ("cron", "minutes")),
        ("cron(-1 9 * * ? *)", ("cron", "minutes")),
        ("cron(? 9 * * ? *)", ("cron", "minutes")),
        ("cron(*/0 9 * * ? *)", ("cron", "minutes")),
        ("cron(0/60 9 * * ? *)", ("cron", "minutes")),
        ("cron(1,,2 9 * * ? *)", ("cron", "minutes")),
        ("cron(0 24 * * ? *)", ("cron", "hours")),
        ("cron(0 9-7 * * ? *)", ("cron", "hours")),
        ("cron(0 L * * ? *)", ("cron", "hours")),
        ("cron(0 9 0 * ? *)", ("cron", "day-of-month")),
        ("cron(0 9 32W * ? *)", ("cron", "day-of-month")),
        ("cron(0 9 W * ? *)", ("cron", "day-of-month")),
        ("cron(0 9 L-3 * ? *)", ("cron", "day-of-month")),
        ("cron(0 9 1,L * ? *)", ("cron", "day-of-month")),
        ("cron(0 9 1-5W * ? *)", ("cron", "day-of-month")),
        ("cron(0 9 1#2 * ? *)", ("cron", "day-of-month")),
        ("cron(0 9 * 13 ? *)", ("cron", "month")),
        ("cron(0 9 * MAI ? *)", ("cron", "month")),
        ("cron(0 9 ? * 0 *)", ("cron", "day-of-week")),
        ("cron(0 9 ? * 8 *)", ("cron", "day-of-week")),
        ("cron(0 9 ? * 2#6 *)", ("cron", "day-of-week")),
        ("cron(0 9 ? * 2#0 *)", ("cron", "day-of-week")),
        ("cron(0 9 ? * 3#1,6#3 *)", ("cron", "day-of-week")),
        ("cron(0 9 ? * MON,6L *)", ("cron", "day-of-week")),
        ("cron(0 9 ? * 2W *)", ("cron", "day-of-week")),
        ("cron(0 9 ? * FRI-MON *)", ("cron", "day-of-week")),
        ("cron(0 9 * * ? 1969)", ("cron", "year")),
        ("cron(0 9 * * ? 2200)", ("cron", "year")),
    ],
)
def test_what_a_rule_refuses_is_refused_at_its_place(text: Any, path: tuple[str | int, ...]) -> None:
    assert refusal(text).path == path


@pytest.mark.parametrize(
    "text",
    ["at(2026-12-24)", "at(2026-12-24 18:00:00)", "at(2026-02-30T18:00:00)", "at(2026-12-24T25:00:00)", "at()"],
)
def test_a_single_time_is_a_date_and_a_time_without_a_zone(text: str) -> None:
    assert refusal(text, "scheduler").path == ("at",)


def test_zones_are_those_of_the_iana_database_and_for_schedulers_only() -> None:
    assert "use a scheduler" in refusal("rate(5 minutes)", "rule", "Europe/Berlin").words
    assert "did you mean Europe/Berlin?" in refusal("rate(5 minutes)", "scheduler", "Europe/Berln").words
    for wrong in ("", "Europe", "../zone", "/etc/localtime", 5, "Nowhere\0"):
        assert refusal("rate(5 minutes)", "scheduler", wrong).path == ("zone",)
    with pytest.raises(ValueError, match="rule or scheduler"):
        compile_schedule("rate(5 minutes)", "cron")  # type: ignore[arg-type]


# A second, slower reading: let the minutes pass one after the other, and ask whether each field takes what the clocks show.

BOUNDS = {
    "minutes": (0, 59),
    "hours": (0, 23),
    "day-of-month": (1, 31),
    "month": (1, 12),
    "day-of-week": (1, 7),
    "year": (2024, 2030),
}
NAMES = {
    "month": ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    "day-of-week": ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
}
HORIZON = timedelta(days=420)
QUARTER = timedelta(minutes=15)
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Cairo")


def takes(text: str, name: str, value: int) -> bool:
    """Whether a field of numbers takes a value."""
    low, high = BOUNDS[name]
    for item in text.split(","):
        for place, word in enumerate(NAMES.get(name, ()), 1):
            item = item.replace(word, str(place))
        span, _, step = item.partition("/")
        first, _, last = span.replace("*", f"{low}-{high}").partition("-")
        top = int(last) if last else high if step else int(first)
        if int(first) <= value <= top and (value - int(first)) % int(step or 1) == 0:
            return True
    return False


def takes_day(in_month: str, in_week: str, day: date) -> bool:
    length = monthrange(day.year, day.month)[1]
    workdays = [n for n in range(1, length + 1) if date(day.year, day.month, n).weekday() < 5]
    if in_month == "L":
        return day.day == length
    if in_month == "LW":
        return day.day == workdays[-1]
    if in_month.endswith("W"):
        wanted = int(in_month[:-1])
        return wanted <= length and day.day == min(workdays, key=lambda n: (abs(n - wanted), n))
    if in_month != "?":
        return takes(in_month, "day-of-month", day.day)
    weekday = day.isoweekday() % 7 + 1
    if in_week == "L":
        return weekday == 7
    if in_week.endswith("L"):
        return weekday == int(in_week[:-1]) and day.day + 7 > length
    if "#" in in_week:
        which, _, k = in_week.partition("#")
        return weekday == int(which) and (day.day + 6) // 7 == int(k)
    return takes(in_week, "day-of-week", weekday)


def watched(fields: list[str], zone: ZoneInfo, start: datetime) -> datetime | None:
    """The first minute after a start that every field takes, found by letting time pass; None beyond the horizon."""
    minutes, hours, in_month, month, in_week, year = fields

    @lru_cache
    def wanted(day: date) -> bool:
        return takes(month, "month", day.month) and takes(year, "year", day.year) and takes_day(in_month, in_week, day)

    at = start.astimezone(UTC).replace(second=0) + timedelta(minutes=1)
    while at < start + HORIZON:
        clock = at.astimezone(zone)
        if not wanted(clock.date()) or not takes(hours, "hours", clock.hour):
            at = at.replace(minute=at.minute // 15 * 15) + QUARTER
        elif clock.fold == 0 and takes(minutes, "minutes", clock.minute):
            return at
        else:
            at += timedelta(minutes=1)
    return None


def drawn_numbers(draw: random.Random, name: str) -> str:
    """A field of numbers: all, one, a list, a range or a step."""
    low, high = BOUNDS[name]
    first, second = sorted(draw.sample(range(low, high + 1), 2))
    word = (lambda n: NAMES[name][n - 1]) if name in NAMES and draw.random() < 0.5 else str
    forms = ["*", word(first), f"{word(first)},{word(second)}", f"{word(first)}-{word(second)}"]
    forms += [f"*/{draw.randint(1, 7)}", f"{first}/{draw.randint(1, 7)}", f"{first}-{second}/{draw.randint(1, 5)}"]
    return draw.choice(forms if name != "year" else ["*", "*", "*", word(first), forms[3]])


def drawn_expression(draw: random.Random) -> list[str]:
    fields = [drawn_numbers(draw, name) for name in BOUNDS]
    if draw.random() < 0.4:
        fields[0:2] = [draw.choice(["30", "*/20", "0,59", "*"]), draw.choice(["1", "2", "0-3", "23"])]
    in_month = draw.choice(["L", "LW", f"{draw.randint(1, 31)}W", fields[2], fields[2]])
    in_week = draw.choice(["L", f"{draw.randint(1, 7)}L", f"{draw.randint(1, 7)}#{draw.randint(1, 5)}", fields[4], fields[4]])
    fields[2], fields[4] = draw.choice([(in_month, "?"), ("?", in_week)])
    return fields


def drawn_start(draw: random.Random, zone: ZoneInfo) -> datetime:
    """An instant of 2024 to 2026; every second one within a day and a half before or after a change of the clocks."""
    at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=draw.randrange(3 * 365 * 86_400))
    if draw.random() < 0.5:
        for day in range(370):
            later = at + timedelta(days=day)
            if later.astimezone(zone).utcoffset() != at.astimezone(zone).utcoffset():
                return later - timedelta(seconds=draw.randrange(36 * 3_600))
    return at


def check_drawn(seed: int) -> None:
    draw = random.Random(seed)
    zone = ZoneInfo(draw.choice(ZONES))
    fields, start = drawn_expression(draw), drawn_start(draw, zone)
    found = compile_schedule(f"cron({' '.join(fields)})", "scheduler", zone.key).after(start)
    expected = watched(fields, zone, start)
    if expected is None:
        assert found is None or found >= start + HORIZON, (fields, zone.key, start, found)
    else:
        # Compared as seconds: within an hour that comes twice, Python holds times of two zones for unequal.
        assert found is not None, (fields, zone.key, start, expected)
        assert found.timestamp() == expected.timestamp(), (fields, zone.key, start, found, expected)


def test_drawn_schedules_fire_when_one_who_watches_the_clock_says_so() -> None:
    for seed in range(40):
        check_drawn(seed)


@pytest.mark.slow
def test_five_hundred_drawn_schedules_fire_when_one_who_watches_the_clock_says_so() -> None:
    for seed in range(1_000, 1_500):
        check_drawn(seed)
