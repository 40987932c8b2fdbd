"""Retries: how often, and after how long."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.topology.worlds import MS, S, all_of, flow, link, node, reasons, to_the_end, world
from topology.message import ERROR, YES, Flow, Message, Reach
from topology.node import Call
from topology.policies.retry import Retry

VALUES: dict[str, Any] = {"attempts": 5, "backoff": 100 * MS, "max": 600 * MS, "style": "exponential", "jitter": "none"}


def delays(root: int = 1, **values: Any) -> list[int]:
    """The delays after each failed attempt of one message."""
    place = world({"web": "producer, rate: 1/s", "app": "service"}, ["web -> app"]).groups["web"].places[0]
    retry = Retry()
    retry.configure(place, VALUES | values, "web -> app")
    message = Message(Flow(0, "web", [], 7, ["web"], 100), 1, root, 0, 1)
    call = Call(message, Reach([], -1, 0), 0, message, 0)
    call.outcome = ERROR
    found = []
    while (delay := retry.again(place, call)) >= 0:
        found.append(delay // MS)
        call.tries += 1
    call.tries, call.outcome = 1, YES
    assert retry.again(place, call) == -1
    return found


def test_without_jitter() -> None:
    assert delays() == [100, 200, 400, 600]
    assert delays(style="fixed") == [100] * 4
    assert delays(attempts=1) == []
    assert delays(max=0) == [0] * 4


def test_many_attempts_never_overflow() -> None:
    assert delays(attempts=1000, max=3600 * S)[-1] == 3_600_000


@pytest.mark.parametrize(
    ("jitter", "low", "high"),
    [("full", [0, 0, 0, 0], [100, 200, 400, 600]), ("equal", [50, 100, 200, 300], [100, 200, 400, 600]),
     ("decorrelated", [100] * 4, [300, 600, 600, 600])],
)
def test_jitter_stays_inside_its_bounds_and_fills_them(jitter: str, low: list[int], high: list[int]) -> None:
    drawn = list(zip(*[delays(root, jitter=jitter) for root in range(300)], strict=True))
    for n in range(4):
        assert low[n] <= min(drawn[n]) <= max(drawn[n]) <= high[n]
        if n == 0:
            mean = sum(drawn[n]) / 300
            assert mean == pytest.approx((low[n] + high[n]) / 2, rel=0.1)
            assert max(drawn[n]) - min(drawn[n]) > 0.9 * (high[n] - low[n])


def test_a_decorrelated_delay_is_drawn_from_the_one_before() -> None:
    for root in range(50):
        found = delays(root, jitter="decorrelated")
        assert all(b <= 3 * a + 3 for a, b in pairwise(found))
        assert delays(root, jitter="decorrelated") == found


def test_attempts_are_counted_at_the_link() -> None:
    one = world(
        {"web": "producer, rate: 10/s, arrivals: constant, deadline: 30s", "app": "service, takes: 1ms, fails: 100%"},
        ["{link: web -> app, retry: {attempts: 3, backoff: 100ms, jitter: none}}"],
    )
    one.advance(20 * S)
    one.stop()
    one.advance(30 * S)
    found = flow(one)
    assert found.attempts == link(one, "web -> app").attempts == 3 * found.offered
    assert found.failed == found.offered
    assert one.sums()["nodes"]["web"]["mean_stay"] == pytest.approx(0.003 + 0.1 + 0.2)


def test_a_retry_succeeds_where_work_fails_now_and_then() -> None:
    """Each attempt is a draw of its own: of 20 % failures 0.8 % are left after three attempts."""
    one = world(
        {"web": "producer, rate: 300/s", "app": "service, slots: 100, takes: 1ms, fails: 20%"},
        ["{link: web -> app, retry: {attempts: 3, backoff: 10ms}}"],
    )
    one.advance(20 * S)
    found = flow(one)
    assert found.failed / found.offered == pytest.approx(0.008, abs=0.004)
    assert found.attempts / found.offered == pytest.approx(1 + 0.2 + 0.04, abs=0.03)
    assert set(reasons(one)) == {"app: error"}


def test_the_attempt_that_was_given_up_still_runs() -> None:
    one = world(
        {"web": "producer, rate: 1/s, arrivals: constant", "app": "service, slots: 100, takes: 3s"},
        ["{link: web -> app, timeout: 1s, retry: {attempts: 2, backoff: 0s, jitter: none}}"],
    )
    one.advance(1 * S + 1500 * MS)
    assert node(one, "app").busy == 3
    one.stop()
    one.advance(20 * S)
    found = flow(one)
    assert (found.failed, found.done, found.duplicates) == (found.offered,) * 3
    assert found.wasted_ns == found.offered * 2 * 2 * S


def test_what_would_only_fail_again_is_not_tried_again() -> None:
    one = world(
        {"web": "producer, rate: 50/s", "app": "service, takes: 1ms"},
        ["{link: web -> app, retry: {attempts: 5, backoff: 1ms}}"],
    )
    one.lay("poison", all_of(one, "app"), {"share": 0.4})
    one.advance(50 * S)
    found = to_the_end(one)
    assert found.failed == pytest.approx(0.4 * found.offered, rel=0.1)
    assert found.attempts == found.offered
    assert reasons(one) == {"app: it can never be worked on (poison message)": found.failed}


def test_a_caller_that_dies_tries_no_more() -> None:
    one = world(
        {"web": "producer, rate: 100/s", "a": "service, takes: 1ms", "b": "service, takes: 1ms, fails: 100%"},
        ["web -> a", "{link: a -> b, retry: {attempts: 100, backoff: 500ms, style: fixed, jitter: none}}"],
    )
    one.advance(5 * S)
    one.stop()
    one.kill(all_of(one, "a"))
    attempts = link(one, "a -> b").attempts
    one.advance(60 * S)
    assert link(one, "a -> b").attempts == attempts
    assert one.idle()
