"""Links that are cut."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import between, breaks, clean, node, offered_in, shop, to


def test_nothing_crosses_it_and_nobody_is_told() -> None:
    run = shop({}, ["web -> app"], breaks("partition", "web -> app", 2, 6))
    arrived = node(to(run, 2.01), "app").arrivals
    found = offered_in(run, 3, 6, wait_s=0.1)
    assert node(run, "app").arrivals == arrived
    assert found.served == 0
    to(run, 8.5)
    assert found.failed > 0.3 * found.offered
    assert between(run, 10, 12).no == 0
    assert clean(run)


def test_cut_only_on_the_way_back_the_work_is_done_unheard() -> None:
    run = shop({}, ["web -> app"], breaks("partition", "web -> app", 2, 6, direction="from"))
    arrived = node(to(run, 3), "app").arrivals
    assert node(to(run, 5), "app").arrivals - arrived == pytest.approx(400, abs=2)
    assert between(run, 4, 6).yes == 0


def test_cut_twice_it_opens_with_the_last_heal() -> None:
    cuts = breaks("partition", "web -> app", 2, 6), breaks("partition", "web -> app", 3, 2, direction="to")
    run = shop({}, ["web -> app"], *cuts)
    arrived = node(to(run, 2.5), "app").arrivals
    assert node(to(run, 7.9), "app").arrivals == arrived
    assert between(run, 9.5, 11).no == 0
    assert clean(run)
