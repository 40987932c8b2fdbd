"""Only a broker that lags behind is left to lead."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from chaos.runner import Runner
from tests.chaos.faults.clusters import brokers, cluster, partition, unanswered
from tests.chaos.faults.shops import breaks, clean, gauge, reasons, to

LOST = "log: unclean election: only replicas that were down had it"


def hit(log: str, app: str = "slots: 1, takes: 1h") -> Runner:
    """From 2 s on nothing is copied, and at 12 s broker 1 dies; a reader that takes for ever leaves all in the log."""
    return cluster(breaks("unclean_election", "log", 2, 20, after="10s"), log=f"lag_max: 5s, {log}", app=app)


def test_what_was_written_meanwhile_is_lost_though_it_was_acknowledged() -> None:
    run = to(hit("acks: 1"), 11.9)
    assert (brokers(run), partition(run, "in sync"), unanswered(run)) == ([1, 1, 1], 1, pytest.approx(0, abs=3))
    to(run, 13.5)
    assert (gauge(run, "log", "unclean elections"), partition(run, "leader")) == (1, 2)
    lost = run.frames()[0].flows[0].lost
    assert lost == pytest.approx(10 * 100, abs=5)
    assert reasons(run) == {LOST: lost}
    assert clean(to(run, 30))
    assert (partition(run, "in sync"), run.frames()[0].flows[0].lost) == (3, lost)


def test_where_it_is_not_allowed_nothing_is_lost_and_the_partition_stands_still() -> None:
    run = to(hit("acks: 1, unclean: false"), 21.9)
    assert (gauge(run, "log", "unclean elections"), gauge(run, "log", "offline partitions")) == (0, 1)
    assert unanswered(run) == pytest.approx(990, abs=10)
    to(run, 30)
    assert (run.frames()[0].flows[0].lost, unanswered(run), partition(run, "leader")) == (0, pytest.approx(0, abs=5), 1)
    assert clean(run)


def test_with_acks_all_nothing_that_is_lost_was_acknowledged() -> None:
    run = to(hit("min_insync: 2"), 40)
    assert gauge(run, "log", "unclean elections") == 1
    assert run.frames()[0].flows[0].lost == 0
    assert unanswered(run) < 5
    assert clean(run)


def test_a_broker_that_is_not_there_is_refused() -> None:
    with pytest.raises(Refused, match="by its number"):
        to(cluster(), 1).do(breaks("unclean_election", "log", 0, broker=4))
