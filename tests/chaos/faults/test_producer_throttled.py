"""A quota on what producers write to a Kafka cluster."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.clusters import cluster, unanswered
from tests.chaos.faults.shops import breaks, clean, gauge, reasons, shop, to


def test_what_is_more_waits_at_its_producer_and_is_sent_at_once_when_it_heals() -> None:
    run = cluster(breaks("producer_throttled", "log", 2, 8, bytes="50KiB"))
    assert unanswered(to(run, 1.99)) < 5
    # 100 a second of 1 KiB come, and 50 are taken.
    assert unanswered(to(run, 9.99)) == pytest.approx(8 * 50, abs=10)
    assert gauge(run, "log", "waiting at producers") == pytest.approx(8 * 50, abs=10)
    assert unanswered(to(run, 10.1)) < 5
    found = run.frames()[0].flows[0]
    assert (found.told_no, found.lost, found.duplicates) == (0, 0, 0)
    assert clean(run)


def test_producers_give_up_after_their_delivery_timeout() -> None:
    run = cluster(breaks("producer_throttled", "log", 2, 60, bytes="50KiB"), log="delivery_timeout: 10s")
    assert run.frames()[0].flows[0].told_no == 0
    to(run, 21.9)
    assert run.frames()[0].flows[0].told_no < 5
    to(run, 61.9)
    told_no = run.frames()[0].flows[0].told_no
    assert told_no == pytest.approx(40 * 50, rel=0.05)
    assert reasons(run) == {"log: waited too long: the producer was throttled (quota)": told_no}
    assert unanswered(run) == pytest.approx(10 * 100, rel=0.05)
    assert clean(to(run, 64))


def test_of_two_the_lower_one_counts_and_each_heals_alone() -> None:
    both = breaks("producer_throttled", "log", 2, 8, bytes="80KiB"), breaks("producer_throttled", "log", 2, 4, bytes="40KiB")
    run = cluster(*both)
    assert unanswered(to(run, 5.99)) == pytest.approx(4 * 60, abs=8)
    assert unanswered(to(run, 9.99)) == pytest.approx(4 * 60 + 4 * 20, abs=12)
    assert unanswered(to(run, 10.5)) < 5
    assert clean(run)


def test_a_stream_that_refuses_is_throttled_by_another_fault() -> None:
    run = shop({"log": "kinesis, shards: 1"}, ["web => log => app"])
    with pytest.raises(Refused, match="it acts on a topic of an msk"):
        run.do(breaks("producer_throttled", "log", 0))
    run = shop({"log": "kinesis, shards: 1"}, ["web => log => app"], breaks("throttled", "log", 2, 4, rate="50/s"))
    assert to(run, 5.99).frames()[0].flows[0].told_no == pytest.approx(4 * 150, abs=60)
