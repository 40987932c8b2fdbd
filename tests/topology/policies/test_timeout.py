"""Timeouts: when a caller gives up, and what goes on without it."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, flow, link, node, on_link, reasons, world


@pytest.mark.parametrize(("takes_ms", "served"), [(199, True), (201, False)])
def test_at_its_end_the_caller_gives_up(takes_ms: int, served: bool) -> None:
    one = world(
        {"web": "producer, rate: 10/s, arrivals: constant", "app": f"service, takes: {takes_ms}ms"},
        ["{link: web -> app, timeout: 200ms}"],
    )
    one.advance(10 * S)
    one.stop()
    one.advance(20 * S)
    found = flow(one)
    if served:
        assert found.served == found.offered
        assert found.wasted_ns == 0
    else:
        assert reasons(one) == {"app: no answer in time": found.offered}
        assert found.failed == found.done_after_no == found.offered
        assert found.wasted_ns == found.offered * 1 * MS
        assert one.sums()["nodes"]["web"]["mean_stay"] == pytest.approx(0.2)


def test_it_frees_the_slot_of_the_caller_but_not_of_the_callee() -> None:
    one = world(
        {
            "web": "producer, rate: 10/s, arrivals: constant, deadline: 60s",
            "app": "service, slots: 100, takes: 0s", "db": "service, slots: 100, takes: 1s",
        },
        ["web -> app", "{link: app -> db, timeout: 250ms}"],
    )
    one.advance(10 * S)
    assert node(one, "app").busy == pytest.approx(2.5, abs=1)
    assert node(one, "db").busy == 10
    assert link(one, "app -> db").in_flight == node(one, "app").busy


def test_without_one_a_silent_callee_fills_the_caller() -> None:
    one = world(
        {"web": "producer, rate: 10/s, deadline: 1s", "app": "service, slots: 8, takes: 1ms", "db": "service, takes: 1ms"},
        ["web -> app -> db"],
    )
    one.advance(5 * S)
    handle = one.freeze(all_of(one, "db"))
    one.advance(15 * S)
    seen = node(one, "app")
    assert (seen.busy, seen.slots) == (8, 8)
    assert seen.why == "8 of 8 slots wait for db"
    one.lift(handle)
    one.advance(16 * S)
    assert node(one, "app").busy == 0


def test_the_delay_of_the_link_counts() -> None:
    one = world(
        {"web": "producer, rate: 10/s, arrivals: constant", "app": "service, takes: 10ms"},
        ["{link: web -> app, delay: 50ms, timeout: 100ms}"],
    )
    one.advance(5 * S)
    found = flow(one)
    assert found.served == 0
    assert found.done_after_no == pytest.approx(found.offered, abs=2)


def test_a_late_answer_is_never_used() -> None:
    one = world(
        {"web": "producer, rate: 10/s, arrivals: constant", "app": "service, takes: 1ms"},
        ["{link: web -> app, timeout: 100ms}"],
    )
    one.advance(1 * S)
    handle = one.lay("latency", on_link("web -> app"), {"extra": 80 * MS, "jitter": 0})
    one.advance(5 * S)
    one.lift(handle)
    one.stop()
    one.advance(10 * S)
    found = flow(one)
    assert found.served + found.failed == found.offered
    assert found.failed == pytest.approx(40, abs=2)
    assert found.done == found.offered
