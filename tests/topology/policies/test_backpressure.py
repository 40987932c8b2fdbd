"""Back-pressure: a sending rate that gives way to a callee that refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.topology.worlds import MS, S, all_of, flow, link, reasons, to_the_end, world
from topology.sim.world import SimWorld

LINK = "app -> bank"
SETTINGS = "max: 100/s, min: 1/s, rises: 10/s, falls: 50%, every: 1s, wait: 500ms"
BANK = "endpoint, takes: 10ms, limit: 20/s"
BUSY = "endpoint, takes: 10ms, limit: 1/s"


def guarded(settings: str = SETTINGS, bank: str = BANK, more: str = "", rate: int = 80) -> SimWorld:
    web = f"producer, rate: {rate}/s, arrivals: constant, deadline: 2s"
    nodes = {"web": web, "app": "service, slots: 1000, takes: 0s", "bank": bank}
    return world(nodes, ["web -> app", f"{{link: {LINK}, backpressure: {{{settings}}}{more}}}"])


def policy(one: SimWorld) -> Any:
    return one.groups["app"].places[0].outlets[0].policies[-1]


def test_far_fewer_attempts_are_refused_by_the_callee() -> None:
    """The bank takes 20/s of 80/s. Without, 60/s are refused there; with it the rate saws round 20/s and few are."""
    with_it = guarded()
    without = world(
        {"web": "producer, rate: 80/s, arrivals: constant", "app": "service, slots: 1000, takes: 0s",
         "bank": "endpoint, takes: 10ms, limit: 20/s"}, ["web -> app", LINK],
    )
    for one in (with_it, without):
        one.advance(60 * S)
    assert dict(link(without, LINK).reasons)["bank: too many requests (429)"] == pytest.approx(60 * 60, rel=0.02)
    refused = dict(link(with_it, LINK).reasons)["bank: too many requests (429)"]
    assert refused < 0.1 * 60 * 60
    assert flow(with_it).served == pytest.approx(20 * 60, rel=0.1)
    assert flow(with_it).served == pytest.approx(flow(without).served, rel=0.12)
    assert set(reasons(with_it)) == {"bank: too many requests (429)", "bank: held back: the callee refuses"}


def test_the_rate_falls_at_once_and_rises_steadily() -> None:
    one = guarded(bank="endpoint, takes: 10ms, fails: 0%")
    one.advance(10 * S)
    assert flow(one).failed == 0
    handle = one.lay("throttle", all_of(one, "bank"), {"rate": 1})
    seen = []
    for t in range(1, 6):
        one.advance(10 * S + t * S)
        seen.append(policy(one).rate)
    assert seen[0] < 60
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] < 25
    one.lift(handle)
    one.advance(16 * S)
    low = policy(one).rate
    one.advance(19 * S)
    assert policy(one).rate == pytest.approx(low + 30, abs=1)
    one.advance(40 * S)
    failed = flow(one).failed
    one.advance(60 * S)
    assert flow(one).failed == failed
    assert policy(one).rate == 100


def test_a_dead_callee_is_no_wish_for_less() -> None:
    one = guarded(bank="endpoint, takes: 10ms")
    one.advance(5 * S)
    one.kill(all_of(one, "bank"))
    one.advance(10 * S)
    assert policy(one).rate == 100
    assert set(reasons(one)) == {"bank: connection refused"}


def test_it_paces_by_the_clock() -> None:
    """10/s, bursts of one: attempts are 100 ms apart, first come first served, and none waits for more than 500 ms."""
    one = guarded("max: 10/s, wait: 500ms", bank="endpoint, takes: 0s")
    one.advance(20 * S + 50 * MS)
    assert link(one, LINK).attempts == 201
    assert flow(one).latency_p99_ns == pytest.approx(500 * MS, rel=0.05)
    assert one.groups["app"].places[0].outlets[0].held == pytest.approx(40, abs=1)


def test_nothing_is_held_after_a_crash_of_the_caller() -> None:
    one = guarded("max: 10/s, wait: 10s")
    one.advance(5 * S)
    outlet = one.groups["app"].places[0].outlets[0]
    assert outlet.held > 100
    one.lift(one.kill(all_of(one, "app")))
    assert outlet.held == 0
    assert policy(one).rate == 10
    attempts = link(one, LINK).attempts
    one.advance(15 * S)
    assert link(one, LINK).attempts == pytest.approx(attempts + 100, abs=2)
    to_the_end(one)
    assert outlet.held == outlet.out == 0


def test_where_nobody_may_wait_it_refuses_at_once() -> None:
    one = guarded("max: 10/s, wait: 0s", bank="endpoint, takes: 0s")
    one.advance(10 * S)
    assert flow(one).served == pytest.approx(100, abs=2)
    assert one.groups["app"].places[0].outlets[0].held == 0
    few = guarded("max: 10/s, wait: 500ms, waiting: 2", bank="endpoint, takes: 0s")
    few.advance(10 * S)
    assert flow(few).served == pytest.approx(98, abs=3)
    assert flow(few).latency_p99_ns <= 300 * MS


def test_retries_are_paced_too() -> None:
    one = guarded(more=", retry: {attempts: 5, backoff: 10ms}")
    one.advance(60 * S)
    assert link(one, LINK).attempts < 25 * 60
    assert flow(one).served > 0.6 * 20 * 60

def test_it_starts_at_its_own_rate() -> None:
    one = guarded("max: 200/s, start: 40/s, rises: 0/s", bank="endpoint, takes: 10ms")
    one.advance(5 * S)
    assert link(one, LINK).attempts == pytest.approx(5 * 40, abs=2)


@pytest.mark.parametrize(
    ("settings", "left"),
    [("every: 1h, falls: 80%", 80), ("every: 2s, falls: 80%", 100 * 0.8**4), ("every: 100ms, falls: 50%, min: 12/s", 12)],
)
def test_each_fall_leaves_a_share_not_too_often_and_not_below_the_least(settings: str, left: float) -> None:
    """The bank takes 1/s and refuses the rest for 7.5 s, and the rate does not rise by itself."""
    one = guarded(f"max: 100/s, rises: 0/s, {settings}", bank=BUSY)
    one.advance(7 * S + 500 * MS)
    assert policy(one).rate == pytest.approx(left)


def test_after_a_quiet_time_some_may_follow_each_other_at_once() -> None:
    """A burst of ten at 10/s: four go at once, and one more each 100 ms."""
    burst = "producer, rate: 1/s, arrivals: constant, deadline: 2s, bursts: {every: 1h, first: 500ms, size: 10}"
    nodes = {"web": burst, "app": "service, slots: 1000, takes: 0s", "bank": "endpoint, takes: 0s"}
    one = world(nodes, ["web -> app", f"{{link: {LINK}, backpressure: {{max: 10/s, burst: 4}}}}"])
    seen = []
    for ms in (501, 550, 650, 750):
        one.advance(ms * MS)
        seen.append(link(one, LINK).attempts)
    assert seen == [4, 4, 5, 6]


def test_only_so_many_are_held_back_at_once() -> None:
    """10/s go, 80/s come: four wait, and the last of them for four turns."""
    one = guarded("max: 10/s, wait: 2s, waiting: 4", bank="endpoint, takes: 0s")
    one.advance(10 * S + 50 * MS)
    assert one.groups["app"].places[0].outlets[0].held == 4
    assert flow(one).latency_p99_ns == pytest.approx(400 * MS, rel=0.05)
