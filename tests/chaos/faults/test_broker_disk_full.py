"""A broker whose disk is full."""

from __future__ import annotations

from tests.chaos.faults.clusters import brokers, cluster, partition, unanswered
from tests.chaos.faults.shops import breaks, clean, gauge, to


def test_it_stops_and_another_one_leads() -> None:
    run = cluster(breaks("broker_disk_full", "log", 2, 4, broker=1))
    assert unanswered(to(run, 2.9)) > 80
    assert (brokers(to(run, 3.3)), partition(run, "leader"), gauge(run, "log", "elections")) == ([0, 1, 1], 2, 1)
    assert brokers(to(run, 6.1)) == [1, 1, 1]
    assert partition(to(run, 8), "in sync") == 3
    assert run.frames()[0].flows[0].lost == 0
    assert clean(run)


def test_a_restart_does_not_help_while_it_is_full() -> None:
    both = breaks("broker_disk_full", "log", 2, 6, broker=1), breaks("broker_down", "log", 3, 2, broker=1)
    run = cluster(*both)
    assert brokers(to(run, 5.5)) == [0, 1, 1]
    assert brokers(to(run, 8.1)) == [1, 1, 1]
    assert clean(run)


def test_on_two_brokers_nothing_can_be_written_with_all_acknowledgements() -> None:
    both = [breaks("broker_disk_full", "log", 2, long, broker=number) for number, long in ((1, 4), (2, 3))]
    run = cluster(*both, log="delivery_timeout: 0s")
    before = to(run, 4).frames()[0].flows[0].served
    assert to(run, 4.9).frames()[0].flows[0].served == before
    assert gauge(run, "log", "refused: not enough in sync") > 80
    assert brokers(to(run, 5.1)) == [0, 1, 1]
    assert brokers(to(run, 6.1)) == [1, 1, 1]
    assert clean(to(run, 9))
