"""Links over which nothing is allowed any more."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import between, breaks, clean, node, reasons, shop, to


def test_every_attempt_is_refused_once_and_not_repeated() -> None:
    links = ["{link: web -> app, timeout: 1s, retry: {attempts: 3, backoff: 1ms}}"]
    run = shop({}, links, breaks("permission_lost", "web -> app", 2, 4))
    assert between(run, 0, 1.99).no == 0
    found = between(run, 2, 6)
    assert (found.yes, found.no, found.attempts) == (pytest.approx(0, abs=2), pytest.approx(800, abs=2), found.offered)
    assert reasons(run) == {"app: permission denied (403)": found.no}
    assert between(run, 6.01, 8).no == 0
    assert clean(run)


def test_a_push_service_gives_up_at_once() -> None:
    nodes = {"bus": "eventbridge", "grave": "sqs"}
    links = ["web => bus", "{link: bus => app, dead_letter: grave}"]
    run = shop(nodes, links, breaks("permission_lost", "bus => app", 2, 4))
    assert node(to(run, 6), "grave").depth == pytest.approx(800, abs=2)
    assert node(to(run, 9), "grave").depth == pytest.approx(800, abs=2)
    assert clean(run)


def test_a_consumer_may_not_fetch_either() -> None:
    run = shop({"jobs": "sqs"}, ["web => jobs => app"], breaks("permission_lost", "jobs => app", 2, 6))
    assert node(to(run, 7), "jobs").depth > 600
    assert node(to(run, 20), "jobs").depth < 50
    assert clean(run)


def test_of_two_both_must_be_healed() -> None:
    run = shop({}, ["web -> app"], *[breaks("permission_lost", "web -> app", 2, long) for long in (6, 3)])
    assert between(run, 5.5, 7.5).yes == 0
    assert between(run, 8.01, 9).no == 0
    assert clean(run)
