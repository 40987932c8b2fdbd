"""A cluster without a controller."""

from __future__ import annotations

from tests.chaos.faults.clusters import cluster, partition, unanswered
from tests.chaos.faults.shops import between, breaks, clean, gauge, to

DEAD = breaks("broker_down", "log", 3, 20, broker=1)


def test_while_all_is_well_nobody_misses_it() -> None:
    run = cluster(breaks("controller_down", "log", 2, 4))
    assert between(run, 2, 6).yes == 400
    assert clean(to(run, 6.1))


def test_nobody_is_elected_until_it_is_back() -> None:
    run = cluster(breaks("controller_down", "log", 2, 6), DEAD)
    assert (gauge(to(run, 7.9), "log", "offline partitions"), gauge(run, "log", "elections")) == (1, 0)
    assert unanswered(run) > 450
    # A session later it misses the broker.
    assert partition(to(run, 8.9), "leader") == 1
    assert partition(to(run, 9.1), "leader") == 2
    assert unanswered(to(run, 9.5)) < 5
    assert run.frames()[0].flows[0].lost == 0


def test_of_two_both_must_be_healed() -> None:
    run = cluster(*[breaks("controller_down", "log", 2, long) for long in (6, 3)], DEAD)
    assert partition(to(run, 7.9), "leader") == 1
    assert partition(to(run, 9.1), "leader") == 2
    assert clean(to(run, 24))
