"""Schedules of retries, by arithmetic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.push.retry_phases import BACKOFFS, CUSTOMER, HTTP, MANAGED, SECOND, Phases, grown, phases

DAY = 86_400 * SECOND


def delays(schedule: Phases) -> list[float]:
    """All delays, in seconds."""
    return [schedule.delay_ns(n) / SECOND for n in range(1, schedule.retries() + 1)]


def test_a_queue_is_tried_100015_times_over_23_days() -> None:
    found = delays(MANAGED)
    assert len(found) == MANAGED.retries() == 100_015
    assert found[:3] == [0, 0, 0]
    assert found[3:5] == [1, 1]
    assert found[5:15] == sorted(found[5:15])
    assert (found[5], found[14]) == (1, 20)
    assert set(found[15:]) == {20}
    assert MANAGED.total_ns() == pytest.approx(23.15 * DAY, rel=0.001)
    assert sum(found) == pytest.approx(MANAGED.total_ns() / SECOND)
    assert MANAGED.delay_ns(100_016) == -1


def test_mail_sms_and_push_are_tried_50_times_over_6_hours() -> None:
    found = delays(CUSTOMER)
    assert len(found) == 50
    assert found[:2] == [10, 10]
    assert (found[2], found[11]) == (10, 600)
    assert found[12:] == [600] * 38
    assert 6 * 3600 < sum(found) < 7 * 3600


def test_http_is_tried_three_times_20_seconds_apart() -> None:
    assert delays(HTTP) == [20, 20, 20]
    assert HTTP.delay_ns(4) == -1


def test_the_phases_follow_each_other() -> None:
    made = phases(2, 1, 3, 2, 5 * SECOND, 25 * SECOND, "linear")
    assert delays(made) == [0, 0, 5, 5, 15, 25, 25, 25]
    assert made.total_ns() == 100 * SECOND
    assert delays(phases(0, 0, 1, 0, 5 * SECOND, 25 * SECOND, "linear")) == [5]


@pytest.mark.parametrize(
    ("style", "middle"),
    [("linear", 132), ("arithmetic", 5 + 255 * 5 * 6 / 110), ("geometric", 5 * 52**0.5), ("exponential", 12.73)],
)
def test_each_backoff_has_its_curve(style: str, middle: float) -> None:
    """From 5 s to 260 s in eleven steps, half-way: linear is the longest, exponential the shortest."""
    made = [grown(5 * SECOND, 260 * SECOND, style, i, 10) / SECOND for i in range(11)]
    assert (made[0], made[10]) == (5, pytest.approx(260))
    assert made[5] == pytest.approx(middle if style != "linear" else 132.5, rel=0.001)


@given(st.integers(1, 3600), st.integers(0, 3600), st.sampled_from(BACKOFFS), st.integers(2, 100))
def test_a_backoff_never_falls_and_keeps_its_bounds(low: int, more: int, style: str, n: int) -> None:
    made = [grown(low * SECOND, (low + more) * SECOND, style, i, n - 1) for i in range(n)]
    assert made == sorted(made)
    assert made[0] == pytest.approx(low * SECOND, abs=2)
    assert made[-1] == pytest.approx((low + more) * SECOND, rel=1e-9)
