"""More customers."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import between, breaks, clean, shop


def test_so_many_times_as_many_and_two_add_their_own() -> None:
    run = shop({}, ["web -> app"], breaks("surge", "web", 2, 6, factor=3), breaks("surge", "web", 4, 2, factor=2))
    rates = [between(run, at, at + 1.9).offered / 1.9 for at in (0.05, 2.05, 4.05, 6.05, 8.05)]
    assert rates == pytest.approx([200, 600, 800, 600, 200], rel=0.02)
    assert clean(run)


def test_fewer_come_of_those_who_would() -> None:
    run = shop({}, ["web -> app"], breaks("surge", "web", 2, 6, factor=0.25))
    assert between(run, 2.05, 7.95).offered == pytest.approx(0.25 * 200 * 5.9, rel=0.15)
    assert between(run, 8.05, 10).offered == pytest.approx(390, abs=2)
    assert clean(run)
