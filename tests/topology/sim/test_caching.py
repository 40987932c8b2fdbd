"""Caches against theory over 20 seeds: stampedes with and without single flight, and hit ratios under Zipf."""

from __future__ import annotations

from math import exp, sqrt

import pytest

from tests.topology.worlds import S, node, world
from topology.sim.world import SimWorld

SEEDS = range(1, 21)


def hot(words: str, seed: int, rate: int = 200, origin: str = "500ms") -> SimWorld:
    """One key that everybody wants, and an origin that takes any number at once."""
    nodes = {
        "web": f"producer, rate: {rate}/s, keys: {{count: 1}}",
        "mem": f"cache, takes: 0s, {words}",
        "db": f"endpoint, takes: {origin}",
    }
    return world(nodes, ["web -> mem -> db"], seed)


def asked(one: SimWorld) -> int:
    return node(one, "db").arrivals


def gauge(one: SimWorld, name: str) -> float:
    return dict(node(one, "mem").gauges)[name]


def mean_and_error(found: list[float]) -> tuple[float, float]:
    """The mean, and its standard error."""
    mean = sum(found) / len(found)
    return mean, sqrt(sum((x - mean) ** 2 for x in found) / (len(found) - 1) / len(found))


def after_a_flush(words: str) -> list[float]:
    """How often the origin is asked because a warm cache was emptied."""
    found = []
    for seed in SEEDS:
        one = hot(f"ttl: 1h{words}", seed)
        one.advance(3 * S)
        before = asked(one)
        one.flush("mem")
        one.advance(6 * S)
        found.append(float(asked(one) - before))
    return found


@pytest.mark.slow
def test_a_flush_lets_everybody_ask_until_the_first_answer() -> None:
    mean, error = mean_and_error(after_a_flush(""))
    # Whoever misses first, and 200/s x 500 ms who come before its answer.
    assert mean == pytest.approx(101, abs=3 * error)
    assert error == pytest.approx(sqrt(100 / 20), rel=0.5)


@pytest.mark.slow
def test_in_single_flight_one_asks_for_all() -> None:
    assert after_a_flush(", single_flight: true") == [1.0] * 20


def ends_of_life(more: str) -> list[float]:
    """How often the origin is asked in 38.5 s of a key that lives for two."""
    found = []
    for seed in SEEDS:
        one = hot(f"ttl: 2s{more}", seed)
        one.advance(38 * S + 500_000_000)
        found.append(float(asked(one)))
    return found


@pytest.mark.slow
def test_each_end_of_the_time_to_live_is_a_stampede() -> None:
    mean, error = mean_and_error(ends_of_life(""))
    # Half a second until the first answer, half a second until the last, which is kept longest, 2 s of it fresh, and 5 ms
    # until somebody asks: 3.005 s a time, so 13 stampedes of 101 each.
    assert mean == pytest.approx(13 * 101, abs=3 * error)


@pytest.mark.slow
def test_in_single_flight_each_end_of_the_time_to_live_is_one_question() -> None:
    # Half a second until the answer, 2 s fresh, and 5 ms until somebody asks: 2.505 s a time.
    assert ends_of_life(", single_flight: true") == [16.0] * 20


def che(count: int, capacity: int, skew: float) -> float:
    """The hit ratio of LRU by Che's approximation: an entry stays for as long as it takes to see `capacity` other keys."""
    weights = [1 / (k + 1) ** skew for k in range(count)]
    chances = [w / sum(weights) for w in weights]
    low, high = 0.0, 1e7
    for _ in range(100):
        middle = (low + high) / 2
        if sum(1 - exp(-p * middle) for p in chances) < capacity:
            low = middle
        else:
            high = middle
    return sum(p * (1 - exp(-p * low)) for p in chances)


def hit_ratio(words: str, seed: int, skew: float) -> float:
    """The share of hits among 1,000 keys, after the cache has filled."""
    nodes = {
        "web": f"producer, rate: 1000/s, keys: {{count: 1000, skew: {skew}}}",
        "mem": f"cache, takes: 0s, ttl: 1d, {words}",
        "db": "endpoint, takes: 0s",
    }
    one = world(nodes, ["web -> mem -> db"], seed)
    one.advance(5 * S)
    hits, misses = gauge(one, "hits"), gauge(one, "misses")
    one.advance(20 * S)
    hits, misses = gauge(one, "hits") - hits, gauge(one, "misses") - misses
    return hits / (hits + misses)


@pytest.mark.slow
@pytest.mark.parametrize(("capacity", "skew"), [(100, 1.0), (300, 0.8)])
def test_lru_under_zipf_hits_as_che_says(capacity: int, skew: float) -> None:
    mean, error = mean_and_error([hit_ratio(f"capacity: {capacity}", seed, skew) for seed in SEEDS])
    assert mean == pytest.approx(che(1000, capacity, skew), abs=0.005 + 3 * error)


@pytest.mark.slow
def test_frequency_keeps_more_than_recency_and_chance_as_much_as_age() -> None:
    ratios = {
        order: mean_and_error([hit_ratio(f"capacity: 100, eviction: {order}", seed, 1.0) for seed in range(1, 6)])[0]
        for order in ("lru", "lfu", "fifo", "random")
    }
    # The hundred most wanted keys are the most that any cache can hit, when its keys come independently.
    best = sum(1 / (k + 1) for k in range(100)) / sum(1 / (k + 1) for k in range(1000))
    assert best > ratios["lfu"] > ratios["lru"] > ratios["fifo"]
    assert ratios["fifo"] == pytest.approx(ratios["random"], abs=0.01)
