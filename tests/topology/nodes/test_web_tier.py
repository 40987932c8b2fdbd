"""Web tiers: static answers, connections that are kept, and the herd that comes back."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, flow, mean_ms, node, reasons, to_the_end, world
from topology.sim.world import SimWorld

WEB = "producer, rate: 100/s, clients: 50, deadline: 30s"


def tier(words: str = "handshake: 5ms", web: str = WEB, app: str = "service, slots: 50, takes: 5ms") -> SimWorld:
    return world({"web": web, "edge": f"web_tier, {words}", "app": app}, ["web -> edge -> app"])


def gauges(one: SimWorld) -> dict[str, float]:
    return dict(node(one, "edge").gauges)


def test_static_requests_are_answered_without_anybody() -> None:
    """60 % are static: the application sees the other 40 %, and its outage is not theirs."""
    one = tier("static: 60%, handshake: 0s")
    one.advance(25 * S)
    offered = flow(one).offered
    assert one.groups["app"].places[0].meter.arrivals / offered == pytest.approx(0.4, abs=0.03)
    handle = one.kill(all_of(one, "app"))
    one.advance(50 * S)
    assert flow(one).failed / (flow(one).offered - offered) == pytest.approx(0.4, abs=0.03)
    failed = flow(one).failed
    one.lift(handle)
    found = to_the_end(one)
    assert found.failed == failed
    assert found.served + found.failed == found.offered


@pytest.mark.parametrize(("keep_alive", "share"), [("75s", 0.0), ("0s", 1.0), ("250ms", 0.6)])
def test_a_connection_that_is_kept_needs_no_handshake(keep_alive: str, share: float) -> None:
    """Each of 50 clients comes every 0.5 s, evenly dealt: kept for longer all but the first are free, kept for less each pays."""
    one = tier(f"keep_alive: {keep_alive}, handshake: 1ms")
    one.advance(25 * S)
    made = gauges(one)["handshakes"]
    if share == 0.0:
        assert made == 50
    else:
        assert made / flow(one).offered == pytest.approx(1.0, abs=0.01)
    used = one.sums()["nodes"]["edge"]["utilisation"]
    assert used == pytest.approx(0.1 + (0.0 if share == 0.0 else 0.1), abs=0.01)


@pytest.mark.parametrize(("keep_alive", "each"), [("400ms", 20), ("600ms", 1)])
def test_a_connection_is_kept_for_as_long_as_it_says(keep_alive: str, each: int) -> None:
    """Each of 50 clients comes every 500 ms, 20 times in all."""
    one = tier(f"keep_alive: {keep_alive}", web="producer, rate: 100/s, arrivals: constant, clients: 50")
    one.advance(10 * S + 1)
    assert gauges(one)["handshakes"] == 50 * each


def test_after_a_crash_all_who_come_back_pay_for_a_handshake() -> None:
    """500 clients with 8 ms each: 4 s of work for one core, on top of its 15 %. The wait is long, then gone."""
    one = tier("handshake: 8ms, keep_alive: 60s", web="producer, rate: 150/s, clients: 500, deadline: 30s",
               app="service, slots: 200, takes: 1ms")  # fmt: skip
    one.advance(30 * S)
    assert gauges(one)["handshakes"] == 500
    assert node(one, "edge").busy < 20
    handle = one.kill(all_of(one, "edge"))
    one.advance(30 * S + 1)
    one.lift(handle)
    one.advance(33 * S)
    assert node(one, "edge").busy > 100
    one.advance(60 * S)
    assert gauges(one)["handshakes"] == 1000
    assert node(one, "edge").busy < 20
    found = to_the_end(one)
    assert found.served + found.failed + found.refused == found.offered


def test_more_clients_than_connections_push_each_other_out() -> None:
    """With room for 25 of 50 clients in turn, each finds its connection closed again."""
    one = tier("slots: 25, handshake: 1ms")
    one.advance(20 * S)
    assert gauges(one)["connections"] == 25
    assert gauges(one)["handshakes"] == pytest.approx(flow(one).offered, abs=2)


def test_two_slow_layers_stretch_it_and_each_heal_takes_its_own() -> None:
    means = []
    one = tier("handshake: 0s, takes: 1ms", web="producer, rate: 20/s, clients: 10, deadline: 30s")
    one.advance(1 * S)
    handles = [one.lay("slow", all_of(one, "edge"), {"factor": f}) for f in (3, 5)]
    for handle in (*handles, 0):
        before = one.sums()["nodes"]["edge"]
        one.advance(one.now + 20 * S)
        after = one.sums()["nodes"]["edge"]
        spent = after["mean_service"] * after["departures"] - before["mean_service"] * before["departures"]
        means.append(spent / (after["departures"] - before["departures"]) * 1000)
        one.lift(handle)
    assert means == pytest.approx([15, 5, 1], rel=0.05)


def test_after_a_restart_work_is_slow_at_first() -> None:
    """Three times 1 ms at first, and a tenth of what is left less with each second."""
    one = tier("handshake: 0s, cores: 20, warmup: {over: 10s, factor: 3}",
               web="producer, rate: 100/s, arrivals: constant", app="service, takes: 0s")  # fmt: skip
    one.advance(S)
    one.lift(one.kill(all_of(one, "edge")))
    assert [mean_ms(one, end) for end in (3 * S, 5 * S, 11 * S)] == pytest.approx([2.8, 2.4, 1.6], abs=0.01)


def test_collections_stop_it_now_and_then() -> None:
    """100 ms of every 500 ms: a fifth of the requests waits for 50 ms on average."""
    one = tier("handshake: 0s, cores: 20, pauses: {every: 500ms, lasts: 100ms}",
               web="producer, rate: 100/s, arrivals: constant", app="service, takes: 0s")  # fmt: skip
    assert mean_ms(one, 20 * S) == pytest.approx(1 + 0.2 * 50, abs=1)


def test_static_requests_take_their_own_time() -> None:
    """A static request takes 8 ms; the others, which are more, take 2 ms and what the application takes, which is nothing."""
    web = "producer, rate: 20/s, arrivals: constant, clients: 10"
    one = tier("static: {share: 30%, takes: 8ms}, takes: 2ms, handshake: 0s", web=web, app="service, takes: 0s")
    one.advance(20 * S)
    found = flow(one)
    assert (found.latency_p50_ns, found.latency_p99_ns) == (pytest.approx(2 * MS, rel=0.01), pytest.approx(8 * MS, rel=0.01))


def test_so_many_connections_wait_and_no_more() -> None:
    """Of 100 who come in the first second two are in work and 20 wait; the others are reset."""
    one = tier("slots: 2, takes: 10s, backlog: 20, overflow: reset", web="producer, rate: 100/s, arrivals: constant")
    one.advance(S + 1)
    assert (node(one, "edge").busy, node(one, "edge").queued) == (2, 20)
    assert flow(one).refused == 100 - 22


def test_a_share_of_its_own_work_fails_and_goes_no_further() -> None:
    one = tier("fails: 20%, handshake: 0s", web="producer, rate: 500/s, clients: 50")
    one.advance(6 * S)
    found = flow(one)
    assert found.failed / found.offered == pytest.approx(0.2, abs=0.025)
    assert node(one, "app").arrivals == pytest.approx(found.offered - found.failed, abs=5)


def test_work_grows_with_the_connections_in_use() -> None:
    """With all 5 taken and `grows: 2` work takes three times as long: 5 in 30 ms are 167 a second."""
    words = "slots: 5, cores: 5, takes: 10ms, grows: 2, handshake: 0s"
    one = tier(words, web="producer, rate: 300/s, clients: 5", app="service, slots: 50, takes: 0s")
    one.advance(5 * S)
    assert node(one, "edge").departures == pytest.approx(5 * 167, rel=0.03)


def test_it_refuses_until_it_has_started() -> None:
    one = tier("start: 2s", web="producer, rate: 100/s, arrivals: constant, clients: 50")
    one.advance(3 * S)
    one.lift(one.kill(all_of(one, "edge")))
    one.advance(6 * S)
    assert flow(one).refused == pytest.approx(200, abs=1)


def test_a_full_listen_queue_drops_connections() -> None:
    """Two connections in work, 20 ms each, are 100 a second; of 200 a second the rest overflows the queue of five."""
    one = tier("slots: 2, cores: 2, takes: 20ms, handshake: 0s, backlog: 5, overflow: reset",
               web="producer, rate: 200/s, deadline: 30s", app="service, slots: 50, takes: 0s")  # fmt: skip
    one.advance(20 * S)
    assert flow(one).served == pytest.approx(2000, rel=0.02)
    assert reasons(one) == {"edge: connection reset": flow(one).refused}
