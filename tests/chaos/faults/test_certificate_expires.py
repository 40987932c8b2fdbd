"""Connections that fail since an instant."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import between, breaks, clean, node, shop, to


def test_from_one_instant_on_nothing_gets_through_though_nobody_is_ill() -> None:
    run = shop({}, ["web -> app"], breaks("certificate_expires", "web -> app", 2, 4))
    assert between(run, 0, 1.99).no == 0
    found = between(run, 2, 6)
    assert (found.yes, found.no) == (pytest.approx(0, abs=2), pytest.approx(800, abs=2))
    assert node(run, "app").up == 1
    assert dict(run.frames()[0].flows[0].reasons) == {"app: certificate expired": found.no}
    assert between(run, 6.01, 8).no == 0
    assert clean(run)


def test_a_consumer_cannot_fetch_either() -> None:
    run = shop({"queue": "sqs"}, ["web => queue => app"], breaks("certificate_expires", "queue => app", 2, 6))
    to(run, 7)
    assert node(run, "queue").depth > 600
    assert node(to(run, 25), "queue").depth < 50
    assert clean(run)


def test_two_expire_and_both_must_be_renewed() -> None:
    run = shop({}, ["web -> app"], *[breaks("certificate_expires", "web -> app", 2, long) for long in (6, 3)])
    assert between(run, 5.5, 7.5).yes == 0
    assert between(run, 8.01, 9).no == 0
    assert clean(run)
