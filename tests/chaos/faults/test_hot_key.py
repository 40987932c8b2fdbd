"""Everybody wants one thing."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import breaks, shop, to, view
from tests.chaos.faults.stores import CACHED, flow, gauge, inject, running


def test_writes_to_one_row_wait_for_each_other_and_healed_no_more() -> None:
    slower = inject(1, "lock_contention", "db", None, factor=10)
    plain, hot = running(12, slower), running(12, slower, inject(2, "hot_key", "web", 10, share="100%"))
    # 20 writes a second of 40 ms each on one row: a load of 0.8, and so a wait of about two more services.
    assert flow(hot).latency_p99_ns > 2 * flow(plain).latency_p99_ns
    hot.advance(22_000_000_000)
    assert gauge(hot, "db", "waiting for a lock") <= 1
    assert hot.frames()[0].node("db").p99_ns < 1.5 * 40_000_000  # type: ignore[union-attr]


def test_what_a_write_drops_hurts_all_who_want_it() -> None:
    run = running(5, inject(5, "hot_key", "web", 5, share="90%"), designs=CACHED)
    before = gauge(run, "mem", "misses")
    run.advance(10_000_000_000)
    hot = gauge(run, "mem", "misses") - before
    run.advance(15_000_000_000)
    usual = gauge(run, "mem", "misses") - before - hot
    # The one key is asked for again at once after each write to it, in each replica that saw one.
    assert usual == pytest.approx(100, abs=30)
    assert hot == pytest.approx(90, abs=40)


def test_two_of_them_hit_independently_and_heal_alone() -> None:
    run = running(6, inject(5, "hot_key", "web", 6, share="50%"), inject(5, "hot_key", "web", 3, share="50%"))
    assert [len(run.frames()[0].nodes[0].layers)] == [2]
    run.advance(9_000_000_000)
    assert len(run.frames()[0].nodes[0].layers) == 1
    run.advance(12_000_000_000)
    assert not run.frames()[0].nodes[0].layers


def test_messages_without_keys_have_none_to_heat() -> None:
    run = to(shop(), 1)
    with pytest.raises(Refused, match="give it keys"):
        run.do(breaks("hot_key", "web", 0))


def test_one_key_fills_one_shard_and_keeps_one_partition_busy() -> None:
    nodes = {
        "web": "producer, rate: 200/s, arrivals: constant, keys: {count: 1000}",
        "shards": "kinesis, shards: 4",
        "log": "msk, brokers: 4, partitions: 4, key: key",
        "app": "service, slots: 50, takes: 1ms",
    }
    links = ["web => shards", "web => log", "shards => app", "log => app"]
    run = shop(nodes, links, breaks("hot_key", "web", 5, 10, share="60%"))
    before = [view(to(run, 5), "log", f"partition {i}", "records") for i in range(4)]
    hot = max(view(to(run, 14.9), "shards", f"shard {i}", "records/s") for i in range(4))
    assert hot == pytest.approx(140, rel=0.2)
    after = [view(to(run, 15), "log", f"partition {i}", "records") for i in range(4)]
    grew = sorted(b - a for a, b in zip(before, after, strict=True))
    # Of 200 a second 60 % and about a quarter of the rest.
    assert grew[3] == pytest.approx(10 * 200 * (0.6 + 0.4 / 4), rel=0.15)
    assert max(grew[:3]) < 350
