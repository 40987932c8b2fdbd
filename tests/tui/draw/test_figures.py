"""Figures as people read them."""

from __future__ import annotations

import pytest

from tui.draw import figures
from tui.draw.panel import curve

S = 1_000_000_000


@pytest.mark.parametrize(
    ("per_second", "words"),
    [
        (0, "0/s"),
        (0.4, "0.4/s"),
        (0.01, "<0.1/s"),
        (3.0, "3/s"),
        (100, "100/s"),
        (12_400, "12.4k/s"),
        (99_980, "100k/s"),
    ],
)
def test_rates(per_second: float, words: str) -> None:
    assert figures.rate(per_second) == words


@pytest.mark.parametrize(
    ("ns", "words"),
    [(0, "0 s"), (350_000_000, "350 ms"), (2_100_000_000, "2.1 s"), (11 * S, "11 s"), (185 * S, "3 min 5 s")],
)
def test_lengths_of_time(ns: int, words: str) -> None:
    assert figures.short_time(ns) == words


@pytest.mark.parametrize(
    ("share", "words"), [(0, "0 %"), (0.001, "<1 %"), (0.999, ">99 %"), (1.0, "100 %"), (0.5, "50 %")]
)
def test_shares_never_round_to_all_or_nothing(share: float, words: str) -> None:
    assert figures.percent(share) == words


def test_the_clock() -> None:
    assert figures.clock(41_250_000_000) == "00:41.2"
    assert figures.clock(3_600 * S) == "1:00:00.0"


def test_words_wrap_and_end_with_an_ellipsis() -> None:
    assert figures.wrap_to("one two three four five", 9, 2) == ["one two", "three …"]
    assert figures.wrap_to("one two", 9, 2) == ["one two"]


def test_a_curve_shows_whatever_is_above_nothing() -> None:
    assert curve([0.0, 0.01, 100.0], 100.0, 5) == "  ▁▂█"


def test_a_curve_of_nothing_is_flat() -> None:
    assert curve([0.0, 0.0], 0.0, 2) == "▁▁"
