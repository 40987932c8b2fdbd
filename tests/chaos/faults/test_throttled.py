"""A limit on what one replica accepts."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import between, breaks, clean, shop, to


def test_what_is_accepted_is_the_limit() -> None:
    run = shop({}, ["web -> app"], breaks("throttled", "app", 2, 8, rate="40/s"))
    assert between(run, 0, 1.99).no == 0
    to(run, 3.5)  # the first second's worth is gone
    found = between(run, 4, 9)
    assert found.yes == pytest.approx(5 * 40, abs=2)
    assert found.no == pytest.approx(5 * 160, abs=2)
    reasons = dict(run.frames()[0].flows[0].reasons)
    assert reasons == {"app: too many requests (429)": run.frames()[0].flows[0].refused}
    assert between(run, 10.01, 11).no == 0
    assert clean(run)


def test_the_first_burst_is_one_seconds_worth() -> None:
    run = shop({}, ["web -> app"], breaks("throttled", "app", 2, 8, rate="40/s"))
    # 40 at once and 40 a second while they last: 200 t = 40 + 40 t, so 50 pass in the first quarter of a second.
    assert between(run, 2, 2.25).no <= 1
    assert between(run, 2.3, 3.3).yes == pytest.approx(40, abs=2)


def test_of_two_the_lower_counts_and_each_heals_alone() -> None:
    run = shop({}, ["web -> app"], breaks("throttled", "app", 2, 9, rate="100/s"), breaks("throttled", "app", 2, 4, rate="40/s"))
    assert between(run, 4, 6).yes == pytest.approx(80, abs=2)
    assert between(run, 9, 11).yes == pytest.approx(200, abs=3)
    assert between(run, 11.01, 12).no == 0
    assert clean(run)


def test_with_a_ramp_the_limit_comes_down_from_above() -> None:
    run = shop({}, ["web -> app"], breaks("throttled", "app", 2, 10, ramp_s=4, rate="50/s"))
    # At a quarter of its strength the limit is four times what it will be, which is just what comes.
    assert between(run, 2, 3).no == 0
    assert between(run, 7.5, 9.5).yes == pytest.approx(100, abs=3)


def test_whoever_fetches_its_work_is_not_throttled() -> None:
    run = shop({"queue": "sqs"}, ["web => queue => app"], breaks("throttled", "app", 2))
    to(run, 3)
    assert not run.faults
    with pytest.raises(Refused, match="nobody calls it"):
        run.do(breaks("throttled", "app", 0))
