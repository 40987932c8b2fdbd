"""One wrong setting everywhere."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import between, breaks, clean, node, offered_in, shop, to

APP = {"app": "service, replicas: 3, slots: 50, takes: 1ms"}


def test_all_are_gone_and_then_all_err() -> None:
    run = shop(APP, ["web -> app"], breaks("config_push", "app", 2, 8, restart="3s", share="40%"))
    assert node(to(run, 2.1), "app").up == 0
    found = offered_in(run, 2.1, 4.9, wait_s=0.1)
    assert found.refused == found.offered
    found = offered_in(run, 5.1, 9.9, wait_s=0.1)
    assert found.failed / found.offered == pytest.approx(0.4, abs=0.05)
    assert found.refused == 0
    assert between(run, 10.1, 12).no == 0
    assert clean(run)


def test_pushed_back_while_they_restart_they_come_up_good() -> None:
    run = shop(APP, ["web -> app"], breaks("config_push", "app", 2, 1, restart="3s"))
    assert between(run, 3.01, 5).no == 0
    assert clean(run)


def test_two_pushes_fail_independently() -> None:
    pushes = [breaks("config_push", "app", 2, long, restart="1s", share="50%") for long in (8, 4)]
    run = shop(APP, ["web -> app"], *pushes)
    two, one = offered_in(run, 3.1, 5.9), offered_in(run, 6.1, 9.9)
    assert two.failed / two.offered == pytest.approx(0.75, abs=0.06)
    assert one.failed / one.offered == pytest.approx(0.5, abs=0.06)
    assert clean(to(run, 11))
