"""Fewer slots and cores."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import between, breaks, clean, node, shop, to

APP = {"web": "producer, rate: 300/s, deadline: 1s", "app": "service, slots: 8, takes: 20ms"}


def test_half_the_slots_do_half_the_work() -> None:
    run = shop(APP, ["web -> app"], breaks("capacity_cut", "app", 2, 6, share="50%"))
    assert node(to(run, 1.9), "app").slots == 8
    held = node(to(run, 4), "app").departures
    assert node(run, "app").slots == 4
    # 4 slots of 20 ms: 200 a second.
    assert node(to(run, 6), "app").departures - held == pytest.approx(400, abs=4)
    assert node(to(run, 9), "app").slots == 8
    assert between(run, 18, 20).success == 1.0
    assert clean(run)


def test_two_of_them_take_from_what_the_other_left_and_one_slot_stays() -> None:
    cuts = breaks("capacity_cut", "app", 1, 6, share="50%"), breaks("capacity_cut", "app", 2, 2, share="50%")
    run = shop(APP, ["web -> app"], *cuts, breaks("capacity_cut", "app", 8, 1, share="100%"))
    assert [node(to(run, at), "app").slots for at in (1.5, 3, 5, 7.5, 8.5, 9.5)] == [4, 2, 4, 8, 1, 8]
    assert clean(run)


def test_with_a_ramp_slots_go_bit_by_bit() -> None:
    run = shop(APP, ["web -> app"], breaks("capacity_cut", "app", 1, ramp_s=4, share="100%"))
    assert [node(to(run, at), "app").slots for at in (2.05, 3.05, 4.05)] == [6, 4, 2]
