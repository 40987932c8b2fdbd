"""Layers of the simulated world: where they can lie, beats and ramps, and processes that are not there to notice."""

from __future__ import annotations

import pytest

from tests.topology.worlds import S, all_of, node, on_link, world
from topology.sim.place import Place
from topology.sim.world import SimWorld
from topology.world import Beat, Target

SHOP = {"web": "producer, rate: 100/s, arrivals: constant, deadline: 5s", "app": "service, replicas: 2, slots: 50, takes: 1ms"}
QUEUED = {"web": "producer, rate: 100/s", "queue": "sqs", "app": "service, slots: 50, takes: 1ms, start: 2s"}


def shop() -> SimWorld:
    return world(SHOP, ["web -> app"])


def queued() -> SimWorld:
    return world(QUEUED, ["web => queue => app"])


def place(one: SimWorld, index: int = 0) -> Place:
    return one.groups["app"].places[index]


def test_a_new_replica_fetches_nothing_before_it_is_up() -> None:
    one = queued()
    one.advance(S)
    one.scale("app", 2)
    one.advance(3 * S - 1)
    assert place(one, 1).meter.arrivals == 0
    one.advance(5 * S)
    assert place(one, 1).meter.arrivals > 50


@pytest.mark.parametrize("kind", ["slow", "slots"])
def test_a_dead_consumer_fetches_nothing_when_a_layer_is_laid_grows_or_is_lifted(kind: str) -> None:
    one = queued()
    one.advance(S)
    dead = one.kill(all_of(one, "app"))
    arrivals = place(one).meter.arrivals
    values = {"factor": 2.0} if kind == "slow" else {"share": 0.5}
    laid = one.lay(kind, all_of(one, "app"), values, S)
    one.advance(3 * S)
    one.lift(laid)
    one.advance(4 * S)
    assert place(one).meter.arrivals == arrivals
    one.lift(dead)
    one.advance(12 * S)
    assert node(one, "queue").depth < 20


def test_a_process_that_stands_still_hears_of_its_layers_when_it_goes_on() -> None:
    one = shop()
    one.advance(S)
    stopped = one.freeze(all_of(one, "app"))
    one.lay("slots", all_of(one, "app"), {"share": 0.5})
    assert place(one).machine.slots_now() == 50
    one.advance(2 * S)
    one.lift(stopped)
    assert place(one).machine.slots_now() == 25
    assert place(one).slots == 25


@pytest.mark.parametrize("silent", [False, True])
def test_a_beat_and_a_ramp_take_each_replica_down_once(silent: bool) -> None:
    one = shop()
    handle = one.kill(all_of(one, "app"), 4 * S + S // 2, silent, Beat(S, S))
    one.advance(10 * S + S // 2)
    assert [len(place(one, i).downs) for i in (0, 1)] == [1, 1]
    one.lift(handle)
    assert [(place(one, i).dark, place(one, i).up) for i in (0, 1)] == [(0, True), (0, True)]


def test_a_beat_and_a_ramp_freeze_each_replica_once() -> None:
    one = shop()
    handle = one.freeze(all_of(one, "app"), 4 * S + S // 2, Beat(S, S))
    one.advance(10 * S + S // 2)
    one.lift(handle)
    assert [(place(one, i).freezes, place(one, i).frozen) for i in (0, 1)] == [([], False), ([], False)]


def test_what_is_lifted_before_its_first_beat_never_begins() -> None:
    one = shop()
    late = Beat(S, S, 2 * S)
    handles = [
        one.kill(all_of(one, "app"), 0, False, late),
        one.kill(all_of(one, "app"), 0, True, late),
        one.freeze(all_of(one, "app"), 0, late),
        one.lay("slow", all_of(one, "app"), {"factor": 9.0}, 0, late),
        one.lay("cut", on_link("web -> app"), {}, 0, late),
        one.surge("web", 3.0, 0, late),
        one.crowd("web", 500.0, late),
    ]
    one.advance(S)
    for handle in handles:
        one.lift(handle)
        one.lift(handle)
    one.advance(10 * S)
    assert one.frame().flows[0].served == one.frame().flows[0].offered == pytest.approx(1000, abs=2)
    assert not one.layers


def test_a_ramp_goes_on_growing_through_a_beat() -> None:
    one = shop()
    one.lay("slow", all_of(one, "app"), {"factor": 11.0}, 10 * S, Beat(2 * S, S, S))
    seen = []
    for tenth in (5, 15, 29, 35, 45, 59, 110):
        one.advance(tenth * S // 10 + 1)
        seen.append(place(one).slow)
    # Off until 1 s, on to 3 s, off to 4 s, on to 6 s: as strong as the ramp says, to a tenth of a second.
    assert seen == pytest.approx([1.0, 2.5, 3.9, 1.0, 5.5, 6.9, 11.0], abs=0.11)


def test_a_layer_on_a_replica_that_is_gone_is_lifted_with_the_others() -> None:
    one = shop()
    handles = [
        one.lay("slow", all_of(one, "app"), {"factor": 3.0}),
        one.kill(Target("app", (1,))),
        one.freeze(all_of(one, "app")),
        one.lay("leak", all_of(one, "app"), {"fills": 2 * S, "thrash": 4.0}),
    ]
    one.advance(S)
    one.scale("app", 1)
    one.advance(20 * S)
    assert place(one, 1).gone
    for handle in handles:
        one.lift(handle)
    for i in (0, 1):
        left = place(one, i)
        assert (left.layers, left.downs, left.freezes, left.leaks) == ([], [], [], [])
    assert [place(one, i).up for i in (0, 1)] == [True, False]


def test_a_replica_that_came_later_is_not_hit() -> None:
    one = shop()
    one.lay("slow", all_of(one, "app"), {"factor": 3.0})
    one.scale("app", 3)
    assert [place(one, i).slow for i in range(3)] == [3.0, 3.0, 1.0]


def test_a_replica_that_leaves_before_its_rewiring_is_not_cut_off() -> None:
    nodes = {**SHOP, "app": "service, replicas: 2, slots: 500, takes: 3s", "db": "service, takes: 1ms"}
    one = world(nodes, ["web -> app", "{link: app -> db, restart: 2s}"])
    one.advance(S)
    one.rewire("app")
    one.advance(2 * S)
    resets = dict(node(one, "app").errors)
    assert place(one, 1).meter.inside > 40
    one.scale("app", 1)
    one.advance(7 * S)
    assert place(one, 1).gone
    assert dict(node(one, "app").errors)["connection reset"] == resets["connection reset"]


def test_where_layers_can_lie() -> None:
    nodes = {
        "web": "producer, rate: 10/s, keys: {count: 5}",
        "bot": "producer, rate: 10/s",
        "lb": "load_balancer",
        "app": "service, takes: 1ms",
        "mem": "cache, takes: 1ms",
        "queue": "sqs",
        "worker": "service, takes: 1ms",
        "api": "endpoint, takes: 1ms",
    }
    links = ["web -> lb -> app", "bot -> mem -> api", "{link: app -> mem, pool: 3}", "app => queue => worker"]
    one = world(nodes, links)
    able = {
        kind: {name for name in nodes if one.takes(kind, all_of(one, name))}
        for kind in ("slow", "errors", "tail", "slots", "cores", "throttle", "lies", "hot", "flush", "skew")
    }
    works = {"app", "mem", "worker", "api"}
    assert able["slow"] == able["errors"] == able["tail"] == works
    assert able["slots"] == able["cores"] == works - {"api"}
    assert able["throttle"] == {"lb", "app", "mem", "queue", "api"}
    assert able["lies"] == {"app"}
    assert able["hot"] == {"web"}
    assert able["flush"] == {"mem", "queue"}  # a queue is purged
    assert able["skew"] == set(nodes) - {"web", "bot"}  # nobody reads the times of what they offer
    wires = [wire.name for wire in one.wires]
    assert [name for name in wires if one.takes("leased", on_link(name))] == ["app -> mem"]
    assert [name for name in wires if not one.takes("hammer", on_link(name))] == ["queue => worker"]
    assert not one.takes("slow", on_link("app -> mem"))
    assert not one.takes("cut", all_of(one, "app"))
    assert not one.takes("nonsense", all_of(one, "app"))
