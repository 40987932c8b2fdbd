"""Cores that somebody else uses."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import between, breaks, clean, node, shop, to

APP = {"web": "producer, rate: 300/s, deadline: 1s", "app": "service, slots: 400, cores: 4, takes: 10ms"}


def test_three_quarters_of_four_cores_leave_a_quarter_of_the_capacity() -> None:
    run = shop(APP, ["web -> app"], breaks("cpu_hog", "app", 2, 6, share="75%"))
    assert between(run, 0, 1.99).success == 1.0
    held = node(to(run, 4), "app").departures
    # One core and 10 ms each: 100 a second of the 300 that come.
    assert node(to(run, 6), "app").departures - held == pytest.approx(200, abs=2)
    assert node(run, "app").slots == 400
    # What has gathered meanwhile is worked off at 400 a second, and then all is as it was.
    assert between(run, 22, 24).success == 1.0
    assert clean(run)


def test_nothing_happens_while_the_rest_suffices() -> None:
    run = shop({**APP, "web": "producer, rate: 80/s, deadline: 1s"}, ["web -> app"], breaks("cpu_hog", "app", 2, 4, share="75%"))
    assert between(run, 3, 6).success == 1.0


def test_two_of_them_take_from_what_the_other_left() -> None:
    hogs = breaks("cpu_hog", "app", 1, 6, share="50%"), breaks("cpu_hog", "app", 2, 2, share="50%")
    run = shop({"app": "service, slots: 50, cores: 8, takes: 1ms"}, ["web -> app"], *hogs)
    app = run.worlds[0].groups["app"].places[0]  # type: ignore[attr-defined]
    assert [(to(run, at), app.cores)[1] for at in (1.5, 3, 5, 7.5)] == [4, 2, 4, 8]
    assert clean(run)
