"""A bad version that is rolled out."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import breaks, clean, node, offered_in, shop, to

APP = {"app": "service, replicas: 4, slots: 50, takes: 1ms"}
DEPLOY = {"step": "3s", "restart": "1s"}


def test_the_share_of_errors_climbs_by_one_replica_a_step() -> None:
    run = shop(APP, ["web -> app"], breaks("bad_deploy", "app", 2, 20, **DEPLOY))
    shares = []
    for step in range(4):
        found = offered_in(run, 3.1 + 3 * step, 4.9 + 3 * step)
        shares.append(found.failed / found.offered)
        assert found.refused == 0
    assert shares == pytest.approx([0.25, 0.5, 0.75, 1.0], abs=0.01)
    assert "app: bad version" in dict(run.frames()[0].flows[0].reasons)
    found = offered_in(run, 22, 24, wait_s=0.1)
    assert found.served == found.offered
    assert clean(run)


def test_each_is_away_for_its_restart() -> None:
    run = shop(APP, ["web -> app"], breaks("bad_deploy", "app", 2, 20, **DEPLOY))
    assert [node(to(run, at), "app").up for at in (2.9, 3.1, 5.9, 6.1)] == [3, 4, 3, 4]


def test_rolled_back_in_the_middle_the_rest_is_never_touched() -> None:
    run = shop(APP, ["web -> app"], breaks("bad_deploy", "app", 2, 3.5, **DEPLOY))
    assert node(to(run, 5.4), "app").up == 3
    assert node(to(run, 5.6), "app").up == 4
    found = offered_in(run, 5.6, 15, wait_s=0.1)
    assert found.served == found.offered
    assert clean(run)


def test_two_half_bad_versions_fail_independently() -> None:
    deploys = [breaks("bad_deploy", "app", 2, long, step="0s", restart="1ms", share="50%") for long in (8, 4)]
    run = shop(APP, ["web -> app"], *deploys)
    two, one = offered_in(run, 3, 5.9), offered_in(run, 6.1, 9.9)
    assert two.failed / two.offered == pytest.approx(0.75, abs=0.06)
    assert one.failed / one.offered == pytest.approx(0.5, abs=0.06)
    assert clean(to(run, 11))
