"""What a scaling policy is shown of its node: shares of those that count, over the time that they did."""

from __future__ import annotations

from typing import Any

import pytest

from tests.topology.worlds import S, all_of, world
from topology.node import Context
from topology.policy import Load, ScalePolicy
from topology.sim.scaler import Scaler
from topology.sim.world import SimWorld
from topology.world import Target


class Watcher(ScalePolicy):
    """Wants what there is, and remembers what it was shown."""

    def __init__(self, every_s: int, warm_s: int) -> None:
        self.every_s, self.warm_s = every_s, warm_s
        self.seen: list[Load] = []

    def every_ns(self) -> int:
        return self.every_s * S

    def warm_ns(self) -> int:
        return self.warm_s * S

    def wanted(self, ctx: Context, now: int, load: Load) -> int:
        self.seen.append(load)
        return int(load.replicas)


def watched(words: str, every_s: int = 10, warm_s: int = 0, **more: Any) -> tuple[SimWorld, Watcher]:
    """A balanced service at 20/s that a policy only looks at."""
    one = world(
        {"web": "producer, rate: 20/s, arrivals: constant", "front": "load_balancer", "app": f"service, {words}", **more},
        ["web -> front -> app"],
    )
    policy = Watcher(every_s, warm_s)
    one.scalers.append(Scaler(policy, one.groups["app"], one.core))
    return one, policy


def test_shares_are_means_since_the_last_look() -> None:
    """20/s × 100 ms are 2 busy slots of 2 × 4, and half of 2 × 2 cores; then nothing."""
    one, policy = watched("replicas: 2, slots: 4, cores: 2, takes: 100ms")
    one.advance(10 * S + 1)
    one.stop()
    one.advance(25 * S)
    first, second = policy.seen
    assert (first.replicas, first.up, first.counted) == (2, 2, 2)
    assert first.occupancy == pytest.approx(0.25, rel=0.02)
    assert first.utilisation == pytest.approx(0.5, rel=0.02)
    assert first.arrivals == pytest.approx(20, rel=0.02)
    assert (second.occupancy, second.utilisation, second.arrivals) == pytest.approx((0, 0, 0), abs=0.11)


def test_the_dead_are_wanted_but_not_counted() -> None:
    """One of two does all the work: 2 of its 4 slots are busy, whatever the other did before it died."""
    one, policy = watched("replicas: 2, slots: 4, takes: 100ms")
    one.advance(5 * S)
    one.kill(Target("app", (1,)))
    one.advance(20 * S + 1)
    load = policy.seen[-1]
    assert (load.replicas, load.up, load.counted) == (2, 1, 1)
    assert load.occupancy == pytest.approx(0.5, abs=0.05)


def test_a_new_replica_counts_once_it_is_warm_and_since_it_was_up() -> None:
    """Up at 5 s of a look at 10 s: with no warm-up it counts for half of the time, with 6 s not at all until the next."""
    for warm, counted in ((0, 2), (6, 1)):
        one, policy = watched("replicas: 1, slots: 4, takes: 100ms, start: 5s", warm_s=warm)
        one.advance(1)
        one.scale("app", 2)
        one.advance(10 * S + 1)
        assert policy.seen[0].counted == counted
        one.advance(20 * S + 1)
        assert policy.seen[1].counted == 2
        assert policy.seen[1].occupancy == pytest.approx(0.25, abs=0.02)


def test_those_that_are_being_drained_are_not_there() -> None:
    one, policy = watched("replicas: 3, slots: 4, takes: 4s")
    one.advance(5 * S)
    one.scale("app", 1)
    one.advance(10 * S + 1)
    assert (policy.seen[0].replicas, policy.seen[0].up) == (1, 1)
    assert policy.seen[0].occupancy <= 1


def test_the_backlog_and_its_age() -> None:
    """20/s into a queue whose consumers are dead: after 10 s 200 wait, the oldest for 10 s."""
    one = world(
        {"web": "producer, rate: 20/s, arrivals: constant", "q": "sqs", "app": "service, replicas: 2"}, ["web => q => app"]
    )
    policy = Watcher(10, 0)
    one.scalers.append(Scaler(policy, one.groups["app"], one.core))
    one.kill(all_of(one, "app"))
    one.advance(10 * S + 1)
    assert policy.seen[0].backlog == pytest.approx(200, abs=2)
    assert policy.seen[0].backlog_age == pytest.approx(10 * S, rel=0.02)
    assert (policy.seen[0].up, policy.seen[0].replicas) == (0, 2)
