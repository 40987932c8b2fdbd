"""Cron: when runs begin, what happens when they overlap, and what a crash or a wrong clock does to them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from chaos.figures import flows_of
from tests.topology.worlds import MS, S, all_of, check_sum, flow, node, reasons, to_the_end, world
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld

APP = "service, slots: 50, takes: 1s"


def nightly(words: str = "", app: str = APP) -> SimWorld:
    return world({"nightly": f"cron, every: 10s{words}", "app": app}, ["nightly -> app"])


def begun(one: SimWorld, until: int, step_ms: int = 100, lift: int = 0) -> list[float]:
    """When runs began from now on, in seconds, to within the step; something may be lifted first."""
    found, before = [], flow(one, "nightly").offered
    one.lift(lift)
    while one.now < until:
        one.advance(one.now + step_ms * MS)
        now = flow(one, "nightly").offered
        found += [one.now / S] * (now - before)
        before = now
    return found


def test_it_begins_by_the_clock_and_its_flow_bears_its_name() -> None:
    one = nightly(", at: 3s")
    assert begun(one, 40 * S) == pytest.approx([3, 13, 23, 33], abs=0.11)
    found = to_the_end(one)
    assert found.producer == "nightly"
    assert (found.offered, found.served, found.done) == (4, 4, 4)
    assert found.latency_p50_ns == pytest.approx(1 * S, rel=0.01)
    assert flows_of(one) == ["nightly"]


def test_without_a_first_instant_it_begins_after_one_period() -> None:
    assert begun(nightly(), 35 * S) == pytest.approx([10, 20, 30], abs=0.11)


def test_jitter_spreads_runs_by_chance() -> None:
    at = begun(nightly(", jitter: 8s"), 2000 * S, 500)
    late = [t - 10 * (i + 1) for i, t in enumerate(at)]
    assert min(late) >= 0
    assert max(late) <= 8.5
    assert sum(late) / len(late) == pytest.approx(4.25, abs=0.6)


def test_a_run_of_many_jobs_comes_all_at_once() -> None:
    one = nightly(", jobs: 200", app="service, slots: 20, takes: 100ms")
    one.advance(10 * S + 1)
    assert node(one, "app").queued == 180
    found = to_the_end(one)
    assert found.served == 200
    assert found.latency_p99_ns == pytest.approx(1 * S, rel=0.02)


@pytest.mark.parametrize(("overlap", "offered", "most"), [("allow", 9, 3), ("skip", 3, 1), ("queue", 4, 1)])
def test_runs_that_overlap(overlap: str, offered: int, most: int) -> None:
    """Runs are due every 10 s and take 25 s: up to three at once, or every third, or one after the other."""
    one = nightly(f", overlap: {overlap}, deadline: 1h", app="service, slots: 50, takes: 25s")
    seen = 0
    while one.now < 95 * S:
        one.advance(one.now + S)
        seen = max(seen, node(one, "app").busy)
    assert flow(one, "nightly").offered == offered
    assert seen == most
    gauges = dict(node(one, "nightly").gauges)
    assert gauges["left out"] == (9 - offered if overlap == "skip" else 0)
    assert gauges["queued"] == (5 if overlap == "queue" else 0)


def test_what_waited_for_the_run_before_counts_from_when_it_was_due() -> None:
    one = nightly(", overlap: queue, deadline: 12s", app="service, slots: 50, takes: 12s")
    one.advance(60 * S)
    found = to_the_end(one)
    assert (found.served, found.late) == (1, found.offered - 1)


@pytest.mark.parametrize(("catch_up", "more"), [("none", 0), ("one", 1), ("all", 3)])
def test_what_was_due_while_it_was_down(catch_up: str, more: int) -> None:
    """Down from 15 s to 42 s: the runs of 20 s, 30 s and 40 s were missed."""
    one = nightly(f", catch_up: {catch_up}")
    one.advance(15 * S)
    handle = one.kill(all_of(one, "nightly"))
    one.advance(42 * S)
    assert flow(one, "nightly").offered == 1
    at = begun(one, 65 * S, lift=handle)
    assert at == pytest.approx([42.1] * more + [50, 60], abs=0.11)
    assert dict(node(one, "nightly").gauges)["missed"] == 3
    check_sum(to_the_end(one))


def test_it_makes_up_for_what_was_missed_when_it_has_started() -> None:
    """Down from 15 s to 22 s, and 6 s to start anew: the run of 20 s begins at 28 s."""
    one = nightly(", start: 6s")
    one.advance(15 * S)
    handle = one.kill(all_of(one, "nightly"))
    one.advance(22 * S)
    assert begun(one, 35 * S, lift=handle) == pytest.approx([28.1, 30], abs=0.11)


def test_a_crash_fails_the_jobs_that_it_waits_for_though_they_go_on() -> None:
    one = nightly(", jobs: 5", app="service, slots: 50, takes: 5s")
    one.advance(12 * S)
    handle = one.kill(all_of(one, "nightly"))
    one.advance(13 * S)
    assert reasons(one, "nightly") == {"crashed in memory": 5}
    assert flow(one, "nightly").unanswered == 0
    one.lift(handle)
    one.advance(19 * S)
    found = flow(one, "nightly")
    assert (found.failed, found.done_after_no) == (5, 5)
    end = to_the_end(one)
    assert end.failed == 5


def test_two_crashes_that_overlap() -> None:
    one = nightly(", catch_up: none")
    one.advance(15 * S)
    first, second = one.kill(all_of(one, "nightly")), one.kill(all_of(one, "nightly"))
    one.advance(25 * S)
    one.lift(first)
    assert begun(one, 35 * S) == []
    one.lift(second)
    assert begun(one, 45 * S) == pytest.approx([40], abs=0.11)


@pytest.mark.parametrize(("by_s", "during"), [(4, [26, 36, 46]), (-4, [34, 44])])
def test_a_wrong_clock_shifts_when_it_begins_and_healed_it_is_right_again(by_s: int, during: list[int]) -> None:
    one = nightly(", catch_up: none")
    one.advance(25 * S)
    handle = one.lay("skew", all_of(one, "nightly"), {"by": by_s * S})
    assert begun(one, 48 * S) == pytest.approx(during, abs=0.11)
    assert begun(one, 75 * S, lift=handle) == pytest.approx([60, 70] if by_s > 0 else [50, 60, 70], abs=0.11)


def test_a_clock_put_far_ahead_makes_one_run_for_all_that_were_missed() -> None:
    one = nightly(", at: 10s")
    one.advance(15 * S)
    one.lay("skew", all_of(one, "nightly"), {"by": 57 * S})
    assert begun(one, 30 * S) == pytest.approx([15.1, 23], abs=0.11)


def test_a_freeze_delays_a_run_and_misses_others() -> None:
    one = nightly()
    one.advance(15 * S)
    handle = one.freeze(all_of(one, "nightly"))
    one.advance(33 * S)
    assert begun(one, 45 * S, lift=handle) == pytest.approx([33.1, 40], abs=0.11)


def test_a_job_that_hears_nothing_is_given_up() -> None:
    one = nightly(", patience: 30s")
    one.advance(5 * S)
    one.freeze(all_of(one, "app"))
    one.advance(45 * S)
    assert reasons(one, "nightly") == {"app: no answer in time": 1}


def test_it_hands_off_to_a_queue_and_refuses_what_cannot_be() -> None:
    one = world({"nightly": "cron, every: 1s", "q": "sqs", "app": APP}, ["nightly => q => app"])
    one.advance(20 * S)
    found = to_the_end(one)
    assert found.served == found.done == found.offered == 19
    with pytest.raises(PlaygroundError, match=r"scheduler"):
        world({"web": "producer, rate: 1/s", "nightly": "cron, every: 1s", "app": APP}, ["web -> nightly", "web -> app"])
    with pytest.raises(PlaygroundError, match="jitter"):
        nightly(", jitter: 11s")


def test_what_it_delivers_to_a_service_is_over_when_the_service_says_yes() -> None:
    one = world({"nightly": "cron, every: 10s", "app": "service, takes: 3s"}, ["nightly => app"])
    one.advance(12 * S)
    assert one.frame().flows[0].unanswered == 1
    one.advance(14 * S)
    assert one.frame().flows[0].served == 1


def test_runs_are_a_period_apart_for_a_long_time() -> None:
    at = begun(nightly(), 1000 * S, 500)
    assert len(at) == 99
    assert {round(b - a, 3) for a, b in pairwise(at)} == {10.0}
