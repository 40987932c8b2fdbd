"""A clock that is ahead or behind."""

from __future__ import annotations

import pytest

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
