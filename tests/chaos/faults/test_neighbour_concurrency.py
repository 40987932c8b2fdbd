"""Concurrency that others take."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import between, breaks, clean, reasons, shop, to

BUSY = {"fn": "lambda, takes: 500ms, init: 1ms, account: 200"}
LINKS = ["web -> fn"]


def test_what_is_left_is_all_that_runs_at_once() -> None:
    run = shop(BUSY, LINKS, breaks("neighbour_concurrency", "fn", 2, 8))
    assert between(run, 0, 1.99).no == 0
    # A tenth of 200 at once, half a second each.
    found = between(run, 4, 9)
    assert found.yes == pytest.approx(5 * 40, abs=4)
    assert found.no == pytest.approx(5 * 160, abs=4)
    assert list(reasons(run)) == ["fn: too many requests (429)"]
    assert between(run, 10.1, 12).no == 0
    assert clean(run)


def test_of_what_one_leaves_the_other_takes_its_share() -> None:
    both = breaks("neighbour_concurrency", "fn", 2, 10, share="60%"), breaks("neighbour_concurrency", "fn", 2, 5, share="75%")
    run = shop(BUSY, LINKS, *both)
    assert between(run, 3.9, 6.9).yes == pytest.approx(3 * 40, abs=4)
    assert between(run, 8.9, 11.9).yes == pytest.approx(3 * 160, abs=8)
    assert between(run, 12.1, 14).no == 0
    assert clean(run)


def test_what_is_reserved_is_not_touched() -> None:
    run = to(shop({"fn": "lambda, takes: 500ms, account: 300, reserved: 150"}, LINKS), 1)
    with pytest.raises(Refused, match="without reserved concurrency"):
        run.do(breaks("neighbour_concurrency", "fn", 0))
