"""A Kinesis stream by figures: routes, limits, positions, leases, checkpoints, batches that fail, and resharding."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.nodes.lone_stream import MS, Alone, S, Worker, numbers
from tests.topology.worlds import all_of, check_frame, flow, node, on_link, reasons, to_the_end, world
from topology.message import REFUSED, YES, lasts, reason_words
from topology.nodes.kinesis import Kinesis
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld
from topology.streams.shards import WHOLE, hash_key

LINK = Kinesis.link_params


@pytest.mark.parametrize(("name", "default", "least", "most", "page"), [
    ("retention", "24h", "24h", "30d", "Change the data retention period"),
    ("max_size", "1MiB", "1KiB", "10MiB", "Quotas and limits"),
])
def test_documented_defaults_and_bounds(name: str, default: object, least: object, most: object, page: str) -> None:
    param = Kinesis.params[name]
    assert (param.default, param.ge, param.le) == (default, least, most)
    assert param.source.endswith(page)


@pytest.mark.parametrize(("name", "default", "least", "most", "page"), [
    ("poll", "1s", "200ms", "1h", "KCL configurations"),
    ("failover", "10s", "1s", "1h", "KCL configurations"),
    ("parallelization", 1, 1, 10, "Amazon Kinesis Data Streams event source mappings"),
    ("retries", -1, -1, 10_000, "Amazon Kinesis Data Streams event source mappings"),
    ("max_age", None, "60s", "7d", "Amazon Kinesis Data Streams event source mappings"),
    ("from", "trim_horizon", None, None, "GetShardIterator"),
])
def test_documented_settings_of_links(name: str, default: object, least: object, most: object, page: str) -> None:
    param = LINK[name]
    assert (param.default, param.ge, param.le) == (default, least, most)
    assert param.source.endswith(page)


# Routes


def test_a_record_goes_where_the_md5_of_its_key_lies() -> None:
    """PutRecord: MD5 of the partition key as a number of 128 bits, and contiguous ranges."""
    assert hash_key("1") == 0xC4CA4238A0B923820DCC509A6F75849B
    s = Alone(shards=4)
    for key in range(1, 41):
        s.put(key, key)
    for shard in s.kinesis.shards:
        there = [call.message.key for call in shard.log if call is not None]
        assert there == [k for k in range(1, 41) if hash_key(str(k)) * 4 // WHOLE == shard.number]


@pytest.mark.parametrize(("by", "shards"), [("key", 4), ("tenant", 4), ("message", 4), ("one", 1)])
def test_what_the_partition_key_is_made_of(by: str, shards: int) -> None:
    s = Alone(shards=4, partition=by)
    for n in range(200):
        s.put(n, 1 + n % 50)
    assert len([shard for shard in s.kinesis.shards if shard.kept()]) == shards


def test_what_is_about_nothing_has_a_key_of_its_own() -> None:
    s = Alone(shards=2)
    for n in range(100):
        s.put(n)
    assert [shard.kept() for shard in s.kinesis.shards] == [
        sum(hash_key(str(n)) < WHOLE // 2 for n in range(100)), sum(hash_key(str(n)) >= WHOLE // 2 for n in range(100))
    ]


@pytest.mark.parametrize(("said", "shard"), [("0", 0), (str(WHOLE // 2 - 1), 0), (str(WHOLE // 2), 1), (str(WHOLE - 1), 1)])
def test_an_explicit_hash_key_goes_before_the_partition_key(said: str, shard: int) -> None:
    """PutRecord: ExplicitHashKey overrides the hash of the partition key."""
    s = Alone(shards=2)
    for n in range(20):
        s.put(n, n + 1, explicit_hash_key=said)
    assert s.kinesis.shards[shard].kept() == 20


# Limits of writes


def test_a_shard_takes_1000_records_a_second() -> None:
    """Quotas and limits: 1,000 records per second for each shard; PutRecords fails record by record."""
    s = Alone(shards=2, size="1B")
    first = [s.put(n, 1) for n in range(1001)]
    assert [call.outcome for call in first].count(YES) == 1000
    assert (first[-1].outcome, reason_words(first[-1].reason)) == (REFUSED, "provisioned throughput of the shard exceeded")
    assert not lasts(first[-1].reason)
    other = next(k for k in range(2, 99) if s.shard_of(k) != s.shard_of(1))
    assert s.put(2000, other).outcome == YES
    s.tick(S)
    assert s.put(2001, 1).outcome == YES
    assert s.figures(f"shard {s.shard_of(1)}")["records/s"] == 1000


def test_a_shard_takes_1_mb_a_second() -> None:
    """Quotas and limits: 1 MB per second for each shard."""
    s = Alone(shards=1)
    assert [s.put(n, 1, size=200_000).outcome for n in range(6)] == [YES] * 5 + [REFUSED]


def test_a_record_that_is_too_large_is_refused_for_good() -> None:
    s = Alone(shards=1, max_size="10MiB")
    call = s.put(0, size=10 * 1_048_576 + 1)
    assert call.outcome == REFUSED
    assert lasts(call.reason)


def test_what_is_throttled_leaves_holes_and_the_rest_is_kept() -> None:
    one = world(
        {"web": "producer, rate: 1500/s, arrivals: constant", "s": "kinesis, shards: 1, size: 1B", "app": "service, slots: 9"},
        ["web => s", "s => app"],
    )
    one.advance(10 * S)
    found = flow(one)
    assert (found.refused, reasons(one)) == (4999, {"s: provisioned throughput of the shard exceeded": 4999})
    check_frame(one)


# Reads


def reads(s: Alone, worker: Worker, length: int, step: int = 10 * MS) -> list[tuple[int, int]]:
    """(instant, record) of all that a worker gets in so long, answered at once."""
    got = []
    for _ in range(length // step):
        s.tick(step)
        while True:
            if not worker.asks:
                worker.ask()
            calls = worker.take()
            if not calls:
                break
            for call in calls:
                got.append((s.now, call.message.n))
                worker.answer(call)
    return got


def test_a_shard_is_read_once_a_second_in_order() -> None:
    """KCL configurations: idleTimeBetweenReadsInMillis is 1,000."""
    s = Alone(shards=1)
    worker = s.worker()
    worker.ask()
    got = []
    for n in range(50):
        s.put(n, n + 1)
        got += reads(s, worker, 100 * MS)
    assert [n for _, n in got] == list(range(len(got)))
    instants = sorted({at for at, _ in got})
    assert {b - a for a, b in pairwise(instants)} == {S}
    assert set(s.fates.values()) == {"done"}
    assert s.kinesis.depth() == 50 - len(got)


def test_enhanced_fan_out_takes_70_ms() -> None:
    """Enhanced fan-out consumers: about 70 ms from the producer to the consumer."""
    s = Alone([{"fan_out": True}], shards=1)
    worker = s.worker()
    worker.ask()
    s.tick(S)
    at = s.now
    s.put(0)
    assert reads(s, worker, S) == [(at + 70 * MS, 0)]


def test_two_mb_a_second_are_read_from_a_shard() -> None:
    """Quotas and limits: 2 MB/s; after 10 MB in one read, reads within the next five seconds are refused."""
    s = Alone(shards=1)
    for n in range(30):
        s.put(n, size=1_000_000)
        s.tick(S)
    worker = s.worker()
    worker.ask()
    got = reads(s, worker, 16 * S)
    instants = sorted({at for at, _ in got})
    assert [sum(at == one for at, _ in got) for one in instants] == [10, 10, 10]
    assert all(b - a >= 5 * S for a, b in pairwise(instants))
    assert s.kinesis.gauges(s)["throttled reads"] > 5


def test_five_reads_a_second_are_shared_out() -> None:
    """Quotas and limits: five GetRecords calls per second for each shard; with enhanced fan-out each has its own."""
    app = {"poll": "200ms"}
    for apps, throttled in (([app] * 4, True), ([app], False), ([app | {"fan_out": True}] * 4, False)):
        s = Alone(apps, shards=1, size="1B")
        workers = [s.worker(app=i) for i in range(len(apps))]
        for n in range(300):
            s.put(n)
            for worker in workers:
                reads(s, worker, 30 * MS)
        assert (s.kinesis.gauges(s)["throttled reads"] > 20) == throttled


def test_each_application_gets_every_record() -> None:
    nodes = {
        "web": "producer, rate: 100/s, arrivals: constant, work: [app, more]", "s": "kinesis, shards: 3",
        "app": "service, slots: 9, takes: 1ms", "more": "service, replicas: 2, slots: 9, takes: 5ms",
    }
    one = world(nodes, ["web => s", "s => app", "s => more"])
    one.advance(20 * S)
    check_frame(one)
    found = to_the_end(one)
    assert (found.served, found.offered, found.duplicates) == (1999, 1999, 0)
    assert (node(one, "app").arrivals, node(one, "more").arrivals, node(one, "s").depth) == (1999, 1999, 0)


def test_an_iterator_expires_after_five_minutes() -> None:
    """GetShardIterator: a shard iterator expires 5 minutes after it is returned. Ten thousand records wait behind one."""
    s = Alone(shards=1, size="1B")
    for n in range(10_100):
        s.put(n, 1)
        s.tick(2 * MS)
    worker = s.worker()
    worker.ask()
    s.tick(2 * S)
    held = worker.take()
    s.tick(299 * S)
    worker.answer(held[0])
    assert len(reads(s, worker, 3 * S)) == 10_099
    assert s.kinesis.gauges(s)["expired iterators"] == 1


def test_while_iterators_expire_nothing_is_read() -> None:
    s = Alone(shards=1)
    worker = s.worker()
    s.lay(expired=1.0)
    s.put(0)
    assert reads(s, worker, 10 * S) == []
    assert s.kinesis.gauges(s)["expired iterators"] == pytest.approx(10, abs=1)
    s.lay(expired=0.0)
    assert [n for _, n in reads(s, worker, 2 * S)] == [0]


# Positions


@pytest.mark.parametrize(("app", "first"), [
    ({"from": "trim_horizon"}, 0), ({"from": "latest"}, 5), ({"from": "timestamp", "timestamp": "3s"}, 3),
])
def test_where_an_application_begins(app: dict[str, str], first: int) -> None:
    """GetShardIterator: TRIM_HORIZON, LATEST, AT_TIMESTAMP. What lies before is never read."""
    s = Alone([app], shards=1)
    for n in range(5):
        s.put(n)
        s.tick(S)
    worker = s.worker()
    worker.ask()
    for n in range(5, 8):
        s.put(n)
        s.tick(S)
    assert [n for _, n in reads(s, worker, 3 * S)] == list(range(first, 8))
    assert s.fates == {n: "done" if n >= first else "written before its consumer's starting position" for n in range(8)}


def test_from_timestamp_needs_an_instant() -> None:
    nodes = {"web": "producer", "s": "kinesis, shards: 1", "app": "service"}
    for words in ("from: timestamp", "timestamp: 3s"):
        with pytest.raises(PlaygroundError, match="go together"):
            world(nodes, ["web => s", f"{{link: s => app, {words}}}"])


def test_retention_takes_what_nobody_has_processed() -> None:
    """Change the data retention period: 24 hours, whoever is late."""
    s = Alone(shards=1)
    s.put(0)
    s.tick(S)
    s.put(1)
    s.tick(86_399 * S - 1)
    assert s.fates == {}
    s.tick(1)
    assert s.fates == {0: "retention ended"}
    worker = s.worker()
    worker.ask()
    assert [n for _, n in reads(s, worker, 990 * MS)] == [1]


def test_retention_shorter_than_the_lag_loses() -> None:
    nodes = {"web": "producer, rate: 10/s, arrivals: constant", "s": "kinesis, shards: 1", "app": "service, slots: 1, takes: 1s"}
    one = world(nodes, ["web => s", "s => app"])
    one.lay("retention", all_of(one, "s"), {"factor": 30 / 86_400})
    one.advance(100 * S)
    found = to_the_end(one)
    assert found.lost == pytest.approx(870, abs=20)
    assert reasons(one) == {"s: retention ended": found.lost}
    check_frame(one)


# Leases


def owners(s: Alone) -> list[float]:
    """Which member has the lease of each shard."""
    return [figures["owner"] for part, figures in s.kinesis.views(s).items() if part.startswith("shard")]


def test_leases_are_shared_out_and_taken_over_after_ten_seconds() -> None:
    """KCL configurations: failoverTimeMillis is 10,000."""
    s = Alone(shards=6)
    workers = [s.worker(i) for i in range(3)]
    for worker in workers:
        worker.ask()
    s.tick(S)
    assert sorted(owners(s)) == [0, 0, 1, 1, 2, 2]
    workers[1].alive = False
    s.tick(9 * S)
    assert sorted(owners(s)) == [0, 0, 1, 1, 2, 2]
    s.tick(5 * S)
    assert sorted(owners(s)) == [0, 0, 0, 2, 2, 2]


def test_a_new_member_gets_its_share_one_lease_after_the_other() -> None:
    s = Alone(shards=6)
    one, two = s.worker(0), s.worker(1)
    one.ask()
    s.tick(60 * S)
    assert owners(s) == [0] * 6
    two.ask()
    s.tick(11 * S)
    assert sorted(owners(s)) == [0, 0, 0, 1, 1, 1]


def test_a_lease_moves_when_nothing_is_in_flight() -> None:
    """The old owner finishes its record and notes it; the new one goes on behind it: nothing is done twice."""
    s = Alone([{"parallelization": 2}], shards=2)
    one, two = s.worker(0), s.worker(1)
    for n in range(40):
        s.put(n)
    for _ in range(4):
        one.ask()
    s.tick(2 * S)
    held = one.take()
    for _ in range(4):
        two.ask()
    s.tick(20 * S)
    assert owners(s) == [0, 0]
    shards = [s.shard_of(call.message.n) for call in held]
    assert sorted(shards) == [0, 0, 1, 1]
    for call in (held[shards.index(0)], held[shards.index(1)]):
        one.answer(call)
    assert owners(s) == [0, 0]
    for call in list(one.held):
        one.answer(call)
    assert sorted(owners(s)) == [0, 1]
    seen = numbers(held) + [n for pair in (reads(s, two, 5 * S), reads(s, one, 5 * S)) for _, n in pair]
    assert sorted(seen) == list(range(40))


def test_after_a_crash_the_new_owner_begins_at_the_checkpoint() -> None:
    """Handling duplicate records: what was processed after the last checkpoint is read again."""
    s = Alone(shards=1)
    for n in range(10):
        s.put(n)
    one, two = s.worker(0), s.worker(1)
    one.ask()
    s.tick(2 * S)
    for n in range(4):
        (call,) = one.take()
        assert call.message.n == n
        one.ask()
        one.answer(call)
    one.alive = False
    two.ask()
    s.tick(15 * S)
    assert [n for _, n in reads(s, two, 2 * S)] == list(range(10))
    assert set(s.fates.values()) == {"done"}


def test_a_checkpoint_now_and_then() -> None:
    s = Alone([{"checkpoint": "60s"}], shards=1)
    worker = s.worker()
    worker.ask()
    for n in range(3):
        s.put(n)
        assert [m for _, m in reads(s, worker, 2 * S)] == [n]
    s.tick(60 * S - s.now - 1)
    assert s.fates == {}
    s.tick(1)
    assert s.fates == dict.fromkeys(range(3), "done")


def test_who_stood_still_for_too_long_works_in_vain() -> None:
    """Its late answer moves no checkpoint of the new owner."""
    s = Alone(shards=1)
    s.put(0)
    one, two = s.worker(0), s.worker(1)
    one.ask()
    s.tick(2 * S)
    (call,) = one.take()
    one.alive = False
    two.ask()
    s.tick(15 * S)
    (again,) = two.take()
    one.answer(call)
    assert s.fates == {}
    two.answer(again)
    assert s.fates == {0: "done"}


def test_a_crash_in_the_world_is_seen_as_duplicates() -> None:
    nodes = {
        "web": "producer, rate: 200/s, arrivals: constant, work: [app]", "s": "kinesis, shards: 2",
        "app": "service, replicas: 2, slots: 4, takes: 5ms",
    }
    one = world(nodes, ["web => s", "s => app"])
    one.advance(10 * S + 800 * MS)
    handle = one.kill(type(all_of(one, "app"))("app", (0,)))
    one.advance(40 * S)
    one.lift(handle)
    found = to_the_end(one)
    assert (found.served + found.late, found.lost) == (found.offered, 0)
    assert 1 <= found.duplicates <= 200
    assert one.parts("s")["=> app"]["leases moved"] >= 1


def test_while_the_api_is_down_nothing_is_read_and_nothing_is_lost() -> None:
    nodes = {
        "web": "producer, rate: 100/s, arrivals: constant, work: [app]", "s": "kinesis, shards: 2",
        "app": "service, replicas: 2, slots: 4, takes: 20ms",
    }
    one = world(nodes, ["web => s", "s => app"])
    one.advance(10 * S)
    handle = one.kill(all_of(one, "s"))
    one.advance(60 * S)
    one.lift(handle)
    one.advance(70 * S)
    found = to_the_end(one)
    assert (found.refused, found.lost, found.duplicates) == (5000, 0, 0)
    assert found.served + found.late == found.offered - 5000
    assert node(one, "s").in_flight == 0


def test_what_got_lost_on_its_way_to_a_member_goes_out_again() -> None:
    nodes = {
        "web": "producer, rate: 50/s, arrivals: constant, work: [app]", "s": "kinesis, shards: 2", "app": "lambda, takes: 5ms",
    }
    one = world(nodes, ["web => s", "{link: s => app, delay: 5ms}"])
    one.advance(10 * S)
    handle = one.lay("cut", on_link("s => app"), {})
    one.advance(100 * S)
    one.lift(handle)
    found = to_the_end(one)
    assert (found.lost, found.served + found.late) == (0, found.offered)
    check_frame(one)


# Batches that fail


def test_a_record_that_fails_blocks_its_shard() -> None:
    """Lambda parameters for Kinesis: retries are -1, so it is tried until it expires."""
    s = Alone(shards=2)
    worker = s.worker()
    blocked = s.shard_of(1)
    other = next(k for k in range(2, 99) if s.shard_of(k) != blocked)
    for n in range(6):
        s.put(n, 1 if n % 2 else other)
    for _ in range(2):
        worker.ask()
    tries = 0
    for _ in range(600):
        s.tick(100 * MS)
        for call in worker.take():
            worker.ask()
            if call.message.n == 1:
                tries += 1
                worker.fail(call)
            else:
                worker.answer(call)
    assert tries == pytest.approx(60, abs=2)
    assert s.fates == {0: "done", 2: "done", 4: "done"}
    assert s.figures(f"shard {blocked}")["backlog"] == 3


@pytest.mark.parametrize(("app", "tries", "fate"), [
    ({"retries": 0}, 1, "skipped after its last retry, no failure destination"),
    ({"retries": 3}, 4, "skipped after its last retry, no failure destination"),
    ({"max_age": "60s"}, 61, "too old when it failed (maximum record age)"),
    ({"retries": 3, "failed": "dlq"}, 4, "done"),
])
def test_it_is_given_up_by_its_link(app: dict[str, object], tries: int, fate: str) -> None:
    s = Alone([app], shards=1)
    worker = s.worker()
    s.put(0)
    s.put(1)
    worker.ask()
    seen = 0
    for _ in range(800):
        s.tick(100 * MS)
        for call in worker.take():
            worker.ask()
            if call.message.n == 0:
                seen += 1
                worker.fail(call)
            else:
                worker.answer(call)
    assert seen == pytest.approx(tries, abs=2 if "max_age" in app else 0)
    assert s.fates == {0: fate, 1: "done"}
    assert s.dead == ([0] if "failed" in app else [])


def batches(s: Alone, worker: Worker, poison: int, most: int, seconds: int) -> list[list[int]]:
    """The batches that a function gets, of which each with a poisoned record fails as a whole."""
    found = []
    worker.ask(most)
    for _ in range(seconds * 10):
        s.tick(100 * MS)
        calls = worker.take()
        if not calls:
            continue
        found.append(numbers(calls))
        worker.ask(most)
        for call in calls:
            worker.answer(call, 3 if poison in found[-1] else YES)
    return found


def test_a_function_gets_a_batch_of_one_shard_in_order() -> None:
    s = Alone(in_turn=True, shards=1)
    for n in range(10):
        s.put(n)
    assert batches(s, s.worker(), -1, 4, 3) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert set(s.fates.values()) == {"done"}


def test_a_batch_that_fails_is_split_until_the_record_stands_alone() -> None:
    """Lambda parameters for Kinesis: BisectBatchOnFunctionError; splitting does not count as a retry."""
    s = Alone([{"bisect": True, "retries": 1}], in_turn=True, shards=1)
    for n in range(8):
        s.put(n)
    found = batches(s, s.worker(), 2, 8, 20)
    assert found == [[*range(8)], [0, 1, 2, 3], [0, 1], [2, 3], [2], [2], [3], [4, 5, 6, 7]]
    assert {n for n, fate in s.fates.items() if fate != "done"} == {2}


def test_without_splitting_the_whole_batch_is_given_up() -> None:
    s = Alone([{"retries": 1}], in_turn=True, shards=1)
    for n in range(8):
        s.put(n)
    assert batches(s, s.worker(), 2, 4, 20) == [[0, 1, 2, 3], [0, 1, 2, 3], [4, 5, 6, 7]]
    assert sorted(n for n, fate in s.fates.items() if fate != "done") == [0, 1, 2, 3]


def test_with_partial_responses_it_goes_on_at_the_first_that_failed() -> None:
    """Partial batch responses: the checkpoint is the lowest sequence number that failed."""
    s = Alone(in_turn=True, shards=1)
    for n in range(4):
        s.put(n)
    worker = s.worker()
    worker.ask(4)
    s.tick(2 * S)
    for call in worker.take():
        worker.answer(call, YES if call.message.n != 2 else 3)
    assert s.fates == {0: "done", 1: "done"}
    worker.ask(4)
    s.tick(2 * S)
    assert numbers(worker.take()) == [2, 3]


def test_several_batches_of_a_shard_at_once_of_other_keys() -> None:
    """Lambda parameters for Kinesis: ParallelizationFactor 1 to 10, in order for each partition key."""
    s = Alone([{"parallelization": 3}], in_turn=True, shards=1)
    for n in range(30):
        s.put(n, 1 + n % 6)
    worker = s.worker()
    for _ in range(4):
        worker.ask(100)
    s.tick(2 * S)
    calls = worker.take()
    assert len(worker.asks) == 1
    order = [c.message.n for c in calls]
    for key in range(1, 7):
        mine = [n for n in order if 1 + n % 6 == key]
        assert mine == sorted(mine)
        assert len(mine) == 5
    for call in sorted(calls, key=lambda c: c.message.key % 3):
        worker.answer(call)
        noted = len(s.fates)
        assert s.fates == dict.fromkeys(range(noted), "done")
    assert len(s.fates) == 30


def test_a_lambda_function_takes_batches_of_a_hundred_from_each_shard() -> None:
    """Lambda parameters for Kinesis: batches of up to 10,000 without a window; one batch of each shard at once."""
    nodes = {
        "web": "producer, rate: 400/s, arrivals: constant, keys: {count: 999}, work: [fn]", "s": "kinesis, shards: 4",
        "fn": "lambda, takes: 5ms",
    }
    one = world(nodes, ["web => s", "{link: s => fn, batch: 100}"])
    one.advance(20 * S)
    assert dict(node(one, "fn").gauges)["cold starts"] <= 4
    found = to_the_end(one)
    assert (found.served, found.duplicates) == (found.offered, 0)


# Resharding


def test_shards_at_most_double_or_halve() -> None:
    """UpdateShardCount: not above twice, not below half, ten times in 24 hours."""
    s = Alone(shards=4)
    s.set(shards=9)
    s.set(shards=1)
    assert s.notes == [f"not resharded: from 4 to {n} shards; at most twice or half as many" for n in (9, 1)]
    for i in range(11):
        s.set(shards=5 if i % 2 else 4 if i else 8)
    assert s.notes[-1] == "not resharded: changed 10 times within 24 hours"
    s.tick(86_400 * S)
    s.set(shards=6)
    assert len(s.kinesis.ranges.opened) == 6


def test_parents_are_read_to_their_end_before_their_children() -> None:
    s = Alone(shards=2)
    for n in range(20):
        s.put(n, 1 + n % 10)
    s.set(shards=4)
    for n in range(20, 40):
        s.put(n, 1 + n % 10)
    worker = s.worker()
    for _ in range(8):
        worker.ask()
    s.tick(5 * S)
    first = worker.take()
    assert len(first) == 2
    for call in first:
        worker.answer(call)
    order = numbers(first) + [n for _, n in reads(s, worker, 30 * S, 100 * MS)]
    assert sorted(order) == list(range(40))
    for key in range(10):
        mine = [n for n in order if n % 10 == key]
        assert mine == sorted(mine)
    assert set(s.fates.values()) == {"done"}
    assert s.kinesis.gauges(s)["closed shards"] == 0


def test_two_parents_before_the_shard_that_they_became() -> None:
    s = Alone(shards=4)
    for n in range(100):
        s.put(n, 1 + n % 10)
    s.set(shards=2)
    for n in range(100, 200):
        s.put(n, 1 + n % 10)
    worker = s.worker()
    worker.ask()
    order = [n for _, n in reads(s, worker, 20 * S, 100 * MS)]
    assert sorted(order) == list(range(200))
    for key in range(10):
        mine = [n for n in order if n % 10 == key]
        assert mine == sorted(mine)


def test_on_demand_begins_with_four_shards_and_makes_room_for_twice_as_much() -> None:
    """Choose the right mode: 4 MB/s at first, then up to double the peak; not more than doubled within 15 minutes."""
    s = Alone()
    seen = []
    for minute in range(35):
        for second in range(60):
            for i in range(60):
                s.put((minute * 60 + second) * 100 + i, size=100_000)
            s.tick(S)
        seen.append(len(s.kinesis.ranges.opened))
    assert seen[:16] == [8] * 15 + [seen[15]]
    assert 10 <= seen[15] <= 12
    assert seen[-1] == 12
    s.set(shards=20)
    assert s.notes[-1] == "not resharded: it is on demand"


# Order, and nothing lost


class Crowd:
    """Applications whose members work, crash and come back at random; every record's way is checked as it goes."""

    def __init__(self, s: Alone, rng: random.Random, members: int) -> None:
        self.s, self.rng = s, rng
        self.workers = [s.worker(i) for i in range(members)]
        self.key_of: dict[int, int] = {}
        self.order: dict[int, list[int]] = {}
        self.at: dict[int, int] = {}
        self.done: set[int] = set()
        self.repeated = 0

    def put(self, n: int, key: int) -> None:
        self.key_of[n] = key
        if self.s.put(n, key).outcome == YES:
            self.order.setdefault(key, []).append(n)

    def work(self, length: int) -> None:
        for _ in range(length // (50 * MS)):
            self.s.tick(50 * MS)
            for worker in self.workers:
                while len(worker.asks) + len(worker.held) < 3:
                    worker.ask()
                worker.take()
                for call in list(worker.held):
                    if self.rng.random() < 0.3:
                        self.processed(call.message.n)
                        worker.answer(call)

    def processed(self, n: int) -> None:
        """A record of a key is never processed before all that came before it."""
        key = self.key_of[n]
        place = self.order[key].index(n)
        assert place <= self.at.get(key, 0)
        self.at[key] = max(self.at.get(key, 0), place + 1)
        self.repeated += n in self.done
        self.done.add(n)


@pytest.mark.slow
def test_of_200_crashes_none_loses_or_disorders_anything() -> None:
    rng = random.Random(7)
    s = Alone([{"parallelization": 2}], shards=4)
    crowd = Crowd(s, rng, 3)
    n = 0
    for crash in range(200):
        for _ in range(rng.randrange(200)):
            crowd.put(n, 1 + rng.randrange(30))
            n += 1
        crowd.work(rng.randrange(1, 14) * S)
        rng.choice(crowd.workers).die()
        if crash % 20 == 10:
            s.set(shards=[8, 4][crash // 20 % 2])
            s.tick(3600 * S)
    crowd.work(600 * S)
    assert crowd.done == set(range(n)) == set(s.fates)
    assert set(s.fates.values()) == {"done"}
    assert crowd.repeated > 100


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_all_adds_up(data: st.DataObject) -> None:
    """Conservation in small worlds: crashes, freezes, poison, resharding, outages of the API."""
    link = data.draw(st.sampled_from([
        "s => app", "{link: s => app, retries: 2}", "{link: s => app, retries: 1, failed: dlq}",
        "{link: s => app, parallelization: 4, checkpoint: 20s, fan_out: true}", "{link: s => app, from: latest}",
    ]))
    nodes = {
        "web": "producer, rate: 30/s, keys: {count: 20}, work: [app, two]", "s": "kinesis, shards: 3",
        "app": "service, replicas: 2, slots: 3, takes: 20ms, fails: 5%", "two": "lambda, takes: 10ms, fails: 2%",
        "dlq": "sqs, visibility: 5s",
    }
    one = world(nodes, ["web => s", link, "{link: s => two, bisect: true, retries: 3, batch: 10}"])
    for _ in range(data.draw(st.integers(1, 4))):
        one.advance(one.now + data.draw(st.integers(1, 15)) * S)
        what = data.draw(st.sampled_from(["kill app", "kill s", "freeze app", "freeze s", "set", "poison", "retention"]))
        verb, _, who = what.partition(" ")
        handle = 0
        if verb == "kill":
            handle = one.kill(all_of(one, who))
        elif verb == "freeze":
            handle = one.freeze(all_of(one, who))
        elif verb == "set":
            one.set("s", "shards", data.draw(st.integers(2, 6)))
        elif verb == "poison":
            handle = one.lay("poison", all_of(one, "app"), {"share": 0.05})
        else:
            handle = one.lay("retention", all_of(one, "s"), {"factor": 10 / 86_400})
        one.advance(one.now + data.draw(st.integers(1, 20)) * S)
        check_frame(one)
        if handle:
            one.lift(handle)
    check_frame(one)
    found = to_the_end(one, 3600)
    check_frame(one)
    assert (found.in_system, node(one, "s").depth, node(one, "s").in_flight) == (0, 0, 0)


def made(seed: int) -> SimWorld:
    nodes = {
        "web": "producer, rate: 200/s, keys: {count: 50}", "s": "kinesis, shards: 3", "app": "service, replicas: 2, slots: 5"
    }
    return world(nodes, ["web => s", "s => app"], seed=seed)


def test_slices_of_any_length_give_the_same() -> None:
    one, two = made(3), made(3)
    one.advance(20 * S)
    for i in range(1, 41):
        two.advance(i * S // 2)
    assert one.fates() == two.fates()
