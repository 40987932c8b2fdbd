"""Mailbox providers."""

from __future__ import annotations

import pytest

from tests.topology.worlds import S, flow, node, reasons, to_the_end, world

CLEAN = "mail_provider, takes: 10ms, deferrals: 0%, bounces: 0%, complaints: 0%"
WEB = "producer, rate: 50/s, arrivals: constant"


def test_shares_of_what_goes_wrong() -> None:
    one = world({"web": WEB, "mail": "mail_provider, takes: 10ms, deferrals: 10%, bounces: 5%, complaints: 2%"}, ["web -> mail"])
    one.advance(100 * S)
    offered = to_the_end(one).offered
    found = reasons(one)
    assert found["mail: hard bounce (550)"] == pytest.approx(0.05 * offered, rel=0.2)
    assert found["mail: deferred (451)"] == pytest.approx(0.1 * 0.95 * offered, rel=0.2)
    gauges = dict(node(one, "mail").gauges)
    assert gauges["bounced"] == found["mail: hard bounce (550)"]
    assert gauges["complaints"] == pytest.approx(0.02 * flow(one).served, rel=0.3)


def test_each_sender_has_a_rate_of_its_own() -> None:
    one = world(
        {"web": WEB, "quiet": "producer, rate: 4/s, arrivals: constant", "mail": f"{CLEAN}, sender_rate: 10/s"},
        ["web -> mail", "quiet -> mail"],
    )
    one.advance(50 * S)
    assert flow(one).served == pytest.approx(10 * 51, abs=3)
    assert flow(one, "quiet").refused == 0
    assert set(reasons(one)) == {"mail: the sender is too fast (421)"}


def test_greylisted_mail_is_taken_when_it_comes_again_late_enough() -> None:
    """A topic tries after 10 s, 10 s, then 10 s to 600 s: the first attempt after 5 min is taken, others before are not."""
    one = world(
        {
            "web": "producer, rate: 1/s, deadline: 6h",
            "news": "sns, email_rate: 100/s, jitter: 0%",
            "mail": f"{CLEAN}, greylisted: 50%",
        },
        ["web => news", "news => mail"],
    )
    one.advance(100 * S)
    one.stop()
    one.advance(101 * S)
    offered = flow(one).offered
    first = flow(one).done
    assert first == pytest.approx(offered / 2, rel=0.25)
    one.advance(300 * S)
    assert flow(one).done == first
    found = to_the_end(one, 3_000)
    assert (found.done, found.lost) == (offered, 0)
    assert reasons(one) == {}


def test_a_bounce_is_for_good() -> None:
    one = world(
        {"web": WEB, "mail": "mail_provider, takes: 1ms, bounces: 20%, deferrals: 0%"},
        ["{link: web -> mail, retry: {attempts: 5, backoff: 1ms}}"],
    )
    one.advance(20 * S)
    found = to_the_end(one)
    assert found.failed == pytest.approx(0.2 * found.offered, rel=0.2)
    assert found.attempts == found.offered
