"""Databases: connections, cores, locks, replicas that lag, and what is lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.topology.worlds import MS, S, all_of, check_frame, flow, node, on_link, reasons, to_the_end, world
from topology.sim.world import SimWorld


def database(words: str, rate: str = "100/s, arrivals: constant", more: str = "", seed: int = 1) -> SimWorld:
    """A producer that asks one database directly."""
    return world({"web": f"producer, rate: {rate}{more}", "db": f"database, {words}"}, ["web -> db"], seed)


def gauge(one: SimWorld, name: str) -> float:
    return dict(node(one, "db").gauges)[name]


# Connections and cores


def test_more_calls_than_connections_are_refused_at_once() -> None:
    one = database("connections: 10, cores: 10, takes: 1s")
    one.advance(10 * S)
    assert (node(one, "db").busy, node(one, "db").slots) == (10, 10)
    assert flow(one).refused == pytest.approx(0.9 * 1000, abs=11)
    assert reasons(one) == {"db: too many connections": flow(one).refused}
    check_frame(one)


@pytest.mark.slow
def test_refusals_follow_erlang_b() -> None:
    shares = []
    for seed in range(1, 21):
        one = database("connections: 10, cores: 10, takes: {exponential: {mean: 100ms}}", "100/s", seed=seed)
        one.advance(40 * S)
        shares.append(flow(one).refused / flow(one).offered)
    # Erlang B for an offered load of 10 on 10 servers.
    assert sum(shares) / 20 == pytest.approx(0.2146, abs=0.004)


def test_those_without_a_core_wait_connected() -> None:
    one = database("connections: 100, cores: 1, takes: 20ms")
    one.advance(S)
    assert node(one, "db").busy == pytest.approx(50, abs=2)
    assert node(one, "db").depth == node(one, "db").busy - 1
    assert flow(one).served == pytest.approx(50, abs=1)


def test_work_slows_down_under_a_layer_and_recovers() -> None:
    one = database("takes: 10ms")
    handle = one.lay("slow", all_of(one, "db"), {"factor": 5})
    one.advance(5 * S)
    assert node(one, "db").busy == 5
    one.lift(handle)
    one.advance(6 * S)
    assert node(one, "db").busy == 1


def test_connections_that_leak_away_come_back() -> None:
    one = database("connections: 20, takes: 100ms, cores: 20")
    first = one.lay("slots", all_of(one, "db"), {"share": 0.5})
    second = one.lay("slots", all_of(one, "db"), {"share": 0.5})
    assert node(one, "db").slots == 5
    one.advance(2 * S)
    assert node(one, "db").busy == 5
    one.lift(first)
    assert node(one, "db").slots == 10
    one.lift(second)
    before = flow(one).refused
    one.advance(4 * S)
    assert (node(one, "db").slots, flow(one).refused) == (20, before)


def test_a_share_fails() -> None:
    one = database("takes: 1ms, fails: 10%", "500/s")
    one.advance(10 * S)
    assert flow(one).failed / flow(one).offered == pytest.approx(0.1, abs=0.01)


# Writes and locks


def test_writes_to_one_row_wait_for_each_other_as_in_a_queue() -> None:
    one = database("takes: 10ms, writes: {share: 100%}, locks: {rows: 1}", "50/s", seed=3)
    one.advance(200 * S)
    # M/D/1 at a load of one half: the wait is half a service.
    assert one.sums()["nodes"]["db"]["mean_stay"] == pytest.approx(0.015, rel=0.04)


def test_two_rows_take_twice_as_many_writes_as_one() -> None:
    one = database("takes: 10ms, writes: {share: 100%}, locks: {rows: 2}", "100/s", seed=3)
    one.advance(30 * S)
    # Each row is asked for half of the time, as in M/D/1 at a load of one half.
    assert one.sums()["nodes"]["db"]["mean_stay"] == pytest.approx(0.015, rel=0.1)


def test_writes_to_many_rows_do_not_meet() -> None:
    one = database("takes: 10ms, writes: {share: 100%}, locks: {rows: 1000000}", "50/s")
    one.advance(60 * S)
    assert one.sums()["nodes"]["db"]["mean_stay"] == pytest.approx(0.010, rel=0.01)


def test_without_locks_two_writes_never_meet() -> None:
    one = database("takes: 10ms, writes: {share: 100%}", "50/s")
    one.advance(60 * S)
    assert one.sums()["nodes"]["db"]["mean_stay"] == pytest.approx(0.010, rel=0.001)


def test_the_row_is_the_key_of_the_message() -> None:
    words = "takes: 10ms, writes: {share: 100%}, locks: {}"
    one_key = database(words, "50/s", ", keys: {count: 1}", seed=3)
    many = database(words, "50/s", ", keys: {count: 100000, skew: 0}", seed=3)
    for one in (one_key, many):
        one.advance(60 * S)
    stays = [one.sums()["nodes"]["db"]["mean_stay"] for one in (one_key, many)]
    assert stays == [pytest.approx(0.015, rel=0.1), pytest.approx(0.010, rel=0.001)]


def test_an_open_transaction_holds_its_connection_and_its_lock_but_no_core() -> None:
    one = database("takes: 1ms, writes: {share: 100%}, locks: {rows: 1, held: 9ms}", "50/s, arrivals: constant")
    one.advance(20 * S)
    found = one.sums()["nodes"]["db"]
    assert found["mean_stay"] == pytest.approx(0.010, rel=0.001)
    assert found["utilisation"] * 8 == pytest.approx(0.05, rel=0.02)
    assert found["occupancy"] * 100 == pytest.approx(0.5, rel=0.02)


def test_a_write_waits_for_its_lock_only_so_long() -> None:
    one = database("takes: 100ms, writes: {share: 100%}, locks: {rows: 1, wait: 250ms}", "20/s, arrivals: constant")
    one.advance(20 * S)
    assert flow(one).served == pytest.approx(10 * 20, abs=3)
    assert reasons(one) == {"db: lock wait timeout": flow(one).failed}
    assert flow(one).failed == pytest.approx(10 * 20, abs=10)
    assert one.tallies("web")[0].latency_no.quantile_ns(0.5) == pytest.approx(250 * MS, rel=0.01)
    assert gauge(one, "waiting for a lock") <= 6
    check_frame(one)


def test_reads_do_not_wait_for_locks() -> None:
    one = database("takes: 1ms, writes: {share: 50%, takes: 100ms}, locks: {rows: 1, wait: 200ms}", "40/s")
    one.advance(20 * S)
    assert flow(one).latency_p50_ns == pytest.approx(100 * MS, abs=100 * MS)
    reads = flow(one).offered / 2
    assert flow(one).served == pytest.approx(reads + 20 * 10, rel=0.1)


def test_locks_that_are_held_longer_starve_reads_of_connections_and_recover() -> None:
    words = "connections: 20, takes: 2ms, writes: {share: 50%}, locks: {rows: 5}"
    one = database(words, "200/s", seed=2)
    one.advance(5 * S)
    assert flow(one).refused == 0
    handle = one.lay("locks", all_of(one, "db"), {"factor": 100})
    one.advance(15 * S)
    assert gauge(one, "waiting for a lock") > 10
    refused = flow(one).refused
    # Nearly all connections are held by writes, of which five rows let 25 a second through.
    assert refused / 2000 > 0.5
    one.lift(handle)
    one.advance(20 * S)
    after = flow(one).refused
    one.advance(25 * S)
    assert flow(one).refused == after
    assert node(one, "db").busy < 5


def test_two_lock_layers_multiply_and_each_heals_alone() -> None:
    one = database("takes: 1ms, writes: {share: 100%}", "10/s, arrivals: constant")
    first = one.lay("locks", all_of(one, "db"), {"factor": 10})
    second = one.lay("locks", all_of(one, "db"), {"factor": 5})
    one.advance(2 * S + 60 * MS)
    assert flow(one).latency_p50_ns == pytest.approx(50 * MS, rel=0.01)
    one.lift(first)
    one.advance(20 * S)
    assert flow(one).latency_p50_ns == pytest.approx(5 * MS, rel=0.01)
    one.lift(second)


def test_a_write_is_what_its_sort_says() -> None:
    mix = ", mix: {look: {weight: 3, attributes: {write: false}}, buy: {weight: 1, attributes: {write: true}}}"
    one = database("takes: 1ms, writes: {share: 100%, takes: 50ms}", "100/s", mix)
    one.advance(30 * S)
    assert one.sums()["nodes"]["db"]["mean_stay"] == pytest.approx((3 * 1 + 50) / 4 / 1000, rel=0.05)


# Replicas


def test_reads_go_to_the_replicas_in_turn() -> None:
    one = database("connections: 5, cores: 5, takes: 100ms, read_replicas: 3", "300/s, arrivals: constant")
    one.advance(10 * S)
    assert flow(one).served == pytest.approx(3 * 5 * 10 * 10, rel=0.02)
    assert node(one, "db").slots == 20


def stale_share(lag: str, layer: dict[str, Any] | None = None, seed: int = 1) -> float:
    """The share of the reads that are stale: 10 writes a second to one row."""
    words = f"takes: 1ms, cores: 50, writes: {{share: 10%}}, locks: {{rows: 1}}, read_replicas: {{count: 1, lag: {lag}}}"
    one = database(words, "100/s", seed=seed)
    if layer:
        one.lay("lag", all_of(one, "db"), layer)
    one.advance(60 * S)
    found = to_the_end(one)
    assert found.degraded == gauge(one, "stale reads")
    return found.degraded / (found.offered * 0.9)


def test_a_read_shortly_after_a_write_of_its_row_is_stale() -> None:
    # With Poisson writes: 1 - exp(-10/s x 50 ms).
    assert stale_share("50ms") == pytest.approx(0.393, abs=0.03)


def test_lag_on_top_makes_more_reads_stale() -> None:
    assert stale_share("10ms", {"extra": 40 * MS}) == pytest.approx(0.393, abs=0.03)


def test_replicas_catch_up_at_once_when_the_lag_is_healed() -> None:
    words = "takes: 1ms, writes: {share: 20%}, locks: {rows: 1}, read_replicas: {count: 1, lag: 0s}"
    one = database(words)
    first = one.lay("lag", all_of(one, "db"), {"extra": 3 * S})
    second = one.lay("lag", all_of(one, "db"), {"extra": 2 * S})
    one.advance(10 * S)
    assert gauge(one, "lag s") == pytest.approx(5, abs=0.2)
    one.lift(first)
    assert gauge(one, "lag s") == pytest.approx(2, abs=0.2)
    one.lift(second)
    before = flow(one).degraded
    one.advance(20 * S)
    assert flow(one).degraded - before <= 1
    assert gauge(one, "lag s") == 0


def test_replicas_show_writes_in_the_order_of_their_commits() -> None:
    words = "takes: 1ms, writes: {share: 100%}, read_replicas: {count: 1, lag: {uniform: {low: 0s, high: 1s}}, promote: true}"
    one = database(words)
    one.advance(30 * S)
    # Among the hundred writes of any second one lags nearly as long as any, and all behind it wait for it.
    assert flow(one).completion_p50_ns > 800 * MS


def test_staleness_is_counted_by_row() -> None:
    words = "takes: 1ms, writes: {share: 10%}, locks: {rows: 1000000}, read_replicas: {count: 1, lag: 1s}"
    one = database(words, "100/s")
    one.advance(20 * S)
    assert flow(one).degraded == 0


# What is lost


def test_a_crash_resets_what_is_in_work_and_loses_nothing() -> None:
    words = "connections: 50, cores: 4, takes: 50ms, writes: {share: 50%}, locks: {rows: 2}"
    one = database(words, "150/s", seed=4)
    one.advance(5 * S + 1)
    inside = node(one, "db").busy
    assert inside > 4
    handle = one.kill(all_of(one, "db"))
    assert (node(one, "db").busy, gauge(one, "waiting for a lock")) == (0, 0)
    one.advance(6 * S)
    assert reasons(one)["db: connection reset"] == inside
    assert reasons(one)["db: connection refused"] == pytest.approx(150, abs=40)
    one.lift(handle)
    one.advance(8 * S)
    yes = flow(one).served
    one.advance(9 * S)
    assert flow(one).served - yes > 40
    found = to_the_end(one)
    assert (found.lost, found.in_system) == (0, 0)
    check_frame(one)


def test_a_host_that_is_gone_says_nothing_until_it_is_back() -> None:
    one = database("takes: 500ms, cores: 100", "10/s, arrivals: constant", ", deadline: 30s")
    one.advance(2 * S + 50 * MS)
    handle = one.kill(all_of(one, "db"), silent=True)
    one.advance(5 * S)
    assert flow(one).failed == flow(one).refused == 0
    one.lift(handle)
    one.advance(5 * S + 10 * MS)
    assert set(reasons(one)) == {"db: connection reset"}


def test_a_replica_that_takes_over_lacks_the_last_writes() -> None:
    words = "takes: 1ms, writes: {share: 100%}, read_replicas: {count: 1, lag: 500ms, promote: true}"
    one = database(words)
    one.advance(5 * S)
    assert flow(one).waiting == pytest.approx(50, abs=1)
    handle = one.kill(all_of(one, "db"))
    one.advance(8 * S)
    assert reasons(one)["db: not replicated when the primary died"] == flow(one).lost == pytest.approx(50, abs=1)
    one.lift(handle)
    one.advance(10 * S)
    found = to_the_end(one)
    assert (found.lost, found.waiting) == (flow(one).lost, 0)
    assert found.lost + found.served + found.refused + found.failed == found.offered
    check_frame(one)


def test_a_primary_that_comes_back_lost_nothing() -> None:
    one = database("takes: 1ms, writes: {share: 100%}, read_replicas: {count: 1, lag: 500ms}")
    one.advance(5 * S)
    one.lift(one.kill(all_of(one, "db")))
    assert to_the_end(one).lost == 0


def test_it_recovers_before_it_takes_connections() -> None:
    one = database("takes: 1ms, start: 4s")
    one.advance(2 * S)
    handle = one.kill(all_of(one, "db"))
    one.advance(3 * S)
    one.lift(handle)
    one.advance(10 * S)
    # One second down, and four until it is recovered.
    assert reasons(one) == {"db: connection refused": pytest.approx(500, abs=1)}


@pytest.mark.parametrize("more", ["", ", read_replicas: {count: 1, lag: 100ms, promote: true}"])
def test_what_the_old_primary_took_is_lost_when_the_split_is_healed(more: str) -> None:
    one = database("takes: 1ms, writes: {share: 50%}" + more, "200/s, arrivals: constant")
    one.advance(2 * S)
    first = one.lay("split", all_of(one, "db"), {"share": 0.4})
    second = one.lay("split", all_of(one, "db"), {"share": 0.5})
    one.advance(12 * S)
    # 0.4 and 0.5 hit independently: 0.7 of 100 writes a second.
    strays = gauge(one, "writes on the old primary")
    assert strays == pytest.approx(700, rel=0.1)
    assert flow(one).lost == flow(one).failed == 0
    one.lift(first)
    assert flow(one).lost == 0
    one.advance(13 * S)
    more_strays = gauge(one, "writes on the old primary") - strays
    assert more_strays == pytest.approx(50, abs=20)
    one.lift(second)
    found = to_the_end(one)
    assert found.lost == strays + more_strays
    assert reasons(one) == {"db: written to the old primary": found.lost}
    assert (found.waiting, found.served) == (0, found.offered - found.lost)
    check_frame(one)


def test_a_hand_off_in_work_is_lost_in_a_crash() -> None:
    nodes = {
        "web": "producer, rate: 50/s, arrivals: constant",
        "app": "service, slots: 50, takes: 1ms",
        "db": "database, takes: 200ms, cores: 20, writes: {share: 100%}",
    }
    one = world(nodes, ["web -> app => db"])
    one.advance(5 * S)
    assert flow(one).waiting == pytest.approx(10, abs=1)
    handle = one.kill(all_of(one, "db"))
    one.advance(6 * S)
    one.lift(handle)
    found = to_the_end(one)
    assert reasons(one)["db: crashed in memory"] == found.lost == pytest.approx(10, abs=1)
    check_frame(one)


def test_a_database_does_its_part_of_the_work() -> None:
    nodes = {"web": "producer, rate: 50/s", "app": "service, slots: 50, takes: 1ms", "db": "database, takes: 1ms"}
    one = world(nodes, ["web -> app -> db"])
    assert one.flows[0].parts == ["app", "db"]
    one.lay("latency", on_link("app -> db"), {"extra": 10 * MS})
    one.advance(5 * S)
    found = to_the_end(one)
    assert (found.done, found.served) == (found.offered, found.offered)


def test_its_parameters_change_while_it_runs() -> None:
    one = database("connections: 10, cores: 10, takes: 1s")
    one.advance(5 * S)
    one.set("db", "connections", 30)
    one.set("db", "cores", 30)
    one.advance(10 * S)
    assert node(one, "db").busy == 30
