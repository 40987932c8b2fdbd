"""Queues at a service's door: their orders, their limits, and what expires in them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.topology.policies.doors import crash, door, fared, overloaded
from tests.topology.worlds import S, check_frame, flow, node, reasons, to_the_end, world
from topology.policies.queue import Queue
from topology.queues.waiting import EarliestDeadline, MostImportant, NewestFirst, NewestWhenLong

PLAIN = {"limit": None, "order": "fifo", "calm": 10, "when_full": "refuse", "drop_expired": False}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, (-1, type(None), False, False)),
        ({"limit": 0, "order": "lifo"}, (0, NewestFirst, False, False)),
        ({"limit": 7, "when_full": "drop_oldest"}, (7, type(None), True, False)),
        ({"order": "adaptive_lifo", "drop_expired": True}, (-1, NewestWhenLong, False, True)),
        ({"order": "deadline"}, (-1, EarliestDeadline, False, False)),
        ({"order": "priority"}, (-1, MostImportant, False, False)),
    ],
)
def test_what_it_says(values: dict[str, Any], expected: tuple[int, type[Any], bool, bool]) -> None:
    place = world({"web": "producer, rate: 1/s", "app": "service"}, ["web -> app"]).groups["app"].places[0]
    one = Queue()
    one.configure(place, PLAIN | values, "app")
    assert (one.limit(), type(one.line()), one.drops_oldest(), one.watching()) == expected


def test_newest_first_serves_what_is_still_wanted_at_twice_the_load() -> None:
    """200/s can be done. First in, first out works it all on calls that were given up; newest first hardly wastes any."""
    fifo, lifo, adaptive = (fared(overloaded(f"queue: {{order: {o}}}")) for o in ("fifo", "lifo", "adaptive_lifo"))
    print(f"served of 200/s for 30 s: fifo {fifo.served}, lifo {lifo.served}, adaptive {adaptive.served}")
    assert fifo.served < 600
    assert lifo.served > 5700
    assert adaptive.served > 5700


def test_adaptive_lifo_is_in_order_while_few_wait() -> None:
    """Three wait at most: the order of arrival is kept, which newest first would not."""
    words = "rate: 100/s, arrivals: constant, bursts: {every: 1s, size: 3}"
    slow = "service, slots: 1, takes: 5ms"
    longest = {}
    for order in ("fifo", "lifo", "adaptive_lifo"):
        one = door(f"queue: {{order: {order}}}", {"web": words}, slow)
        one.advance(20 * S)
        longest[order] = flow(one).latency_p99_ns
    assert longest["adaptive_lifo"] == longest["fifo"]


@pytest.mark.parametrize(("size", "second"), [(6, 2), (7, 7)])
def test_adaptive_lifo_turns_round_when_more_than_the_calm_number_wait(size: int, second: int) -> None:
    """A burst to one slot: the first is begun, and of the five others the oldest is next, but of six the newest."""
    burst = f"rate: 1/s, arrivals: constant, bursts: {{every: 1h, first: 0s, size: {size}}}"
    one = door("queue: {order: adaptive_lifo, calm: 5}", {"web": burst}, "service, slots: 1, takes: 10ms")
    one.advance(15_000_000)
    waiting = one.groups["app"].places[0].machine.waiting
    assert waiting.count == size - 2
    left = [call.message.n for call in below_calls(waiting)]
    assert [n for n in range(1, size + 1) if n not in left] == [1, second]


def test_the_earliest_deadline_comes_first() -> None:
    """Two flows of half the load each, patient for 10 s and for 300 ms: only in order of deadlines are both in time."""
    shares = {}
    for order in ("fifo", "deadline"):
        one = world(
            {
                "patient": "producer, rate: 100/s, deadline: 10s",
                "hasty": "producer, rate: 30/s, deadline: 300ms",
                "app": f"service, slots: 8, takes: {{exponential: {{mean: 40ms}}}}, queue: {{order: {order}}}",
            },
            ["patient -> app", "hasty -> app"],
        )
        one.advance(10 * S)
        surge = one.surge("patient", 3)
        one.advance(14 * S)
        one.lift(surge)
        one.advance(30 * S)
        shares[order] = {name: fared(one, name).share for name in ("patient", "hasty")}
    assert shares["deadline"]["patient"] > 0.99
    assert shares["deadline"]["hasty"] > 0.95
    assert shares["fifo"]["hasty"] < 0.8


def test_what_expired_is_not_begun() -> None:
    """Work is only wasted on calls that expire in the middle of it, and each that expired waiting says so."""
    dropping = overloaded("queue: {drop_expired: true}")
    plain = overloaded("")
    assert node(dropping, "app").queued < 500 < node(plain, "app").queued
    assert int(dropping.tallies("web")[0].wasted_ns) < 0.9 * int(plain.tallies("web")[0].wasted_ns)
    late = door("queue: {drop_expired: true}", {"web": "rate: 400/s, patience: 20s"})
    late.advance(10 * S)
    assert "app: its deadline passed while it waited" in reasons(late)
    assert flow(late).latency_p99_ns < 1.5 * S


def test_hand_offs_and_deliveries_never_expire() -> None:
    """What was accepted is done, however late; a queue's messages too."""
    slow = "service, slots: 1, takes: 100ms, queue: {drop_expired: true}"
    one = world({"web": "producer, rate: 20/s, deadline: 1s", "a": "service, takes: 1ms", "b": slow}, ["web -> a => b"])
    one.advance(10 * S)
    assert to_the_end(one).served == flow(one).offered


def test_the_important_come_first_and_the_rest_make_room() -> None:
    """A quarter of twice the load is important: all of it is served, and the others get what is left."""
    for extra in ("", ", limit: 20, when_full: drop_oldest"):
        one = door(f"queue: {{order: priority{extra}}}", {"low": "rate: 300/s", "high": "rate: 100/s, priority: 1"})
        one.advance(30 * S)
        assert fared(one, "high").share > 0.99
        assert fared(one, "low").share < 0.4
        check_frame(one)
    assert fared(one, "low").served == pytest.approx(200 * 30 - 3017, rel=0.03)


def test_a_newcomer_of_no_importance_does_not_drop_an_important_one() -> None:
    one = door(
        "queue: {order: priority, limit: 5, when_full: drop_oldest}",
        {"high": "rate: 100/s, priority: 1, arrivals: constant", "low": "rate: 100/s, arrivals: constant"},
        "service, slots: 1, takes: 1h",
    )
    one.advance(1 * S)
    assert {c.message.priority for c in waiting_calls(one)} == {1}
    assert set(reasons(one, "low")) == {"app: dropped from a full queue", "app: queue full"}


def waiting_calls(one: Any) -> list[Any]:
    """Who waits at "app"."""
    line = one.groups["app"].places[0].machine.waiting
    return [c for below in line.lines.values() for c in below_calls(below)]


def below_calls(line: Any) -> list[Any]:
    """The calls of one line, from the oldest on."""
    found, call = [], line.oldest
    while call is not None:
        found.append(call)
        call = call.next
    return found


@pytest.mark.parametrize("order", ["fifo", "lifo", "adaptive_lifo", "deadline", "priority"])
def test_a_crash_empties_it_and_it_works_on(order: str) -> None:
    one = overloaded(f"queue: {{order: {order}}}", seconds=5)
    assert node(one, "app").queued > 500
    crash(one)
    one.rate("web", 100)
    one.mark()
    one.advance(15 * S)
    assert fared(one, since=1).share > 0.98
    check_frame(one)
