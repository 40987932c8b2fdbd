"""Producers: when they offer, how long they wait, and which replica their clients call."""

from __future__ import annotations

import gzip
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from scipy import stats

from tests.topology.worlds import MS, S, all_of, flow, node, on_link, reasons, to_the_end, world
from topology.sim.world import SimWorld
from topology.spec import load_text
from topology.world import Target


def instants(one: SimWorld, until: int, since: int = 0, step: int = MS) -> list[int]:
    """The instants of arrivals, to the step."""
    found = [since] * sum(int(t.offered) for t in one.tallies("web"))
    for at in range(since + step, until + 1, step):
        one.advance(at)
        found += [at] * (sum(int(t.offered) for t in one.tallies("web")) - len(found))
    return found


def alone(producer: str, app: str = "service, slots: 1000, takes: 0s", link: str = "web -> app", seed: int = 1) -> SimWorld:
    return world({"web": f"producer, {producer}", "app": app}, [link], seed)


def test_constant_arrivals_are_evenly_spaced() -> None:
    one = alone("rate: 3/s, arrivals: constant")
    one.advance(100 * S)
    assert flow(one).offered == 299
    one.advance(100 * S + 1)
    assert flow(one).offered == 300


def test_poisson_arrivals() -> None:
    """Gaps are exponential, and counts per second have a variance as great as their mean."""
    one = alone("rate: 50/s")
    found = instants(one, 60 * S)
    gaps = [b - a for a, b in pairwise(found)]
    assert stats.kstest([g + 0.0 for g in gaps], stats.expon(scale=20 * MS).cdf).statistic < 0.04
    counts = [0] * 60
    for at in found:
        counts[min(at // S, 59)] += 1
    mean = sum(counts) / 60
    assert mean == pytest.approx(50, abs=3)
    assert sum((c - mean) ** 2 for c in counts) / 59 == pytest.approx(50, rel=0.5)


def test_a_ramp_changes_the_rate_evenly() -> None:
    """From 20/s to 100/s over 40 s: 20 t + t² by then."""
    one = alone("rate: 100/s, ramp: {from: 20/s, over: 40s}")
    one.advance(20 * S)
    assert flow(one).offered == pytest.approx(20 * 20 + 20**2, rel=0.1)
    one.advance(40 * S)
    upto = flow(one).offered
    assert upto == pytest.approx(20 * 40 + 40**2, rel=0.06)
    one.advance(60 * S)
    assert flow(one).offered - upto == pytest.approx(2000, rel=0.06)


def test_a_ramp_may_go_down() -> None:
    one = alone("rate: 20/s, ramp: {from: 100/s, over: 40s}")
    one.advance(40 * S)
    assert flow(one).offered == pytest.approx(60 * 40, rel=0.06)
    upto = flow(one).offered
    one.advance(80 * S)
    assert flow(one).offered - upto == pytest.approx(20 * 40, rel=0.1)


@pytest.mark.parametrize(("takes", "served"), [(1 * S, True), (1 * S + 1, False)])
def test_at_the_deadline_is_in_time(takes: int, served: bool) -> None:
    one = alone("rate: 10/s, deadline: 1s, patience: 5s", f"service, slots: 100, takes: {takes}ns")
    one.advance(5 * S)
    found = to_the_end(one)
    assert (found.served, found.late) == ((found.offered, 0) if served else (0, found.offered))
    assert found.yes_late == found.late


@pytest.mark.parametrize(("takes", "told_yes"), [(1 * S, True), (1 * S + 2, False)])
def test_patience_ends_after_the_deadline_unless_it_says_otherwise(takes: int, told_yes: bool) -> None:
    one = alone("rate: 10/s, deadline: 1s", f"service, slots: 100, takes: {takes}ns")
    one.advance(5 * S)
    found = to_the_end(one)
    assert found.told_yes == (found.offered if told_yes else 0)
    assert found.failed == found.done_after_no == (0 if told_yes else found.offered)
    assert set(reasons(one)) == (set() if told_yes else {"app: no answer in time"})


def test_who_gave_up_wastes_what_is_still_done_for_him() -> None:
    """Each leaves 1 ns after 1 s and its work goes on for 2 s more."""
    one = alone("rate: 10/s, arrivals: constant, deadline: 1s", "service, slots: 100, takes: 3s")
    one.advance(5 * S)
    found = to_the_end(one)
    assert found.wasted_ns == found.offered * (2 * S - 1)


def test_each_client_is_wired_to_one_replica() -> None:
    one = alone("rate: 100/s, arrivals: constant, clients: 3", "service, replicas: 2, takes: 1ms")
    one.advance(10 * S)
    assert [int(p.meter.arrivals) for p in one.groups["app"].places] == pytest.approx([666, 333], abs=1)


def test_a_dead_replica_fails_its_clients_only() -> None:
    one = alone("rate: 100/s, arrivals: constant", "service, replicas: 4, takes: 1ms")
    one.kill(Target("app", (2,)))
    one.advance(10 * S)
    assert flow(one).refused == pytest.approx(250, abs=1)


def test_a_surge_adds_and_never_moves_the_first_stream() -> None:
    calm, surged = (alone("rate: 20/s") for _ in range(2))
    before = instants(calm, 20 * S)
    found = instants(surged, 5 * S)
    handle = surged.surge("web", 3.0)
    during = instants(surged, 10 * S, 5 * S)[len(found) :]
    surged.lift(handle)
    found += during
    found += instants(surged, 20 * S, 10 * S)[len(found) :]
    extra = Counter(found) - Counter(before)
    assert not Counter(before) - Counter(found)
    assert all(5 * S < at <= 10 * S for at in extra)
    assert extra.total() == pytest.approx(40 * 5, rel=0.25)


def test_two_surges_overlap_and_end_apart() -> None:
    one = alone("rate: 50/s, arrivals: constant")
    first, second = one.surge("web", 2.0), one.surge("web", 3.0)
    one.advance(10 * S)
    assert flow(one).offered == pytest.approx(50 * (1 + 1 + 2) * 10, abs=5)
    one.lift(first)
    one.lift(first)
    at = flow(one).offered
    one.advance(20 * S)
    assert flow(one).offered - at == pytest.approx(150 * 10, abs=5)
    one.lift(second)
    at = flow(one).offered
    one.advance(30 * S)
    assert flow(one).offered - at == pytest.approx(50 * 10, abs=2)


def test_rates_go_up_and_down() -> None:
    one = alone("rate: 100/s, arrivals: constant")
    counts = []
    for at, rate in enumerate([None, 250, 50, 0, 400, 100]):
        if rate is not None:
            one.rate("web", rate)
        before = flow(one).offered
        one.advance((at + 1) * 20 * S)
        counts.append(flow(one).offered - before)
    assert counts == pytest.approx([2000, 5000, 1000, 0, 8000, 2000], rel=0.06, abs=1)


def test_a_lower_rate_keeps_a_part_of_the_same_arrivals() -> None:
    full, thin = (alone("rate: 50/s") for _ in range(2))
    thin.rate("web", 10)
    every, some = instants(full, 20 * S), instants(thin, 20 * S)
    assert len(some) == pytest.approx(200, rel=0.3)
    assert set(some) <= set(every)


def test_two_links_are_called_in_order_and_both_must_say_yes() -> None:
    one = world(
        {"web": "producer, rate: 10/s", "a": "service, takes: 10ms", "b": "service, takes: 20ms"}, ["web -> a", "web -> b"]
    )
    one.advance(5 * S)
    assert flow(one).latency_p50_ns == pytest.approx(30 * MS, rel=0.01)
    handle = one.kill(all_of(one, "b"))
    one.advance(10 * S)
    one.lift(handle)
    found = to_the_end(one)
    assert found.refused == 0
    assert found.half_done == found.failed > 20


def test_it_stops() -> None:
    one = alone("rate: 50/s")
    one.surge("web", 2.0)
    one.advance(5 * S)
    found = to_the_end(one)
    one.advance(one.now + 10 * S)
    assert flow(one).offered == found.offered
    assert one.idle()


def test_a_closed_connection_and_a_cut_one() -> None:
    """A crash refuses at once, a cut is silent until the customer's patience ends."""
    one = alone("rate: 10/s, arrivals: constant, deadline: 1s")
    handle = one.lay("cut", on_link("web -> app"), {"direction": "both"})
    one.advance(3 * S + MS)
    found = flow(one)
    assert (found.failed, found.unanswered) == (20, 10)
    assert node(one, "app").arrivals == 0
    one.lift(handle)
    assert flow(one).served == 0
    one.advance(3 * S + 2 * MS)
    assert flow(one).served == 10
    assert node(one, "app").arrivals == 10


LINE = '10.0.0.1 - - [12/Jan/2026:10:00:{second:02d} +0000] "GET / HTTP/1.1" 200 5\n'


@pytest.mark.parametrize("packed", [False, True])
def test_a_log_is_replayed(tmp_path: Path, packed: bool) -> None:
    seconds = [0, 1, 1, 5, 20]
    text = "".join(LINE.format(second=s) for s in seconds).encode()
    path = tmp_path / ("access.log.gz" if packed else "access.log")
    path.write_bytes(gzip.compress(text) if packed else text)
    made = load_text(
        "playground: log\nduration: 1m\nnodes:\n  web: {kind: producer, replay: {log: " + str(path) + ", faster: 2}}\n"
        "  app: {kind: service, takes: 0s}\ndesigns:\n  alone: {links: [web -> app]}\n"
    )
    one = SimWorld(made.designs[0], made, 1)
    offered = []
    for at in (0, 1, 2, 3, 9, 11):
        one.advance(at * S + 1)
        offered.append(flow(one).offered)
    assert offered == [1, 3, 3, 4, 4, 5]
