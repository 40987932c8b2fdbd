"""Caches: what stays in memory, what goes, who asks the origin, and what is told meanwhile."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.topology.worlds import S, all_of, check_frame, flow, mean_ms, node, reasons, to_the_end, world
from topology.nodes.cache import FIFO, LFU, LRU, RANDOM, Store
from topology.sim.world import SimWorld


class Plain:
    """What the store should keep, found the slow way: lists, and a look at every entry."""

    def __init__(self, capacity: int, order: int) -> None:
        self.capacity = capacity
        self.order = order
        self.keys: list[int] = []
        self.uses: Counter[int] = Counter()
        self.since: dict[int, int] = {}
        self.now = 0

    def access(self, key: int) -> bool:
        self.now += 1
        if key in self.keys:
            if self.order == LRU:
                self.keys.remove(key)
                self.keys.append(key)
            self.uses[key] += 1
            self.since[key] = self.now
            return True
        if len(self.keys) >= self.capacity:
            self.drop(self.victim())
        self.keys.append(key)
        self.uses[key] = 1
        self.since[key] = self.now
        return False

    def victim(self) -> int:
        if self.order == LFU:
            return min(self.keys, key=lambda k: (self.uses[k], self.since[k]))
        return self.keys[0]

    def drop(self, key: int) -> None:
        self.keys.remove(key)
        del self.uses[key]


def access(store: Store, key: int, u: float = 0.5) -> bool:
    """Look a key up, and keep it when it is not there."""
    entry = store.entries.get(key)
    if entry is not None:
        store.use(entry)
        return True
    while len(store.entries) >= store.capacity:
        store.drop(store.victim(u))
    store.add(key, 0)
    return False


def chain(store: Store) -> list[int]:
    """The keys from the first to the last, with every pointer back checked."""
    found: list[int] = []
    entry, before = store.first, None
    while entry is not None:
        assert entry.before is before
        found.append(entry.key)
        entry, before = entry.behind, entry
    assert store.last is before
    return found


@given(
    order=st.sampled_from([LRU, LFU, FIFO]),
    capacity=st.integers(1, 6),
    keys=st.lists(st.integers(-2, 7), min_size=20, max_size=80),
)
def test_the_store_keeps_what_a_plain_one_keeps(order: int, capacity: int, keys: list[int]) -> None:
    store, plain = Store(capacity, order), Plain(capacity, order)
    for key in keys:
        if key < 0:
            entry = store.entries.get(-key)
            if entry is not None:
                store.drop(entry)
                plain.drop(-key)
            continue
        assert access(store, key) == plain.access(key)
        assert sorted(store.entries) == sorted(plain.keys)
        assert sorted(chain(store)) == sorted(plain.keys)
        if order != LFU:
            assert chain(store) == plain.keys


@given(keys=st.lists(st.tuples(st.integers(0, 30), st.floats(0, 1, exclude_max=True)), max_size=120))
def test_any_entry_may_go_and_each_place_is_known(keys: list[tuple[int, float]]) -> None:
    store = Store(5, RANDOM)
    for key, u in keys:
        access(store, key, u)
        assert [entry.at for entry in store.listed] == list(range(len(store.listed)))
        assert {entry.key for entry in store.listed} == set(store.entries)
        assert len(store.entries) <= 5


def test_what_was_used_least_recently_goes_first() -> None:
    store = Store(3, LRU)
    for key in (1, 2, 3, 1):
        access(store, key)
    assert chain(store) == [2, 3, 1]
    access(store, 4)
    assert chain(store) == [3, 1, 4]


def test_random_eviction_chooses_each_as_likely() -> None:
    store = Store(4, RANDOM)
    for key in range(4):
        access(store, key)
    assert [store.victim(u).key for u in (0.1, 0.3, 0.6, 0.9)] == [0, 1, 2, 3]


# In a world


EVEN = "100/s, arrivals: constant"


def cached(words: str, rate: str = EVEN, keys: str = "{count: 1}", origin: str = "takes: 100ms") -> SimWorld:
    """A producer that asks a cache before a database that has cores for all."""
    nodes = {
        "web": f"producer, rate: {rate}, keys: {keys}, deadline: 5s",
        "mem": f"cache, takes: 1ms, {words}",
        "db": f"database, connections: 10000, cores: 10000, {origin}",
    }
    return world(nodes, ["web -> mem -> db"])


def gauge(one: SimWorld, name: str) -> float:
    return dict(node(one, "mem").gauges)[name]


def asked(one: SimWorld) -> int:
    """How often the origin was asked."""
    return node(one, "db").arrivals


def test_a_hit_asks_nobody_and_a_miss_asks_the_origin() -> None:
    one = cached("ttl: 1h")
    one.advance(10 * S)
    # The first misses, and so do the nine who come within the 100 ms until its answer is there.
    assert asked(one) == gauge(one, "misses") == 10
    assert gauge(one, "hits") == flow(one).offered - 10
    assert flow(one).latency_p50_ns == pytest.approx(1_000_000, rel=0.01)
    check_frame(one)


def test_what_lies_behind_a_cache_is_not_work_that_every_message_needs() -> None:
    one = cached("ttl: 1h")
    assert one.flows[0].parts == ["mem"]
    one.advance(5 * S)
    found = to_the_end(one)
    assert (found.served, found.done, found.lost) == (found.offered, found.offered, 0)


def test_one_miss_asks_for_all_in_single_flight() -> None:
    one = cached("ttl: 1h, single_flight: true")
    one.advance(50_000_000)
    assert gauge(one, "waiting for a flight") == 3
    one.advance(10 * S)
    assert asked(one) == 1
    assert gauge(one, "waiting for a flight") == 0
    assert flow(one).served == flow(one).offered == 999


def test_the_time_to_live_ends_what_is_kept() -> None:
    one = cached("ttl: 1s, single_flight: true")
    one.advance(11 * S)
    # A miss, 100 ms until the answer, 1 s fresh, and up to 10 ms until somebody asks again.
    assert asked(one) == 10


def test_a_jitter_is_a_distribution() -> None:
    one = cached("ttl: {uniform: {low: 1s, high: 3s}}, single_flight: true")
    one.advance(60 * S)
    assert asked(one) == pytest.approx(60 / 2.1, abs=4)


def test_everybody_who_waits_is_told_of_the_failure() -> None:
    one = cached("ttl: 1h, single_flight: true", origin="takes: 100ms, fails: 100%")
    one.advance(10 * S)
    assert asked(one) == pytest.approx(flow(one).offered / 10, abs=1)
    assert reasons(one) == {"db: error": flow(one).failed}
    assert flow(one).failed == pytest.approx(flow(one).offered, abs=12)


def test_an_old_answer_may_stand_in_while_it_is_refreshed() -> None:
    one = cached("ttl: 1s, stale_while_revalidate: 10s")
    one.advance(10 * S + 500_000_000)
    # Only the very first fill is a stampede; then one refresh a cycle, and ten stale answers while it is under way.
    assert gauge(one, "misses") == 10
    assert asked(one) - 10 == 9
    assert flow(one).degraded == gauge(one, "stale") == 9 * 10
    assert flow(one).latency_p99_ns < 110_000_000
    found = to_the_end(one)
    assert (found.served, found.in_system) == (found.offered, 0)


def test_an_old_answer_may_stand_in_for_an_error_only_so_long() -> None:
    one = cached("ttl: 1s, stale_if_error: 2s", origin="takes: 1ms")
    one.advance(S)
    handle = one.kill(all_of(one, "db"))
    one.advance(S + 900_000_000)
    assert (flow(one).failed, gauge(one, "stale")) == (0, pytest.approx(89, abs=3))
    one.advance(6 * S)
    # Stored at 0.012 s: fresh until 1.012 s, good enough until 3.012 s.
    assert flow(one).degraded == pytest.approx(200, abs=3)
    assert flow(one).failed == pytest.approx(300, abs=3)
    one.lift(handle)
    failed = flow(one).failed
    one.advance(10 * S)
    assert flow(one).failed == failed


def test_a_write_passes_through_and_drops_what_was_kept() -> None:
    nodes = {
        "web": "producer, rate: 100/s, arrivals: constant, keys: {count: 1}, "
        "mix: {look: {weight: 9}, buy: {weight: 1, attributes: {write: true}}}",
        "mem": "cache, takes: 0s, ttl: 1h",
        "db": "database, takes: 1ms",
    }
    one = world(nodes, ["web -> mem -> db"])
    one.advance(60 * S)
    writes = flow(one).offered - gauge(one, "hits") - gauge(one, "misses")
    assert writes == pytest.approx(600, rel=0.12)
    # Each write is followed by a miss, unless another write comes at once.
    assert gauge(one, "misses") == pytest.approx(writes * 0.9, rel=0.05)
    assert asked(one) == writes + gauge(one, "misses")


def test_room_is_bounded_and_what_is_wanted_least_goes() -> None:
    one = cached("ttl: 1h, capacity: 50", "500/s", "{count: 5000}", "takes: 1ms")
    one.advance(20 * S)
    assert gauge(one, "entries") == 50
    assert gauge(one, "evictions") == pytest.approx(gauge(one, "misses") - 50, abs=20)
    one.set("mem", "capacity", 10)
    assert gauge(one, "entries") == 10


def test_a_flush_empties_all_replicas() -> None:
    nodes = {
        "web": "producer, rate: 400/s, keys: {count: 50}",
        "app": "service, replicas: 2, slots: 50, takes: 0s",
        "mem": "cache, takes: 0s, ttl: 1h, replicas: 2",
        "db": "database, takes: 1ms",
    }
    one = world(nodes, ["web -> app -> mem -> db"])
    one.advance(20 * S)
    assert gauge(one, "entries") > 90
    assert gauge(one, "hit %") > 95
    before = asked(one)
    one.flush("mem")
    assert gauge(one, "entries") == 0
    one.advance(40 * S)
    assert asked(one) - before == pytest.approx(100, abs=10)


def test_each_replica_has_a_memory_of_its_own_and_starts_cold() -> None:
    nodes = {
        "web": "producer, rate: 200/s, arrivals: constant, keys: {count: 1}, clients: 2",
        "mem": "cache, takes: 0s, ttl: 1h, single_flight: true, replicas: 2",
        "db": "database, takes: 1ms",
    }
    one = world(nodes, ["web -> mem -> db"])
    one.advance(5 * S)
    assert asked(one) == 2
    one.lift(one.kill(all_of(one, "mem")))
    assert gauge(one, "entries") == 0
    one.advance(10 * S)
    assert asked(one) == 4


def test_a_crash_in_the_middle_of_a_flight_leaves_nobody_waiting() -> None:
    one = cached("ttl: 100ms, single_flight: true")
    one.advance(50_000_000)
    handle = one.kill(all_of(one, "mem"))
    one.advance(S)
    one.lift(handle)
    assert gauge(one, "waiting for a flight") == 0
    one.advance(3 * S)
    found = to_the_end(one)
    assert found.in_system == 0
    assert found.failed == reasons(one)["mem: connection reset"] == 4
    check_frame(one)


def test_a_call_that_waits_for_the_origin_holds_a_slot() -> None:
    """Ten slots of 500 ms each: 20 misses a second of the 100 that come."""
    one = cached("ttl: 1h, slots: 10", keys="{count: 1000000, skew: 0}", origin="takes: 499ms")
    one.advance(10 * S)
    assert (node(one, "mem").slots, node(one, "mem").busy) == (10, 10)
    assert node(one, "mem").departures == pytest.approx(20 * 10, abs=10)


def test_lookups_share_its_cores() -> None:
    """Two cores of 1 ms each: 2000 lookups a second of the 3000 that come."""
    one = cached("ttl: 1h, cores: 2, prefilled: 100%, capacity: 1", "3000/s, arrivals: constant")
    one.advance(S)
    assert flow(one).served == pytest.approx(2000, abs=4)


def test_a_share_of_lookups_fails() -> None:
    one = cached("ttl: 1h, prefilled: 100%, capacity: 1, fails: 20%", "500/s")
    one.advance(6 * S)
    assert flow(one).failed / flow(one).offered == pytest.approx(0.2, abs=0.025)
    assert reasons(one) == {"mem: error": flow(one).failed}


def test_a_cache_that_starts_refuses_until_it_is_up() -> None:
    one = cached("ttl: 1h, start: 2s")
    one.advance(3 * S)
    one.lift(one.kill(all_of(one, "mem")))
    one.advance(6 * S)
    assert flow(one).refused == pytest.approx(200, abs=1)


def test_after_a_restart_lookups_are_slow_at_first() -> None:
    """Three times 1 ms at first, and a tenth of what is left less with each second."""
    one = cached("ttl: 1h, warmup: {over: 10s, factor: 3}", origin="takes: 0s")
    one.advance(S)
    one.lift(one.kill(all_of(one, "mem")))
    assert [mean_ms(one, end) for end in (3 * S, 5 * S, 11 * S)] == pytest.approx([2.8, 2.4, 1.6], abs=0.01)


def test_collections_stop_it_now_and_then() -> None:
    """100 ms of every 500 ms: a fifth of the lookups waits for 50 ms on average."""
    one = cached("ttl: 1h, prefilled: 100%, capacity: 1, pauses: {every: 500ms, lasts: 100ms}")
    assert mean_ms(one, 20 * S) == pytest.approx(1 + 0.2 * 50, abs=1)


def test_an_answer_that_is_too_old_is_not_given_while_it_is_refreshed() -> None:
    """Asked once a second and fresh for 1.5 s, an answer is 0.5 s too old at every second question."""
    found = {}
    for old_ms in (400, 800):
        words = f"ttl: 1500ms, stale_while_revalidate: {old_ms}ms"
        one = cached(words, "1/s, arrivals: constant", origin="takes: 10ms")
        one.advance(20 * S + 500_000_000)
        found[old_ms] = (gauge(one, "misses"), gauge(one, "stale"))
    assert found == {400: (10, 0), 800: (1, 9)}


def test_it_can_begin_full() -> None:
    one = cached("ttl: 1h, capacity: 100, prefilled: 50%", EVEN, "{count: 50}", "takes: 1ms")
    assert gauge(one, "entries") == 50
    one.advance(5 * S)
    assert asked(one) == 0


def test_what_is_there_at_the_beginning_is_of_all_ages() -> None:
    words = "ttl: 10s, capacity: 1000, prefilled: 100%, single_flight: true"
    one = cached(words, "20000/s", "{count: 1000, skew: 0}", "takes: 0s")
    one.advance(S)
    first = asked(one)
    one.advance(2 * S)
    assert [first, asked(one) - first] == [pytest.approx(100, abs=35), pytest.approx(100, abs=35)]


@pytest.mark.parametrize("eviction", ["lru", "lfu", "fifo", "random"])
def test_eviction_can_be_changed_while_it_runs(eviction: str) -> None:
    one = cached("ttl: 1h, capacity: 20", "300/s", "{count: 200}", "takes: 1ms")
    one.advance(5 * S)
    one.set("mem", "eviction", eviction)
    one.advance(10 * S)
    assert gauge(one, "entries") == 20
    check_frame(one)


def test_policies_at_the_door_of_a_service_guard_it_too() -> None:
    one = cached("ttl: 1h, slots: 1, queue: {limit: 2}", "500/s, arrivals: constant", origin="takes: 1s")
    one.advance(S)
    assert reasons(one) == {"mem: queue full": flow(one).refused}
