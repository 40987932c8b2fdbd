"""Third parties."""

from __future__ import annotations

import pytest

from tests.topology.worlds import S, flow, node, reasons, world
from topology.world import Target


def test_it_takes_any_number_at_once() -> None:
    one = world(
        {"web": "producer, rate: 200/s, arrivals: constant", "bank": "endpoint, takes: 500ms"}, ["web -> bank"]
    )
    one.advance(10 * S)
    assert (node(one, "bank").busy, node(one, "bank").slots) == (100, 0)
    assert one.sums()["nodes"]["bank"]["mean_stay"] == pytest.approx(0.5)


def test_a_limit_lets_a_burst_of_one_second_through_then_so_many_a_second() -> None:
    one = world(
        {"web": "producer, rate: 100/s, arrivals: constant", "bank": "endpoint, takes: 0s, limit: 20/s"}, ["web -> bank"]
    )
    one.advance(10 * S)
    found = flow(one)
    assert found.served == pytest.approx(20 + 20 * 10, abs=2)
    assert reasons(one) == {"bank: too many requests (429)": found.refused}


def test_a_limit_below_one_a_second() -> None:
    one = world(
        {"web": "producer, rate: 10/s, arrivals: constant", "bank": "endpoint, takes: 0s, limit: 0.5/s"}, ["web -> bank"]
    )
    one.advance(20 * S)
    assert flow(one).served == pytest.approx(10, abs=1)


def test_a_share_fails() -> None:
    one = world(
        {"web": "producer, rate: 500/s", "bank": "endpoint, takes: 1ms, fails: 5%"}, ["web -> bank"]
    )
    one.advance(20 * S)
    assert flow(one).failed / flow(one).offered == pytest.approx(0.05, abs=0.01)


def test_a_burst_of_its_own() -> None:
    one = world(
        {"web": "producer, rate: 100/s, arrivals: constant", "bank": "endpoint, takes: 0s, limit: 20/s, burst: 300"},
        ["web -> bank"],
    )
    one.advance(10 * S)
    assert flow(one).served == pytest.approx(300 + 20 * 10, abs=2)
    assert dict(node(one, "bank").gauges)["tokens"] < 2


def test_so_many_at_once() -> None:
    """100 a second of half a second each want 50 places; with 20 it serves 40 a second and has 20 in work."""
    one = world(
        {"web": "producer, rate: 100/s", "bank": "endpoint, takes: 500ms, at_once: 20"}, ["web -> bank"]
    )
    one.advance(20 * S)
    assert node(one, "bank").busy <= 20
    assert flow(one).served == pytest.approx(40 * 20, rel=0.05)
    assert reasons(one) == {"bank: too many at once (429)": flow(one).refused}


def test_a_quota_begins_anew_with_each_stretch_and_a_crash_gives_nothing_back() -> None:
    one = world(
        {"web": "producer, rate: 100/s, arrivals: constant", "bank": "endpoint, takes: 0s, quota: {calls: 300, per: 10s}"},
        ["web -> bank"],
    )
    one.advance(5 * S)
    handle = one.kill(Target("bank", (0,)))
    one.advance(6 * S)
    one.lift(handle)
    one.advance(9 * S)
    assert flow(one).served == 300
    assert dict(node(one, "bank").gauges)["quota used"] == 300
    one.advance(25 * S)
    assert flow(one).served == pytest.approx(900, abs=1)
    assert set(reasons(one)) == {"bank: quota used up (429)", "bank: connection refused"}
