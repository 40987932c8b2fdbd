"""Replicas: how they are wired, and how they die, freeze, grow and go."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, check_frame, flow, link, node, on_link, reasons, to_the_end, world
from topology.sim.world import SimWorld
from topology.world import Target

WEB = "producer, rate: 100/s, arrivals: constant, deadline: 1s"


def pair(
    app: str = "service, replicas: 2, slots: 64, takes: 1ms", db: str = "service, replicas: 2, slots: 64, takes: 1ms",
    link: str = "app -> db",
) -> SimWorld:
    return world({"web": WEB, "app": app, "db": db}, ["web -> app", link])


def calls(one: SimWorld, name: str) -> list[int]:
    return [int(p.meter.arrivals) for p in one.groups[name].places]


def gained(one: SimWorld, name: str, until: int) -> list[int]:
    """Calls that each replica of a node was given up to an instant."""
    before = calls(one, name)
    one.advance(until)
    return [b - a for a, b in zip(before, calls(one, name), strict=True)]


# Wiring


def test_pinned_callers_keep_to_one_callee() -> None:
    one = pair("service, replicas: 3, takes: 1ms", "service, replicas: 2, takes: 1ms")
    one.advance(9 * S)
    assert [r.wired for r in node(one, "app").replicas] == [("db/0",), ("db/1",), ("db/0",)]
    assert calls(one, "app") == pytest.approx([300] * 3, abs=1)
    assert calls(one, "db") == pytest.approx([600, 300], abs=2)


def test_pinned_callers_keep_calling_the_dead_and_never_the_new() -> None:
    one = pair()
    one.advance(5 * S)
    one.kill(Target("db", (1,)))
    one.scale("db", 3)
    one.advance(10 * S)
    assert calls(one, "db")[2] == 0
    assert flow(one).failed == pytest.approx(250, abs=1)
    assert reasons(one) == {"db: connection refused": flow(one).failed}


def test_a_removed_callee_breaks_its_callers_until_they_are_rewired() -> None:
    one = pair()
    one.advance(5 * S)
    one.scale("db", 1)
    one.advance(10 * S)
    assert flow(one).failed == pytest.approx(250, abs=1)
    one.rewire("app")
    one.advance(20 * S + 1)
    failed = flow(one).failed
    one.advance(30 * S)
    assert flow(one).failed == failed
    assert [r.wired for r in node(one, "app").replicas] == [("db/0",), ("db/0",)]


def test_a_list_goes_round_without_asking_who_lives() -> None:
    one = pair(link="{link: app -> db, wiring: list}")
    one.advance(10 * S)
    assert calls(one, "db") == pytest.approx([500, 500], abs=2)
    one.kill(Target("db", (1,)))
    one.scale("db", 4)
    assert gained(one, "db", 20 * S) == pytest.approx([500, 0, 0, 0], abs=2)
    assert flow(one).failed == pytest.approx(500, abs=2)
    one.rewire("app")
    one.advance(31 * S)
    assert gained(one, "db", 41 * S) == pytest.approx([250, 0, 250, 250], abs=2)


def test_rewire_restarts_one_at_a_time_and_drops_what_they_hold() -> None:
    one = pair("service, replicas: 3, slots: 64, takes: 200ms", link="{link: app -> db, restart: 2s}")
    one.advance(10 * S)
    held = [r.busy for r in node(one, "app").replicas]
    one.rewire("app")
    down = []
    for at in range(10 * S + 1, 18 * S, 500 * MS):
        one.advance(at)
        down.append(len([r for r in node(one, "app").replicas if r.state != "up"]))
    assert max(down) == 1
    assert sum(down) * 0.5 == pytest.approx(6, abs=1)
    assert reasons(one)["app: connection reset"] == pytest.approx(sum(held), abs=4)
    assert reasons(one)["app: connection refused"] == pytest.approx(200, abs=10)
    assert flow(one).failed + flow(one).refused == sum(n for _, n in flow(one).reasons)


def test_a_producer_reads_its_list_anew_at_once() -> None:
    one = pair("service, replicas: 1, takes: 1ms")
    one.scale("app", 2)
    one.advance(5 * S)
    assert calls(one, "app")[1] == 0
    one.rewire("web")
    assert gained(one, "app", 10 * S) == pytest.approx([250, 250], abs=1)
    assert flow(one).failed == 0


# Scaling


def test_scaling_down_drains() -> None:
    """What the last replica holds is finished; what comes later is refused."""
    one = world({"web": WEB, "app": "service, replicas: 2, slots: 64, takes: 500ms"}, ["web -> app"])
    one.advance(5 * S)
    one.scale("app", 1)
    assert [r.state for r in node(one, "app").replicas] == ["up", "draining"]
    assert (node(one, "app").wanted, one.replicas("app")) == (1, [0])
    one.advance(5 * S + 489 * MS)
    assert len(node(one, "app").replicas) == 2
    one.advance(5 * S + 491 * MS)
    assert len(node(one, "app").replicas) == 1
    found = to_the_end(one, 3)
    assert found.failed == 0
    assert set(dict(found.reasons)) == {"app: connection refused"}


def test_scaling_never_renumbers() -> None:
    one = pair("service, replicas: 3")
    one.scale("app", 1)
    one.advance(S)
    one.scale("app", 3)
    one.advance(2 * S)
    assert one.replicas("app") == [0, 3, 4]
    assert [r.index for r in node(one, "app").replicas] == [0, 3, 4]


def test_a_consumer_that_is_drained_takes_no_more_and_loses_nothing() -> None:
    """Its long polls are closed, also those whose answer is on its way just then."""
    for cut in range(0, 100, 7):
        one = world(
            {"web": WEB, "q": "sqs, visibility: 2s", "app": "service, replicas: 3, slots: 2, takes: 20ms"},
            ["web => q", "{link: q => app, delay: 30ms}"],
        )
        one.advance(2 * S + cut * MS)
        one.scale("app", 1)
        one.advance(2 * S + cut * MS + 200 * MS)
        assert len(node(one, "app").replicas) == 1
        found = to_the_end(one)
        assert (found.served + found.late, found.lost) == (found.offered, 0)


def test_one_that_crashes_while_it_drains_is_gone() -> None:
    one = world({"web": WEB, "app": "service, replicas: 2, slots: 64, takes: 5s"}, ["web -> app"])
    one.advance(5 * S)
    one.scale("app", 1)
    handle = one.kill(Target("app", (0, 1)))
    assert [r.index for r in node(one, "app").replicas] == [0]
    one.lift(handle)
    assert [(r.index, r.state) for r in node(one, "app").replicas] == [(0, "up")]
    one.advance(30 * S)
    check_frame(one)


# Dying


def test_a_crash_resets_what_is_inside_and_refuses_what_comes() -> None:
    one = world({"web": WEB, "app": "service, slots: 64, takes: 200ms"}, ["web -> app"])
    one.advance(5 * S)
    inside = node(one, "app").busy
    assert inside == 20
    handle = one.kill(all_of(one, "app"))
    assert (flow(one).failed, flow(one).unanswered) == (inside, 0)
    one.advance(7 * S)
    assert dict(flow(one).reasons) == {"app: connection refused": 200, "app: connection reset": inside}
    assert node(one, "app").state == "down"
    one.lift(handle)
    one.advance(8 * S)
    assert flow(one).refused == 200
    assert node(one, "app").busy == 20


def test_calls_that_a_crashed_caller_made_run_on() -> None:
    one = pair(app="service, slots: 64, takes: 0s", db="service, slots: 64, takes: 500ms")
    one.advance(5 * S)
    below = node(one, "db").busy
    one.stop()
    one.kill(all_of(one, "app"))
    found = flow(one)
    assert found.failed == below == 50
    assert node(one, "db").busy == below
    assert link(one, "app -> db").in_flight == 0
    one.advance(10 * S)
    assert flow(one).half_done == below
    assert one.idle()


def test_killed_twice_lives_when_both_are_lifted() -> None:
    one = pair()
    first, second = one.kill(all_of(one, "db")), one.kill(Target("db", (0,)))
    one.lift(first)
    assert [r.state for r in node(one, "db").replicas] == ["down", "up"]
    one.lift(first)
    one.lift(second)
    assert node(one, "db").up == 2


def test_a_ramp_kills_one_after_the_other() -> None:
    one = pair(db="service, replicas: 4, takes: 1ms")
    one.advance(10 * S)
    handle = one.kill(all_of(one, "db"), 8 * S)
    ups = []
    for at in range(10 * S + 1, 20 * S, S):
        one.advance(at)
        ups.append(node(one, "db").up)
    assert ups == [3, 3, 2, 2, 1, 1, 0, 0, 0, 0]
    one.lift(handle)
    assert node(one, "db").up == 4


def test_what_a_lifted_ramp_had_not_killed_yet_lives() -> None:
    one = pair(db="service, replicas: 4, takes: 1ms")
    handle = one.kill(all_of(one, "db"), 8 * S)
    one.advance(3 * S)
    one.lift(handle)
    one.advance(20 * S)
    assert node(one, "db").up == 4


# Freezing


def test_frozen_is_silent_and_reads_its_sockets_when_it_thaws() -> None:
    one = world({"web": WEB, "app": "service, slots: 64, takes: 100ms"}, ["web -> app"])
    one.advance(5 * S)
    handle = one.freeze(all_of(one, "app"))
    one.advance(7 * S + 500 * MS)
    seen = node(one, "app")
    assert (seen.state, seen.up, seen.busy) == ("paused", 0, 10)
    found = flow(one)
    assert (found.refused, found.failed, found.unanswered) == (0, 160, 100)
    one.lift(handle)
    assert node(one, "app").busy == 64
    assert flow(one).late == flow(one).served - found.served == 0
    one.stop()
    one.advance(20 * S)
    found = flow(one)
    assert found.done == found.offered
    assert found.done_after_no == found.failed >= 160


def test_timers_that_were_due_fire_at_the_thaw() -> None:
    """Work of 100 ms that began just before a freeze of 5 s ends at the thaw, not 100 ms later."""
    one = world({"web": "producer, rate: 1/s, arrivals: constant", "app": "service, takes: 100ms"}, ["web -> app"])
    one.advance(1 * S + 50 * MS)
    handle = one.freeze(all_of(one, "app"))
    one.advance(1 * S + 950 * MS)
    assert flow(one).served == 0
    one.lift(handle)
    assert flow(one).served == 1
    assert flow(one).latency_p99_ns == pytest.approx(950 * MS, rel=0.01)


def test_frozen_twice_thaws_when_both_are_lifted() -> None:
    one = pair()
    first, second = one.freeze(all_of(one, "db")), one.freeze(all_of(one, "db"))
    one.lift(first)
    one.lift(first)
    assert node(one, "db").state == "paused"
    one.lift(second)
    assert node(one, "db").state == "ok"


def test_killed_while_frozen() -> None:
    """The sockets are reset at once, and nothing of the past comes back when the freeze is lifted."""
    one = world({"web": WEB, "app": "service, slots: 64, takes: 100ms"}, ["web -> app"])
    one.advance(5 * S)
    frozen = one.freeze(all_of(one, "app"))
    one.advance(5 * S + 500 * MS)
    assert flow(one).unanswered == 60
    killed = one.kill(all_of(one, "app"))
    assert flow(one).unanswered == 0
    assert reasons(one) == {"app: connection reset": 60}
    one.lift(frozen)
    one.lift(killed)
    assert node(one, "app").busy == 0
    one.advance(6 * S)
    assert flow(one).failed == 60


# Layers


def test_slow_layers_multiply() -> None:
    one = world({"web": "producer, rate: 10/s, arrivals: constant", "app": "service, takes: 10ms"}, ["web -> app"])
    handles = [one.lay("slow", all_of(one, "app"), {"factor": f}) for f in (2.0, 5.0)]
    for n, lifted in enumerate([None, handles[0], handles[1]]):
        if lifted is not None:
            one.lift(lifted)
        one.advance((n + 1) * S)
    work = one.groups["app"].places[0].meter.service_ns
    assert work == (9 * 100 + 10 * 50 + 10 * 10) * MS


def test_errors_fold_as_chances() -> None:
    one = world({"web": "producer, rate: 500/s", "app": "service, slots: 64, takes: 1ms"}, ["web -> app"])
    first = one.lay("errors", all_of(one, "app"), {"share": 0.5, "reason": "disk full"})
    second = one.lay("errors", all_of(one, "app"), {"share": 0.2, "reason": "disk full"})
    one.advance(10 * S)
    assert flow(one).failed / flow(one).offered == pytest.approx(0.6, abs=0.03)
    assert set(reasons(one)) == {"app: disk full"}
    one.lift(first)
    before = flow(one)
    one.advance(20 * S)
    found = flow(one)
    assert (found.failed - before.failed) / (found.offered - before.offered) == pytest.approx(0.2, abs=0.03)
    one.lift(second)
    failed = found.failed
    one.advance(30 * S)
    assert flow(one).failed - failed <= 1


def test_latencies_add() -> None:
    """Two layers of 100 ms and 1 s on a link of 0.5 ms: each way; the first heal takes only its own away."""
    one = world(
        {"web": "producer, rate: 10/s, arrivals: constant", "app": "service, slots: 64, takes: 0s"},
        ["{link: web -> app, delay: 500000ns}"],
    )
    first = one.lay("latency", on_link("web -> app"), {"extra": 100 * MS, "jitter": 0})
    second = one.lay("latency", on_link("web -> app"), {"extra": 1000 * MS, "jitter": 0})
    for handle in (None, first, second):
        if handle is not None:
            one.lift(handle)
        one.mark()
        one.advance(one.now + 5 * S)
    tallies = one.tallies("web")
    assert tallies[1].latency.max_ns == 2 * (1100 * MS + 500_000)
    assert tallies[3].latency.quantile_ns(0.5) == pytest.approx(1 * MS, rel=0.01)
    assert tallies[2].latency.quantile_ns(0.5) == pytest.approx(2 * (1000 * MS + 500_000), rel=0.01)


def test_jitter_spreads_both_ways() -> None:
    one = world({"web": "producer, rate: 100/s", "app": "service, slots: 64, takes: 0s"}, ["web -> app"])
    one.lay("latency", on_link("web -> app"), {"extra": 100 * MS, "jitter": 50 * MS})
    one.advance(20 * S)
    latency = one.tallies("web")[0].latency
    assert latency.mean_ns() == pytest.approx(200 * MS, rel=0.02)
    assert latency.max_ns <= 300 * MS
    assert latency.quantile_ns(0.01) >= 100 * MS


def test_loss_delays_by_retransmission() -> None:
    """A tenth of the segments come 200 ms later, a hundredth 600 ms: mean 0.1 × 0.2 + 0.01 × 0.4 + … = 26 ms each way."""
    one = world({"web": "producer, rate: 300/s", "app": "service, slots: 500, takes: 0s"}, ["web -> app"])
    one.lay("loss", on_link("web -> app"), {"share": 0.1})
    one.advance(30 * S)
    latency = one.tallies("web")[0].latency
    assert latency.mean_ns() == pytest.approx(2 * 25 * MS, rel=0.15)
    assert latency.quantile_ns(0.5) == 0
    assert latency.quantile_ns(0.85) == pytest.approx(200 * MS, rel=0.01)


@pytest.mark.parametrize(("direction", "arrives"), [("to", False), ("from", True), ("both", False)])
def test_a_cut_parks_what_it_holds_back(direction: str, arrives: bool) -> None:
    one = world({"web": WEB, "app": "service, slots: 64, takes: 1ms"}, ["web -> app"])
    one.advance(5 * S)
    handle = one.lay("cut", on_link("web -> app"), {"direction": direction})
    arrived, served = node(one, "app").arrivals, flow(one).served
    one.advance(8 * S + MS)
    assert (node(one, "app").arrivals > arrived) == arrives
    assert flow(one).served - served <= 1
    assert link(one, "web -> app").cut
    assert flow(one).failed == pytest.approx(200, abs=1)
    one.lift(handle)
    one.stop()
    one.advance(20 * S)
    found = flow(one)
    assert not link(one, "web -> app").cut
    assert found.failed == pytest.approx(200, abs=1)
    assert found.done_after_no == (found.failed if arrives else 0)
    assert one.idle()


def test_two_cuts_open_when_both_are_lifted() -> None:
    one = world({"web": WEB, "app": "service, slots: 200, takes: 1ms"}, ["web -> app"])
    first = one.lay("cut", on_link("web -> app"), {"direction": "both"})
    second = one.lay("cut", on_link("web -> app"), {"direction": "to"})
    one.lift(first)
    one.advance(S)
    assert flow(one).served == 0
    one.lift(second)
    one.advance(S + 2 * MS)
    assert flow(one).served == 100


def test_a_ramp_grows_evenly() -> None:
    one = world(
        {"web": "producer, rate: 100/s, arrivals: constant", "app": "service, slots: 64, takes: 10ms"}, ["web -> app"]
    )
    one.lay("slow", all_of(one, "app"), {"factor": 11.0}, 10 * S)
    work = []
    meter = one.groups["app"].places[0].meter
    for at in range(1, 13):
        before = meter.service_ns
        one.advance(at * S)
        work.append((meter.service_ns - before) / S)
    assert work[:10] == pytest.approx([1 + n + 0.5 for n in range(10)], rel=0.12)
    assert work[10:] == pytest.approx([11, 11], rel=0.02)
