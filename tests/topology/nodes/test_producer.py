"""Producers: when they offer, how long they wait, and which replica their clients call."""

from __future__ import annotations

import gzip
import math
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.topology.nodes.lone_producer import Alone
from tests.topology.nodes.lone_producer import settings as said
from tests.topology.worlds import MS, S, all_of, check_frame, flow, node, on_link, reasons, to_the_end, world
from topology.problems import PlaygroundError
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


@pytest.mark.parametrize(("takes_ms", "late"), [(2900, 50), (3100, 0)])
def test_patience_may_outlast_the_deadline(takes_ms: int, late: int) -> None:
    """Up to 3 s a late answer is still heard; after that the customer is gone."""
    one = alone("rate: 10/s, arrivals: constant, deadline: 1s, patience: 3s", f"service, slots: 100, takes: {takes_ms}ms")
    one.advance(5 * S + MS)
    found = to_the_end(one)
    assert (found.late, found.failed) == (late, 50 - late)


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


def test_clients_can_be_set_while_it_runs() -> None:
    """Of two clients each has a replica; the third, once it is there, shares that of the first."""
    one = alone("rate: 100/s, arrivals: constant, clients: 2", "service, replicas: 2, takes: 1ms")
    one.advance(10 * S)
    before = [int(p.meter.arrivals) for p in one.groups["app"].places]
    one.set("web", "clients", 3)
    one.advance(40 * S)
    after = [int(p.meter.arrivals) for p in one.groups["app"].places]
    assert before == pytest.approx([500, 500], abs=1)
    assert [b - a for a, b in zip(before, after, strict=True)] == pytest.approx([2000, 1000], abs=2)


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


def of_a_log(tmp_path: Path, seconds: list[int], more: str = "") -> SimWorld:
    """A producer that replays a log of these seconds."""
    path = tmp_path / "own.log"
    path.write_text("".join(LINE.format(second=s) for s in seconds))
    return alone(f"replay: {{log: {path}{more}}}", seed=3)


def test_a_surge_has_the_lines_of_a_log_again(tmp_path: Path) -> None:
    """Three times each line at its own instant, from the surge's beginning on."""
    one = of_a_log(tmp_path, list(range(0, 60, 3)))
    one.advance(30 * S)
    assert flow(one).offered == 10
    handle = one.surge("web", 3.0)
    for k in range(10, 15):
        one.advance(3 * k * S + MS)
        assert flow(one).offered == 10 + 3 * (k - 9)
    one.lift(handle)
    one.advance(60 * S)
    assert flow(one).offered == 10 + 15 + 5


def test_silences_of_a_log_are_cut(tmp_path: Path) -> None:
    one = of_a_log(tmp_path, [0, 40, 41], ", gaps: cut, longest_gap: 2s")
    one.advance(3 * S + MS)
    assert flow(one).offered == 3


def test_lenient_is_said_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "own.log"
    path.write_text(LINE.format(second=1) + "what?\n" + LINE.format(second=2))
    with pytest.raises(PlaygroundError, match=r"own\.log:2: not a line"):
        alone(f"replay: {path}")
    one = alone(f"replay: {{log: {path}, lenient: true}}")
    one.advance(10 * S)
    assert flow(one).offered == 2


# Bursts


def test_bursts_add_to_what_comes_anyway() -> None:
    """Five times the rate for 2 s in each 10 s: 20/s × 100 s, and 4 × 20/s × 2 s in each of 9 bursts and the half of one."""
    calm, bursting = Alone(rate="20/s"), Alone(rate="20/s", bursts={"every": "10s", "lasts": "2s", "factor": 5})
    for one in (calm, bursting):
        one.run(101 * S)
    assert bursting.instants(0) == calm.instants()
    extra = bursting.instants(-1)
    assert all(at >= 10 * S and at % (10 * S) < 2 * S for at in extra)
    expected = 80 * (9 * 2 + 1)
    assert len(extra) == pytest.approx(expected, abs=4 * math.sqrt(expected))
    gaps = [(b - a) / S for a, b in pairwise(extra) if b - a < 8 * S]
    assert stats.kstest(gaps, stats.expon(scale=1 / 80).cdf).pvalue > 0.001


def test_even_bursts_are_even() -> None:
    one = Alone(rate="10/s", arrivals="constant", bursts={"every": "5s", "lasts": "1s", "factor": 3, "first": "0s"})
    one.run(20 * S)
    assert len(one.instants(-1)) == pytest.approx(80, abs=1)
    assert {b - a for a, b in pairwise(one.instants(-1))} == {50 * MS, 4050 * MS}


@pytest.mark.parametrize(("lasts", "apart"), [("0s", 0), ("1s", 250 * MS)])
def test_a_burst_of_so_many(lasts: str, apart: int) -> None:
    one = Alone(rate="1/s", bursts={"every": "10s", "lasts": lasts, "size": 4, "first": "3s"})
    one.run(30 * S)
    assert one.instants(-1) == [at * S + k * apart for at in (3, 13, 23) for k in range(4)]


def test_a_lower_rate_thins_bursts_and_a_higher_one_leaves_them() -> None:
    bursts = {"every": "10s", "lasts": "5s", "factor": 11}
    full, low = Alone(rate="20/s", bursts=bursts), Alone(rate="20/s", bursts=bursts)
    low.producer.on_thin(low, 0.25)
    for one in (full, low):
        one.run(100 * S)
    assert set(low.instants(-1)) < set(full.instants(-1))
    assert len(low.instants(-1)) == pytest.approx(len(full.instants(-1)) / 4, rel=0.1)


def test_bursts_can_be_set_while_it_runs() -> None:
    one = Alone(rate="5/s", bursts={"every": "10s", "size": 3})
    one.run(15 * S)
    one.set(rate="5/s", bursts={"every": "4s", "size": 2})
    one.run(25 * S)
    one.set(rate="5/s")
    one.run(60 * S)
    assert one.instants(-1) == [10 * S] * 3 + [19 * S] * 2 + [23 * S] * 2
    assert len({(s, m.n) for s, m in one.offered}) == len(one.offered)


# Waves


def test_a_wave_follows_its_sine() -> None:
    """Counts of each twelfth of a period against the integral, over 20 periods."""
    one = Alone(wave={"low": "5/s", "high": "25/s", "period": "60s", "peak": "15s"})
    one.run(1200 * S)
    counts = Counter(at // (5 * S) % 12 for at in one.instants())

    def upto(t: float) -> float:
        return 15 * t + 10 * 60 / (2 * math.pi) * math.sin(2 * math.pi * (t - 15) / 60)

    expected = [20 * (upto(5 * k + 5) - upto(5 * k)) for k in range(12)]
    assert sum((counts[k] - expected[k]) ** 2 / expected[k] for k in range(12)) < stats.chi2.ppf(0.999, 12)
    assert counts.most_common(1)[0][0] in (2, 3)


def test_the_wave_of_a_day_is_as_long_as_a_day() -> None:
    one = Alone(wave={"low": "0/s", "high": "0.1/s", "peak": "14h"})
    one.run(24 * 3600 * S)
    hours = Counter(at // (3600 * S) for at in one.instants())
    assert len(one.instants()) == pytest.approx(0.05 * 86_400, rel=0.05)
    assert sum(hours[h] for h in (13, 14)) > 20 * sum(hours[h] for h in (1, 2))


def test_a_surge_and_bursts_rise_and_fall_with_the_wave() -> None:
    wave = {"low": "0/s", "high": "50/s", "period": "100s", "peak": "50s"}
    one = Alone(wave=wave, bursts={"every": "10s", "lasts": "9s", "factor": 3})
    one.producer.on_surge(one, 1, 2.0, 0)
    one.run(100 * S)
    for stream in (-1, 1):
        middle = sum(1 for at in one.instants(stream) if 40 * S <= at < 60 * S)
        edge = sum(1 for at in one.instants(stream) if not 10 * S <= at < 90 * S)
        assert middle > 20 * max(edge, 1)


def test_customers_stay_away_and_come_back() -> None:
    """A surge of less than one: a half, then a half of a half, then all again; always a part of the same arrivals."""
    every, some = Alone(rate="100/s"), Alone(rate="100/s")
    for at, number, extra in ((20, 1, -0.5), (40, 2, -0.5), (60, 1, 0.0), (80, 2, 0.0)):
        some.run(at * S)
        some.producer.on_surge(some, number, extra, 0)
    for one in (every, some):
        one.run(100 * S)
    assert set(some.instants()) < set(every.instants())
    counts = [sum(1 for at in some.instants() if k * 20 * S <= at < (k + 1) * 20 * S) for k in range(5)]
    assert counts == pytest.approx([2000, 1000, 500, 1000, 2000], rel=0.1)


# Closed loops


def test_users_wait_think_and_come_again() -> None:
    """Ten users, evenly over a mean think time of 1 s, who each come every 1 s + 250 ms."""
    one = Alone(takes=250 * MS, closed={"users": 10, "think": "1s"})
    one.run(10 * S)
    assert one.instants()[:10] == [k * 100 * MS for k in range(10)]
    wanted = sorted(k * 100 * MS + j * 1250 * MS for k in range(10) for j in range(8))
    assert one.instants() == [at for at in wanted if at < 10 * S]
    assert [m.n for m in one.messages()[:11]] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    one.run(10 * S + 200 * MS)
    gauges = one.producer.gauges(one)
    at_it = sum(1 for at in one.instants() if at > one.now - 250 * MS)
    assert (gauges["users"], gauges["thinking"]) == (10.0, 10.0 - at_it)


def test_a_user_who_loses_patience_thinks_and_comes_again() -> None:
    one = Alone(closed={"users": 3, "think": "1s"}, deadline="2s")
    one.run(31 * S)
    assert len(one.told_at) == pytest.approx(30, abs=1)
    assert one.instants()[3] == 3 * S + 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_interactive_response_time_law(seed: int) -> None:
    """N = X (R + Z), and the throughput of the machine repair model: M/M/1 with 12 customers who think for 1 s."""
    one = world(
        {
            "web": "producer, closed: {users: 12, think: {exponential: {mean: 1s}}}, deadline: 1h",
            "app": "service, slots: 1, takes: {exponential: {mean: 100ms}}",
        },
        ["web -> app"],
        seed,
    )
    one.advance(20 * S)
    begin = one.tallies("web")[-1].latency.count
    one.advance(620 * S)
    found = one.tallies("web")[-1].latency
    throughput = (found.count - begin) / 600
    weights = [1.0]
    for k in range(12):
        weights.append(weights[-1] * (12 - k) * 0.1)
    assert throughput == pytest.approx(10 * (1 - weights[0] / sum(weights)), rel=0.03)
    assert throughput * (found.mean_ns() / S + 1.0) == pytest.approx(12, rel=0.02)
    check_frame(one)


def test_a_surge_of_users() -> None:
    one = Alone(takes=0, closed={"users": 20, "think": "1s"})
    one.run(10 * S)
    one.producer.on_surge(one, 1, 1.5, 0)
    one.run(20 * S)
    assert len(one.instants(1)) == pytest.approx(30 * 9.5, abs=16)
    assert one.producer.gauges(one)["users"] == 50
    one.producer.on_surge(one, 1, 0.0, 0)
    one.run(30 * S)
    assert one.producer.gauges(one)["users"] == 20
    assert max(one.instants(1)) < 20 * S
    assert len(one.instants(0)) == pytest.approx(20 * 30, abs=1)


def test_users_stay_away_and_come_back() -> None:
    one = Alone(takes=0, closed={"users": 20, "think": "1s"})
    one.run(10 * S)
    one.producer.on_surge(one, 1, -0.75, 0)
    one.run(20 * S)
    assert one.producer.gauges(one) == {"users": 5.0, "thinking": 5.0, "rate": 20.0}
    one.producer.on_surge(one, 1, 0.0, 0)
    one.run(30 * S)
    assert one.producer.gauges(one)["users"] == 20
    assert Counter(at // S for at in one.instants())[28] == 20


def test_users_can_be_set_while_it_runs() -> None:
    one = Alone(takes=0, closed={"users": 20, "think": "1s"})
    seen = []
    for at, users in ((10, 50), (20, 8), (30, 30), (40, 20), (50, 20)):
        one.run(at * S)
        seen.append(one.producer.gauges(one)["users"])
        one.set(closed={"users": users, "think": "1s"})
    assert seen == [20, 50, 8, 30, 20]
    assert len({(s, m.n) for s, m in one.offered}) == len(one.offered)


def test_a_closed_loop_reacts_and_an_open_one_does_not() -> None:
    closed = [Alone(takes=t, closed={"users": 10, "think": "1s"}) for t in (0, S)]
    opened = [Alone(takes=t, rate="10/s") for t in (0, S)]
    for one in (*closed, *opened):
        one.run(20 * S)
    assert [len(one.offered) for one in closed] == [200, 100]
    assert opened[0].instants() == opened[1].instants()


def test_it_stops_when_it_is_stopped() -> None:
    for more in ({"closed": {"users": 9, "think": "1s"}}, {"rate": "9/s", "bursts": {"every": "1s", "size": 9}}):
        one = Alone(takes=MS, **more)
        one.run(5 * S)
        one.producer.on_stop(one)
        before = len(one.offered)
        one.run(20 * S)
        assert len(one.offered) == before
        assert not one.due


# What messages are


def test_shares_of_a_mix() -> None:
    order = {"weight": 3, "size": "2KiB", "priority": 5, "attributes": {"paid": True}, "body": [1]}
    mix = {"order": order, "look": None, "buy": {"weight": 6}}
    one = Alone(rate="100/s", mix=mix, priority=2)
    one.run(100 * S)
    counts = Counter(m.mix.name for m in one.messages() if m.mix is not None)
    assert counts.total() == len(one.offered)
    observed = [counts[name] for name in mix]
    assert stats.chisquare(observed, [counts.total() * w / 10 for w in (3, 1, 6)]).pvalue > 0.001
    first = next(m for m in one.messages() if m.mix is not None and m.mix.name == "order")
    assert first.mix is not None
    assert (first.mix.size, first.mix.attributes, first.mix.body) == (2048, {"paid": True}, [1])
    assert {(m.mix.name, m.priority) for m in one.messages() if m.mix} == {("order", 5), ("look", 2), ("buy", 2)}


def test_a_mix_changes_no_arrival_and_is_the_same_whatever_becomes_of_a_message() -> None:
    plain, quick, slow = Alone(rate="50/s"), *(Alone(rate="50/s", takes=t, mix={"a": {}, "b": {}}) for t in (0, 30 * S))
    for one in (plain, quick, slow):
        one.run(20 * S)
    assert plain.instants() == quick.instants() == slow.instants()
    names = [[m.mix.name for m in one.messages() if m.mix] for one in (quick, slow)]
    assert names[0] == names[1]
    assert all(m.mix is None and (m.priority, m.key, m.tenant) == (0, 0, 0) for m in plain.messages())


@pytest.mark.parametrize(("count", "skew"), [(10, 0.0), (100, 1.0), (5000, 0.8), (5000, 1.3), (1_000_000, 1.0)])
def test_keys_fall_off_by_zipf(count: int, skew: float) -> None:
    """Ranks in bins of about equal probability, against the sums themselves."""
    one = Alone(rate="200/s", keys={"count": count, "skew": skew})
    one.run(100 * S)
    keys = [m.key for m in one.messages()]
    assert 0 <= min(keys) <= max(keys) < count
    weights = [(k + 1) ** -skew for k in range(count)]
    total, edges, upto = sum(weights), [], 0.0
    for k, weight in enumerate(weights):
        upto += weight
        if upto >= total / 20:
            edges.append((k, upto / total))
            upto = 0.0
    shares = [share for _, share in edges]
    bins = Counter(next((i for i, (last, _) in enumerate(edges) if k <= last), len(edges)) for k in keys)
    expected = [*shares, 1 - sum(shares)] if sum(shares) < 1 - 1e-9 else shares
    observed = [bins[i] for i in range(len(expected))]
    assert stats.chisquare(observed, [len(keys) * s / sum(expected) for s in expected]).pvalue > 0.001


def test_a_hot_key_takes_its_share() -> None:
    calm, hot = (Alone(rate="100/s", keys={"count": 1000, "skew": 0}) for _ in range(2))
    hot.hot = 0.4
    hot.producer.on_layers(hot)
    for one in (calm, hot):
        one.run(50 * S)
    share = sum(1 for m in hot.messages() if m.key == 0) / len(hot.offered)
    assert share == pytest.approx(0.4, abs=0.03)
    same = [a.key == b.key for a, b in zip(calm.messages(), hot.messages(), strict=True) if b.key]
    assert all(same)


def test_tenants_by_count_and_by_name() -> None:
    even, uneven = Alone(rate="100/s", tenants=5), Alone(rate="100/s", tenants={"count": 2, "skew": 1})
    named = Alone(rate="100/s", tenants={"names": {"gold": 3, "tin": {"weight": 1}}})
    for one in (even, uneven, named):
        one.run(100 * S)
    counts = Counter(m.tenant for m in even.messages())
    assert set(counts) == set(range(5))
    assert stats.chisquare([*counts.values()]).pvalue > 0.001
    first = Counter(m.tenant for m in uneven.messages())[0]
    assert stats.binomtest(first, len(uneven.offered), 2 / 3).pvalue > 0.001
    found = Counter(m.tenant for m in named.messages())
    assert set(found) == {0, 1}
    assert stats.binomtest(found[0], found.total(), 0.75).pvalue > 0.001


def test_tenants_may_begin_at_any_number() -> None:
    zero, nine = Alone(rate="50/s", tenants={"count": 3}), Alone(rate="50/s", tenants={"count": 3, "first": 9})
    named = Alone(rate="50/s", tenants={"names": {"gold": 3, "tin": 1}, "first": 20})
    for one in (zero, nine, named):
        one.run(20 * S)
    assert [m.tenant for m in nine.messages()] == [m.tenant + 9 for m in zero.messages()]
    assert {m.tenant for m in named.messages()} == {20, 21}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "needs one of `rate`, `wave`, `closed`, or `replay`"),
        ({"rate": "1/s", "closed": {"users": 1, "think": "1s"}}, "it has rate and closed"),
        ({"closed": {"users": 1, "think": "1s"}, "bursts": {"every": "1s", "size": 1}}, "`bursts` need `rate` or `wave`"),
        ({"wave": {"low": "1/s", "high": "2/s"}, "ramp": {"from": "1/s", "over": "1s"}}, "`ramp` needs `rate`"),
        ({"wave": {"low": "3/s", "high": "2/s"}}, "low is above its high"),
        ({"wave": {"low": "1/s", "high": "2/s", "period": "1m", "peak": "1m"}}, "peak lies past its period"),
        ({"rate": "1/s", "bursts": {"every": "1s"}}, "either `factor` or `size`"),
        ({"rate": "1/s", "bursts": {"every": "1s", "factor": 2}}, "need `lasts`"),
        ({"rate": "1/s", "bursts": {"every": "1s", "lasts": "1s", "size": 2}}, "shorter than `every`"),
        ({"rate": "1/s", "bursts": {"every": "1ms", "size": 2000}}, "more than 1,000,000/s"),
        ({"closed": {"users": 100_000, "think": "1ms"}}, "more than 1,000,000/s"),
        ({"closed": {"users": 1, "think": {"pareto": {"min": "1s", "alpha": 1}}}}, "at most 30 days"),
        ({"rate": "1/s", "mix": {"a": {"attributes": [1]}}}, "attributes of `mix.a` must be a mapping"),
        ({"rate": "1/s", "tenants": {"skew": 1}}, "either `count` or `names`"),
    ],
)
def test_what_does_not_fit_together(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        said(**wrong)


THREE = {
    "web": "producer, rate: 40/s, bursts: {every: 3s, lasts: 1s, factor: 4}, mix: {a: {weight: 2, priority: 3}, b: {}}, "
    "keys: 100, deadline: 400ms",
    "day": "producer, wave: {low: 5/s, high: 60/s, period: 7s}, tenants: 3, priority: 1, patience: 2s, deadline: 1s",
    "desk": "producer, closed: {users: 15, think: {exponential: {mean: 300ms}}}, mix: {c: {}}, deadline: 600ms",
    "app": "service, slots: 2, replicas: 2, takes: {exponential: {mean: 30ms}}",
}


def three_flows(steps: list[int]) -> tuple[list[dict[str, int]], SimWorld]:
    """What became of three flows into one service that dies for a while, advanced in these steps of milliseconds."""
    one = world(THREE, ["web -> app", "day -> app", "desk -> app"])
    handle, at, k = 0, 0, 0
    while at < 12_000:
        at = min(at + steps[k % len(steps)], *(edge for edge in (4000, 7000, 12_000) if edge > at))
        k += 1
        one.advance(at * MS)
        if at == 4000:
            handle = one.kill(all_of(one, "app"))
        elif at == 7000:
            one.lift(handle)
    fates = ("offered", "served", "late", "refused", "failed", "lost", "unanswered", "waiting", "done", "attempts")
    return [{name: getattr(f, name) for name in fates} for f in one.frame().flows], one


WHOLE: list[list[dict[str, int]]] = []


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=4).filter(lambda steps: sum(steps) > 40 * len(steps)))
def test_three_flows_add_up_in_slices_of_any_length(steps: list[int]) -> None:
    if not WHOLE:
        WHOLE.append(three_flows([12_000])[0])
    found, one = three_flows(steps)
    check_frame(one)
    assert found == WHOLE[0]
    assert all(row["offered"] > 200 for row in found)
    to_the_end(one)
    for f in one.frame().flows:
        assert f.unanswered == f.waiting == 0
    check_frame(one)


TWO_DESIGNS = """
playground: alike
duration: 1m
nodes:
  web: {kind: producer, rate: 20/s, bursts: {every: 4s, lasts: 1s, factor: 5}, deadline: 1s}
  day: {kind: producer, wave: {low: 1/s, high: 40/s, period: 9s}, deadline: 1s}
  desk: {kind: producer, closed: {users: 20, think: 1s}, deadline: 1s}
  app: {kind: service, slots: 100, takes: 5ms}
designs:
  quick: {links: [web -> app, day -> app, desk -> app]}
  slow:
    nodes: {app: {takes: 700ms, slots: 4}}
    links: [web -> app, day -> app, desk -> app]
"""


def test_open_loops_offer_the_same_in_every_design_and_a_closed_one_reacts() -> None:
    made = load_text(TWO_DESIGNS)
    worlds = [SimWorld(design, made, 1) for design in made.designs]
    counts: list[list[tuple[int, ...]]] = [[], []]
    for at in range(50, 15_000, 50):
        for k, one in enumerate(worlds):
            one.advance(at * MS)
            counts[k].append(tuple(int(sum(t.offered for t in one.tallies(name))) for name in ("web", "day", "desk")))
    assert [row[:2] for row in counts[0]] == [row[:2] for row in counts[1]]
    assert counts[0][-1][2] > 1.3 * counts[1][-1][2]
