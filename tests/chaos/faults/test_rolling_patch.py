"""A cluster that is patched."""

from __future__ import annotations

import pytest

from chaos.runner import Runner
from tests.chaos.faults.clusters import brokers, cluster
from tests.chaos.faults.shops import MS, breaks, clean, gauge, to

THREE = "partitions: 3, patch: 2s"


def gone(run: Runner, until_s: float) -> list[int]:
    """Which broker is away, looked at ten times a second, until an instant; at no time there is more than one."""
    seen = []
    for tick in range(20, round(until_s * 10)):
        up = brokers(to(run, tick / 10))
        assert sum(up) >= 2
        seen += [up.index(0) + 1] if 0 in up else []
    return seen


def test_one_broker_after_the_other_is_away_and_nothing_is_lost() -> None:
    run = cluster(breaks("rolling_patch", "log", 2, 15), log=THREE)
    seen = gone(run, 18)
    assert seen == sorted(seen)
    assert [seen.count(n) for n in (1, 2, 3)] == pytest.approx([20, 20, 20], abs=6)
    found = run.frames()[0].flows[0]
    assert (found.lost, found.told_no) == (0, 0)
    assert found.latency_p99_ns < 200 * MS
    assert gauge(run, "log", "elections") >= 3
    assert clean(run)


def test_healing_lets_no_further_one_go() -> None:
    run = cluster(breaks("rolling_patch", "log", 2, 1), log=THREE)
    seen = gone(run, 12)
    assert set(seen) == {1}
    assert len(seen) == pytest.approx(20, abs=6)
    assert clean(run)


def test_a_second_patch_meanwhile_is_the_same() -> None:
    run = cluster(*[breaks("rolling_patch", "log", 2, long) for long in (15, 3)], log=THREE)
    seen = gone(run, 18)
    assert (seen, set(seen)) == (sorted(seen), {1, 2, 3})
    assert clean(run)


def test_where_every_copy_is_demanded_writes_are_refused() -> None:
    run = cluster(breaks("rolling_patch", "log", 2, 15), log="patch: 2s, min_insync: 3, delivery_timeout: 0s")
    assert run.frames()[0].flows[0].told_no == 0
    assert to(run, 3.9).frames()[0].flows[0].told_no == pytest.approx(140, abs=5)
