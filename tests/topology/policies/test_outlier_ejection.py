"""Outlier ejection: who is taken off the list, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from tests.topology.worlds import MS, S, all_of, flow, to_the_end, world
from topology.sim.world import SimWorld
from topology.world import Target

WEB = "producer, rate: 100/s, arrivals: constant, deadline: 1s"


def listed(replicas: int, settings: str = "", more: str = "") -> SimWorld:
    nodes = {"web": WEB, "app": "service, slots: 100, takes: 0s"}
    nodes["store"] = f"service, replicas: {replicas}, slots: 100, takes: 1ms"
    return world(nodes, ["web -> app", f"{{link: app -> store, wiring: list, outlier_ejection: {{{settings}}}{more}}}"])


def ejected(one: SimWorld) -> int:
    policy: Any = one.groups["app"].places[0].outlets[0].policies[0]
    return int(policy.ejected)


def calls(one: SimWorld) -> list[int]:
    return [int(p.meter.arrivals) for p in one.groups["store"].places]


def test_a_dead_replica_costs_five_calls_and_comes_back_at_the_first_sweep_after_thirty_seconds() -> None:
    """Dead from 5 s on. Every fourth call fails until the fifth, at 5.2 s; back at 40 s (5.2 + 30, rounded up to 10)."""
    one = listed(4)
    one.advance(5 * S)
    handle = one.kill(Target("store", (2,)))
    one.advance(39 * S)
    assert flow(one).failed == 5
    assert ejected(one) == 1
    one.lift(handle)
    before = calls(one)[2]
    one.advance(40 * S)
    assert calls(one)[2] == before
    one.advance(50 * S)
    assert calls(one)[2] == pytest.approx(before + 250, abs=2)
    assert flow(one).failed == 5
    words = [words for _, where, words in one.notes() if where == "app/0"]
    assert words == [
        "replica 2 is ejected on app -> store: 5 failures in a row", "replica 2 is let back on app -> store",
    ]


@pytest.mark.parametrize(("interval", "back"), [("10s", 20), ("4s", 16), ("1s", 13)])
def test_it_comes_back_at_a_sweep(interval: str, back: int) -> None:
    """Out at 5.2 s for 7 s, and then until the next sweep."""
    one = listed(4, f"base: 7s, interval: {interval}")
    one.advance(5 * S)
    handle = one.kill(Target("store", (2,)))
    one.advance(6 * S)
    one.lift(handle)
    one.advance(21 * S)
    assert [at / S for at, _, words in one.notes() if "is let back" in words] == pytest.approx([back], abs=0.05)


def test_no_ejection_lasts_longer_than_the_longest() -> None:
    """Dead for good: for 1, 2, 3, 3, 3 s and until the next full second, and found dead again 0.2 s later."""
    one = listed(4, "base: 1s, interval: 1s, longest: 3s")
    one.kill(Target("store", (0,)))
    one.advance(17500 * MS)
    out = [at / S for at, _, words in one.notes() if "is ejected" in words]
    back = [at / S for at, _, words in one.notes() if "is let back" in words]
    assert back == pytest.approx([2, 5, 9, 13, 17], abs=0.05)
    assert out == pytest.approx([0.2] + [at + 0.2 for at in back], abs=0.05)


@pytest.mark.slow
def test_each_ejection_is_longer_than_the_one_before_up_to_the_longest() -> None:
    """Dead all the time: out at 0.2 s for 30, 60, 90 s …, and never for more than 100."""
    one = listed(4, "longest: 100s")
    one.kill(Target("store", (0,)))
    one.advance(500 * S)
    out = [at / S for at, _, words in one.notes() if "is ejected" in words]
    back = [at / S for at, _, words in one.notes() if "is let back" in words]
    lasted = [b - a for a, b in zip(out, back, strict=False)]
    assert [30 <= n < 40 for n in lasted[:1]] == [True]
    assert [60 <= n < 70 for n in lasted[1:2]] == [True]
    assert [90 <= n < 100 for n in lasted[2:3]] == [True]
    assert all(100 <= n < 110 for n in lasted[3:])
    assert flow(one).failed == 5 * len(out)


def test_a_tenth_may_be_out_and_one_always() -> None:
    """Of 4 one; of 20 two (5 % is less than a tenth, so there may be one more); with `most: 100%` all that are dead."""
    for replicas, settings, out in ((4, "", 1), (20, "", 2), (20, "most: 100%", 6)):
        one = listed(replicas, settings)
        one.kill(Target("store", tuple(range(3 if replicas == 4 else 6))))
        one.advance(10 * S)
        assert ejected(one) == out


def test_when_all_are_out_all_are_used() -> None:
    one = listed(3, "most: 100%")
    handle = one.kill(all_of(one, "store"))
    one.advance(5 * S)
    assert ejected(one) == 3
    one.lift(handle)
    failed = flow(one).failed + flow(one).refused
    one.advance(8 * S)
    assert flow(one).failed + flow(one).refused == failed


def test_few_failures_among_good_answers_eject_nobody() -> None:
    one = listed(4)
    one.lay("errors", Target("store", (1,)), {"share": 0.1})
    one.advance(20 * S)
    assert calls(one) == pytest.approx([500] * 4, abs=25)
    one = listed(4)
    one.lay("throttle", Target("store", (1,)), {"rate": 1})
    one.advance(20 * S)
    assert ejected(one) == 0


def test_silence_counts_and_retries_hide_it() -> None:
    one = listed(4, more=", timeout: 100ms, retry: {attempts: 2, backoff: 0s, jitter: none}")
    one.advance(5 * S)
    one.freeze(Target("store", (3,)))
    one.advance(30 * S)
    assert ejected(one) == 1
    assert flow(one).failed <= 3


def test_a_caller_that_restarts_knows_nobody() -> None:
    one = listed(4)
    one.kill(Target("store", (0,)))
    one.advance(5 * S)
    assert ejected(one) == 1
    one.lift(one.kill(all_of(one, "app")))
    assert ejected(one) == 0
    one.advance(10 * S)
    assert ejected(one) == 1
    to_the_end(one)


def test_a_replica_that_is_gone_for_good_takes_nobodys_place() -> None:
    """The ejected one is scaled away; the next that dies may be ejected, too."""
    one = listed(4)
    one.kill(Target("store", (3,)))
    one.advance(5 * S)
    one.scale("store", 3)
    one.kill(Target("store", (0,)))
    one.advance(10 * S)
    assert ejected(one) == 2


def test_behind_a_balancer() -> None:
    nodes = {"web": WEB, "front": "load_balancer, health_check: {interval: 60s}"}
    nodes["app"] = "service, replicas: 4, slots: 100, takes: 1ms"
    one = world(nodes, ["web -> front", "{link: front -> app, outlier_ejection: {}}"])
    one.advance(5 * S)
    one.kill(Target("app", (2,)))
    one.advance(30 * S)
    assert flow(one).failed == 5
