"""Shedding by priority at twice the load."""

from __future__ import annotations

import pytest

from tests.topology.policies.doors import crash, door, fared
from tests.topology.worlds import S, check_frame, reasons
from topology.sim.world import SimWorld


def classes(policies: str, low: int = 300, high: int = 100, seconds: int = 30) -> SimWorld:
    """Two priorities; 200/s can be done."""
    one = door(policies, {"low": f"rate: {low}/s", "high": f"rate: {high}/s, priority: 1"})
    one.advance(seconds * S)
    check_frame(one)
    return one


def test_the_important_class_hardly_notices_twice_the_load() -> None:
    plain, shedding = classes(""), classes("priority_shedding: {}")
    shares = [fared(w, "high").share for w in (plain, shedding)]
    print(f"important calls served at 2x load: {shares[0]:.1%} without, {shares[1]:.2%} with")
    assert shares[0] < 0.1
    assert shares[1] >= 0.99
    assert fared(shedding, "low").served > 0.8 * 100 * 30
    assert set(reasons(shedding, "low")) == {"app: shed: low priority under load"}


def test_nothing_is_shed_while_there_is_room() -> None:
    one = classes("priority_shedding: {sheds: 2}", low=50, high=50)
    assert fared(one, "low").refused == 0


@pytest.mark.parametrize(("sheds", "step", "most"), [(0.5, 0.25, 6), (1, 1, 16), (2, 0, 16)])
def test_each_priority_has_its_bound(sheds: float, step: float, most: int) -> None:
    """Work that never ends: of 8 slots, priority 0 may fill `sheds` × 8 places, priority 1 `step` × 8 more."""
    work = "service, slots: 8, takes: 1h"
    both = {"low": "rate: 50/s", "high": "rate: 50/s, priority: 1"}
    one = door(f"priority_shedding: {{sheds: {sheds}, step: {step}}}", both, work)
    one.advance(2 * S)
    place = one.groups["app"].places[0]
    assert int(place.meter.inside) == most
    kept = door(f"priority_shedding: {{sheds: {sheds}, keeps: 1}}", both, work)
    kept.advance(2 * S)
    assert fared(kept, "high").refused == 0
    assert fared(kept, "low").refused > 50


def test_it_forgets_nothing_in_a_crash_because_it_keeps_nothing() -> None:
    one = classes("priority_shedding: {}", seconds=10)
    crash(one)
    one.mark()
    one.advance(30 * S)
    assert fared(one, "high", since=1).share >= 0.99


def test_it_works_beside_a_queue_by_priority() -> None:
    """A queue that lets the important pass may be longer: the slots are never idle, and still nothing important is late."""
    one = classes("priority_shedding: {sheds: 3, keeps: 1}, queue: {order: priority}")
    assert fared(one, "high").share >= 0.99
    assert fared(one, "low").served > 0.95 * 100 * 30
