"""AWS Lambda functions: synchronous and asynchronous invocations, batches from queues, cold starts and limits, by figures."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.worlds import MS, S, all_of, check_frame, flow, link, node, playground, reasons, to_the_end, world
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld

WARM = "init: 0s"
MINUTE = 60 * S
HOUR = 60 * MINUTE


def constant(rate: float) -> str:
    """A producer with even gaps."""
    return f"producer, rate: {rate}/s, arrivals: constant, deadline: 1h"


def called(fn: str, rate: float = 100, web: str = "") -> SimWorld:
    """A function that is called."""
    return world({"web": web or constant(rate), "fn": f"lambda, {fn}"}, ["web -> fn"])


def handed(fn: str, rate: float = 1, links: tuple[str, ...] = (), **more: str) -> SimWorld:
    """A function that is invoked asynchronously."""
    return world({"web": constant(rate), "fn": f"lambda, {fn}", **more}, ["web => fn", *links])


def fed(fn: str, rate: float, pull: str = "", queue: str = "sqs", links: tuple[str, ...] = (), **more: str) -> SimWorld:
    """A function that consumes a queue."""
    nodes = {"web": constant(rate), "q": queue, "fn": f"lambda, {fn}", **more}
    return world(nodes, ["web => q", f"{{link: q => fn{pull}}}", *links])


def gauge(one: SimWorld, name: str, of: str = "fn") -> float:
    """A figure of the function's own."""
    return dict(node(one, of).gauges)[name]


def view(one: SimWorld, part: str, name: str, of: str = "fn") -> float:
    """A figure of one of its parts."""
    return one.parts(of)[part][name]


def burst(one: SimWorld, n: int) -> None:
    """So many messages in the first second, evenly, and then none."""
    one.advance(S + 1)
    one.stop()
    assert flow(one).offered == n


# Called


def test_as_many_at_once_as_arrive_while_one_takes() -> None:
    """100 a second, 100 ms each: 10 environments, made once."""
    one = called(f"takes: 100ms, {WARM}")
    one.advance(10 * S + 50 * MS)
    assert node(one, "fn").busy == 10
    assert gauge(one, "cold starts") == pytest.approx(10, abs=1)
    assert flow(one).latency_p99_ns == pytest.approx(100 * MS, rel=0.01)
    assert node(one, "fn").occupancy == pytest.approx(0.01)


def test_cold_starts_add_their_time_once() -> None:
    """Until the first is warm after 500 + 100 ms, each of the 60 that arrive starts cold; later none does."""
    one = called("takes: 100ms, init: 500ms")
    one.advance(601 * MS)
    assert gauge(one, "cold starts") == pytest.approx(60, abs=1)
    assert gauge(one, "cold starting") == pytest.approx(50, abs=1)
    one.advance(60 * S)
    assert gauge(one, "cold starts") == pytest.approx(60, abs=1)
    assert gauge(one, "cold starting") == 0
    assert flow(one).latency_p50_ns == pytest.approx(100 * MS, rel=0.01)
    assert gauge(one, "warm and idle") == pytest.approx(50, abs=1)


def test_an_environment_that_was_idle_for_too_long_is_gone() -> None:
    """One message in 20 s: with 10 s of patience each starts cold, with 30 s only the first."""
    for idle, cold in (("10s", 5), ("30s", 1)):
        one = called(f"takes: 100ms, init: 1s, idle: {idle}", 0.05)
        one.advance(101 * S)
        assert flow(one).offered == 5
        assert gauge(one, "cold starts") == cold


def test_over_its_concurrency_it_refuses() -> None:
    """100 a second, 200 ms each, 10 at once: 50 a second get through."""
    one = called(f"takes: 200ms, reserved: 10, {WARM}")
    one.advance(20 * S)
    found = flow(one)
    assert found.refused == pytest.approx(0.5 * found.offered, rel=0.03)
    assert reasons(one) == {"fn: too many requests (429)": found.refused}
    assert gauge(one, "throttles") == found.refused
    assert node(one, "fn").slots == node(one, "fn").busy == 10
    check_frame(one)


def test_however_short_they_are_ten_begin_in_a_second_for_each_unit_of_concurrency() -> None:
    """Ten at once could do 10,000 a second of 1 ms each; 100 a second may begin, after a second's worth at first."""
    one = called(f"takes: 1ms, reserved: 10, {WARM}", 400)
    one.advance(10 * S)
    found = flow(one)
    assert found.offered - found.refused == pytest.approx(1_100, abs=3)


def test_reserved_nothing_is_off() -> None:
    one = called("reserved: 0")
    one.advance(2 * S)
    assert flow(one).refused == flow(one).offered > 150
    assert node(one, "fn").slots == 0


def test_new_environments_come_only_so_fast() -> None:
    """3,000 at once, each for a long time: 1,000 begin at once, then 100 a second, whatever the account allows."""
    one = called(f"takes: 10m, timeout: 15m, account: 5000, {WARM}", 3_000)
    one.advance(400 * MS)
    assert node(one, "fn").busy == pytest.approx(1_000 + 100 * 0.4, abs=3)
    one.advance(5 * S)
    assert node(one, "fn").busy == pytest.approx(1_500, abs=3)


def test_environments_that_are_always_ready_are_never_cold() -> None:
    one = called("takes: 100ms, init: 1s, provisioned: 20")
    one.advance(10 * S)
    assert gauge(one, "cold starts") == 0
    assert flow(one).latency_p99_ns == pytest.approx(100 * MS, rel=0.01)
    assert gauge(one, "warm and idle") == pytest.approx(10, abs=1)


def test_a_timeout_ends_it_with_an_error_and_costs_the_environment() -> None:
    one = called(f"takes: 10s, timeout: 2s, {WARM}", 1)
    one.advance(10 * S + 500 * MS)
    found = flow(one)
    assert found.failed == 8
    assert reasons(one) == {"fn: the function timed out": 8}
    assert found.done == 0
    assert gauge(one, "timeouts") == 8
    assert node(one, "fn").utilisation == pytest.approx(2 / 1_000, rel=0.3)
    one.stop()
    one.advance(20 * S)
    assert node(one, "fn").busy == gauge(one, "warm and idle") == 0


def test_errors_are_answered_and_keep_the_environment() -> None:
    one = called(f"takes: 100ms, fails: 100%, {WARM}", 5)
    one.advance(10 * S)
    assert flow(one).failed == flow(one).offered - 1 + (flow(one).unanswered == 0)
    assert reasons(one) == {"fn: error": flow(one).failed}
    assert gauge(one, "cold starts") == 1


def test_it_holds_its_environment_while_it_waits_for_others() -> None:
    """50 a second, 20 ms of its own and 380 ms of the shop's: 20 at once, of which one computes."""
    nodes = {"web": constant(50), "fn": f"lambda, takes: 20ms, {WARM}", "shop": "service, slots: 100, takes: 380ms", "q": "sqs"}
    one = world(nodes, ["web -> fn -> shop", "fn => q"])
    one.advance(20 * S)
    assert node(one, "fn").busy == pytest.approx(20, abs=1)
    assert node(one, "fn").utilisation == pytest.approx(0.001, rel=0.1)
    assert node(one, "q").depth == flow(one).served
    one.kill(all_of(one, "shop"))
    one.advance(30 * S)
    assert "shop: connection refused" in reasons(one)


def test_an_optional_call_may_fail() -> None:
    nodes = {"web": constant(10), "fn": f"lambda, {WARM}", "shop": "service"}
    one = world(nodes, ["web -> fn", "{link: fn -> shop, optional: true}"])
    one.kill(all_of(one, "shop"))
    one.advance(5 * S)
    assert flow(one).failed == 0
    assert flow(one).served > 40


def test_what_is_taken_back_is_taken_back_behind_it_too() -> None:
    """The order is booked through the function, then the bank fails: the booking is undone, and nothing is left half done."""
    nodes = {
        "web": constant(10),
        "app": "service, saga: {}",
        "fn": f"lambda, {WARM}",
        "shop": "service",
        "bank": "service, fails: 100%",
    }
    one = world(nodes, ["web -> app -> fn -> shop", "app -> bank"])
    one.advance(5 * S)
    found = to_the_end(one)
    assert found.failed == found.offered
    assert node(one, "shop").arrivals == 2 * found.offered
    assert found.half_done == 0


def test_a_load_balancer_calls_it() -> None:
    one = world({"web": constant(50), "alb": "alb", "fn": f"lambda, takes: 100ms, {WARM}"}, ["web -> alb -> fn"])
    one.advance(20 * S)
    assert flow(one).failed == flow(one).refused == 0
    assert node(one, "fn").busy == pytest.approx(5, abs=1)


# Layers


def test_a_neighbour_takes_concurrency_but_not_what_is_reserved() -> None:
    for reserved, slots in (("", 100), (", reserved: 300", 300)):
        one = called(f"takes: 100ms{reserved}", 10)
        handle = one.lay("concurrency_taken", all_of(one, "fn"), {"share": 0.9})
        one.advance(S)
        assert node(one, "fn").slots == slots
        one.lift(handle)
        one.advance(2 * S)
        assert node(one, "fn").slots == (slots if reserved else 1_000)


def test_every_invocation_is_cold_while_environments_are_recycled() -> None:
    one = called("takes: 100ms, init: 100ms", 20)
    one.advance(10 * S)
    before = gauge(one, "cold starts")
    handle = one.lay("cold", all_of(one, "fn"), {"share": 0.5})
    one.advance(30 * S)
    assert gauge(one, "cold starts") - before == pytest.approx(0.5 * 20 * 20, rel=0.1)
    one.lift(handle)
    after = gauge(one, "cold starts")
    one.advance(40 * S)
    assert gauge(one, "cold starts") == after


def test_a_new_version_starts_everything_cold_at_once() -> None:
    """100 a second, 100 ms of work, 1 s to start: for 1.1 s each that arrives starts cold."""
    one = called("takes: 100ms, init: 1s")
    one.advance(10 * S)
    before = gauge(one, "cold starts")
    one.flush("fn")
    one.advance(20 * S)
    assert gauge(one, "cold starts") - before == pytest.approx(110, abs=2)


def test_slow_errors_poison_and_lost_slots() -> None:
    one = called(f"takes: 100ms, {WARM}")
    one.lay("slow", all_of(one, "fn"), {"factor": 5.0})
    one.lay("slots", all_of(one, "fn"), {"share": 0.96})
    one.advance(10 * S)
    assert node(one, "fn").slots == node(one, "fn").busy == 40
    assert flow(one).latency_p50_ns == pytest.approx(500 * MS, rel=0.01)
    other = called(f"takes: 10ms, {WARM}")
    other.lay("errors", all_of(other, "fn"), {"share": 0.3})
    other.lay("poison", all_of(other, "fn"), {"share": 0.1})
    other.advance(20 * S)
    assert flow(other).failed == pytest.approx(0.37 * 2_000, rel=0.1)


# Asynchronous


def test_accepted_at_once_and_done_later() -> None:
    one = handed(f"takes: 200ms, {WARM}", 10)
    one.advance(10 * S + 10 * MS)
    found = flow(one)
    assert found.latency_p99_ns == 0
    assert found.completion_p99_ns == pytest.approx(200 * MS, rel=0.01)
    assert node(one, "fn").depth == node(one, "fn").in_flight == 2
    assert node(one, "fn").age_ns == pytest.approx(110 * MS, abs=MS)
    assert to_the_end(one).served == flow(one).offered
    assert node(one, "fn").depth == 0


def test_an_error_is_tried_again_after_one_minute_and_then_two() -> None:
    one = handed(f"takes: 100ms, fails: 100%, {WARM}")
    burst(one, 1)
    began = [S, S + 100 * MS + MINUTE, S + 200 * MS + 3 * MINUTE]
    assert node(one, "fn").busy == 1
    for at in began[1:]:
        one.advance(at - MS)
        assert node(one, "fn").busy == 0
        one.advance(at + MS)
        assert node(one, "fn").busy == 1
    one.advance(began[-1] + 99 * MS)
    assert flow(one).waiting == 1
    one.advance(began[-1] + 101 * MS)
    assert flow(one).lost == 1
    assert reasons(one) == {"fn: failed each of its attempts": 1}
    assert gauge(one, "dropped") == 1
    one.advance(HOUR)
    assert gauge(one, "async retries") == 2


@pytest.mark.parametrize("retries", [0, 1])
def test_fewer_retries(retries: int) -> None:
    one = handed(f"takes: 100ms, fails: 100%, retries: {retries}, {WARM}")
    burst(one, 1)
    one.advance(S + 50 * MS + retries * MINUTE)
    assert flow(one).waiting == 1
    one.advance(S + 250 * MS + retries * MINUTE)
    assert flow(one).lost == 1


def test_throttles_are_tried_again_until_there_is_room() -> None:
    """A hundred within a second, 2 at once, a second each: they wait, ever longer, and none is lost."""
    one = handed(f"takes: 1s, reserved: 2, {WARM}", 100)
    burst(one, 100)
    assert node(one, "fn").depth == 98 + 2 - flow(one).done
    one.advance(30 * MINUTE)
    found = flow(one)
    assert found.done == found.served == 100
    assert found.completion_p99_ns > 50 * S
    assert gauge(one, "throttles") > 100


def test_throttled_for_six_hours_it_is_given_up() -> None:
    """1 + 2 + 4 ... + 256 s make 511 s, then every 5 minutes: about 8 + 21,600 / 300 attempts until it is six hours old."""
    one = handed("reserved: 0")
    burst(one, 1)
    one.advance(S + 6 * HOUR - MS)
    assert flow(one).waiting == 1
    assert gauge(one, "throttles") == pytest.approx(9 + (21_600 - 511) / 300, rel=0.15)
    one.advance(S + 6 * HOUR + MS)
    assert flow(one).lost == 1
    assert reasons(one) == {"fn: too old before it could run (maximum event age)": 1}
    short = handed("reserved: 0, max_age: 60s")
    burst(short, 1)
    short.advance(61 * S - MS)
    assert flow(short).waiting == 1
    short.advance(61 * S + MS)
    assert flow(short).lost == 1


def test_the_first_throttles_come_back_after_one_and_two_seconds() -> None:
    """Spread by half: a thousand come back between 0.5 and 1.5 s later, the second time 1 to 3 s after that."""
    one = handed("reserved: 0", 1_000)
    burst(one, 1_000)
    assert gauge(one, "throttles") == pytest.approx(1_000 + 1_000 / 8, rel=0.05)
    one.advance(S + 500 * MS)
    first = gauge(one, "throttles")
    one.advance(2 * S + 500 * MS)
    assert 1_800 < first + 1_000 - 1_000 + (gauge(one, "throttles") - first) < 3_000
    one.advance(10 * S)
    assert 3 * 1_000 < gauge(one, "throttles") < 5 * 1_000


def test_a_dead_letter_queue_takes_what_was_given_up() -> None:
    one = handed(f"fails: 100%, retries: 0, dead_letter: dlq, {WARM}", 10, dlq="sqs")
    burst(one, 10)
    one.advance(10 * S)
    found = flow(one)
    assert found.dead_lettered == node(one, "dlq").depth == gauge(one, "dead letters") == 10
    assert reasons(one) == {"fn: failed each of its attempts": 10}
    check_frame(one)


@pytest.mark.parametrize("way", ["down", "layer"])
def test_a_dead_letter_queue_that_takes_nothing(way: str) -> None:
    one = handed(f"fails: 100%, retries: 0, dead_letter: dlq, {WARM}", 10, dlq="sqs")
    if way == "down":
        one.kill(all_of(one, "dlq"))
    else:
        one.lay("no_dead_letters", all_of(one, "fn"), {"share": 1.0})
    burst(one, 10)
    one.advance(10 * S)
    assert flow(one).lost == gauge(one, "dropped") == 10
    assert reasons(one) == {"fn: its dead-letter queue takes nothing": 10}


def test_destinations_take_records_of_what_became_of_it() -> None:
    one = handed(
        f"fails: 40%, retries: 0, {WARM}",
        100,
        ("{link: fn => good, destination: on_success}", "{link: fn => bad, destination: on_failure}"),
        good="sqs",
        bad="sqs",
    )
    one.advance(10 * S)
    found = to_the_end(one)
    assert node(one, "good").depth == found.served == pytest.approx(600, rel=0.1)
    assert node(one, "bad").depth == found.dead_lettered == found.offered - found.served
    assert view(one, "=> good", "records") == found.served
    assert view(one, "=> bad", "records") == found.dead_lettered
    assert reasons(one) == {"fn: failed each of its attempts": found.dead_lettered}
    check_frame(one)


def test_a_destination_that_is_down_leaves_nothing_of_a_failure() -> None:
    one = handed(
        f"fails: 100%, retries: 0, {WARM}", 10, ("{link: fn => bad, destination: on_failure}",), bad="sqs"
    )
    one.kill(all_of(one, "bad"))
    burst(one, 10)
    one.advance(5 * S)
    assert flow(one).lost == 10
    assert reasons(one) == {"fn: its failure destination takes nothing": 10}
    assert view(one, "=> bad", "failed") == 10


def test_with_a_dead_letter_queue_and_a_destination_both_are_told() -> None:
    one = handed(
        f"fails: 100%, retries: 0, dead_letter: dlq, {WARM}",
        10,
        ("{link: fn => bad, destination: on_failure}",),
        bad="sqs",
        dlq="sqs",
    )
    burst(one, 10)
    one.advance(5 * S)
    assert node(one, "bad").depth == node(one, "dlq").depth == flow(one).dead_lettered == gauge(one, "dead letters") == 10
    check_frame(one)


def test_a_success_that_a_queue_works_on_is_a_part_of_the_work_only_if_the_file_says_so() -> None:
    made = playground(
        {"web": constant(1), "fn": "lambda", "good": "sqs", "app": "service"},
        ["web => fn", "{link: fn => good, destination: on_success}", "good => app"],
    )
    assert made.flows[0].work == ("fn",)


# From queues


def test_a_mapping_starts_with_five_batches_and_adds_five_a_second() -> None:
    """A backlog, and batches of one that take long: 5 at once at first, 300 more in a minute, 1,000 in the end."""
    one = fed(f"takes: 10m, timeout: 15m, {WARM}", 20, ", batch: 1", "sqs, visibility: 12h")
    one.advance(500 * MS)
    assert node(one, "fn").busy == 5
    one.advance(60 * S + 500 * MS)
    assert node(one, "fn").busy == view(one, "q =>", "batches at most") == pytest.approx(305, abs=5)
    one.advance(199 * S)
    assert node(one, "fn").busy == pytest.approx(995, abs=10)
    one.advance(300 * S)
    assert node(one, "fn").busy == 1_000


def test_a_mapping_may_be_limited() -> None:
    one = fed(f"takes: 10m, timeout: 15m, {WARM}", 20, ", batch: 1, max_concurrency: 20", "sqs, visibility: 12h")
    one.advance(60 * S)
    assert node(one, "fn").busy == 20


def test_with_nothing_to_do_few_pollers_are_left() -> None:
    """20 a second of 1 s each need 20 at once; when nothing comes for long, two polls wait, or five of a limited mapping."""
    for limit, left in (("", 2), (", max_concurrency: 40", 5)):
        one = fed(f"takes: 1s, {WARM}", 20, f", batch: 1{limit}")
        one.advance(60 * S)
        assert view(one, "q =>", "batches at most") == pytest.approx(32, abs=12)
        one.stop()
        one.advance(20 * MINUTE)
        assert view(one, "q =>", "batches at most") == 5
        assert view(one, "q =>", "polls waiting") == left


def test_a_batch_is_one_invocation() -> None:
    """A backlog of 1,000 in batches of 10, 100 ms a message: five batches of a second each are in work."""
    one = fed(f"takes: 100ms, {WARM}, timeout: 30s", 1_000, ", max_concurrency: 5", "sqs, visibility: 5m")
    burst(one, 1_000)
    one.advance(10 * S)
    assert node(one, "fn").busy == 5
    assert node(one, "q").in_flight == 50
    assert flow(one).done == pytest.approx(50 * 9, abs=60)
    assert gauge(one, "cold starts") == 5


def test_a_window_gathers_a_batch() -> None:
    """10 a second for 5 s: 50 in a batch, though one receive yields 10 at most; 100 come together only at 200 a second."""
    one = fed(f"takes: 1ms, {WARM}", 10, ", batch: 100, window: 5s")
    one.advance(4 * S)
    assert view(one, "q =>", "gathered") == pytest.approx(40, abs=1)
    assert flow(one).done == 0
    one.advance(5 * S + 250 * MS)
    assert flow(one).done == pytest.approx(51, abs=1)
    full = fed(f"takes: 1ms, {WARM}", 200, ", batch: 100, window: 5s")
    full.advance(650 * MS)
    assert flow(full).done == 100


def test_a_failed_batch_comes_back_as_a_whole_and_is_done_again() -> None:
    """3 of 10 can never be done. Whole batches come back: what was done is done again, and sound ones go down with them."""
    one = fed(f"takes: 10ms, {WARM}", 10, ", window: 1s", "sqs, visibility: 10s, dead_letter: {to: dlq, after: 3}", dlq="sqs")
    one.lay("poison", all_of(one, "fn"), {"share": 0.3})
    one.advance(10 * S)
    found = to_the_end(one, 100)
    assert found.duplicates > 10
    assert found.dead_lettered > 0.5 * found.offered


def test_partial_responses_bring_back_only_what_failed() -> None:
    one = fed(
        f"takes: 10ms, {WARM}",
        10,
        ", window: 1s, partial: each",
        "sqs, visibility: 10s, dead_letter: {to: dlq, after: 3}",
        dlq="sqs",
    )
    one.lay("poison", all_of(one, "fn"), {"share": 0.3})
    one.advance(20 * S)
    found = to_the_end(one, 100)
    assert found.duplicates == 0
    assert found.dead_lettered == node(one, "dlq").depth == pytest.approx(0.3 * found.offered, rel=0.3)
    assert found.served == found.offered - found.dead_lettered
    assert node(one, "fn").arrivals == found.served + 3 * found.dead_lettered
    check_frame(one)


def test_in_order_the_first_failure_stops_the_batch() -> None:
    """One batch of ten, the fourth of which fails each time: three are deleted, seven come back."""
    shares = {}
    for partial in ("each", "in_order"):
        one = fed(f"takes: 10ms, {WARM}", 10, f", batch: 10, window: 2s, partial: {partial}", "sqs, visibility: 10m")
        one.lay("poison", all_of(one, "fn"), {"share": 0.3})
        burst(one, 10)
        one.advance(10 * S)
        shares[partial] = flow(one).done
        assert node(one, "q").in_flight == node(one, "q").depth == 10 - flow(one).done
        assert flow(one).duplicates == 0
    assert 0 < shares["in_order"] < shares["each"] < 10


def test_a_timeout_fails_the_whole_batch_even_with_partial_responses() -> None:
    """Ten of 500 ms in 3 s: six are through when it is killed; all ten come back, and six are done again and again."""
    one = fed(f"takes: 500ms, {WARM}", 10, ", window: 2s, partial: each", "sqs, visibility: 20s")
    burst(one, 10)
    one.advance(15 * S)
    assert gauge(one, "timeouts") == 1
    assert node(one, "q").depth == 10
    assert flow(one).done == pytest.approx(5, abs=1)
    one.advance(40 * S)
    assert flow(one).duplicates >= 5


def test_failures_and_throttles_take_batches_away_and_success_gives_them_back() -> None:
    """Messages that fail at once: each failed batch is one fewer at a time, down to two; well again, they come back."""
    one = fed(f"takes: 200ms, {WARM}", 100, ", batch: 1", "sqs, visibility: 5s")
    one.advance(30 * S)
    assert view(one, "q =>", "batches at most") > 20
    handle = one.lay("errors", all_of(one, "fn"), {"share": 1.0})
    one.advance(60 * S)
    assert view(one, "q =>", "batches at most") == 2
    one.lift(handle)
    one.advance(120 * S)
    assert view(one, "q =>", "batches at most") > 20


def test_a_mapping_that_fails_now_and_then_stays_small() -> None:
    """One in ten batches of a second fails: hardly a second passes in which none of more than a dozen does."""
    one = fed(f"takes: 1s, fails: 10%, {WARM}", 50, ", batch: 1", "sqs, visibility: 5m")
    one.advance(5 * MINUTE)
    assert 5 < view(one, "q =>", "batches at most") < 30


def test_partial_responses_spare_the_mapping() -> None:
    """All time out: with partial responses it polls on as before, without them it backs off."""
    for partial, at_most in (("each", 50), ("none", 2)):
        one = fed(f"takes: 2s, timeout: 1s, {WARM}", 60, f", batch: 1, max_concurrency: 50, partial: {partial}")
        one.advance(MINUTE)
        assert view(one, "q =>", "batches at most") == at_most


@pytest.mark.parametrize("pull", ["", ", wait: 0s"])
def test_it_asks_again_when_its_queue_is_back(pull: str) -> None:
    """Down, the queue refuses at once; it is asked again after a second, and not for ever at one instant."""
    one = fed(f"takes: 10ms, {WARM}", 10, pull)
    one.advance(5 * S)
    handle = one.kill(all_of(one, "q"))
    one.advance(15 * S + 500 * MS)
    assert view(one, "q =>", "polls waiting") == 0
    one.lift(handle)
    one.advance(20 * S)
    found = flow(one)
    assert found.refused == pytest.approx(105, abs=1)
    assert found.offered - found.refused - found.done <= 3


def test_a_throttled_batch_is_tried_again_while_it_is_invisible() -> None:
    """One at a time is allowed: the batches that get no room wait, and are dropped when their visibility ends."""
    one = fed(f"takes: 500ms, reserved: 1, {WARM}", 1, ", batch: 1", "sqs, visibility: 1m")
    one.advance(10 * MINUTE)
    assert flow(one).done == flow(one).offered - node(one, "q").depth
    assert node(one, "q").depth < 5
    off = fed("reserved: 0", 1, ", batch: 1", "sqs, visibility: 20s, dead_letter: {to: dlq, after: 3}", dlq="sqs")
    off.advance(10 * S)
    off.stop()
    assert view(off, "q =>", "batches at most") == 2
    assert view(off, "q =>", "throttled batches") == pytest.approx(3, abs=2)
    off.advance(30 * MINUTE)
    assert node(off, "dlq").depth == flow(off).offered > 8
    assert view(off, "q =>", "throttled batches") == flow(off).done == 0
    check_frame(off)


def test_two_queues_feed_one_function() -> None:
    nodes = {"web": constant(10), "a": "sqs", "b": "sqs", "fn": f"lambda, {WARM}"}
    one = world(nodes, ["web => a => fn", "web => b => fn"])
    one.advance(10 * S)
    assert set(one.parts("fn")) == {"a =>", "b =>"}
    assert link(one, "a => fn").attempts == link(one, "b => fn").attempts > 90


# Loops


def test_a_loop_through_a_queue_is_stopped_after_sixteen_invocations() -> None:
    """The 17th is turned back to its queue each time that it comes, and so it ends in the dead letters of the queue."""
    one = fed(
        f"takes: 10ms, {WARM}", 5, ", batch: 1", "sqs, visibility: 5s, dead_letter: {to: dlq, after: 3}", ("fn => q",), dlq="sqs"
    )
    burst(one, 5)
    one.advance(MINUTE)
    assert node(one, "fn").arrivals == 5 * (16 + 3)
    assert node(one, "dlq").depth == 5
    assert gauge(one, "loops stopped") == 15
    assert flow(one).duplicates == 5 * 15
    check_frame(one)


@pytest.mark.parametrize("bucket", ["sns", "s3, takes: 0s, notifies: 0s"])
def test_a_loop_through_what_delivers_is_stopped(bucket: str) -> None:
    """Asynchronous: the 17th invocation goes to the dead-letter queue without running."""
    nodes = {"web": constant(5), "fn": f"lambda, takes: 10ms, dead_letter: dlq, {WARM}", "hub": bucket, "dlq": "sqs"}
    one = world(nodes, ["web => fn => hub => fn"])
    burst(one, 5)
    one.advance(MINUTE)
    assert node(one, "fn").arrivals == 5 * 17
    assert node(one, "dlq").depth == gauge(one, "loops stopped") == 5
    assert flow(one).duplicates == 5 * 14, "the first over each of its links is none"
    check_frame(one)


def test_a_loop_goes_on_where_the_guard_is_off() -> None:
    one = fed(f"takes: 10ms, recursion_guard: false, {WARM}", 1, ", batch: 1", links=("fn => q",))
    burst(one, 1)
    one.advance(11 * S)
    assert node(one, "fn").arrivals == pytest.approx(1_000, rel=0.01)


def test_what_is_only_tried_again_is_no_loop() -> None:
    """A consumer behind the function is down for long, and each attempt fails after the hand-off: that is no loop."""
    one = fed(
        f"takes: 10ms, {WARM}", 1, ", batch: 2, window: 2s", "sqs, visibility: 1s", ("fn => out",), out="sqs"
    )
    one.lay("poison", all_of(one, "fn"), {"share": 0.5})
    one.advance(2 * MINUTE)
    assert node(one, "fn").arrivals > 20 * 60
    assert gauge(one, "loops stopped") == 0


# Crashes


def test_while_the_service_is_down_calls_are_refused_and_events_wait() -> None:
    fn = f"lambda, takes: 100ms, fails: 50%, dead_letter: dlq, {WARM}"
    one = world({"web": constant(10), "batch": constant(10), "fn": fn, "dlq": "sqs"}, ["web -> fn", "batch => fn"])
    one.advance(10 * S + 50 * MS)
    waiting = node(one, "fn").depth
    handle = one.kill(all_of(one, "fn"))
    one.advance(2 * MINUTE)
    assert flow(one).refused == pytest.approx(1_100, abs=2)
    assert node(one, "fn").busy == 0
    assert node(one, "fn").depth == pytest.approx(waiting, abs=2)
    one.lift(handle)
    one.advance(3 * MINUTE)
    check_frame(one)
    done = to_the_end(one, 600)
    assert done.unanswered == 0
    assert node(one, "fn").depth == 0
    assert flow(one, "batch").waiting == 0


def test_while_the_service_is_down_a_queue_keeps_what_comes() -> None:
    one = fed(f"takes: 100ms, {WARM}", 10, "", "sqs, visibility: 5s")
    one.advance(10 * S)
    handle = one.kill(all_of(one, "fn"))
    one.advance(30 * S)
    assert node(one, "q").depth == pytest.approx(200, abs=15)
    one.lift(handle)
    one.advance(90 * S)
    assert node(one, "q").depth < 5
    assert to_the_end(one).served == flow(one).offered


# Files


@pytest.mark.parametrize(
    ("fn", "links", "words"),
    [
        ("reserved: 950", ["web -> fn"], "100 of the account's 1000 stay unreserved"),
        ("reserved: 10, provisioned: 20", ["web -> fn"], "only 10 may run at once"),
        ("", ["web => q", "{link: q => fn, batch: 50}"], "needs a window of at least 1s"),
        ("", ["web -> fn", "{link: fn -> app, destination: on_failure}"], "write => app"),
        ("timeout: 16m", ["web -> fn"], "at most 15m"),
        ("", ["web => q", "{link: q => fn, batch: 20000}"], "at most 10000"),
    ],
)
def test_what_the_service_would_not_take_is_refused(fn: str, links: list[str], words: str) -> None:
    nodes = {"web": constant(1), "fn": f"lambda, {fn}" if fn else "lambda", "q": "sqs", "app": "service"}
    with pytest.raises(PlaygroundError, match=words):
        playground(nodes, links)


DEFAULTS = {
    "timeout": ("3s", "Configure Lambda function timeout"),
    "account": (1_000, "Understanding Lambda function scaling"),
    "scaling": (1_000, "Lambda scaling behavior"),
    "retries": (2, "How Lambda handles errors and retries with asynchronous invocation"),
    "max_age": ("6h", "How Lambda handles errors and retries with asynchronous invocation"),
    "recursion_guard": (True, "Use Lambda recursive loop detection"),
    "batch": (10, "Lambda parameters for Amazon SQS event source mappings"),
    "window": ("0s", "Lambda parameters for Amazon SQS event source mappings"),
    "max_concurrency": (None, "Configuring scaling behavior for SQS event source mappings"),
    "partial": ("none", "Handling errors for an SQS event source in Lambda"),
}


def test_documented_defaults_name_their_page() -> None:
    from topology.registry import kind

    cls = kind("lambda")
    params = {**cls.params, **cls.inlet_params}
    for name, (value, page) in DEFAULTS.items():
        assert params[name].default == value, name
        assert page in params[name].source, name


# Always


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    fails=st.sampled_from([0, 30, 100]),
    reserved=st.sampled_from([0, 1, 3, 50]),
    partial=st.sampled_from(["none", "each", "in_order"]),
    down=st.tuples(st.integers(0, 200), st.integers(1, 200)),
    way=st.sampled_from(["dlq", "destination", "none"]),
)
def test_nothing_is_lost_or_made_up(
    seed: int, fails: int, reserved: int, partial: str, down: tuple[int, int], way: str
) -> None:
    """Called, handed to and fed at once, failing, throttled and down for a while: every message has one fate, always."""
    dead = ", dead_letter: dlq" if way == "dlq" else ""
    nodes = {
        "web": constant(3),
        "batch": constant(2),
        "fn": f"lambda, takes: 200ms, fails: {fails}%, reserved: {reserved}, timeout: 1s, max_age: 2m{dead}",
        "q": "sqs, visibility: 3s, dead_letter: {to: dlq, after: 3}",
        "dlq": "sqs, retention: 2m",
        "out": "sqs",
        "app": "service",
    }
    target = ", destination: on_failure" if way == "destination" else ""
    links = ["web -> fn", "batch => fn", "batch => q", f"{{link: q => fn, partial: {partial}}}", f"{{link: fn => out{target}}}"]
    one = world(nodes, [*links, "out => app"], seed)
    one.advance(down[0] * 100 * MS)
    handle = one.kill(all_of(one, "fn"))
    one.advance((down[0] + down[1]) * 100 * MS)
    check_frame(one)
    one.lift(handle)
    for at in (45, 50, 300, 600):
        one.advance(at * S)
        check_frame(one)
        if at == 50:
            one.stop()
    to_the_end(one, 600)
    check_frame(one)
    assert one.idle()
    for f in one.frame().flows:
        assert f.in_system == 0
    assert node(one, "fn").busy == node(one, "fn").depth == 0
