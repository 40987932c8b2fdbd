"""Followers copy nothing any more."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.clusters import cluster, partition, unanswered
from tests.chaos.faults.shops import arrivals, breaks, clean, gauge, node, reasons, to

SOON = "lag_max: 5s, delivery_timeout: 8s"


def test_writes_wait_and_then_are_refused_while_readers_go_on() -> None:
    run = cluster(breaks("in_sync_below_minimum", "log", 2, 20), log=SOON)
    before = node(to(run, 2.1), "app").arrivals
    assert unanswered(to(run, 6.9)) == pytest.approx(490, abs=10)
    assert (partition(run, "in sync"), arrivals(run, "app", 6.91, 6.95)) == (3, 0)
    to(run, 8)
    assert partition(run, "in sync") == 1
    assert gauge(run, "log", "refused: not enough in sync") > 0
    # What was in the log when the set shrank may be read, though its producers still wait.
    assert node(to(run, 12), "app").arrivals - before == pytest.approx(530, abs=50)
    to(run, 21)
    assert reasons(run) == {"log: not enough in-sync replicas": run.frames()[0].flows[0].told_no}
    # Who could not write since the set shrank, at about 7.3 s, gave up after 8 s; what was in the log waits on.
    assert run.frames()[0].flows[0].told_no == pytest.approx((21 - 8 - 7.3) * 100, abs=60)
    assert (partition(to(run, 26), "in sync"), unanswered(run)) == (3, pytest.approx(0, abs=5))
    assert run.frames()[0].flows[0].lost == 0
    assert clean(run)


def test_with_acks_1_all_looks_well_though_one_broker_alone_has_it() -> None:
    run = cluster(breaks("in_sync_below_minimum", "log", 2, 20), log=f"{SOON}, acks: 1")
    assert arrivals(run, "app", 20, 21.9) == pytest.approx(190, abs=5)
    assert (partition(run, "in sync"), run.frames()[0].flows[0].told_no, unanswered(run)) == (1, 0, pytest.approx(0, abs=3))
    assert partition(to(run, 26), "in sync") == 3
    assert clean(run)


def test_two_heal_one_by_one() -> None:
    both = breaks("in_sync_below_minimum", "log", 2, 20), breaks("in_sync_below_minimum", "log", 3, 8)
    run = cluster(*both, log=SOON)
    assert partition(to(run, 21.9), "in sync") == 1
    assert partition(to(run, 26), "in sync") == 3
    assert clean(run)


def test_one_replica_has_nobody_to_copy_it() -> None:
    with pytest.raises(Refused, match="more than one replica"):
        to(cluster(log="replication: 1"), 1).do(breaks("in_sync_below_minimum", "log", 0))
