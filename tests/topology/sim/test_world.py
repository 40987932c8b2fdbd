"""What is true of every world, whatever it looks like and whatever is done to it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.topology.sim.playgrounds import BREAKING, Deed, Shape, do, plans, shapes
from tests.topology.worlds import MS, S, check_frame, world
from topology.sim.world import SimWorld

END = 5 * S
FAST = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def built(shape: Shape, seed: int = 1) -> SimWorld:
    made = shape.made()
    return SimWorld(made.designs[0], made, seed)


def play(one: SimWorld, deeds: list[Deed], until: int, slices: Sequence[int] = ()) -> list[int]:
    """Advance to `until` with pauses at `slices`, doing each deed at its instant; what was laid is handed back."""
    handles: list[int] = []
    stops = sorted({until, *[d.at for d in deeds], *[s for s in slices if s < until]})
    for stop in stops:
        one.advance(stop)
        for deed in deeds:
            if deed.at == stop:
                do(one, deed, handles)
    return handles


def nothing_left(one: SimWorld) -> None:
    """Nobody waits for anything, and nothing is inside anything but a queue."""
    for wire in one.wires:
        assert wire.open == 0, wire.name
        assert not wire.parked, wire.name
    for group in one.core.groups:
        for place in group.places:
            assert all(outlet.out == 0 for outlet in place.outlets), place.name
            assert not place.deferred, place.name
            assert place.open is None, place.name
            assert place.meter.inside == place.machine.depth(), place.name
            assert place.meter.busy == 0, place.name
            assert place.meter.working == 0, place.name
            assert place.meter.queued == 0, place.name


def littles_law(one: SimWorld) -> None:
    """Time in the system adds up the same by messages and by instants, once nothing is inside."""
    one.frame()
    for group in one.core.groups:
        for place in group.places:
            meter = place.meter
            if meter.inside == 0:
                assert meter.inside_ns == meter.stay_ns, place.name
                assert meter.arrivals == meter.departures, place.name


@given(shapes(), plans(), st.integers(0, 2**40))
@FAST
def test_fates_add_up_and_everything_ends(shape: Shape, deeds: list[Deed], seed: int) -> None:
    one = built(shape, seed)
    handles: list[int] = []
    for until in range(S // 2, END + 1, S // 2):
        due = [d for d in deeds if until - S // 2 <= d.at < until]
        handles += play(one, due, until)
        check_frame(one)
    for handle in [*handles, *handles]:
        one.lift(handle)
    one.stop()
    check_frame(one)
    for _ in range(5):
        if one.idle():
            break
        one.advance(one.now + 30 * S)
    check_frame(one)
    if one.idle():
        one.advance(one.now + 30 * S)
        check_frame(one)
        nothing_left(one)
        littles_law(one)
    else:  # a queue whose consumers never finish before the visibility ends, or a segment that is lost again and again
        assert any(n.depth for n in one.frame().nodes) or any(d.what == "loss" for d in deeds)
    one.close()


@given(shapes(), plans(), st.lists(st.integers(0, END), max_size=40))
@FAST
def test_slices_of_any_length_give_the_same(shape: Shape, deeds: list[Deed], slices: list[int]) -> None:
    whole, cut = built(shape), built(shape)
    play(whole, deeds, END)
    play(cut, deeds, END, slices)
    assert cut.fates() == whole.fates()
    assert cut.frame() == whole.frame()
    assert cut.sums() == whole.sums()


@given(shapes(), plans(3), st.integers(0, END - 1))
@FAST
def test_what_is_done_changes_nothing_before(shape: Shape, deeds: list[Deed], at: int) -> None:
    untouched, touched = built(shape), built(shape)
    untouched.advance(at)
    touched.advance(at)
    assert touched.fates() == untouched.fates()
    for deed in deeds:
        do(touched, deed, [])
    tallies = [t.offered for t in untouched.tallies("web")]
    assert [t.offered for t in touched.tallies("web")][: len(tallies)] == tallies




@given(
    shapes(),
    st.lists(st.tuples(st.sampled_from(BREAKING), st.integers(0, 1000), st.integers(0, 5)), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
@FAST
def test_what_is_laid_and_lifted_was_never_there(
    shape: Shape, layers: list[tuple[str, int, int]], order: Random
) -> None:
    """Layers that overlap are lifted in any order at the same instant; from then on everything is as if never laid."""
    one = built(shape)
    one.advance(S)
    before = state(one)
    handles: list[int] = []
    for what, pick, size in layers:
        do(one, Deed(S, what, pick, size), handles)
    order.shuffle(handles)
    for handle in handles:
        one.lift(handle)
        one.lift(handle)
    assert state(one) == before
    one.advance(END)
    check_frame(one)
    assert state(one) == before


def state(one: SimWorld) -> list[object]:
    """All that a layer could have changed."""
    found: list[object] = []
    for group in one.core.groups:
        kept = set()  # an autoscaler may have changed how many there are
        for place in group.places:
            if not place.gone and not place.draining:
                laid = len(place.freezes) - len(place.pauses)  # pauses are the service's own
                kept.add((place.up or place.starting, laid, place.slow, place.error_share))
                kept.add((len(place.layers), len(place.downs), 0 if place.pauses else len(place.deferred)))
        found.append((group.name, sorted(kept, key=repr)))
    found += [(w.name, w.clean, w.cut_to, w.cut_back, len(w.layers), len(w.parked)) for w in one.wires]
    return found


DESIGNS = {
    "coupled": ["web -> orders -> stock"],
    "balanced": ["web -> front -> orders -> stock"],
    "listed": ["{link: web -> orders, wiring: list}", "orders => stock"],
    "decoupled": ["web -> front -> orders => backlog => stock"],
}
NODES = {
    "web": "producer, rate: 80/s, deadline: 5s",
    "orders": "service, replicas: 3, takes: {median: 15ms, p99: 60ms}",
    "stock": "service, replicas: 2, takes: {exponential: {mean: 20ms}}",
}


def designed(name: str, seed: int) -> SimWorld:
    links = DESIGNS[name]
    more = {"front": "load_balancer", "backlog": "sqs"}
    return world(NODES | {n: k for n, k in more.items() if any(n in x for x in links)}, links, seed)


@pytest.mark.parametrize("seed", [1, 2**33 + 5])
def test_all_designs_see_the_same_arrivals_and_the_same_work(seed: int) -> None:
    found = {}
    for name in DESIGNS:
        one = designed(name, seed)
        born = []
        for until in range(0, 10 * S, 100 * MS):
            one.advance(until)
            born.append(int(one.flows[0].tally.offered))
        one.stop()
        one.advance(30 * S)
        assert one.idle()
        sums = one.sums()["nodes"]
        assert one.frame().flows[0].done == born[-1]
        found[name] = (born, sums["orders"]["mean_service"], sums["stock"]["mean_service"])
    assert len({repr(v) for v in found.values()}) == 1
    assert len({repr((designed("coupled", s).flows, s)) for s in (1, 2)}) == 2


def test_another_seed_is_another_run() -> None:
    runs = []
    for seed in (1, 2):
        one = designed("coupled", seed)
        one.advance(5 * S)
        runs.append(one.fates())
    assert runs[0] != runs[1]
