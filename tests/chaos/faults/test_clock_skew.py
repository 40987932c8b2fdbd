"""A clock that is ahead or behind."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from chaos.runner import Runner
from tests.chaos.faults.shops import breaks, clean, offered_in, shop, to

APP = {
    "web": "producer, rate: 200/s, deadline: 2s",
    "front": "service, slots: 100, takes: 1ms",
    "app": "service, slots: 1, takes: 4ms, queue: {drop_expired: true}",
}
LINKS = ["web -> front", {"link": "front -> app", "timeout": "1s", "policies": {"deadline_propagation": {}}}]


def test_jobs_run_by_the_wrong_clock() -> None:
    run = shop({"job": "cron, every: 10s"}, ["web -> app", "job -> app"], breaks("clock_skew", "job", 12, 20, by="4s"))
    ends = []
    for tenth in range(100, 420):
        jobs = next(flow.offered for flow in to(run, tenth / 10 + 0.05).frames()[0].flows if flow.producer == "job")
        ends.append(jobs)
    ran = [(100 + i) / 10 for i in range(1, len(ends)) if ends[i] > ends[i - 1]]
    # Four seconds ahead, the runs of 20 s and 30 s begin at 16 s and 26 s; that of 40 s, at its own instant again.
    assert ran == pytest.approx([16, 26, 40], abs=0.11)


def test_where_nobody_compares_clocks_nothing_happens() -> None:
    run = shop({}, ["web -> app"], breaks("clock_skew", "app", 2, 4, by="1h"))
    found = offered_in(run, 2, 6, wait_s=0.1)
    assert found.served == found.offered
    assert clean(to(run, 6.1))


def test_two_of_them_add_up() -> None:
    both = breaks("clock_skew", "app", 2, 6, by="10s"), breaks("clock_skew", "app", 3, 2, by="4s", behind=True)
    run = shop({}, ["web -> app"], *both)
    place = run.worlds[0].groups["app"].places[0]  # type: ignore[attr-defined]
    assert [(to(run, at), place.skew // 10**9)[1] for at in (2.5, 4, 6, 8.5)] == [10, 6, 10, 0]
    assert clean(run)


TIMES = {
    "web": "producer, rate: 90/s, arrivals: constant, work: [it]",
    "odd": "producer, rate: 10/s, arrivals: constant, work: [it]",
    "s": "kinesis, shards: 2, partition: message",
    "it": "stream_processor, size: 10s, by: one",
}
LATE = "it: late data: its windows were closed"


def lost(run: Runner) -> list[int]:
    """How many events of each producer were dropped because they came late, until now."""
    flows = run.frames()[0].flows
    assert all(set(dict(flow.reasons)) <= {LATE} for flow in flows)
    return [flow.lost for flow in flows]


def test_one_device_that_is_ahead_closes_the_windows_of_all_others() -> None:
    run = shop(TIMES, ["web => s", "odd => s", "s => it"], breaks("clock_skew", "odd", 30, 20, by="60s"))
    assert lost(to(run, 29)) == [0, 0]
    # Its last event is of 109.9 s: all windows that end before that are closed, the latest at 100 s.
    found = lost(to(run, 140))
    assert found[0] == pytest.approx(90 * 70, rel=0.03)
    assert found[1] == pytest.approx(10 * 50, rel=0.05)
    assert clean(run)


def test_one_device_that_is_behind_is_late_itself() -> None:
    run = shop(TIMES, ["web => s", "odd => s", "s => it"], breaks("clock_skew", "odd", 30, 20, by="60s", behind=True))
    assert lost(to(run, 100)) == [0, pytest.approx(200, abs=3)]
    assert clean(run)


def test_a_clock_that_nobody_looks_at_cannot_be_wrong() -> None:
    with pytest.raises(Refused, match="where a stream processor goes by the times"):
        to(shop(), 1).do(breaks("clock_skew", "web", 0))
