"""Idempotency keys: what they prevent, what they refuse, and what they forget."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, check_frame, flow, node, to_the_end, world
from topology.sim.world import SimWorld
from topology.world import Target

WORK = "service, replicas: 2, slots: 50, takes: {exponential: {mean: 100ms}}"
HASTY = "timeout: 100ms, retry: {attempts: 5, backoff: 200ms, jitter: none}"


def duplicates(one: SimWorld) -> int:
    """How often work was done that was done already."""
    return sum(int(t.duplicates) for t in one.tallies("web"))


def balanced(policy: str) -> SimWorld:
    """Impatient callers that try again, behind a balancer: attempts of one message meet different replicas."""
    one = world(
        {"web": "producer, rate: 50/s, deadline: 5s", "front": "load_balancer", "app": WORK + policy},
        [f"{{link: web -> front, {HASTY}}}", "front -> app"],
    )
    one.advance(30 * S)
    return one


def test_retries_after_time_outs_do_nothing_twice() -> None:
    counts = {}
    for name, policy in {"none": "", "memory": "{store: memory}", "shared": "{}"}.items():
        one = balanced(f", idempotency_key: {policy}" if policy else "")
        found = to_the_end(one)
        check_frame(one)
        counts[name] = duplicates(one)
        assert int(one.tallies("web")[0].done) == found.offered
    print(f"work done twice: {counts}")
    assert counts["none"] > 700
    assert 100 < counts["memory"] < counts["none"] // 2
    assert counts["shared"] == 0


def test_a_queue_that_delivers_twice_does_nothing_twice() -> None:
    """Work outlasts the visibility now and then; the second delivery is refused while the first is in work (409)."""
    for policy, expected in (("", range(50, 200)), (", idempotency_key: {}", range(1))):
        one = world(
            {
                "web": "producer, rate: 20/s, deadline: 5s",
                "q": "sqs, visibility: 1s",
                "app": "service, replicas: 2, slots: 50, takes: {exponential: {mean: 400ms}}" + policy,
            },
            ["web => q => app"],
        )
        one.advance(60 * S)
        assert to_the_end(one).served == flow(one).offered
        assert duplicates(one) in expected
        assert node(one, "q").depth == 0
    assert "its key is in use (409)" in dict(node(one, "app").errors)


def single(policy: str, takes: str = "300ms", tries: str = "attempts: 2, backoff: 100ms, jitter: none") -> SimWorld:
    """One message, tried a second time 200 ms after the first."""
    one = world(
        {"web": "producer, rate: 1/s, arrivals: constant, deadline: 20s", "app": f"service, takes: {takes}, {policy}"},
        [f"{{link: web -> app, timeout: 100ms, retry: {{{tries}}}}}"],
    )
    one.advance(1 * S + 1)
    one.stop()
    return one


def test_a_second_attempt_while_the_first_is_in_work_is_refused() -> None:
    one = single("idempotency_key: {}")
    one.advance(1 * S + 250 * MS)
    found = flow(one)
    assert (found.refused, found.done_after_no) == (1, 0)
    assert dict(node(one, "app").errors)["its key is in use (409)"] == 1
    one.advance(2 * S)
    assert flow(one).done_after_no == 1
    assert duplicates(one) == 0


def test_one_that_comes_after_is_told_yes_at_once() -> None:
    """The first ends after 150 ms, the second comes after 200 ms and is answered in no time."""
    one = single("idempotency_key: {}", takes="150ms")
    one.advance(3 * S)
    assert flow(one).served == 1
    assert flow(one).latency_p50_ns == pytest.approx(200 * MS, rel=0.01)
    assert node(one, "app").arrivals == 2
    assert one.groups["app"].places[0].meter.served == 1


@pytest.mark.parametrize(("store", "again"), [("shared", 0), ("memory", 1)])
def test_what_a_crash_forgets(store: str, again: int) -> None:
    """Done after 150 ms, though nobody heard; then the process dies, and the attempt after 1.1 s meets its successor."""
    one = single(f"idempotency_key: {{store: {store}}}", "150ms", "attempts: 2, backoff: 1s, jitter: none")
    one.advance(1 * S + 500 * MS)
    one.lift(one.kill(all_of(one, "app")))
    one.advance(10 * S)
    assert duplicates(one) == again


@pytest.mark.parametrize(("store", "lock", "done"), [("shared", "1200ms", 0), ("shared", "1s", 1), ("memory", "90s", 1)])
def test_a_crash_in_the_middle_leaves_a_shared_key_locked(store: str, lock: str, done: int) -> None:
    """The process dies 50 ms into the work; the attempt after 1.1 s finds the key in use until the lock is over."""
    one = single(f"idempotency_key: {{store: {store}, lock: {lock}}}", "80ms", "attempts: 2, backoff: 1s, jitter: none")
    one.advance(1 * S + 50 * MS)
    one.lift(one.kill(Target("app", (0,))))
    one.advance(10 * S)
    assert int(one.tallies("web")[0].done) == done
    assert duplicates(one) == 0


@pytest.mark.parametrize(("limits", "again"), [("keeps: 1s", 0), ("keeps: 900ms", 1)])
def test_keys_are_kept_for_a_while(limits: str, again: int) -> None:
    """Done after 150 ms, and asked for again after 1.1 s: 950 ms later."""
    one = single(f"idempotency_key: {{{limits}}}", "150ms", "attempts: 2, backoff: 1s, jitter: none")
    one.advance(10 * S)
    assert duplicates(one) == again


def test_no_more_keys_are_kept_than_there_is_room_for() -> None:
    one = world(
        {"web": "producer, rate: 200/s", "app": "service, takes: 1ms, idempotency_key: {capacity: 64}"}, ["web -> app"]
    )
    for at in range(1, 30):
        one.advance(at * 100 * MS)
        assert len(one.groups["app"].shelves["idempotency_key"].rows) <= 64
    assert len(one.groups["app"].shelves["idempotency_key"].rows) > 50


def test_what_failed_may_be_done_again() -> None:
    one = world(
        {"web": "producer, rate: 50/s, deadline: 5s", "app": "service, takes: 1ms, fails: 50%, idempotency_key: {}"},
        ["{link: web -> app, retry: {attempts: 20, backoff: 10ms, style: fixed, jitter: none}}"],
    )
    one.advance(10 * S)
    assert to_the_end(one).served == flow(one).offered


def test_what_waits_in_line_is_asked_again_at_its_turn() -> None:
    """One slot, 3 s of work waiting: both attempts of each message wait, and only one of them is worked on."""
    one = world(
        {
            "web": "producer, rate: 10/s, arrivals: constant, deadline: 60s",
            "app": "service, slots: 1, takes: 90ms, idempotency_key: {}, queue: {order: lifo}",
        },
        ["{link: web -> app, timeout: 150ms, retry: {attempts: 3, backoff: 10ms, jitter: none}}"],
    )
    surge = one.surge("web", 3)
    one.advance(3 * S)
    one.lift(surge)
    to_the_end(one)
    check_frame(one)
    assert duplicates(one) == 0
    assert one.groups["app"].places[0].meter.served == int(one.tallies("web")[0].done)
