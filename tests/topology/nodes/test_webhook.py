"""Webhooks of other companies' services."""

from __future__ import annotations

import pytest

from tests.topology.worlds import S, reasons, to_the_end, world


def test_it_answers_429_above_its_limit_and_500_now_and_then() -> None:
    one = world({"web": "producer, rate: 100/s, arrivals: constant", "hook": "webhook, fails: 5%, takes: 10ms"}, ["web -> hook"])
    one.advance(100 * S)
    found = to_the_end(one)
    taken = found.served + reasons(one)["hook: error"]
    assert taken == pytest.approx(50 * 101, abs=3)
    assert reasons(one)["hook: error"] == pytest.approx(0.05 * taken, rel=0.2)
    assert reasons(one)["hook: too many requests (429)"] == found.offered - taken


def test_what_it_rejects_is_not_sent_again() -> None:
    one = world(
        {"web": "producer, rate: 20/s", "hook": "webhook, fails: 0%, rejects: 25%"}, ["{link: web -> hook, retry: {attempts: 3}}"]
    )
    one.advance(100 * S)
    found = to_the_end(one)
    assert reasons(one) == {"hook: rejected (400)": found.failed}
    assert found.failed == pytest.approx(0.25 * found.offered, rel=0.15)
    assert found.attempts == found.offered
