"""Some brokers are on the wrong side of a cut."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from chaos.runner import Runner
from tests.chaos.faults.clusters import brokers, cluster, unanswered
from tests.chaos.faults.shops import breaks, clean, reasons, to

FIVE = "brokers: 5, azs: 3, partitions: 5"


def cut(log: str, *more: object, **params: object) -> Runner:
    return cluster(breaks("minority_partition", "log", 4, 8, **params), log=f"{FIVE}, {log}", app="slots: 50, takes: 5ms")


def test_with_acks_all_what_the_minority_takes_is_sent_again() -> None:
    run = to(cut("acks: all"), 4.9)
    assert brokers(run) == [0, 0, 1, 1, 1]
    # All five partitions have one of the two in their in-sync set, but for that on brokers 3 to 5.
    assert unanswered(run) == pytest.approx(0.9 * 100 * 4 / 5, abs=12)
    assert brokers(to(run, 8), "leads") == [0, 0, 3, 1, 1]
    # Of two partitions only one copy of three is left: less than the minimum.
    assert unanswered(run) == pytest.approx(100 * 4 * 2 / 5, abs=15)
    to(run, 20)
    assert unanswered(run) < 8
    assert (run.frames()[0].flows[0].lost, run.frames()[0].flows[0].told_no) == (0, 0)
    assert brokers(run) == [1] * 5
    assert clean(run)


def test_with_acks_1_what_only_the_minority_had_is_lost() -> None:
    run = to(cut("acks: 1"), 20)
    lost = run.frames()[0].flows[0].lost
    # Two of five partitions are led by the minority for a second.
    assert lost == pytest.approx(100 * 2 / 5, abs=12)
    assert reasons(run) == {"log: its leader went before another replica had it": lost}
    assert clean(run)


def test_which_brokers_are_cut_off() -> None:
    assert brokers(to(cut("acks: 1", brokers=1), 5)) == [0, 1, 1, 1, 1]
    assert brokers(to(cut("acks: 1", brokers=3, first=4), 5)) == [0, 1, 1, 0, 0]


def test_two_heal_one_by_one() -> None:
    both = breaks("minority_partition", "log", 2, 8), breaks("minority_partition", "log", 3, 2, brokers=2, first=2)
    run = cluster(*both, log=FIVE)
    assert brokers(to(run, 4)) == [0, 0, 0, 1, 1]
    assert brokers(to(run, 6)) == [0, 0, 1, 1, 1]
    assert brokers(to(run, 11)) == [1] * 5
    assert clean(run)


def test_more_than_there_are_is_refused() -> None:
    for wrong in ({"brokers": 3}, {"first": 4}):
        with pytest.raises(Refused, match="more brokers than are cut off"):
            to(cluster(), 1).do(breaks("minority_partition", "log", 0, **wrong))
