"""Worker pools: workers that are killed, started anew, and the listen queue before them."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, flow, mean_ms, node, reasons, to_the_end, world
from topology.sim.world import SimWorld


def pool(words: str, rate: int = 50, behind: str = "", arrivals: str = "constant") -> SimWorld:
    nodes = {"web": f"producer, rate: {rate}/s, arrivals: {arrivals}, deadline: 300s", "app": f"worker_pool, {words}"}
    if behind:
        return world(nodes | {"db": behind}, ["web -> app -> db"])
    return world(nodes, ["web -> app"])


def gauges(one: SimWorld) -> dict[str, float]:
    return dict(node(one, "app").gauges)


def test_a_silent_worker_is_killed_with_its_call_and_boots() -> None:
    """The database hangs: each of 4 workers takes a call, and is killed for it after 3 s, again and again. Healed, none is."""
    one = pool("slots: 4, takes: 1ms, silence: 3s, boot: 2s", behind="service, slots: 100, takes: 1ms")
    one.advance(10 * S)
    assert flow(one).failed == 0
    handle = one.freeze(all_of(one, "db"))
    one.advance(13 * S + 500 * MS)
    assert gauges(one)["booting"] == 4
    assert reasons(one) == {"app: worker killed: it was silent for too long": 4}
    assert node(one, "app").busy == 4
    one.advance(30 * S)
    assert gauges(one)["killed"] == flow(one).failed == 4 * 4
    one.lift(handle)
    found = to_the_end(one)
    assert found.failed <= 4 * 5
    assert found.served + found.failed == found.offered


def test_a_worker_killed_at_work_frees_its_core_or_its_place_in_line() -> None:
    """Two cores for four workers, each call works for 10 s: all are killed after 3 s, those that wait for a core too."""
    one = pool("slots: 4, cores: 2, takes: 10s, silence: 3s, boot: 1s")
    one.advance(3 * S + 500 * MS)
    assert gauges(one)["killed"] == 4
    assert gauges(one)["working"] == 0
    one.advance(60 * S)
    assert gauges(one)["working"] <= 2
    assert flow(one).served == 0
    assert gauges(one)["killed"] == 4 * 15


def test_recycling_costs_the_time_to_boot() -> None:
    """A worker serves 100 calls of 10 ms and boots for 1 s: half of its time. 4 workers then do 200 a second, not 400."""
    one = pool("slots: 4, takes: 10ms, recycle: 100, boot: 1s", rate=250)
    one.advance(30 * S)
    assert flow(one).served / 30 == pytest.approx(200, rel=0.03)
    free = pool("slots: 4, takes: 10ms, recycle: 100, boot: 0s", rate=450)
    free.advance(10 * S)
    assert flow(free).served / 10 == pytest.approx(400, rel=0.01)


def test_jitter_keeps_workers_from_booting_all_at_once() -> None:
    most = {}
    for jitter in (0, 200):
        one = pool(f"slots: 8, takes: 10ms, recycle: {{after: 40, jitter: {jitter}}}, boot: 3s", rate=50)
        seen = 0.0
        while one.now < 100 * S:
            one.advance(one.now + 500 * MS)
            seen = max(seen, gauges(one)["booting"])
        most[jitter] = seen
    assert most[0] >= 7
    assert most[200] <= 4


def test_jitter_lets_workers_serve_more_calls_on_average() -> None:
    """From 50 to 150 calls of 10 ms, 100 on average, then 1 s to boot: each of 4 workers does 50 a second."""
    one = pool("slots: 4, takes: 10ms, recycle: {after: 50, jitter: 100}, boot: 1s", rate=230)
    one.advance(10 * S)
    before = flow(one).served
    one.advance(40 * S)
    assert (flow(one).served - before) / 30 == pytest.approx(4 * 50, rel=0.04)


def test_what_overflows_the_listen_queue_comes_back_after_one_and_three_seconds() -> None:
    """For 0.5 s nobody accepts; 4 wait, the others' packets are dropped. They are back 1 s after they came, not before."""
    one = pool("slots: 1, takes: 1ms, backlog: 4", rate=40)
    one.advance(10 * S + 1)
    handle = one.lay("slow", all_of(one, "app"), {"factor": 500})
    one.advance(10 * S + 30 * MS)
    one.lift(handle)
    one.advance(20 * S)
    found = to_the_end(one)
    assert found.served == found.offered
    overflowed = gauges(one)["overflowed"]
    assert 10 <= overflowed <= 20
    tally = one.tallies("web")[0]
    assert tally.latency.max_ns / 1e9 == pytest.approx(1.0, abs=0.03)
    assert tally.latency.quantile_ns(1 - overflowed / found.offered * 1.5) / 1e9 < 0.55


def test_who_never_gets_in_gives_up_after_127_seconds_or_is_reset_at_once() -> None:
    one = pool("slots: 1, takes: 1ms, backlog: 1, silence: 1h", rate=1)
    one.advance(5 * S + 1)
    one.lay("slow", all_of(one, "app"), {"factor": 1_000_000})
    one.advance(134 * S)
    assert flow(one).refused == 0
    one.advance(138 * S)
    assert set(reasons(one)) == {"app: connection timed out"}
    two = pool("slots: 1, takes: 1ms, backlog: 1, overflow: reset, silence: 1h", rate=1)
    two.advance(5 * S + 1)
    handle = two.lay("slow", all_of(two, "app"), {"factor": 10_000})
    two.advance(9 * S + 1)
    assert reasons(two) == {"app: connection reset": 2}
    two.lift(handle)
    two.advance(30 * S)
    refused = flow(two).refused
    two.advance(40 * S)
    assert flow(two).refused == refused


def test_fewer_cores_than_workers() -> None:
    """Two cores of 10 ms each do 200 a second, however many workers there are."""
    one = pool("slots: 8, cores: 2, takes: 10ms", rate=300)
    one.advance(5 * S)
    assert flow(one).served == pytest.approx(5 * 200, abs=5)


def test_a_share_of_the_work_fails_and_costs_no_worker() -> None:
    one = pool("slots: 8, takes: 1ms, fails: 20%", rate=500)
    one.advance(6 * S)
    assert flow(one).failed / flow(one).offered == pytest.approx(0.2, abs=0.025)
    assert gauges(one)["killed"] == gauges(one)["booting"] == 0


def test_work_grows_with_the_workers_at_it() -> None:
    """With all 5 at work and `grows: 2` work takes three times as long: 5 in 30 ms are 167 a second."""
    one = pool("slots: 5, takes: 10ms, grows: 2", rate=300)
    one.advance(5 * S)
    assert flow(one).served == pytest.approx(5 * 167, rel=0.03)


def test_after_a_restart_work_is_slow_at_first() -> None:
    """Three times 1 ms at first, and a tenth of what is left less with each second."""
    one = pool("slots: 20, takes: 1ms, warmup: {over: 10s, factor: 3}", rate=100)
    one.advance(S)
    one.lift(one.kill(all_of(one, "app")))
    assert [mean_ms(one, end) for end in (3 * S, 5 * S, 11 * S)] == pytest.approx([2.8, 2.4, 1.6], abs=0.01)


def test_collections_stop_it_now_and_then() -> None:
    """100 ms of every 500 ms: a fifth of the requests waits for 50 ms on average."""
    one = pool("slots: 20, takes: 1ms, pauses: {every: 500ms, lasts: 100ms}", rate=100)
    assert mean_ms(one, 20 * S) == pytest.approx(1 + 0.2 * 50, abs=1)


def test_it_refuses_until_it_has_started() -> None:
    one = pool("slots: 4, takes: 1ms, start: 2s", rate=100)
    one.advance(3 * S)
    one.lift(one.kill(all_of(one, "app")))
    one.advance(6 * S)
    assert flow(one).refused == pytest.approx(200, abs=1)


def test_crash_and_heal_and_two_at_once() -> None:
    one = pool("slots: 4, takes: 50ms, recycle: 50, boot: 2s, replicas: 2")
    one.advance(10 * S)
    first, second = one.kill(all_of(one, "app")), one.kill(all_of(one, "app"))
    one.advance(12 * S)
    one.lift(first)
    one.advance(13 * S)
    assert reasons(one)["app: connection refused"] == pytest.approx(150, abs=10)
    one.lift(second)
    refused = flow(one).refused
    found = to_the_end(one)
    assert (found.refused, found.served + found.refused + found.failed) == (refused, found.offered)
    assert node(one, "app").busy == 0


def test_it_consumes_a_queue_and_takes_the_policies_of_a_service() -> None:
    one = world(
        {"web": "producer, rate: 20/s", "q": "sqs", "app": "worker_pool, slots: 4, takes: 20ms, recycle: 10, queue: {limit: 3}"},
        ["web => q => app"],
    )
    one.advance(20 * S)
    found = to_the_end(one)
    assert found.served == found.done == found.offered
