"""Heartbeats that nobody hears."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.flows import asking
from tests.chaos.faults.shops import breaks, clean, gauge, reasons, to


def test_what_takes_longer_than_its_heartbeat_fails() -> None:
    run = asking(breaks("heartbeats_lost", "flow", 4, 4, share="100%"), callback="3s", heartbeat=1)
    assert gauge(to(run, 3.99), "flow", "running") == pytest.approx(300, abs=4)
    assert gauge(run, "flow", "failed") == 0
    # Those that were begun since 1 s and are not done by 5 s, and what comes until 7 s or so.
    failed = gauge(to(run, 12), "flow", "failed")
    assert failed == pytest.approx(550, abs=110)
    assert list(reasons(run)) == ["flow: the execution failed: States.Timeout"]
    assert gauge(to(run, 20), "flow", "failed") == failed
    assert gauge(run, "flow", "running") == pytest.approx(300, abs=4)
    assert clean(run)


def test_what_is_quicker_than_its_heartbeat_fares_well() -> None:
    run = asking(breaks("heartbeats_lost", "flow", 2, 4, share="100%"), callback="500ms", heartbeat=1)
    assert gauge(to(run, 8), "flow", "failed") == 0
    assert gauge(run, "flow", "succeeded") == pytest.approx(750, abs=4)


def test_two_hit_more_and_each_heals_alone() -> None:
    both = breaks("heartbeats_lost", "flow", 2, 18, share="20%"), breaks("heartbeats_lost", "flow", 2, 8, share="50%")
    run = asking(*both, callback="3s", heartbeat=1)
    first, then = gauge(to(run, 4), "flow", "failed"), gauge(to(run, 8), "flow", "failed")
    assert then - first == pytest.approx(400 * 0.6, abs=60)
    later, last = gauge(to(run, 13), "flow", "failed"), gauge(to(run, 17), "flow", "failed")
    assert last - later == pytest.approx(400 * 0.2, abs=40)
    assert clean(to(run, 21))


def test_a_task_without_a_heartbeat_has_none_to_lose() -> None:
    with pytest.raises(Refused, match="a task that sends heartbeats"):
        asking().do(breaks("heartbeats_lost", "flow", 0))
