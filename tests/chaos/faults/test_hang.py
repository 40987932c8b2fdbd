"""Processes that stand still."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import breaks, clean, node, offered_in, shop, to


def test_nobody_answers_until_it_thaws_and_then_all_are() -> None:
    nodes = {"web": "producer, rate: 100/s, arrivals: constant, deadline: 10s", "app": "service, slots: 500, takes: 5ms"}
    run = shop(nodes, ["web -> app"], breaks("hang", "app", 2, 4))
    found = offered_in(run, 2, 6)
    assert found.served <= 1
    to(run, 7)
    assert found.served == found.offered == 400
    assert found.latency.mean_ns() == pytest.approx(2_005_000_000, rel=0.02)
    assert clean(run)


def test_frozen_twice_it_goes_on_with_the_last_heal() -> None:
    run = shop({}, ["web -> app"], breaks("hang", "app", 2, 6), breaks("hang", "app", 3, 2))
    assert [node(to(run, at), "app").state == "paused" for at in (1.9, 2.5, 5.5, 7.9, 8.5)] == [False, True, True, True, False]
    assert clean(run)
