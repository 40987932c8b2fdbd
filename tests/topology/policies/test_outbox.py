"""The outbox: hand-offs that wait in the service's own database until they are made."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, check_frame, flow, link, node, reasons, to_the_end, world
from topology.sim.world import SimWorld
from topology.world import Target

WEB = "producer, rate: 100/s, arrivals: constant, deadline: 1s"


def shop(outbox: str = ", outbox: {every: 100ms}", replicas: int = 1, more: str = "") -> SimWorld:
    nodes = {
        "web": WEB, "orders": f"service, replicas: {replicas}, slots: 20, takes: 5ms{outbox}", "backlog": "sqs, visibility: 5s",
        "mailer": "service, slots: 20, takes: 5ms",
    }
    wiring = ", wiring: list" if replicas > 1 else ""
    pull = "{link: backlog => mailer, batch: 10, wait: 20s}"
    return world(nodes, [f"{{link: web -> orders{wiring}}}", f"{{link: orders => backlog{more}}}", pull])


def noted(one: SimWorld) -> int:
    return len(one.groups["orders"].shelves["outbox"].items)


@pytest.mark.parametrize("outbox", ["", ", outbox: {every: 100ms}"])
def test_a_queue_that_is_down_means_no_without_and_late_with_it(outbox: str) -> None:
    one = shop(outbox)
    one.advance(5 * S)
    handle = one.kill(all_of(one, "backlog"))
    one.advance(15 * S)
    check_frame(one)
    one.lift(handle)
    one.advance(20 * S)
    found = to_the_end(one)
    assert one.idle()
    check_frame(one)
    if outbox:
        assert (found.served, found.failed, found.lost, found.duplicates) == (found.offered, 0, 0, 0)
        assert one.tallies("web")[0].staleness.max_ns == pytest.approx(10 * S, rel=0.02)
    else:
        assert found.failed == pytest.approx(1000, abs=3)
        assert set(reasons(one)) == {"backlog: connection refused"}
        assert one.tallies("web")[0].staleness.max_ns < 100 * MS


def test_it_costs_the_time_until_the_relay_looks() -> None:
    """Every 100 ms: half of that on average."""
    one = shop()
    one.advance(20 * S)
    assert one.tallies("web")[0].staleness.mean_ns() == pytest.approx((50 + 5) * MS, rel=0.1)
    assert flow(one).latency_p99_ns == 5 * MS


def test_each_look_hands_over_a_batch() -> None:
    """What was noted while the queue was down goes 15 at a time, every 100 ms."""
    one = shop(", outbox: {every: 100ms, batch: 15}")
    handle = one.kill(all_of(one, "backlog"))
    one.advance(3 * S + 50 * MS)
    one.stop()
    one.lift(handle)
    left = noted(one)
    assert left == pytest.approx(300, abs=6)
    for look in range(1, 12):
        one.advance(3 * S + 50 * MS + look * 100 * MS)
        assert noted(one) == left - 15 * look


def test_a_crash_loses_nothing_that_was_accepted() -> None:
    one = shop()
    one.advance(5 * S)
    down = one.kill(all_of(one, "backlog"))
    one.advance(8 * S)
    before = noted(one)
    assert before == pytest.approx(300, abs=12)
    crashed = one.kill(all_of(one, "orders"))
    one.advance(9 * S)
    assert noted(one) == before
    one.lift(down)
    one.lift(crashed)
    one.advance(12 * S)
    found = to_the_end(one)
    assert one.idle()
    assert noted(one) == 0
    assert found.lost == found.waiting == 0
    assert found.duplicates == 0


def test_what_a_dying_relay_was_sending_may_be_made_twice() -> None:
    """The hand-off takes 50 ms there and back; the relay dies in between, so the queue has it and will get it again."""
    one = shop(more=", delay: 25ms")
    one.advance(5 * S + 130 * MS)
    down = one.kill(all_of(one, "orders"))
    one.advance(6 * S)
    one.lift(down)
    one.advance(10 * S)
    found = to_the_end(one)
    assert one.idle()
    assert found.lost == 0
    assert 1 <= found.duplicates <= 20


def test_another_replica_relays_what_a_drained_one_noted() -> None:
    one = shop(replicas=2)
    one.advance(5 * S)
    down = one.kill(all_of(one, "backlog"))
    one.advance(8 * S)
    one.scale("orders", 1)
    one.advance(9 * S)
    assert [r.state for r in node(one, "orders").replicas] != []
    one.lift(down)
    one.advance(12 * S)
    found = to_the_end(one)
    assert one.idle()
    assert (noted(one), found.lost, found.waiting) == (0, 0, 0)


@pytest.mark.parametrize("after", [0, 5, 20, 45, 60])
def test_one_that_leaves_in_the_middle_of_relaying_keeps_nothing_to_itself(after: int) -> None:
    one = shop(", outbox: {every: 100ms, batch: 4}", replicas=3, more=", delay: 25ms")
    one.advance(5 * S + after * MS)
    one.scale("orders", 1)
    one.advance(6 * S)
    one.rewire("web")
    one.advance(10 * S)
    found = to_the_end(one)
    assert one.idle()
    assert (noted(one), found.lost, found.waiting) == (0, 0, 0)


def test_the_relay_of_a_replica_that_is_idle_finds_what_others_left() -> None:
    """Only the first replica is called; it dies for good, and the second makes its hand-offs."""
    nodes = {
        "web": WEB + ", clients: 1", "orders": "service, replicas: 2, slots: 20, takes: 5ms, outbox: {every: 100ms}",
        "backlog": "sqs", "mailer": "service, slots: 20, takes: 5ms",
    }
    one = world(nodes, ["web -> orders", "orders => backlog", "{link: backlog => mailer, wait: 20s}"])
    one.advance(5 * S + 90 * MS)
    one.kill(Target("orders", (0,)))
    assert noted(one) > 0
    one.stop()
    one.advance(6 * S)
    assert noted(one) == 0


def test_one_receiver_that_is_down_does_not_keep_the_others_waiting() -> None:
    nodes = {
        "web": WEB, "orders": "service, slots: 20, takes: 5ms, outbox: {every: 100ms, batch: 20}",
        "mails": "sqs", "bills": "sqs", "mailer": "service, slots: 20, takes: 5ms", "biller": "service, slots: 20, takes: 5ms",
    }
    one = world(
        nodes,
        [
            "web -> orders", "orders => mails", "orders => bills", "{link: mails => mailer, wait: 20s}",
            "{link: bills => biller, wait: 20s}",
        ],
    )
    one.kill(all_of(one, "mails"))
    one.advance(10 * S)
    done = int(one.groups["biller"].places[0].meter.departures)
    assert done == pytest.approx(1000, abs=25)
    assert noted(one) == pytest.approx(1000, abs=25)


def test_a_breaker_on_the_hand_off_only_makes_it_later() -> None:
    one = shop(more=", circuit_breaker: {least: 5, open: 2s}, timeout: 1s")
    one.advance(5 * S)
    down = one.kill(all_of(one, "backlog"))
    one.advance(10 * S)
    assert link(one, "orders => backlog").attempts < 1200
    one.lift(down)
    one.advance(15 * S)
    found = to_the_end(one)
    assert one.idle()
    assert (found.served, noted(one)) == (found.offered, 0)
