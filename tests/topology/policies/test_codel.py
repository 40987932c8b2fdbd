"""Controlled delay against a plain queue."""

from __future__ import annotations

import pytest

from tests.topology.policies.doors import crash, door, fared, guard, overloaded
from tests.topology.worlds import S, check_frame, node, reasons


def settled(policies: str) -> tuple[int, float]:
    """(calls served in time in the 20 s after the first 15, their median latency in milliseconds) at twice the load."""
    one = overloaded(policies, seconds=15)
    one.mark()
    one.advance(35 * S)
    check_frame(one)
    found = fared(one, since=1)
    return found.served, found.p50_ms


def test_a_standing_queue_is_kept_short() -> None:
    """200/s can be done for 20 s: a plain queue does none of it in time, controlled delay nearly all."""
    plain, codel, requests = (settled(p) for p in ("", "codel: {}", "codel: {variant: controlled_delay}"))
    print(f"served in time of 4,000, and median in ms: plain {plain}, codel {codel}, controlled delay {requests}")
    assert plain[0] == 0
    assert codel[0] > 0.85 * 4000
    assert requests[0] > 0.95 * 4000
    assert requests[1] < 80


@pytest.mark.parametrize(("variant", "most"), [("codel", 0.01), ("controlled_delay", 0.05)])
def test_a_queue_that_empties_is_left_alone(variant: str, most: float) -> None:
    one = door(f"codel: {{variant: {variant}}}", {"web": "rate: 160/s"})
    one.advance(30 * S)
    found = fared(one)
    assert 0 <= found.refused < most * found.offered
    assert set(reasons(one)) <= {"app: dropped from a standing queue"}


@pytest.mark.parametrize("variant", ["codel", "controlled_delay"])
@pytest.mark.parametrize(("target", "refused"), [("50ms", 0), ("35ms", 1)])
def test_a_wait_below_the_target_may_stand_for_ever(variant: str, target: str, refused: int) -> None:
    """A burst of five, and then as many come as are done: each call waits for about 40 ms."""
    burst = "rate: 100/s, arrivals: constant, bursts: {every: 1h, first: 0s, size: 5}"
    one = door(f"codel: {{variant: {variant}, target: {target}}}", {"web": burst}, "service, slots: 1, takes: 10ms")
    one.advance(5 * S)
    assert fared(one).refused == refused
    assert node(one, "app").queued == 4 - refused


def test_drops_come_faster_with_the_square_root_of_their_number() -> None:
    """A line of 200 calls, then one call for each one done (100/s): the n-th drop comes Σ 100 ms/√i after the first."""
    burst = "rate: 100/s, arrivals: constant, bursts: {every: 1h, first: 0s, size: 200}"
    one = door("codel: {}", {"web": burst}, "service, slots: 1, takes: 10ms")
    expected, at = [], 0.0
    for i in range(1, 6):
        expected.append(at)
        at += 0.1 / i**0.5
    seen: list[float] = []
    while len(seen) < 5:
        one.advance(one.now + 2_000_000)
        if fared(one).refused > len(seen):
            seen += [one.now / 1e9] * (fared(one).refused - len(seen))
    assert [t - seen[0] for t in seen[:5]] == pytest.approx(expected, abs=0.015)


def test_a_restart_forgets_that_it_was_dropping() -> None:
    one = overloaded("codel: {}", seconds=10)
    assert guard(one, "Codel").state() == "dropping"
    crash(one)
    assert guard(one, "Codel").state() == ""
    one.advance(10 * S + 90_000_000)
    one.mark()
    assert node(one, "app").queued > 0


def test_it_works_beside_a_newest_first_queue() -> None:
    """Newest first serves who just came, and requests that have waited too long are dropped rather than kept for ever."""
    one = overloaded("codel: {variant: controlled_delay}, queue: {order: adaptive_lifo, calm: 4}")
    assert fared(one).served > 0.95 * 30 * 200
    assert node(one, "app").queued < 60
