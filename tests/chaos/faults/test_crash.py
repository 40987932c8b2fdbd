"""Processes that die."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import between, breaks, clean, node, shop, to

APP = {"app": "service, replicas: 2, slots: 50, takes: 100ms"}


def test_calls_in_it_are_reset_and_new_ones_refused_at_once() -> None:
    run = shop(APP, ["web -> app"], breaks("crash", "app", 2, 4))
    assert between(run, 0, 2).no <= 21
    flow = to(run, 5.9).frames()[0].flows[0]
    # 200 a second for 100 ms each: 20 were in it, and two hundred a second are refused since.
    assert flow.failed == pytest.approx(20, abs=2)
    assert flow.refused == pytest.approx(200 * 3.9, abs=3)
    assert between(run, 6.01, 9).no == 0
    assert clean(run)


def test_one_of_two_costs_half() -> None:
    run = shop(APP, ["web -> app"], breaks("crash", "app/1", 2, 4))
    assert between(run, 3, 5).success == pytest.approx(0.5, abs=0.01)


def test_killed_twice_it_is_up_when_both_are_healed() -> None:
    run = shop(APP, ["web -> app"], breaks("crash", "app", 2, 6), breaks("crash", "app/0", 3, 2))
    assert [node(to(run, at), "app").up for at in (1.9, 2.5, 5.5, 8.5)] == [2, 0, 0, 2]
    assert clean(run)


def test_a_database_that_is_killed_while_it_starts_stays_down() -> None:
    nodes = {"app": "database, connections: 50, takes: 1ms, start: 5s"}
    run = shop(nodes, ["web -> app"], breaks("crash", "app", 2, 1), breaks("crash", "app", 5, 10))
    assert [node(to(run, at), "app").up for at in (1.9, 4, 9, 14, 19, 20.5)] == [1, 0, 0, 0, 0, 1]
    assert clean(run)
