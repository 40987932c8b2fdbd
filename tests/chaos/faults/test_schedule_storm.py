"""Many schedules at one instant."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import arrivals, breaks, clean, shop, to

LINKS = ["web -> app", "times => jobs"]
AT_ONCE = {"times": "scheduler, schedule: rate(1 hour), precision: 0s", "jobs": "sqs"}
SPREAD = {"times": "scheduler, schedule: rate(1 hour), window: 10s", "jobs": "sqs"}
CRON = {"times": "cron, every: 5s, overlap: skip", "app": "service, slots: 5000, takes: 5ms"}


def test_so_many_more_fire_at_the_instant() -> None:
    run = shop(AT_ONCE, LINKS, breaks("schedule_storm", "times", 2, 1))
    assert arrivals(run, "jobs", 0, 2) == 0
    assert arrivals(run, "jobs", 2, 2.1) == 500
    assert arrivals(run, "jobs", 2.1, 30) == 0
    assert clean(run)


def test_a_flexible_window_spreads_them() -> None:
    run = shop(SPREAD, LINKS, breaks("schedule_storm", "times", 2, 1, jobs=1000))
    assert [arrivals(run, "jobs", at, at + 5) for at in (2, 7, 12)] == [pytest.approx(500, abs=60)] * 2 + [0]
    assert clean(run)


def test_two_come_beside_each_other_and_a_ramp_brings_them_bit_by_bit() -> None:
    both = breaks("schedule_storm", "times", 2, 1, jobs=300), breaks("schedule_storm", "times", 2.5, 10, ramp_s=4, jobs=400)
    run = shop(AT_ONCE, LINKS, *both)
    assert arrivals(run, "jobs", 2, 2.5) == 300
    assert arrivals(run, "jobs", 2.5, 4.55) == pytest.approx(200, abs=15)
    assert arrivals(run, "jobs", 4.55, 20) == pytest.approx(200, abs=15)
    assert clean(run)


def test_a_second_storm_after_the_first_is_healed() -> None:
    run = shop(AT_ONCE, LINKS, *[breaks("schedule_storm", "times", at, 1, jobs=50) for at in (2, 4)])
    assert [arrivals(run, "jobs", at, at + 1) for at in (2, 3, 4, 5)] == [50, 0, 50, 0]


def test_cron_begins_as_many_jobs_and_its_own_runs_go_on() -> None:
    links = ["web -> app", "times -> app"]
    quiet = CRON | {"web": "producer, rate: 1/h"}
    run = shop(quiet, links, breaks("schedule_storm", "times", 4.999, 1, jobs=100))
    assert arrivals(run, "app", 4.9, 4.9999) == 100
    assert arrivals(run, "app", 4.9999, 5.1) == 1
    assert arrivals(run, "app", 9.9, 10.1) == 1
    assert clean(run)


def test_whoever_keeps_no_calendar_fires_nothing() -> None:
    run = to(shop(AT_ONCE, LINKS), 1)
    with pytest.raises(Refused, match="it acts on a scheduler or a cron"):
        run.do(breaks("schedule_storm", "app", 0))
