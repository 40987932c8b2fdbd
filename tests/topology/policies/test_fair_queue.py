"""Fair queueing between a noisy tenant and a quiet one, at more than twice the load."""

from __future__ import annotations

import pytest

from tests.topology.policies.doors import crash, door, fared
from tests.topology.worlds import S, check_frame, node, reasons
from topology.sim.world import SimWorld

SECOND_TENANT = "tenants: {names: {first: {weight: 0.000001}, second: {weight: 1000000}}}"


def tenants(policies: str, noisy: int = 400, quiet: int = 40, seconds: int = 30) -> SimWorld:
    """Two producers, each a tenant; 200/s can be done."""
    one = door(policies, {"noisy": f"rate: {noisy}/s", "quiet": f"rate: {quiet}/s, {SECOND_TENANT}"})
    one.advance(seconds * S)
    check_frame(one)
    return one


def test_a_noisy_tenant_delays_only_itself() -> None:
    """Ten times the other's load: the quiet one gets all it wants, the noisy one what is left."""
    plain, fair = tenants(""), tenants("fair_queue: {limit: 20}")
    shares = [fared(w, "quiet").share for w in (plain, fair)]
    print(f"quiet tenant served: {shares[0]:.1%} without, {shares[1]:.1%} with")
    assert shares[0] < 0.1
    assert shares[1] > 0.99
    assert fared(fair, "noisy").served == pytest.approx((200 - 40) * 30, rel=0.03)
    assert set(reasons(fair, "noisy")) == {"app: too many calls of one tenant wait"}
    assert reasons(fair, "quiet") == {}


@pytest.mark.parametrize(("weights", "ratio"), [("", 1.0), (", weights: {gold: {tenant: 1, weight: 3}}", 3.0)])
def test_two_that_want_too_much_share_by_weight(weights: str, ratio: float) -> None:
    one = tenants(f"fair_queue: {{limit: 20{weights}}}", noisy=400, quiet=400)
    assert fared(one, "quiet").served / fared(one, "noisy").served == pytest.approx(ratio, rel=0.05)


def test_only_so_many_calls_of_one_tenant_wait() -> None:
    one = tenants("fair_queue: {limit: 20}", noisy=1000, quiet=1, seconds=5)
    assert node(one, "app").queued == pytest.approx(20, abs=1)


def test_one_that_is_alone_gets_everything() -> None:
    one = tenants("fair_queue: {limit: 20}", noisy=400, quiet=1)
    assert fared(one, "noisy").served > 0.95 * 199 * 30


def test_a_full_queue_drops_from_whoever_has_most_waiting() -> None:
    """With a common limit that refuses, the noisy one fills it for both; dropping from the longest spares the quiet one."""
    refusing = tenants("fair_queue: {}, queue: {limit: 40}")
    dropping = tenants("fair_queue: {}, queue: {limit: 40, when_full: drop_oldest}")
    assert fared(refusing, "quiet").share < 0.6
    assert fared(dropping, "quiet").share > 0.99
    assert node(dropping, "app").queued <= 40


def test_a_crash_forgets_who_waited() -> None:
    one = tenants("fair_queue: {}", seconds=5)
    assert node(one, "app").queued > 500
    crash(one)
    one.rate("noisy", 100)
    one.mark()
    one.advance(15 * S)
    assert min(fared(one, name, since=1).share for name in ("noisy", "quiet")) > 0.98
