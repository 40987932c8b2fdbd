"""Adaptive concurrency limits: what they settle on, and what they do when a dependency slows down."""

from __future__ import annotations

import re

import pytest

from tests.topology.policies.doors import crash, door, fared, guard, overloaded
from tests.topology.worlds import S, all_of, check_frame, node, reasons, world
from topology.sim.world import SimWorld


def limit(one: SimWorld) -> int:
    """The limit that the first replica of "app" has now."""
    found = re.fullmatch(r"at most (\d+) at once", guard(one, "AdaptiveLimit").state())
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("by", ["vegas", "aimd, timeout: 200ms"])
def test_it_finds_the_slots_and_a_small_queue(by: str) -> None:
    """8 slots at twice the load: nearly all of the 200/s that can be done is done in time, and the rest is refused."""
    one = overloaded(f"adaptive_limit: {{by: {by}}}", seconds=60)
    found = fared(one)
    print(f"{by}: limit {limit(one)}, served {found.served} of 12,000, late {found.late}")
    assert 8 < limit(one) <= 50
    assert found.served > 0.97 * 60 * 200
    assert found.late == 0
    assert set(reasons(one)) == {"app: over the concurrency limit"}


def test_it_finds_them_from_below_and_from_above() -> None:
    """It goes up within a few windows, and down by a step or two in each."""
    low, high = (limit(overloaded(f"adaptive_limit: {{initial: {n}}}", seconds=60)) for n in (2, 80))
    assert 8 < low < 50
    assert high < 65


def test_it_lets_everything_in_while_there_is_room() -> None:
    one = door("adaptive_limit: {}", {"web": "rate: 100/s"})
    one.advance(60 * S)
    assert fared(one).refused == 0


def slowed(policies: str) -> list[tuple[int, int, int]]:
    """(served, refused, too late) before, while, and long after a dependency is five times slower."""
    one = world(
        {
            "web": "producer, rate: 100/s, deadline: 1s",
            "app": f"service, slots: 64, takes: 1ms{policies}",
            "db": "service, slots: 8, takes: {exponential: {mean: 40ms}}",
        },
        ["web -> app -> db"],
    )
    one.advance(60 * S)
    one.mark()
    layer = one.lay("slow", all_of(one, "db"), {"factor": 5})
    one.advance(120 * S)
    one.lift(layer)
    one.mark()
    one.advance(180 * S)
    check_frame(one)
    assert node(one, "app").queued == 0
    return [(int(t.served), int(t.refused), int(t.late + t.failed)) for t in one.tallies("web")]


@pytest.mark.slow
def test_under_a_slow_dependency_it_refuses_instead_of_queueing_and_recovers() -> None:
    """40/s can be done then: without a limit all of it comes too late, for a while even after the end."""
    plain, limited = slowed(""), slowed(", adaptive_limit: {}")
    print(f"served, refused, late: plain {plain}, limited {limited}")
    assert plain[1][0] < 100
    assert plain[2][2] > 3000
    assert limited[1][0] > 0.5 * 40 * 60
    assert limited[1][2] < 50
    assert limited[2][0] > 0.97 * 60 * 100


def test_a_restart_begins_with_the_initial_limit() -> None:
    one = overloaded("adaptive_limit: {initial: 300, window: 200ms}", seconds=20)
    assert limit(one) < 100
    crash(one)
    assert limit(one) == 300


def test_it_works_beside_controlled_delay() -> None:
    """The limit bounds the door, the delay the line: both refuse, and what is served is in time."""
    one = overloaded("adaptive_limit: {}, codel: {}")
    assert set(reasons(one)) == {"app: over the concurrency limit", "app: dropped from a standing queue"}
    assert fared(one).served > 0.95 * 30 * 200


STEADY = "service, slots: 1000, takes: 100ms"
AWAY = "by: aimd, initial: 100, timeout: 1ms, least: 1"
"""The limit only falls: no call is as quick as 1 ms."""


def steady(settings: str, rate: int, seconds: int) -> SimWorld:
    """One call after another at fixed intervals to a service with room for all; each takes 100 ms."""
    one = door(f"adaptive_limit: {{{settings}}}", {"web": f"rate: {rate}/s, arrivals: constant"}, STEADY)
    one.advance(seconds * S)
    return one


def test_the_limit_stays_between_its_bounds() -> None:
    """It falls to the lowest and no further, and rises to the highest and no further."""
    assert limit(steady(f"{AWAY}, window: 100ms, min: 6, backoff: 0.5", 100, 3)) == 6
    assert limit(steady("by: aimd, initial: 20, max: 24, window: 100ms, least: 1", 300, 3)) == 24


@pytest.mark.parametrize(("window", "least"), [("500ms", 1), ("100ms", 50)])
def test_it_judges_once_in_a_window_and_on_enough_calls(window: str, least: int) -> None:
    """At 100/s 50 calls take 500 ms: by either bound it adds one call each half second."""
    one = steady(f"by: aimd, initial: 10, window: {window}, least: {least}", 100, 5)
    assert limit(one) == pytest.approx(10 + 9, abs=1)


@pytest.mark.parametrize(("timeout", "rises"), [("150ms", True), ("90ms", False)])
def test_aimd_backs_off_above_its_timeout(timeout: str, rises: bool) -> None:
    """Calls take 100 ms."""
    after = limit(steady(f"by: aimd, initial: 12, timeout: {timeout}, window: 100ms, least: 1", 100, 2))
    assert after > 12 if rises else after < 12


def test_backing_off_leaves_the_given_share() -> None:
    """One window of 1 s has ended after 1.5 s."""
    one = steady(f"{AWAY}, window: 1s, backoff: 0.8", 50, 1)
    assert limit(one) == 100
    one.advance(S + S // 2)
    assert limit(one) == 80


def test_a_lasting_change_is_learnt_after_the_probe() -> None:
    """Twice as long looks like a queue that fills half of the limit. After 3 × 11 windows it is known to be none."""
    one = door(
        "adaptive_limit: {initial: 10, window: 100ms, least: 1, probe: 3}", {"web": "rate: 60/s, arrivals: constant"},
        "service, slots: 1000, takes: 50ms",
    )
    one.advance(S // 2)
    one.lay("slow", all_of(one, "app"), {"factor": 2})
    one.advance(3 * S)
    assert limit(one) == 11
    one.advance(5 * S)
    assert limit(one) == 17
