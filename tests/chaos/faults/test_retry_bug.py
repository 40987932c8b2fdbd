"""Attempts without end and without delay."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import between, breaks, clean, shop, to


def test_nothing_is_repeated_while_nothing_fails() -> None:
    run = shop({}, ["web -> app"], breaks("retry_bug", "web -> app", 2, attempts=8))
    found = between(run, 2, 6)
    assert found.attempts == found.offered


def test_what_fails_is_sent_as_often_as_the_bug_says() -> None:
    run = shop({}, ["web -> app"], breaks("retry_bug", "web -> app", 2, 8, attempts=8), breaks("crash", "app", 4, 4))
    found = between(run, 4, 8)
    assert found.attempts / found.offered == pytest.approx(8.0, rel=0.01)
    found = between(run, 8.01, 12)
    assert found.attempts == found.offered
    assert clean(run)


def test_with_half_of_the_work_failing_attempts_follow_the_geometric_series() -> None:
    bug = breaks("retry_bug", "web -> app", 2, 8, attempts=3)
    run = shop({}, ["web -> app"], bug, breaks("errors", "app", 2, 8, share="50%"))
    found = between(run, 3, 9)
    assert found.attempts / found.offered == pytest.approx(1 + 0.5 + 0.25, rel=0.05)
    assert found.success == pytest.approx(1 - 0.125, abs=0.03)


def test_of_two_the_one_with_more_attempts_counts_and_each_heals_alone() -> None:
    bugs = breaks("retry_bug", "web -> app", 2, 4, attempts=6), breaks("retry_bug", "web -> app", 2, 8, attempts=3)
    run = shop({}, ["web -> app"], *bugs, breaks("crash", "app", 2, 12))
    amplified = [between(run, at, at + 2) for at in (3, 7, 11)]
    assert [c.attempts / c.offered for c in amplified] == pytest.approx([6, 3, 1], rel=0.02)
    assert clean(to(run, 15))


def test_what_is_fetched_cannot_be_sent_again() -> None:
    run = to(shop({"queue": "sqs"}, ["web => queue => app"]), 1)
    with pytest.raises(Refused, match="fetched"):
        run.do(breaks("retry_bug", "queue => app", 0))
