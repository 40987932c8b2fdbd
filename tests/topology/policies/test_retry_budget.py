"""Retry budgets: how many retries they let through."""

from __future__ import annotations

import pytest

from tests.topology.worlds import S, all_of, flow, link, world

LINK = "{link: web -> app, retry: {attempts: 3, backoff: 10ms}, retry_budget: {share: 10%, burst: 20}}"


def test_an_outage_is_met_with_a_burst_of_retries_and_no_more() -> None:
    one = world({"web": "producer, rate: 100/s", "app": "service, takes: 1ms"}, [LINK])
    one.advance(10 * S)
    one.kill(all_of(one, "app"))
    before = flow(one)
    one.advance(20 * S)
    found = flow(one)
    assert found.attempts - before.attempts == pytest.approx(found.offered - before.offered + 20, abs=3)
    assert link(one, "web -> app").breaker == "budget empty"


def test_it_refills_with_what_succeeds() -> None:
    """Half fail: of 100 calls, about 50 succeed and 5 tokens come in."""
    one = world({"web": "producer, rate: 200/s", "app": "service, slots: 50, takes: 1ms, fails: 50%"}, [LINK])
    one.advance(60 * S)
    found = flow(one)
    retries = found.attempts - found.offered
    assert retries == pytest.approx(20 + 0.1 * (found.served + found.late), rel=0.05)


def test_it_starts_anew_with_its_caller() -> None:
    one = world(
        {"web": "producer, rate: 100/s", "mid": "service, takes: 1ms, slots: 50", "app": "service, takes: 1ms, fails: 100%"},
        ["web -> mid", LINK.replace("web", "mid")],
    )
    one.advance(5 * S)
    assert link(one, "mid -> app").breaker == "budget empty"
    extra = link(one, "mid -> app").attempts - flow(one).offered
    assert extra == pytest.approx(20, abs=3)
    one.lift(one.kill(all_of(one, "mid")))
    one.advance(10 * S)
    assert link(one, "mid -> app").attempts - flow(one).offered == pytest.approx(40, abs=4)
