"""Services, by figures that can be worked out by hand."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, check_frame, flow, node, reasons, to_the_end, world
from topology.world import Target

WEB = "producer, rate: 100/s, arrivals: constant, deadline: 60s"


def test_slots_are_held_from_accept_to_answer() -> None:
    """Little: 100/s × (10 ms + 30 ms) = 4 slots, of which 1 works and 3 wait."""
    one = world({"web": WEB, "app": "service, slots: 16, takes: 10ms", "db": "service, takes: 30ms"}, ["web -> app -> db"])
    one.advance(20 * S)
    sums = one.sums()["nodes"]
    assert sums["app"]["mean_busy"] == pytest.approx(4, rel=0.01)
    assert sums["app"]["occupancy"] == pytest.approx(4 / 16, rel=0.01)
    assert sums["app"]["utilisation"] == pytest.approx(1 / 16, rel=0.01)
    assert sums["app"]["mean_stay"] == pytest.approx(0.040)
    assert dict(node(one, "app").waits_for) == {"db": 3}


def test_calls_beyond_the_slots_wait_in_order() -> None:
    """Two slots of 100 ms give 20/s; of 100/s offered, 80 more wait each second."""
    one = world({"web": WEB, "app": "service, slots: 2, takes: 100ms"}, ["web -> app"])
    one.advance(10 * S)
    seen = node(one, "app")
    assert (seen.busy, seen.slots) == (2, 2)
    assert seen.queued == pytest.approx(800, abs=5)
    assert seen.why == "all slots are taken"
    assert flow(one).latency_p50_ns == pytest.approx(4 * S, rel=0.02)


def test_fewer_cores_than_slots() -> None:
    """Two cores of 10 ms give 200/s however many slots there are; utilisation is a share of the cores."""
    one = world(
        {"web": WEB.replace("100/s", "150/s"), "app": "service, slots: 8, cores: 2, takes: 10ms"}, ["web -> app"]
    )
    one.advance(10 * S)
    sums = one.sums()["nodes"]["app"]
    assert sums["utilisation"] == pytest.approx(0.75, rel=0.01)
    assert node(one, "app").utilisation == pytest.approx(0.75, rel=0.05)
    samples = one.samples("app")[0]
    assert samples.utilisation_sum / int(samples.count) == pytest.approx(0.75, rel=0.01)
    one.rate("web", 400)
    one.advance(30 * S)
    seen = node(one, "app")
    assert seen.rate_in == pytest.approx(400, rel=0.15)
    assert seen.busy == 8
    assert dict(seen.gauges)["working"] == 2
    assert seen.utilisation == pytest.approx(1.0)


@pytest.mark.parametrize(("order", "stay_ms"), [("sequence", 10 + 20 + 50), ("parallel", 10 + 50)])
def test_dependencies_one_after_the_other_or_all_at_once(order: str, stay_ms: int) -> None:
    one = world(
        {
            "web": "producer, rate: 5/s, arrivals: constant",
            "app": f"service, takes: 10ms, order: {order}",
            "a": "service, takes: 20ms",
            "b": "service, takes: 50ms",
        },
        ["web -> app", "app -> a", "app -> b"],
    )
    one.advance(10 * S)
    assert one.sums()["nodes"]["app"]["mean_stay"] == pytest.approx(stay_ms / 1000)
    assert to_the_end(one).served == flow(one).offered


@pytest.mark.parametrize("order", ["sequence", "parallel"])
def test_a_failed_dependency_fails_the_call_unless_it_is_optional(order: str) -> None:
    nodes = {
        "web": "producer, rate: 50/s",
        "app": f"service, takes: 1ms, order: {order}",
        "a": "service, takes: 1ms, fails: 100%",
        "b": "service, takes: 1ms",
    }
    one = world(nodes, ["web -> app", "app -> a", "app -> b"])
    one.advance(5 * S)
    assert flow(one).failed == flow(one).offered - flow(one).unanswered
    assert set(reasons(one)) == {"a: error"}
    two = world(nodes, ["web -> app", "{link: app -> a, optional: true}", "app -> b"])
    two.advance(5 * S)
    assert flow(two).failed == 0
    assert node(two, "b").arrivals == pytest.approx(flow(two).offered, abs=1)


def test_a_share_of_executions_fails() -> None:
    one = world({"web": "producer, rate: 500/s", "app": "service, slots: 64, takes: 1ms, fails: 20%"}, ["web -> app"])
    one.advance(20 * S)
    found = flow(one)
    assert found.failed / found.offered == pytest.approx(0.2, abs=0.015)


def test_a_full_queue_refuses() -> None:
    one = world({"web": WEB, "app": "service, slots: 2, takes: 100ms, queue: {limit: 5}"}, ["web -> app"])
    one.advance(10 * S)
    seen = node(one, "app")
    assert seen.queued == 5
    assert flow(one).refused == pytest.approx(800, abs=10)
    assert set(reasons(one)) == {"app: queue full"}
    assert one.sums()["nodes"]["app"]["mean_wait"] == pytest.approx(0.25, rel=0.06)


def test_newest_first_serves_those_who_just_came() -> None:
    """Of 100/s, 20/s are served at once; with FIFO and patience for 1 s nobody would be served in time."""
    impatient = "producer, rate: 100/s, arrivals: constant, deadline: 1s"
    good = {}
    for order in ("fifo", "lifo"):
        one = world({"web": impatient, "app": f"service, slots: 2, takes: 100ms, queue: {{order: {order}}}"}, ["web -> app"])
        one.advance(30 * S)
        good[order] = one.frame().flows[0].served
    assert good["lifo"] == pytest.approx(600, abs=10)
    assert good["fifo"] < 60


def test_a_full_queue_may_drop_its_oldest() -> None:
    one = world(
        {"web": WEB, "app": "service, slots: 2, takes: 100ms, queue: {limit: 5, when_full: drop_oldest}"}, ["web -> app"]
    )
    one.advance(10 * S)
    assert set(reasons(one)) == {"app: dropped from a full queue"}
    assert node(one, "app").queued == 5
    assert flow(one).latency_p99_ns < 200 * MS


def test_shedding_refuses_who_would_wait_too_long() -> None:
    """With 2 slots of 100 ms, a newcomer behind n others waits (n + 1) × 50 ms: up to 3 may wait for 200 ms."""
    one = world({"web": WEB, "app": "service, slots: 2, takes: 100ms, shed: {wait: 200ms}"}, ["web -> app"])
    one.advance(60 * S)
    assert node(one, "app").queued == pytest.approx(4, abs=1)
    assert set(reasons(one)) == {"app: shed: it would wait too long"}
    assert flow(one).latency_p99_ns <= 310 * MS


def test_what_only_memory_holds_is_lost_in_a_crash() -> None:
    """Each of 50/s is in b's hands for 1 s: about 50 that web was told yes for."""
    one = world(
        {"web": "producer, rate: 50/s, arrivals: constant", "a": "service, takes: 1ms", "b": "service, slots: 100, takes: 1s"},
        ["web -> a => b"],
    )
    one.advance(10 * S)
    assert flow(one).waiting == pytest.approx(50, abs=2)
    held = flow(one).waiting
    one.lift(one.kill(all_of(one, "b")))
    found = flow(one)
    assert (found.lost, found.waiting, found.half_done) == (held, 0, held)
    assert reasons(one) == {"b: crashed in memory": held}
    assert to_the_end(one).served == found.offered - held - flow(one).failed - flow(one).refused


def test_a_full_memory_refuses_what_is_handed_off() -> None:
    nodes = {"web": "producer, rate: 100/s", "a": "service, takes: 1ms", "b": "service, slots: 1, takes: 1s, queue: {limit: 3}"}
    one = world(nodes, ["web -> a => b"])
    one.advance(10 * S)
    assert set(reasons(one)) == {"b: queue full"}
    assert node(one, "b").queued == 3
    assert flow(one).waiting == 4


def test_a_hand_off_is_accepted_at_once_even_where_the_oldest_is_dropped_for_it() -> None:
    dropping = "service, slots: 1, takes: 1s, queue: {limit: 3, when_full: drop_oldest}"
    one = world({"web": "producer, rate: 100/s", "a": "service, takes: 1ms", "b": dropping}, ["web -> a => b"])
    one.advance(10 * S)
    found = flow(one)
    assert found.latency_p99_ns == pytest.approx(1 * MS, rel=0.01)
    assert found.failed == 0
    assert found.waiting == 4
    assert reasons(one) == {"b: dropped from a full queue": found.lost}
    check_frame(one)


def test_a_change_of_slots_takes_effect_at_once() -> None:
    one = world({"web": WEB, "app": "service, slots: 1, takes: 30s"}, ["web -> app"])
    one.advance(1 * S)
    assert (node(one, "app").busy, node(one, "app").queued) == (1, 98)
    one.set("app", "slots", 50)
    assert (node(one, "app").busy, node(one, "app").queued, node(one, "app").slots) == (50, 49, 50)


def test_a_start_takes_its_time() -> None:
    one = world({"web": WEB, "app": "service, replicas: 2, start: 2s"}, ["web -> app"])
    one.advance(5 * S)
    one.lift(one.kill(Target("app", (0,))))
    assert [r.state for r in node(one, "app").replicas] == ["starting", "up"]
    one.advance(7 * S - 1)
    assert node(one, "app").up == 1
    one.advance(7 * S + 1)
    assert node(one, "app").up == 2


def test_a_start_can_be_made_quicker_while_it_runs() -> None:
    one = world({"web": WEB, "app": "service, start: 2s"}, ["web -> app"])
    one.set("app", "start", 500 * MS)
    one.advance(5 * S)
    one.lift(one.kill(all_of(one, "app")))
    one.advance(5 * S + 500 * MS - 1)
    assert node(one, "app").up == 0
    one.advance(5 * S + 500 * MS + 1)
    assert node(one, "app").up == 1


def test_a_consumer_asks_for_no_more_than_it_has_slots() -> None:
    one = world(
        {"web": "producer, rate: 500/s", "q": "sqs", "app": "service, slots: 4, takes: 100ms"},
        ["web => q", "{link: q => app, batch: 10}"],
    )
    for at in range(1, 50):
        one.advance(at * 100 * MS)
        assert node(one, "q").in_flight <= 4
        assert node(one, "app").queued == 0
    assert node(one, "app").busy == 4


def test_a_consumer_of_two_queues_neglects_neither() -> None:
    one = world(
        {
            "a": "producer, rate: 5/s", "b": "producer, rate: 5/s", "q": "sqs", "r": "sqs",
            "app": "service, slots: 2, takes: 10ms",
        },
        ["a => q", "b => r", "q => app", "r => app"],
    )
    for at in range(1, 60):
        one.advance(at * S)
        assert max(node(one, "q").age_ns, node(one, "r").age_ns) < S


def test_polling_without_waiting_takes_time() -> None:
    """A consumer that does not wait for messages asks ten times a second, not for ever at one instant."""
    one = world(
        {"web": "producer, rate: 1/s, arrivals: constant", "q": "sqs", "app": "service, slots: 3, takes: 1ms"},
        ["web => q", "{link: q => app, wait: 0s}"],
    )
    one.advance(10 * S)
    assert node(one, "app").departures == pytest.approx(9, abs=1)
    assert int(one.core.engine.fired) < 1000


def test_pauses_take_their_share_of_time() -> None:
    """100 ms of every 500 ms it stands still: of calls of 1 ms a fifth arrives in a pause and waits 50 ms for its end."""
    one = world(
        {
            "web": "producer, rate: 50/s, deadline: 60s",
            "app": "service, slots: 64, takes: 1ms, pauses: {every: 500ms, lasts: 100ms}",
        },
        ["web -> app"],
    )
    one.advance(60 * S)
    found = flow(one)
    assert found.latency_p50_ns == pytest.approx(1 * MS, rel=0.02)
    assert found.latency_p99_ns == pytest.approx(96 * MS, rel=0.05)
    mean = one.tallies("web")[0].latency.mean_ns() / MS
    assert mean == pytest.approx(1 + 0.2 * 50, rel=0.06)
    check_frame(one)


def test_a_crash_ends_a_pause() -> None:
    one = world(
        {"web": "producer, rate: 50/s", "app": "service, takes: 1ms, pauses: {every: 10s, lasts: 5s}"}, ["web -> app"]
    )
    one.advance(11 * S)
    assert [r.state for r in node(one, "app").replicas] == ["frozen"]
    one.lift(one.kill(all_of(one, "app")))
    assert [r.state for r in node(one, "app").replicas] == ["up"]
    one.mark()
    one.advance(20 * S)
    assert one.tallies("web")[1].served == pytest.approx(450, rel=0.15)
    one.advance(22 * S)
    assert [r.state for r in node(one, "app").replicas] == ["frozen"]


def test_work_is_slow_after_a_restart_and_quickens_evenly() -> None:
    """Three times 10 ms at first and 10 ms after 10 s; a service that was there from the beginning is warm."""
    one = world(
        {
            "web": "producer, rate: 20/s, arrivals: constant, deadline: 60s",
            "app": "service, takes: 10ms, warmup: {over: 10s, factor: 3}",
        },
        ["web -> app"],
    )
    one.advance(10 * S)
    assert one.tallies("web")[0].latency.mean_ns() == pytest.approx(10 * MS)
    one.lift(one.kill(all_of(one, "app")))
    means = []
    for end in range(12, 24, 2):
        one.mark()
        one.advance(end * S)
        means.append(one.tallies("web")[-1].latency.mean_ns() / MS)
    assert means == pytest.approx([28, 24, 20, 16, 12, 10], abs=0.1)


def test_work_grows_with_the_load() -> None:
    """With all 5 slots taken and `grows: 2` work takes three times as long; alone as long as ever."""
    service = {}
    for rate in (1, 500):
        one = world({"web": f"producer, rate: {rate}/s", "app": "service, slots: 5, takes: 10ms, grows: 2"}, ["web -> app"])
        one.advance(10 * S)
        service[rate] = one.sums()["nodes"]["app"]["mean_service"] / 0.010
    assert service[1] == pytest.approx(1, abs=0.05)
    assert service[500] == pytest.approx(3, abs=0.05)


def test_slots_and_cores_can_be_taken_away_for_a_while() -> None:
    """Half of 8 slots, or three quarters of 8 cores: capacity falls to 40/s or 20/s, and comes back; they add up as shares."""
    one = world({"web": "producer, rate: 200/s, arrivals: constant", "app": "service, slots: 8, takes: 100ms"}, ["web -> app"])
    done = [0]
    layers: list[int] = []

    def in_the_next_10_s() -> int:
        one.advance(one.now + 10 * S)
        done.append(int(node(one, "app").departures))
        return done[-1] - done[-2]

    assert in_the_next_10_s() == pytest.approx(800, abs=16)
    layers.append(one.lay("slots", all_of(one, "app"), {"share": 0.5}))
    assert node(one, "app").slots == 4
    assert in_the_next_10_s() == pytest.approx(400, abs=16)
    layers.append(one.lay("cores", all_of(one, "app"), {"share": 0.75}))
    assert in_the_next_10_s() == pytest.approx(200, abs=16)
    layers.append(one.lay("slots", all_of(one, "app"), {"share": 0.5}))
    assert node(one, "app").slots == 2
    one.lift(layers[0])
    one.lift(layers[1])
    assert in_the_next_10_s() == pytest.approx(400, abs=16)
    one.lift(layers[2])
    assert in_the_next_10_s() == pytest.approx(800, abs=16)


def test_a_long_tail_on_some_executions() -> None:
    """One in ten takes 20 times as long: 10 ms on average become 29."""
    one = world({"web": "producer, rate: 50/s", "app": "service, slots: 64, takes: 10ms"}, ["web -> app"])
    layer = one.lay("tail", all_of(one, "app"), {"share": 0.1, "stretch": 20})
    one.advance(60 * S)
    found = flow(one)
    assert one.sums()["nodes"]["app"]["mean_service"] == pytest.approx(0.029, rel=0.06)
    assert found.latency_p50_ns == pytest.approx(10 * MS, rel=0.01)
    assert found.latency_p99_ns == pytest.approx(200 * MS, rel=0.01)
    one.lift(layer)
    one.mark()
    one.advance(80 * S)
    assert one.tallies("web")[1].latency.mean_ns() == pytest.approx(10 * MS, rel=0.02)
