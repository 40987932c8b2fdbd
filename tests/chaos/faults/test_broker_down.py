"""A broker that is gone."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.clusters import brokers, cluster, partition, unanswered
from tests.chaos.faults.shops import arrivals, breaks, clean, gauge, node, reasons, shop, to


def test_nobody_writes_until_the_controller_misses_its_leader() -> None:
    run = cluster(breaks("broker_down", "log", 2, 4, broker=1))
    assert (brokers(to(run, 1.99)), partition(run, "leader")) == ([1, 1, 1], 1)
    assert unanswered(to(run, 2.99)) == pytest.approx(100, abs=3)
    assert (brokers(run), partition(run, "leader"), gauge(run, "log", "offline partitions")) == ([0, 1, 1], 1, 1)
    assert unanswered(to(run, 3.3)) < 5
    assert (partition(run, "leader"), partition(run, "in sync")) == (2, 2)
    assert gauge(to(run, 5.99), "log", "under-replicated partitions") == 1
    assert (brokers(to(run, 8)), partition(run, "in sync"), partition(run, "leader")) == ([1, 1, 1], 3, 2)
    found = run.frames()[0].flows[0]
    assert (found.lost, found.told_no, found.duplicates) == (0, 0, 0)
    assert clean(run)


def test_a_third_of_the_partitions_stands_still() -> None:
    run = cluster(breaks("broker_down", "log", 2, 4, broker=2), log="partitions: 3, acks: 1")
    assert brokers(to(run, 1.99), "leads") == [1, 1, 1]
    assert unanswered(to(run, 2.99)) == pytest.approx(99 / 3, abs=8)
    assert brokers(to(run, 4), "leads") == [1, 0, 2]
    assert unanswered(run) < 5


def test_meanwhile_nobody_reads_what_a_dead_follower_does_not_have() -> None:
    run = cluster(breaks("broker_down", "log", 4, 4, broker=3), log="acks: 1")
    assert arrivals(run, "app", 3, 4) == pytest.approx(100, abs=3)
    assert arrivals(run, "app", 4.1, 4.9) == 0
    assert unanswered(run) < 5
    assert arrivals(run, "app", 4.9, 6) == pytest.approx(200, abs=5)


def test_with_acks_1_what_nobody_had_copied_is_lost() -> None:
    run = to(cluster(breaks("broker_down", "log", 2, 4, broker=1), log="acks: 1, replicate: 500ms"), 9)
    assert reasons(run) == {"log: its leader went before another replica had it": run.frames()[0].flows[0].lost}
    assert run.frames()[0].flows[0].lost == pytest.approx(50, abs=3)


def test_two_of_one_broker_heal_one_by_one_and_those_of_two_brokers_alone() -> None:
    same = breaks("broker_down", "log", 2, 6, broker=1), breaks("broker_down", "log", 2, 2, broker=1)
    run = cluster(*same, breaks("broker_down", "log", 2.5, 3, broker=3))
    assert brokers(to(run, 3)) == [0, 1, 0]
    assert brokers(to(run, 4.1)) == [0, 1, 0]
    assert brokers(to(run, 5.6)) == [0, 1, 1]
    assert brokers(to(run, 8.1)) == [1, 1, 1]
    assert run.frames()[0].flows[0].lost == 0
    assert clean(run)


def test_a_broker_that_is_not_there_is_refused() -> None:
    run = to(cluster(), 1)
    for number in (4, 30):
        with pytest.raises(Refused, match="it acts on a broker that is in the cluster of an msk, by its number"):
            run.do(breaks("broker_down", "log", 0, broker=number))
    run.do(breaks("broker_down", "log", 0, broker=3))
    assert brokers(run) == [1, 1, 0]
    with pytest.raises(Refused, match="it acts on a broker"):
        shop().do(breaks("broker_down", "app", 0))
    assert node(run, "log").up == 1
