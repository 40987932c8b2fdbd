"""A process that crashes over and over."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import between, breaks, clean, node, shop, to


def test_success_is_the_share_of_the_time_that_it_is_up() -> None:
    run = shop({}, ["web -> app"], breaks("flapping", "app", 2, 20, down="1s", up="3s"))
    assert between(run, 0, 1.99).no == 0
    assert between(run, 2, 14).success == pytest.approx(0.75, abs=0.01)
    assert node(to(run, 14.5), "app").up == 0
    assert node(to(run, 15.5), "app").up == 1
    assert between(run, 22, 24).no == 0
    assert clean(run)


def test_healed_while_it_is_down_it_starts_at_once() -> None:
    run = shop({}, ["web -> app"], breaks("flapping", "app", 2, 4.5, down="1s", up="3s"))
    assert node(to(run, 6.4), "app").up == 0
    assert node(to(run, 6.6), "app").up == 1
    assert between(run, 7, 9).no == 0
    assert clean(run)


def test_two_loops_leave_it_up_only_while_neither_has_it_down() -> None:
    loops = breaks("flapping", "app", 2, 16, down="1s", up="3s"), breaks("flapping", "app", 4, 6, down="1s", up="3s")
    run = shop({}, ["web -> app"], *loops)
    assert between(run, 6, 10).success == pytest.approx(0.5, abs=0.01)
    assert between(run, 10, 18).success == pytest.approx(0.75, abs=0.01)
    assert between(run, 18, 20).no == 0
    assert clean(run)


def test_with_a_ramp_the_replicas_join_one_by_one_and_all_come_back() -> None:
    app = {"app": "service, replicas: 4, slots: 50, takes: 1ms"}
    run = shop(app, ["web -> app"], breaks("flapping", "app", 2, 16, ramp_s=8, down="3s", up="1s"))
    assert node(to(run, 2.5), "app").up == 3
    assert node(to(run, 12.5), "app").up == 0
    to(run, 18.5)
    assert node(run, "app").up == 4
    assert clean(run)
