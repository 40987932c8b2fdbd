"""Durations, rates, shares and sizes: exact in, short words out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology import units


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("30s", 30_000_000_000),
        ("15ms", 15_000_000),
        ("1h", 3_600_000_000_000),
        ("500us", 500_000),
        ("500µs", 500_000),
        ("2m", 120_000_000_000),
        ("2min", 120_000_000_000),
        ("4d", 345_600_000_000_000),
        ("1m30s", 90_000_000_000),
        ("1 m 30 s", 90_000_000_000),
        ("1.5 h", 5_400_000_000_000),
        ("0.1ms", 100_000),
        ("30000000001ns", 30_000_000_001),
        (".5s", 500_000_000),
        (0, 0),
        ("0s", 0),
    ],
)
def test_durations_are_exact(text: object, ns: int) -> None:
    assert units.parse_duration(text) == ns


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (30, "but 30 has no unit"),
        ("30", "expected a duration such as 30s, 15ms, 2m or 1h, got '30'"),
        ("-5s", "time does not run backwards"),
        ("0.5ns", "'0.5ns' is finer than a nanosecond"),
        ("31d", "'31d' is too long: at most 30 days"),
        ("9" * 20 + "d", "is too long"),
        ("9" * 400 + "d", "expected a duration"),
        ("", "got an empty text"),
        ("5 parsecs", "expected a duration"),
        ("٣s", "expected a duration"),
        (True, "got true"),
        (None, "got nothing"),
        ([], "got a list"),
        (float("inf"), "has no unit"),
    ],
)
def test_wrong_durations_say_what_was_expected(text: object, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        units.parse_duration(text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("100/s", 100.0), ("60/m", 1.0), ("1000/h", 1000 / 3600), ("2.5 / s", 2.5), (0, 0.0), ("0/s", 0.0)],
)
def test_rates(text: object, rate: float) -> None:
    assert units.parse_rate(text) == rate


@pytest.mark.parametrize("text", [100, "100", "1000001/s", "-1/s", "1/week", True, None, float("nan"), "1e9/s"])
def test_wrong_rates(text: object) -> None:
    with pytest.raises(ValueError, match=r"expected a rate|too fast"):
        units.parse_rate(text)


@pytest.mark.parametrize(("text", "share"), [("5%", 0.05), (0.05, 0.05), ("99.9 %", 0.999), (1, 1.0), ("0%", 0.0)])
def test_shares(text: object, share: float) -> None:
    assert units.parse_share(text) == share


@pytest.mark.parametrize("text", ["5", "%", "five", True, None, float("nan"), float("inf"), "-5%"])
def test_wrong_shares(text: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        units.parse_share(text)


@pytest.mark.parametrize(
    ("text", "size"), [("256KiB", 262_144), ("1MB", 1_000_000), ("1.5 kB", 1_500), (7, 7), ("1GiB", 1 << 30), ("3B", 3)]
)
def test_sizes(text: object, size: int) -> None:
    assert units.parse_size(text) == size


@pytest.mark.parametrize("text", ["256", "1.5B", "9999999TiB", -1, 1.5, True, None])
def test_wrong_sizes(text: object) -> None:
    with pytest.raises(ValueError, match=r"expected a size|whole number of bytes"):
        units.parse_size(text)


@pytest.mark.parametrize(
    ("ns", "words"),
    [
        (0, "0 s"),
        (7, "7 ns"),
        (1_500, "1.5 µs"),
        (15_000_000, "15 ms"),
        (999_999, "1 ms"),
        (999_999_999, "1 s"),
        (1_240_000_000, "1.24 s"),
        (30_000_000_000, "30 s"),
        (59_960_000_000, "1 min"),
        (90_000_000_000, "1 min 30 s"),
        (3_599_600_000_000, "1 h"),
        (3_660_000_000_000, "1 h 1 min"),
        (187_200_000_000_000, "2 d 4 h"),
        (-15_000_000, "-15 ms"),
    ],
)
def test_durations_in_words(ns: int, words: str) -> None:
    assert units.format_duration(ns) == words


@pytest.mark.parametrize(
    ("per_second", "words"), [(100.0, "100/s"), (1234.0, "1,234/s"), (0.5, "30/min"), (0.0, "0/s"), (2 / 3600, "2/h")]
)
def test_rates_in_words(per_second: float, words: str) -> None:
    assert units.format_rate(per_second) == words


@pytest.mark.parametrize(
    ("share", "words"), [(0.05, "5 %"), (0.995, "99.5 %"), (1.0, "100 %"), (0.99999, "> 99.9 %"), (0.00001, "< 0.1 %")]
)
def test_shares_never_pretend(share: float, words: str) -> None:
    assert units.format_share(share) == words


@given(st.integers(0, units.MAX_DURATION_NS))
def test_exact_durations_read_back(ns: int) -> None:
    assert units.parse_duration(units.exact_duration(ns)) == ns


@given(st.integers(0, units.MAX_DURATION_NS))
def test_words_read_back_nearly(ns: int) -> None:
    assert abs(units.parse_duration(units.format_duration(ns)) - ns) <= max(1, ns // 20)


@given(st.integers(0, 10**6), st.integers(0, 999))
def test_decimals_are_never_rounded(whole: int, thousandths: int) -> None:
    assert units.parse_duration(f"{whole}.{thousandths:03}ms") == whole * 1_000_000 + thousandths * 1_000


@given(st.text(max_size=30) | st.integers() | st.floats() | st.booleans() | st.none())
def test_any_value_is_read_or_refused_in_words(value: object) -> None:
    for parse in (units.parse_duration, units.parse_rate, units.parse_share, units.parse_size):
        assert reason(parse, value).strip("'") != ""


def reason(parse: Callable[[object], float], value: object) -> str:
    """Why a value is refused, or that it is not."""
    try:
        parse(value)
    except ValueError as error:
        return str(error)
    return "read"
