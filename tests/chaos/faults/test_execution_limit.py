"""A quota of executions that others use up."""

from __future__ import annotations

import pytest

from tests.chaos.faults.flows import CALL, working
from tests.chaos.faults.shops import between, breaks, clean, gauge, reasons, to

STATES = {"Rest": {"Type": "Wait", "Seconds": 1, "Next": "Work"}, "Work": CALL | {"End": True}}


def test_more_than_are_left_are_refused_and_what_runs_goes_on() -> None:
    run = working(STATES, breaks("execution_limit", "flow", 2, 4, share="75%"), open=200)
    assert gauge(to(run, 1.99), "flow", "running") == pytest.approx(101, abs=3)
    # Of 101 that run none is stopped; when there are less than 50 others are begun, 50 a second.
    assert gauge(to(run, 2.4), "flow", "running") == pytest.approx(60, abs=4)
    during = between(run, 3, 6)
    assert during.yes == pytest.approx(150, abs=12)
    assert during.no == pytest.approx(150, abs=12)
    assert list(reasons(run)) == ["flow: too many open executions (ExecutionLimitExceeded)"]
    after = between(run, 6.1, 8)
    assert after.no == 0
    assert gauge(run, "flow", "failed") == 0
    assert clean(run)


def test_two_leave_less_and_each_heals_alone() -> None:
    both = breaks("execution_limit", "flow", 2, 8, share="50%"), breaks("execution_limit", "flow", 2, 4, share="80%")
    run = working(STATES, *both, open=200)
    assert gauge(to(run, 5.9), "flow", "running") == pytest.approx(20, abs=2)
    assert gauge(to(run, 9.9), "flow", "running") == pytest.approx(100, abs=2)
    assert gauge(to(run, 14), "flow", "running") == pytest.approx(101, abs=3)


def test_by_default_nothing_is_left() -> None:
    run = working(STATES, breaks("execution_limit", "flow", 2, 2))
    assert between(run, 2.1, 3.9).no == 180
    assert gauge(run, "flow", "running") == 0
