"""What the grid remembers: samples by era, rates, health, and figures that never pass what there is."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, flow, node, world
from topology.series import Samples
from topology.world import Target

GRID = 100 * MS


def mean(samples: Samples, total: float) -> float:
    return total / int(samples.count)


def test_samples_of_a_quiet_node_count_too() -> None:
    """100 ms of work every 2 s: on average 5 % of one slot, sampled or measured."""
    one = world({"web": "producer, rate: 30/m", "app": "service, slots: 1, takes: 100ms"}, ["web -> app"])
    one.advance(600 * S)
    (samples,) = one.samples("app")
    assert samples.count == 600 * 10 - 1
    assert mean(samples, samples.utilisation_sum) == pytest.approx(0.05, rel=0.1)
    assert mean(samples, samples.occupancy_sum) == pytest.approx(0.05, rel=0.3)
    assert mean(samples, samples.busy_sum) == pytest.approx(0.05, rel=0.3)


def test_a_node_that_hangs_is_seen_as_full_all_the_time() -> None:
    """Nothing happens at the caller while all its slots wait; each skipped step repeats that."""
    one = world(
        {"web": "producer, rate: 100/s, deadline: 500ms", "app": "service, slots: 4, takes: 1ms, queue: {limit: 0}",
         "db": "service, takes: 1ms"},
        ["web -> app -> db"],
    )
    one.advance(5 * S)
    handle = one.freeze(all_of(one, "db"))
    one.advance(6 * S)
    one.stop()
    one.mark()
    one.advance(26 * S)
    one.lift(handle)
    one.advance(26 * S + 1)
    samples = one.samples("app")[1]
    assert samples.count == 201
    assert mean(samples, samples.occupancy_sum) == pytest.approx(1, abs=0.01)
    assert mean(samples, samples.utilisation_sum) == pytest.approx(0, abs=0.01)


def test_each_era_has_the_steps_of_its_time() -> None:
    one = world({"web": "producer, rate: 1/h", "app": "service"}, ["web -> app"])
    for at in (3, 10, 11):
        one.advance(at * S)
        one.mark()
    one.advance(20 * S + 1)
    assert [s.count for s in one.samples("app")] == [29, 70, 10, 91]
    assert [s.count for s in one.samples("web")] == [29, 70, 10, 91]


def test_looking_changes_nothing() -> None:
    calm, watched = (
        world({"web": "producer, rate: 3/s", "q": "sqs", "app": "service, takes: 50ms"}, ["web => q => app"]) for _ in range(2)
    )
    calm.advance(30 * S)
    for at in range(1, 31):
        watched.advance(at * S)
        watched.frame()
        watched.samples("app")
        watched.sums()
        watched.idle()
    assert watched.fates() == calm.fates()
    assert watched.frame() == calm.frame()
    assert watched.sums() == calm.sums()
    a, b = watched.samples("app")[0], calm.samples("app")[0]
    assert (a.count, a.occupancy_sum, a.utilisation_sum) == (b.count, b.occupancy_sum, b.utilisation_sum)


def test_no_share_is_negative_or_more_than_all_while_replicas_come_and_go() -> None:
    one = world({"web": "producer, rate: 300/s", "app": "service, replicas: 4, slots: 2, takes: 20ms"}, ["web -> app"])
    handles = []
    for step in range(40):
        one.advance(step * 730 * MS)
        if step % 3 == 0:
            one.scale("app", 1 + step % 5)
        elif step % 3 == 1:
            handles.append(one.kill(Target("app", (one.replicas("app")[-1],))))
        else:
            one.lift(handles.pop())
        seen = node(one, "app")
        assert 0 <= seen.utilisation <= 1.0001
        assert 0 <= seen.occupancy <= 1
    (samples,) = one.samples("app")
    assert 0 <= samples.utilisation_sum <= int(samples.count)
    assert samples.utilisation_max <= 1.0001
    assert samples.occupancy_max <= 1
    sums = one.sums()["nodes"]["app"]
    assert 0 < sums["utilisation"] <= sums["occupancy"] <= 1


def test_busy_slots_of_a_frozen_replica_are_slots() -> None:
    one = world({"web": "producer, rate: 300/s", "app": "service, replicas: 2, slots: 4, takes: 20ms"}, ["web -> app"])
    one.advance(5 * S)
    one.freeze(Target("app", (0,)))
    one.advance(6 * S)
    seen = node(one, "app")
    assert seen.up == 1
    assert seen.busy <= seen.slots == 8


def test_rates_are_of_the_last_second() -> None:
    one = world({"web": "producer, rate: 50/s, arrivals: constant", "app": "service, takes: 1ms"}, ["web -> app"])
    one.advance(500 * MS)
    assert flow(one).rate_offered == pytest.approx(50, rel=0.1)
    one.advance(10 * S)
    assert (flow(one).rate_offered, flow(one).rate_yes, flow(one).rate_no) == (50, 50, 0)
    assert node(one, "app").rate_in == node(one, "app").rate_out == 50
    one.kill(all_of(one, "app"))
    one.advance(12 * S)
    assert (flow(one).rate_yes, flow(one).rate_no, node(one, "app").rate_bad) == (0, 50, 50)
    one.stop()
    one.advance(15 * S)
    assert (flow(one).rate_offered, flow(one).rate_no, node(one, "app").rate_bad) == (0, 0, 0)


def test_series_add_up() -> None:
    one = world({"web": "producer, rate: 50/s", "app": "service, takes: 10ms, fails: 10%"}, ["web -> app"])
    one.advance(30 * S)
    one.stop()
    one.advance(40 * S)
    found = flow(one)
    sums = {name: sum(one.series(f"web.{name}")[1]) for name in ("offered", "yes", "no", "done")}
    assert sums == {"offered": found.offered, "yes": found.served, "no": found.failed, "done": found.done}
    assert one.series("app.busy")[0] == GRID
    with pytest.raises(KeyError):
        one.series("app.nothing")
    with pytest.raises(KeyError):
        one.series("nobody.depth")


def test_what_waits_is_followed_down_when_it_is_lost() -> None:
    one = world({"web": "producer, rate: 10/s", "q": "sqs, retention: 60s", "app": "service"}, ["web => q => app"])
    one.kill(all_of(one, "app"))
    one.advance(5 * S)
    one.stop()
    one.advance(50 * S)
    assert one.series("web.waiting")[1][-1] == flow(one).waiting > 20
    one.advance(80 * S)
    assert flow(one).lost > 20
    assert one.series("web.waiting")[1][-1] == 0


def test_turns_come_a_second_after_the_cause() -> None:
    one = world({"web": "producer, rate: 100/s", "app": "service, takes: 1ms", "db": "service, takes: 1ms"}, ["web -> app -> db"])
    one.advance(10 * S)
    one.baseline()
    handle = one.kill(all_of(one, "db"))
    one.advance(20 * S)
    one.lift(handle)
    one.advance(30 * S)
    turns = sorted((t.node, t.unhealthy) for t in one.turns())
    assert turns == [(name, turned) for name in ("app", "db", "web") for turned in (False, True)]
    assert all(10.9 * S <= t.at_ns <= 11.3 * S for t in one.turns() if t.unhealthy)
    assert all(21 * S <= t.at_ns <= 22.5 * S for t in one.turns() if not t.unhealthy)
