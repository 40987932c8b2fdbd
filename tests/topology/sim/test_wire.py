"""Links: how long things travel, and that nobody's journey hangs on another's."""

from __future__ import annotations

import pytest
from scipy import stats

from tests.topology.worlds import MS, S, flow, link, node, on_link, world
from topology.sim.world import SimWorld
from topology.world import Target

NODES = {"web": "producer, rate: 200/s", "app": "service, replicas: 2, slots: 500, takes: 0s"}
VARIED = "{link: web -> app, delay: {uniform: {low: 10ms, high: 30ms}}}"


def test_a_delay_counts_each_way() -> None:
    one = world(NODES, ["{link: web -> app, delay: 7ms}"])
    one.advance(5 * S)
    assert flow(one).latency_p50_ns == pytest.approx(14 * MS, rel=0.01)
    assert node(one, "app").arrivals - flow(one).served == pytest.approx(200 * 0.007, abs=6)
    assert link(one, "web -> app").in_flight == flow(one).unanswered


def test_a_delay_that_varies_is_drawn_anew_each_way() -> None:
    """The sum of two uniform delays is a triangle from 20 to 60 ms."""
    one = world(NODES, [VARIED])
    one.advance(30 * S)
    latency = one.tallies("web")[0].latency
    for q in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert latency.quantile_ns(q) == pytest.approx(stats.triang(0.5, 20 * MS, 40 * MS).ppf(q), rel=0.02)


def journeys(one: SimWorld, replica: int, until: int) -> list[tuple[int, int]]:
    """Arrivals at one replica, millisecond by millisecond."""
    found = []
    meter = one.groups["app"].places[replica].meter
    while one.now < until:
        before = meter.arrivals
        one.advance(one.now + MS)
        if meter.arrivals > before:
            found.append((one.now, int(meter.arrivals - before)))
    return found


@pytest.mark.parametrize("layer", [None, ("latency", {"extra": 5 * MS, "jitter": 5 * MS}), ("loss", {"share": 0.1})])
def test_the_death_of_one_moves_nothing_at_the_other(layer: tuple[str, dict[str, float]] | None) -> None:
    found = []
    for kills in (False, True):
        one = world(NODES, [VARIED])
        if layer is not None:
            one.lay(layer[0], on_link("web -> app"), layer[1])
        one.advance(2 * S)
        if kills:
            one.kill(Target("app", (1,)))
        found.append(journeys(one, 0, 4 * S))
    assert found[0] == found[1]
    assert len(found[0]) > 100


def test_an_attempt_repeated_is_a_journey_of_its_own() -> None:
    """Where half is lost, a second attempt is lost or not whatever befell the first."""
    one = world(
        {"web": "producer, rate: 100/s", "app": "service, slots: 500, takes: 0s"},
        ["{link: web -> app, timeout: 50ms, retry: {attempts: 2, backoff: 10ms, jitter: none}}"],
    )
    one.lay("loss", on_link("web -> app"), {"share": 0.5})
    one.advance(30 * S)
    found = flow(one)
    assert found.failed / found.offered == pytest.approx(0.75**2, abs=0.03)
