"""EventBridge Scheduler, by the calendar."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.topology.nodes.buses import built, loaded
from tests.topology.worlds import S, all_of, check_frame, flow, node, to_the_end
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld

HOUR = 3600
APP = "  app: {kind: service, takes: 1ms}\n  grave: {kind: sqs}\n"


def scheduled(settings: str, link: str = "nightly => app", app: str = APP) -> SimWorld:
    return built(app, [link], f"  nightly: {{kind: scheduler, {settings}}}\n")


def arrivals(one: SimWorld, upto_s: int, step_s: int = 60) -> list[int]:
    """The seconds, to a step, at which the target was called."""
    found, before = [], 0
    for at in range(step_s, upto_s + 1, step_s):
        one.advance(at * S)
        now = node(one, "app").arrivals
        found += [at - step_s] * (now - before)
        before = now
    return found


def test_a_cron_expression_fires_within_the_minute_that_it_names() -> None:
    """EventBridge Scheduler User Guide, Schedule types: an invocation within 60 seconds."""
    one = scheduled("schedule: cron(30 3 * * ? *)")
    at = arrivals(one, 3 * 24 * HOUR)
    assert at == [day * 24 * HOUR + 3 * HOUR + 30 * 60 for day in range(3)]


def test_a_rate_is_counted_from_the_beginning() -> None:
    one = scheduled("schedule: rate(10 minutes), precision: 0s")
    assert arrivals(one, HOUR + 60) == [600 * n for n in range(1, 7)]


def test_a_one_time_schedule_fires_once() -> None:
    one = scheduled("schedule: at(2026-01-05T02:00:00), precision: 0s")
    assert arrivals(one, 24 * HOUR) == [2 * HOUR]


def test_daylight_saving_time_makes_one_day_shorter() -> None:
    """EventBridge Scheduler User Guide, Schedule types, daylight savings time."""
    one = scheduled("schedule: cron(0 8 * * ? *), zone: Europe/Berlin, begins: 2026-03-28T00:00:00, precision: 0s")
    begin = datetime(2026, 3, 28, tzinfo=UTC).timestamp()
    at = [datetime.fromtimestamp(begin + s, UTC).hour for s in arrivals(one, 2 * 24 * HOUR)]
    assert at == [7, 6]


def test_a_flexible_window_spreads_what_would_come_in_one_minute() -> None:
    storm = scheduled("schedule: cron(0 * * * ? *), schedules: 600")
    storm.advance((HOUR + 61) * S)
    assert node(storm, "app").arrivals == 600 + 600  # at the full hour of the beginning, and at the next
    spread = scheduled("schedule: cron(0 * * * ? *), schedules: 600, window: 30m")
    spread.advance((HOUR + 61) * S)
    assert 600 <= node(spread, "app").arrivals <= 600 + 45
    spread.advance((HOUR + 30 * 60 + 1) * S)
    assert node(spread, "app").arrivals == 1200


def test_a_target_that_is_down_is_tried_again_and_the_work_is_late() -> None:
    one = scheduled("schedule: rate(1 minute), precision: 0s")
    handle = one.kill(all_of(one, "app"))
    one.advance(301 * S)
    assert flow(one, "nightly").waiting == 5
    one.lift(handle)
    one.advance(900 * S)
    found = flow(one, "nightly")
    assert found.served == found.done == found.offered == 14


def test_what_could_not_be_delivered_is_dead_or_lost() -> None:
    one = scheduled("schedule: rate(1 minute)", "{link: nightly => app, retry: {attempts: 1}, dead_letter: grave}")
    one.kill(all_of(one, "app"))
    one.advance(600 * S)
    assert to_the_end(one).dead_lettered == node(one, "grave").depth == 9
    one = scheduled("schedule: rate(1 minute)", "{link: nightly => app, retry: {attempts: 0}}")
    one.kill(all_of(one, "app"))
    one.advance(600 * S)
    assert to_the_end(one).lost == 9


def test_what_comes_due_while_the_service_is_down_fires_when_it_is_back() -> None:
    one = scheduled("schedule: rate(1 minute), precision: 0s")
    handle = one.kill(all_of(one, "nightly"))
    one.advance(301 * S)
    assert node(one, "app").arrivals == 0
    one.lift(handle)
    one.advance(302 * S)
    assert node(one, "app").arrivals == 5
    check_frame(one)


def test_it_delivers_to_queues_topics_and_buses() -> None:
    one = scheduled("schedule: rate(1 minute), precision: 0s", "nightly => jobs => app", APP + "  jobs: {kind: sqs}\n")
    one.advance(601 * S)
    assert to_the_end(one).served == 10


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("schedule: rate(0 minutes)", "rate"),
        ("schedule: cron(0 3 * * * *)", r"\?"),
        ("schedule: rate(1 minute), zone: Europe/Berlyn", "Berlyn"),
        ("schedule: rate(1 minute), begins: yesterday", "expected a date and time"),
        ("schedule: rate(1 minute), window: 1441m", "at most 1440m"),
    ],
)
def test_what_is_no_schedule_is_refused(settings: str, words: str) -> None:
    with pytest.raises(PlaygroundError, match=words):
        loaded(APP, ["nightly => app"], f"  nightly: {{kind: scheduler, {settings}}}\n")
