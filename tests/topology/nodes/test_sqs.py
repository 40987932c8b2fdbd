"""SQS standard queues, by figures that can be worked out by hand."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, check_frame, flow, link, node, reasons, to_the_end, world
from topology.sim.world import SimWorld

STEADY = "producer, rate: 10/s, arrivals: constant, deadline: 1s"


def queue(
    sqs: str = "sqs", app: str = "service, takes: 10ms", pull: str = "", web: str = STEADY, dead: bool = False
) -> SimWorld:
    nodes = {"web": web, "q": sqs, "app": app} | ({"dlq": "sqs"} if dead else {})
    return world(nodes, ["web => q", f"{{link: q => app{pull}}}"])


def test_accepted_at_once_and_worked_off_in_order() -> None:
    one = queue(app="service, slots: 1, takes: 200ms")
    one.advance(20 * S)
    found = flow(one)
    assert found.latency_p99_ns == 0
    assert node(one, "q").depth == pytest.approx(100, abs=2)
    assert found.done == pytest.approx(100, abs=2)
    assert found.oldest_ns == pytest.approx(10 * S, rel=0.03)
    assert node(one, "q").age_ns == pytest.approx(10 * S, rel=0.03)
    assert to_the_end(one).served == flow(one).offered


def test_a_slow_consumer_makes_duplicates() -> None:
    """Each message takes 3 s and is visible again after 2 s: another slot begins it before the first is through."""
    one = queue("sqs, visibility: 2s", "service, slots: 64, takes: 3s", web="producer, rate: 2/s, arrivals: constant")
    one.advance(20 * S)
    found = flow(one)
    assert found.duplicates > 0.5 * found.done
    fast = queue("sqs, visibility: 4s", "service, slots: 64, takes: 3s", web="producer, rate: 2/s, arrivals: constant")
    fast.advance(20 * S)
    assert flow(fast).duplicates == 0
    assert flow(fast).done > 30


def test_dead_letters_after_so_many_receives() -> None:
    """3 receives, 1 s apart, then the next receive finds that it was received too often."""
    one = queue("sqs, visibility: 1s, dead_letter: {to: dlq, after: 3}", "service, takes: 10ms, fails: 100%", dead=True)
    one.advance(2 * S + 900 * MS)
    assert flow(one).dead_lettered == 0
    one.advance(10 * S)
    found = flow(one)
    assert found.dead_lettered == node(one, "dlq").depth == pytest.approx(70, abs=2)
    assert node(one, "app").arrivals == pytest.approx(3 * 80 + 2 * 10 + 10, abs=5)
    assert reasons(one) == {"q: received too often": found.dead_lettered}
    check_frame(one)


def test_a_failed_message_may_be_released_at_once() -> None:
    one = queue(
        "sqs, visibility: 1h, dead_letter: {to: dlq, after: 3}", "service, takes: 10ms, fails: 100%",
        ", on_failure: release", dead=True,
    )
    one.advance(10 * S)
    assert flow(one).dead_lettered == pytest.approx(100, abs=2)
    assert node(one, "app").arrivals == pytest.approx(300, abs=5)


def test_retention_ends_what_nobody_fetched() -> None:
    one = world({"web": STEADY, "q": "sqs, retention: 60s", "app": "service"}, ["web => q", "q => app"])
    handle = one.kill(all_of(one, "app"))
    one.advance(60 * S + 50 * MS)
    assert flow(one).lost == 0
    one.advance(100 * S)
    found = flow(one)
    assert found.lost == pytest.approx(400, abs=1)
    assert found.waiting == pytest.approx(600, abs=1)
    assert reasons(one) == {"q: retention ended": found.lost}
    one.lift(handle)
    one.advance(110 * S)
    assert flow(one).lost == found.lost
    assert flow(one).waiting <= 2


def test_in_flight_has_a_limit() -> None:
    one = queue("sqs, in_flight: 5", "service, slots: 64, takes: 1s", web="producer, rate: 20/s, arrivals: constant")
    for at in range(1, 20):
        one.advance(at * S)
        assert node(one, "q").in_flight <= 5
    assert node(one, "q").in_flight == 5
    assert node(one, "app").busy == 5
    assert flow(one).done == pytest.approx(5 * 18, abs=5)


def test_room_in_flight_that_retention_makes_is_used() -> None:
    """The one in flight is never deleted; when its retention ends, the next goes out at once."""
    one = queue("sqs, in_flight: 1, visibility: 12h, retention: 60s", "service, slots: 4, takes: 1h")
    one.advance(60 * S)
    assert link(one, "q => app").attempts == 1
    one.advance(61 * S)
    assert link(one, "q => app").attempts > 1


def test_long_polling_gives_what_comes_to_those_who_wait() -> None:
    one = queue(pull=", wait: 20s")
    one.advance(20 * S)
    found = flow(one)
    assert found.completion_p99_ns == 10 * MS
    assert dict(node(one, "q").gauges)["receives waiting"] == 8
    assert found.done == found.offered


def test_receives_that_time_out_are_forgotten() -> None:
    nodes = {"web": "producer, rate: 1/m", "q": "sqs", "app": "service, slots: 10"}
    one = world(nodes, ["web => q", "{link: q => app, wait: 1s}"])
    one.advance(600 * S)
    assert dict(node(one, "q").gauges)["receives waiting"] == 10
    assert len(one.groups["q"].places[0].machine.asking) < 200  # type: ignore[attr-defined]


def test_a_batch_comes_in_one_receive() -> None:
    one = queue(app="service, slots: 10, takes: 1s", pull=", batch: 10", web="producer, rate: 100/s, arrivals: constant")
    handle = one.kill(all_of(one, "app"))
    one.advance(S)
    one.lift(handle)
    one.advance(S + 1)
    assert node(one, "q").in_flight == 10
    assert link(one, "q => app").attempts == 10


def test_a_consumer_that_dies_gives_back_when_the_visibility_ends() -> None:
    one = queue("sqs, visibility: 5s", "service, slots: 1000, takes: 1s")
    one.advance(10 * S)
    held = node(one, "app").busy
    assert held == pytest.approx(10, abs=1)
    one.lift(one.kill(all_of(one, "app")))
    assert node(one, "q").in_flight == held
    assert flow(one).lost == 0
    one.advance(14 * S - 1)
    assert flow(one).duplicates == 0
    found = to_the_end(one)
    assert found.served == found.offered
    assert found.completion_p99_ns > 5 * S


def test_the_crash_of_a_queue_refuses_and_keeps() -> None:
    one = queue("sqs, visibility: 3s", "service, slots: 2, takes: 1s")
    one.advance(10 * S)
    depth, attempts = node(one, "q").depth, link(one, "q => app").attempts
    assert depth > 20
    handle = one.kill(all_of(one, "q"))
    one.advance(20 * S)
    assert node(one, "q").depth == depth
    assert link(one, "q => app").attempts == attempts
    assert reasons(one) == {"q: connection refused": flow(one).refused}
    assert flow(one).refused == 100
    one.lift(handle)
    found = to_the_end(one)
    assert found.served == found.offered - 100
    assert found.lost == 0


def test_a_queue_that_is_down_gives_nothing_to_those_who_wait() -> None:
    """The message comes back at 3 s, while the queue is down: a long poll from before must not get it."""
    slow = "producer, rate: 1/s, arrivals: constant"
    one = queue("sqs, visibility: 3s", "service, slots: 4, takes: 10ms, fails: 100%", web=slow)
    one.advance(1 * S + 500 * MS)
    assert link(one, "q => app").attempts == 1
    handle = one.kill(all_of(one, "q"))
    one.advance(8 * S)
    assert link(one, "q => app").attempts == 1
    one.lift(handle)
    one.advance(10 * S)
    assert link(one, "q => app").attempts > 1


def test_what_was_due_while_frozen_outlives_a_crash() -> None:
    """Visibility is durable: a queue that is stopped, killed and revived still gives back what was in flight."""
    one = queue("sqs, visibility: 2s", "service, slots: 1000, takes: 10ms, fails: 100%")
    one.advance(5 * S)
    one.stop()
    frozen = one.freeze(all_of(one, "q"))
    one.advance(10 * S)
    assert node(one, "q").in_flight == 49
    killed = one.kill(all_of(one, "q"))
    one.advance(11 * S)
    one.lift(killed)
    one.lift(frozen)
    one.set("app", "fails", 0.0)
    found = to_the_end(one)
    assert found.served == found.offered


def dead_letters(more: str = "", keeps: str = "sqs") -> SimWorld:
    """50 dead letters of the first 5 s; the consumer is well again after that."""
    nodes = {
        "web": STEADY,
        "q": f"sqs, visibility: 1s, dead_letter: {{to: dlq, after: 1}}{more}",
        "dlq": keeps,
        "app": "service, takes: 10ms, fails: 100%",
    }
    one = world(nodes, ["web => q => app"])
    one.advance(5 * S)
    one.stop()
    one.advance(10 * S)
    one.set("app", "fails", 0.0)
    return one


def test_redrive_takes_dead_letters_back_at_its_rate() -> None:
    one = dead_letters(keeps="sqs, redrive_rate: 10")
    assert flow(one).dead_lettered == 49
    assert one.idle()
    one.redrive("dlq")
    one.advance(12 * S + 50 * MS)
    found = flow(one)
    assert found.dead_lettered == pytest.approx(49 - 21, abs=1)
    assert found.served == pytest.approx(21, abs=1)
    assert not one.idle()
    one.advance(20 * S)
    found = flow(one)
    assert (found.dead_lettered, found.served) == (0, 49)
    check_frame(one)


def test_a_redrive_moves_what_was_there_when_it_began() -> None:
    one = dead_letters(keeps="sqs, redrive_rate: 10")
    one.set("app", "fails", 1.0)
    one.redrive("dlq")
    one.advance(60 * S)
    assert flow(one).dead_lettered == 49
    assert node(one, "app").arrivals == 2 * 49


def test_a_redrive_begins_a_new_life() -> None:
    """It is counted anew: so many receives, and the whole retention."""
    one = dead_letters(more=", retention: 60s", keeps="sqs, retention: 14d")
    one.advance(100 * S)
    assert flow(one).dead_lettered == 49
    one.redrive("dlq")
    found = to_the_end(one)
    assert (found.served, found.lost) == (49, 0)


def test_a_dead_letter_keeps_the_instant_when_it_was_first_enqueued() -> None:
    one = dead_letters(keeps="sqs, retention: 60s")
    one.advance(60 * S)
    assert node(one, "dlq").age_ns == pytest.approx(60 * S - 100 * MS, abs=MS)
    assert flow(one).lost == 0
    one.advance(65 * S)
    found = flow(one)
    assert (found.lost, found.dead_lettered, node(one, "dlq").depth) == (49, 0, 0)
    assert reasons(one)["dlq: retention ended"] == 49


def test_dead_letters_that_come_out_of_order_expire_in_order() -> None:
    """The slow queue's letters are 30 s older than the quick one's, and come after them."""
    nodes = {
        "a": "producer, rate: 1/s, arrivals: constant", "b": "producer, rate: 1/s, arrivals: constant",
        "slow": "sqs, visibility: 30s, dead_letter: {to: dlq, after: 1}",
        "quick": "sqs, visibility: 1s, dead_letter: {to: dlq, after: 1}",
        "dlq": "sqs, retention: 60s",
        "x": "service, fails: 100%, slots: 500", "y": "service, fails: 100%, slots: 500",
    }
    one = world(nodes, ["a => slow => x", "b => quick => y"])
    one.advance(45 * S)
    one.stop()
    assert node(one, "dlq").age_ns == pytest.approx(44 * S, abs=MS)
    one.advance(62 * S + 500 * MS)
    lost = {f.producer: f.lost for f in one.frame().flows}
    assert lost == {"a": 2, "b": 2}


def test_a_consumer_of_dead_letters_may_do_the_work() -> None:
    nodes = {
        "web": STEADY, "q": "sqs, visibility: 1s, dead_letter: {to: dlq, after: 1}", "dlq": "sqs",
        "app": "service, fails: 100%, takes: 1ms", "repair": "service, takes: 1s, slots: 1", "bank": "endpoint, takes: 1ms",
    }
    one = world(nodes, ["web => q => app -> bank", "dlq => repair -> bank"])
    one.advance(3 * S)
    found = to_the_end(one)
    assert (found.offered, found.dead_lettered, node(one, "dlq").depth) == (found.done + found.lost, 0, 0)
    check_frame(one)


def test_the_log_of_a_queue_adds_up() -> None:
    """Little's law, for queues that give up, bury and give back too."""
    one = dead_letters(keeps="sqs, redrive_rate: 10")
    one.redrive("dlq")
    to_the_end(one)
    one.frame()
    for name in ("q", "dlq"):
        meter = one.groups[name].places[0].meter
        assert meter.inside == 0
        assert meter.inside_ns == meter.stay_ns
        assert meter.arrivals == meter.departures
    assert one.sums()["nodes"]["dlq"]["mean_stay"] == pytest.approx(10, rel=0.5)


@pytest.mark.parametrize("consumer", [
    "service, slots: 2, takes: 1s, idempotency_key: {}",
    "service, slots: 2, takes: 0s, fails: 100%",
])
def test_time_goes_on_though_a_message_is_given_back_at_the_instant_of_its_delivery(consumer: str) -> None:
    """Each of at most ten messages comes at most once a millisecond."""
    one = queue("sqs, visibility: 200ms", consumer, ", wait: 0s, on_failure: release", web="producer, rate: 2/s")
    one.advance(5 * S)
    assert 10 <= link(one, "q => app").attempts <= 20 * 5_000
    check_frame(one)
