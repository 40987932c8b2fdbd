"""Network Load Balancers: connections stay where they are, and what a target does is heard as it is."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, flow, node, reasons, world
from topology.sim.world import SimWorld
from topology.world import Target

WEB = "producer, rate: 200/s, arrivals: constant, deadline: 100s, clients: 40"
QUICK = "health_check: {interval: 5s, timeout: 2s, failures: 2, passes: 2}"


def balanced(front: str = "nlb", app: str = "service, replicas: 4, takes: 1ms", web: str = WEB) -> SimWorld:
    return world({"web": web, "front": front, "app": app}, ["web -> front -> app"])


def pins(one: SimWorld) -> dict[int, int]:
    machine = one.groups["front"].places[0].machine
    return {owner: pin.target for owner, pin in machine.pins.table.rows.items()}


def shares(one: SimWorld) -> list[int]:
    return [int(p.meter.arrivals) for p in one.groups["app"].places]


def test_each_connection_stays_with_its_target() -> None:
    """40 clients on 4 targets: not evenly (that is what hashing costs), but each always to the same."""
    one = balanced()
    one.advance(10 * S)
    before = pins(one)
    assert len(before) == 40
    counts = [list(before.values()).count(i) for i in range(4)]
    assert min(counts) >= 4
    assert shares(one) == pytest.approx([50 * n for n in counts], rel=0.02)
    one.advance(60 * S)
    assert pins(one) == before


def test_a_dead_target_refuses_until_it_is_found_out_then_its_clients_move() -> None:
    """No HTTP code: the customers hear what the target's kernel says. 10 s after the crash at most it is found out."""
    one = balanced(f"nlb, {QUICK}")
    one.advance(10 * S + 50 * MS)
    before = pins(one)
    handle = one.kill(Target("app", (1,)))
    one.advance(30 * S)
    assert set(reasons(one)) == {"app: connection refused"}
    hit = [owner for owner, target in before.items() if target == 1]
    assert flow(one).refused == pytest.approx(200 * len(hit) / 40 * 6.2, rel=0.25)
    moved = pins(one)
    assert {owner for owner in before if moved[owner] != before[owner]} == set(hit)
    refused = flow(one).refused
    one.lift(handle)
    one.advance(60 * S)
    assert flow(one).refused == refused
    assert pins(one) == moved


def test_silence_fails_a_check_and_so_many_passes_take_it_back_in() -> None:
    """Asked every 5 s, silent from 6 s to 29.5 s: the second silence ends at 15 s + 4 s, the third pass comes at 40 s."""
    words = "nlb, health_check: {interval: 5s, timeout: 4s, failures: 2, passes: 3}"
    one = balanced(words, web="producer, rate: 10/s, arrivals: constant, clients: 40")
    one.advance(6 * S)
    handle = one.freeze(Target("app", (0,)))
    one.advance(29 * S + 500 * MS)
    one.lift(handle)
    one.advance(50 * S)
    assert [(at // MS, words) for at, name, words in one.notes() if name == "front/0"] == [
        (19_000, "takes target 0 out: 2 checks failed"),
        (40_000, "takes target 0 in"),
    ]


def test_a_leaving_target_keeps_what_it_holds_or_is_closed_after_its_delay() -> None:
    """It leaves at 10 s with calls of 60 s; where connections are closed after 20 s, their calls end as reset."""
    failed = {}
    for closes in ("true", "false"):
        words = f"nlb, terminate_leaving: {closes}, deregistration_delay: 20s, {QUICK}"
        web = "producer, rate: 10/s, arrivals: constant, deadline: 100s, clients: 40"
        one = balanced(words, app="service, replicas: 2, slots: 5000, takes: 60s", web=web)
        one.advance(10 * S)
        held = int(one.groups["app"].places[1].meter.inside)
        one.scale("app", 1)
        one.advance(29 * S + 900 * MS)
        assert flow(one).failed == 0
        one.advance(36 * S)
        failed[closes] = flow(one).failed
        assert set(reasons(one)) == ({"app: connection reset"} if closes == "true" else set())
    assert failed == {"true": held, "false": 0}
    assert held > 20


def test_after_a_long_silence_a_connection_is_hashed_anew() -> None:
    """A target that came back gets its clients only when they connect again: after 60 idle seconds here."""
    one = balanced(f"nlb, idle_timeout: 60s, {QUICK}", web="producer, rate: 4/s, arrivals: constant, clients: 400")
    one.advance(100 * S)
    one.kill(Target("app", (0,)))
    one.advance(140 * S)
    assert dict(node(one, "front").gauges)["healthy targets"] == 3
    pinned = [t for t in pins(one).values() if t == 0]
    assert pinned
    one.advance(260 * S)
    assert 0 not in pins(one).values()


def test_a_connection_that_is_used_in_time_stays_where_it_is() -> None:
    """Each client comes every 40 s and is closed after 60 s: targets that came later get nobody."""
    web = "producer, rate: 5/s, arrivals: constant, clients: 200"
    one = balanced(f"nlb, idle_timeout: 60s, {QUICK}", app="service, replicas: 2, takes: 1ms", web=web)
    one.advance(50 * S)
    one.scale("app", 4)
    one.advance(140 * S)
    assert dict(node(one, "front").gauges)["healthy targets"] == 4
    assert shares(one)[2:] == [0, 0]


@pytest.mark.parametrize("terminate", [True, False])
def test_connections_to_a_target_found_unhealthy_are_reset(terminate: bool) -> None:
    """A frozen target holds its calls; they end when it is found out, or go on until it thaws."""
    one = balanced(f"nlb, terminate_unhealthy: {str(terminate).lower()}, {QUICK}")
    one.advance(10 * S)
    handle = one.freeze(Target("app", (2,)))
    one.advance(40 * S)
    caught = flow(one).failed
    assert set(reasons(one)) == ({"app: connection reset"} if terminate else set())
    assert (caught > 100) == terminate
    one.lift(handle)
    one.advance(60 * S)
    assert flow(one).failed == caught
    assert flow(one).unanswered == 0


def test_an_error_is_not_turned_into_a_code() -> None:
    one = balanced(app="service, replicas: 2, takes: 1ms, fails: 100%")
    one.advance(5 * S)
    assert set(reasons(one)) == {"app: error"}


def test_with_no_target_it_refuses_and_a_crash_forgets_the_connections() -> None:
    one = balanced()
    one.advance(5 * S)
    handle = one.kill(all_of(one, "front"))
    one.advance(6 * S)
    assert pins(one) == {}
    one.lift(handle)
    one.advance(10 * S)
    assert len(pins(one)) == 40
    one.scale("app", 0)
    one.advance(12 * S)
    assert set(reasons(one)) == {"front: connection refused"}


def test_by_default_each_node_keeps_to_its_zone() -> None:
    one = balanced("nlb, replicas: 2, zones: 2", app="service, replicas: 4, zones: 2, takes: 1ms")
    one.advance(10 * S)
    for place in one.groups["front"].places:
        machine = place.machine
        assert {pin.target % 2 for pin in machine.pins.table.rows.values()} == {place.index}
