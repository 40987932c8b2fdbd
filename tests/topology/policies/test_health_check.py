"""Health checks: how long it takes until a target is out, and in again."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, world
from topology.sim.world import SimWorld
from topology.world import Target


def checked(interval_ms: int, timeout_ms: int, failures: int, passes: int) -> SimWorld:
    check = f"{{interval: {interval_ms}ms, timeout: {timeout_ms}ms, failures: {failures}, passes: {passes}}}"
    return world(
        {"web": "producer, rate: 1/s", "lb": f"load_balancer, health_check: {check}", "app": "service, replicas: 2"},
        ["web -> lb -> app"],
    )


def turns(one: SimWorld) -> list[tuple[int, str]]:
    return [(at // MS, words.split(" ")[3].strip(":")) for at, _, words in one.notes()]


@pytest.mark.parametrize(("failures", "passes"), [(1, 1), (2, 2), (3, 5)])
def test_out_after_failures_in_after_passes(failures: int, passes: int) -> None:
    """Target 0 is checked at each full second."""
    one = checked(1000, 500, failures, passes)
    one.advance(10 * S + 500 * MS)
    handle = one.kill(Target("app", (0,)))
    one.advance(20 * S + 500 * MS)
    one.lift(handle)
    one.advance(40 * S)
    assert turns(one) == [((10 + failures) * 1000, "out"), ((20 + passes) * 1000, "in")]


def test_silence_is_a_failure_after_the_timeout() -> None:
    one = checked(1000, 300, 2, 2)
    one.advance(10 * S + 500 * MS)
    one.freeze(Target("app", (0,)))
    one.advance(20 * S)
    assert turns(one) == [(12_300, "out")]


def test_one_pass_between_failures_keeps_it_in() -> None:
    one = checked(1000, 300, 2, 2)
    for n in range(10, 20):
        one.advance(n * S + 500 * MS)
        handle = one.kill(Target("app", (0,)))
        one.advance((n + 1) * S + 500 * MS)
        if n % 2 == 0:
            one.lift(handle)
        else:
            one.lift(handle)
            one.advance((n + 1) * S + 600 * MS)
    out = [t for t in turns(one) if t[1] == "out"]
    assert len(out) <= 1


@pytest.mark.parametrize("deep", [False, True])
def test_only_a_deep_check_sees_that_calls_fail(deep: bool) -> None:
    """Target 0 fails every call while its process is well; healed, it comes back after two passes."""
    check = f"{{interval: 1s, timeout: 300ms, failures: 2, passes: 2, deep: {str(deep).lower()}}}"
    one = world(
        {"web": "producer, rate: 50/s", "lb": f"load_balancer, health_check: {check}", "app": "service, replicas: 2"},
        ["web -> lb -> app"],
    )
    one.advance(10 * S + 500 * MS)
    handle = one.lay("errors", Target("app", (0,)), {"share": 1.0})
    one.advance(20 * S + 500 * MS)
    bad = one.frame().flows[0].failed
    assert turns(one) == ([(12_000, "out")] if deep else [])
    assert bad == pytest.approx(37 if deep else 250, abs=15 if deep else 40)
    one.lift(handle)
    one.advance(30 * S)
    assert turns(one) == ([(12_000, "out"), (22_000, "in")] if deep else [])
    assert one.frame().flows[0].failed == bad
