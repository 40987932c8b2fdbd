"""How a balancer chooses, against what is known: two choices against one, and who looks at what waits against who does not."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import pytest
from scipy import stats

from topology.sim.world import SimWorld
from topology.spec import load_text
from topology.world import Target

S = 1_000_000_000
WORK_S = 0.010
"""The mean of the exponential work of one call."""


def spread(choose: str, replicas: int, load: float, seconds: int) -> Any:
    """Queues of one server each behind a balancer that chooses like that, as a playground."""
    return load_text(f"""\
playground: spread
duration: {seconds}s
nodes:
  web: {{kind: producer, rate: {load * replicas / WORK_S:g}/s, deadline: 1h}}
  front: {{kind: load_balancer, choose: {choose}, health_check: {{interval: 1h}}}}
  app: {{kind: service, replicas: {replicas}, slots: 1, takes: {{exponential: {{mean: {WORK_S * 1000:g}ms}}}}}}
designs:
  only:
    links: [web -> front -> app]
""")


@cache
def times(choose: str, replicas: int, load: float, seconds: int, warmup: int, seeds: int) -> tuple[float, ...]:
    """The mean time in the system of each run, in units of the mean work, without those who came in the warm-up."""
    playground = spread(choose, replicas, load, seconds)
    found = []
    for seed in range(1, seeds + 1):
        world = SimWorld(playground.designs[0], playground, seed)
        world.advance(warmup * S)
        world.mark()
        world.advance(seconds * S)
        world.stop()
        while not world.idle():
            world.advance(world.now + 10 * S)
        found.append(world.tallies("web")[1].latency.mean_ns() / 1e9 / WORK_S)
        world.close()
    return tuple(found)


def two_choices(load: float) -> float:
    """Mitzenmacher: with infinitely many queues the mean time is the sum of load ** (2 ** i - 2)."""
    return sum(load ** (2**i - 2) for i in range(1, 30))


def mean_and_error(values: tuple[float, ...]) -> tuple[float, float]:
    """The mean, and half of its 99 % interval."""
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((x - mean) ** 2 for x in values) / (len(values) - 1) / len(values))
    return mean, float(stats.t.ppf(0.995, len(values) - 1)) * spread


@pytest.mark.slow
def test_two_choices_beat_one_in_short_runs() -> None:
    """At 80 %: one random choice makes each queue an M/M/1, 5 times the work; two choices come to 1.95 times with infinitely
    many queues, and to somewhat more with ten.
    """
    one, error = mean_and_error(times("random", 10, 0.8, 14, 4, 8))
    two, _ = mean_and_error(times("power_of_two", 10, 0.8, 14, 4, 8))
    assert one == pytest.approx(5.0, abs=max(error, 0.5))
    assert 1.0 < two / two_choices(0.8) < 1.25
    assert two_choices(0.8) == pytest.approx(1.947, abs=0.001)


@pytest.mark.slow
def test_power_of_two_choices_at_95_percent_over_twenty_seeds() -> None:
    """One choice: M/M/1, 20 times the work, exactly. Two: 3.38 with infinitely many queues; with 20 of them somewhat more."""
    one, error = mean_and_error(times("random", 10, 0.95, 70, 30, 20))
    assert one == pytest.approx(20.0, abs=max(error, 1.5))
    assert error < 5.0
    two, error = mean_and_error(times("power_of_two", 20, 0.95, 16, 4, 20))
    assert error < 0.4
    assert 1.0 < two / two_choices(0.95) < 1.25
    assert one / two > 4.0


@pytest.mark.slow
def test_the_order_of_the_ways_to_choose() -> None:
    """At 90 %, from the worst to the best: by chance, in turn, the better of two, the least of all."""
    ways = ("random", "round_robin", "power_of_two", "least_outstanding")
    found = [mean_and_error(times(way, 10, 0.9, 20, 5, 8))[0] for way in ways]
    assert found == sorted(found, reverse=True)
    assert found[0] / found[1] > 1.4
    assert found[1] / found[3] > 2.0


def waiting_at_the_slow_one(choose: str, factor: float, seconds: int) -> tuple[int, float]:
    """How many wait at one of four targets that became slower, after so long; and the mean latency, in milliseconds."""
    playground = spread(choose, 4, 0.5, seconds)
    world = SimWorld(playground.designs[0], playground, 1)
    world.lay("slow", Target("app", (2,)), {"factor": factor})
    world.advance(seconds * S)
    waiting = int(world.groups["app"].places[2].meter.inside)
    mean = world.tallies("web")[0].latency.mean_ns() / 1e6
    world.close()
    return waiting, mean


def test_in_turn_a_slow_target_drowns_and_least_outstanding_spares_it() -> None:
    """Each target gets 50/s of 10 ms each. Three times slower, one can do 33/s: in turn 16.7/s pile up there. Who looks at
    what waits gives it less: nothing piles up, and nobody waits long.
    """
    drowned, slow = waiting_at_the_slow_one("round_robin", 3, 20)
    spared, quick = waiting_at_the_slow_one("least_outstanding", 3, 20)
    assert drowned == pytest.approx((50 - 100 / 3) * 20, rel=0.3)
    assert spared <= 4
    assert quick < 25 < 100 < slow
