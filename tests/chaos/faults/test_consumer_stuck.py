"""A consumer that lives and does nothing."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from chaos.runner import Runner
from tests.chaos.faults.shops import arrivals, between, breaks, clean, node, shop, to, view

TWO = "service, replicas: 2, slots: 50, takes: 5ms"


def stuck(log: str, link: str, what: str = "consumer_stuck", for_s: float = 90) -> Runner:
    nodes = {"web": "producer, rate: 100/s, arrivals: constant", "log": log, "app": TWO}
    return shop(nodes, ["web => log", f"{{link: log => app{link}}}"], breaks(what, "app/1", 20, for_s))


def test_a_kafka_group_puts_it_out_when_it_has_asked_for_nothing_for_long() -> None:
    run = stuck("msk, key: message, partitions: 4, brokers: 4", ", poll_interval: 60s, session: 10s")
    assert arrivals(run, "app", 10, 20) == pytest.approx(1000, abs=5)
    # It owns two of four partitions. A dead one would be missed after 10 s; its last receive ended at 40 s at the latest.
    assert arrivals(run, "app", 40, 60) == pytest.approx(20 * 50, abs=30)
    assert view(run, "log", "group app", "members") == 2
    assert view(to(run, 105), "log", "group app", "members") == 1
    assert arrivals(run, "app", 106, 109) == pytest.approx(300, abs=20)
    assert node(to(run, 120), "log").depth < 600
    found = run.frames()[0].flows[0]
    assert found.lost == 0
    # It goes on where it stood, with what the other one has done meanwhile; what was not committed is read again, too.
    assert found.duplicates > 0
    assert clean(run)


def test_a_hang_is_missed_by_its_heartbeats() -> None:
    run = stuck("msk, key: message, partitions: 4, brokers: 4", ", poll_interval: 60s, session: 10s", "hang")
    assert view(to(run, 35), "log", "group app", "members") == 1


def test_the_leases_of_a_kinesis_application_are_kept_for_ever() -> None:
    run = stuck("kinesis, shards: 4, partition: message", "")
    assert arrivals(run, "app", 60, 100) == pytest.approx(40 * 50, rel=0.1)
    assert view(run, "log", "=> app", "members") == 2
    assert view(run, "log", "=> app", "iterator age s") == pytest.approx(80, abs=3)
    assert view(to(run, 130), "log", "=> app", "iterator age s") < 3
    found = run.frames()[0].flows[0]
    assert (found.lost, found.duplicates) == (0, 0)
    assert clean(run)


def test_of_a_dead_one_the_leases_are_taken_after_ten_seconds() -> None:
    run = stuck("kinesis, shards: 4, partition: message", "", "hang")
    assert view(to(run, 40), "log", "=> app", "members") == 1
    assert view(to(run, 60), "log", "=> app", "iterator age s") < 3


def test_a_queue_gives_its_messages_to_others_when_their_visibility_ends() -> None:
    run = stuck("sqs, visibility: 5s", "")
    assert node(to(run, 40), "log").depth < 120
    assert run.frames()[0].flows[0].lost == 0


def test_who_calls_it_waits() -> None:
    nodes = {"log": "sqs", "app": "service, slots: 50, takes: 5ms", "other": "producer, rate: 10/s"}
    run = shop(nodes, ["web -> app", "other => log => app"], breaks("consumer_stuck", "app", 5, 3))
    assert between(run, 5.1, 6).yes == 0
    assert between(run, 9, 10).yes == pytest.approx(200, abs=10)
    assert clean(run)


def test_two_heal_one_by_one() -> None:
    nodes = {"web": "producer, rate: 100/s, arrivals: constant", "log": "kinesis, shards: 4, partition: message", "app": TWO}
    both = breaks("consumer_stuck", "app", 20, 10), breaks("consumer_stuck", "app", 22, 3)
    run = shop(nodes, ["web => log => app"], *both)
    assert arrivals(run, "app", 26, 29.9) == 0
    assert arrivals(run, "app", 30, 33) > 1000
    assert clean(run)


def test_who_consumes_nothing_is_refused() -> None:
    with pytest.raises(Refused, match="consumes a queue or stream"):
        to(shop(), 1).do(breaks("consumer_stuck", "app", 0))
