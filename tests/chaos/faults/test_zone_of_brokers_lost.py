"""A zone whose brokers are gone."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.clusters import brokers, cluster, unanswered
from tests.chaos.faults.shops import breaks, clean, gauge, to

SIX = "brokers: 6, partitions: 6"


def test_its_brokers_go_and_come_together() -> None:
    run = cluster(breaks("zone_of_brokers_lost", "log", 2, 4, zone=2), log=SIX)
    assert brokers(to(run, 2.9)) == [1, 0, 1, 1, 0, 1]
    assert gauge(run, "log", "offline partitions") == 2
    assert (gauge(to(run, 3.5), "log", "offline partitions"), gauge(run, "log", "under-replicated partitions")) == (0, 6)
    assert unanswered(run) < 5
    assert brokers(to(run, 6.1)) == [1] * 6
    assert gauge(to(run, 9), "log", "under-replicated partitions") == 0
    assert run.frames()[0].flows[0].lost == 0
    assert clean(run)


def test_a_second_zone_takes_the_right_to_write() -> None:
    both = [breaks("zone_of_brokers_lost", "log", 2, long, zone=zone) for zone, long in ((1, 4), (2, 6))]
    run = cluster(*both, log=SIX + ", delivery_timeout: 0s")
    before = to(run, 4).frames()[0].flows[0].served
    assert to(run, 5.9).frames()[0].flows[0].served == before
    assert gauge(run, "log", "refused: not enough in sync") > 150
    assert brokers(to(run, 6.1)) == [1, 0, 1, 1, 0, 1]
    assert to(run, 8).frames()[0].flows[0].served > before + 80
    assert brokers(to(run, 8.1)) == [1] * 6
    assert clean(run)


def test_of_two_of_one_zone_both_must_be_healed() -> None:
    run = cluster(*[breaks("zone_of_brokers_lost", "log", 2, long, zone=3) for long in (4, 2)])
    assert brokers(to(run, 5.9)) == [1, 1, 0]
    assert brokers(to(run, 6.1)) == [1, 1, 1]
    assert clean(run)


def test_a_zone_without_brokers_is_refused() -> None:
    run = to(cluster(log="brokers: 2, azs: 2"), 1)
    with pytest.raises(Refused, match="it acts on a zone that has brokers of an msk"):
        run.do(breaks("zone_of_brokers_lost", "log", 0, zone=3))
