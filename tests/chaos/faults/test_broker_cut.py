"""A broker that the rest of its cluster does not hear."""

from __future__ import annotations

import pytest

from tests.chaos.faults.clusters import brokers, cluster, partition, unanswered
from tests.chaos.faults.shops import between, breaks, clean, gauge, reasons, to

UNREPLICATED = "log: its leader went before another replica had it"


def test_with_acks_all_what_the_minority_takes_is_sent_again() -> None:
    run = cluster(breaks("broker_cut", "log", 2, 4, broker=1))
    assert (unanswered(to(run, 2.99)), partition(run, "leader")) == (pytest.approx(100, abs=3), 1)
    assert gauge(run, "log", "offline partitions") == 0
    assert (unanswered(to(run, 3.5)), partition(run, "leader"), brokers(run)) == (pytest.approx(1, abs=2), 2, [0, 1, 1])
    assert (brokers(to(run, 8)), partition(run, "in sync")) == ([1, 1, 1], 3)
    assert (run.frames()[0].flows[0].lost, run.frames()[0].flows[0].told_no) == (0, 0)
    assert clean(run)


def test_with_acks_1_what_the_minority_acknowledged_is_lost() -> None:
    run = cluster(breaks("broker_cut", "log", 2, 4, broker=1), log="acks: 1")
    assert between(run, 2, 3).no == 0
    assert unanswered(to(run, 2.9)) < 5
    lost = to(run, 9).frames()[0].flows[0].lost
    assert reasons(run) == {UNREPLICATED: lost}
    assert lost == pytest.approx(100, abs=4)


def test_one_that_is_cut_off_and_killed_is_back_when_both_are_healed() -> None:
    both = breaks("broker_cut", "log", 2, 6, broker=2), breaks("broker_cut", "log", 2, 2, broker=2)
    run = cluster(*both, breaks("broker_down", "log", 3, 6, broker=2))
    assert brokers(to(run, 4.5)) == [1, 0, 1]
    assert brokers(to(run, 8.5)) == [1, 0, 1]
    assert brokers(to(run, 9.1)) == [1, 1, 1]
    assert clean(run)
