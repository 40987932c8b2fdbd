"""Calibration: delays that are known are found again from the figures of nodes alone."""

from __future__ import annotations

from typing import Any

from chaos.compare.calibration import calibrated, fitted, healthy, round_trips, unhealthy
from chaos.experiment import perform
from chaos.journals.journal import journal
from tests.chaos.playgrounds import CLAIMS, CRASH, small
from topology.plan import Playground

MS = 1_000_000
S = 1_000_000_000
KNOWN = {
    "coupled": {"web -> orders": 3 * MS, "orders -> inventory": 1 * MS},
    "decoupled": {"web -> orders": 2 * MS, "orders => backlog": 6 * MS, "backlog => inventory": 4 * MS},
}


def simulate(playground: Playground) -> dict[str, Any]:
    """The journal of a simulated run."""
    result = perform(playground, 1)
    told = journal(result)
    result.run.close()
    return told


def test_known_delays_are_found_again_link_by_link() -> None:
    calm = healthy(small(CRASH + CLAIMS), 20 * S)
    found = fitted(calm, simulate(calibrated(calm, KNOWN)), simulate)
    for design, links in KNOWN.items():
        for link, delay in links.items():
            assert abs(found[design][link] - delay) < 0.1 * MS, (design, link, found[design][link])


def test_a_stall_moves_the_means_and_not_the_calibration() -> None:
    calm = healthy(small(), 20 * S)
    live = simulate(calibrated(calm, KNOWN))
    for design in live["designs"].values():
        design["nodes"]["web"]["mean_stay"] *= 1.5
    found = fitted(calm, live, simulate)
    for design, links in KNOWN.items():
        assert sum(found[design].values()) < 1.6 * sum(links.values()), (design, found[design])


def test_a_machine_that_adds_nothing_leaves_the_simulation_as_it_is() -> None:
    calm = healthy(small(CRASH + CLAIMS), 10 * S)
    found = fitted(calm, simulate(calm), simulate)
    assert {delay for links in found.values() for delay in links.values()} == {0}


def test_a_live_run_that_is_faster_by_chance_does_not_make_negative_delays() -> None:
    calm = healthy(small(), 10 * S)
    live = simulate(calm)
    for design in live["designs"].values():
        for node in design["nodes"].values():
            node["mean_stay"] = (node["mean_stay"] or 0.0) * 0.5
    assert {delay for links in fitted(calm, live, simulate).values() for delay in links.values()} == {0}


def test_a_healthy_run_that_fails_where_the_simulation_does_not_is_no_ground() -> None:
    calm = healthy(small(), 10 * S)
    sim, live = simulate(calm), simulate(calm)
    live["designs"]["coupled"]["flows"]["web"]["success"] = 0.96
    assert unhealthy(sim, live) == []
    live["designs"]["coupled"]["flows"]["web"]["success"] = 0.9
    assert unhealthy(sim, live) == ["coupled: web succeeds in 90 % live and 100 % simulated, though nothing is broken"]


def test_the_healthy_playground_has_neither_faults_nor_claims_and_is_no_longer_than_wanted() -> None:
    whole = small(CRASH + CLAIMS)
    calm = healthy(whole, 20 * S)
    assert (calm.timeline, calm.steady, calm.expect) == ((), (), None)
    assert calm.duration_ns == 20 * S
    assert healthy(whole, 500 * S).duration_ns == whole.duration_ns == 30 * S


def test_a_caller_does_not_wait_for_what_it_handed_off() -> None:
    design = small().design("decoupled")
    sim = _world({"web": 0.010, "orders": 0.010, "backlog": 0.020, "inventory": 0.020})
    live = _world({"web": 0.015, "orders": 0.013, "backlog": 0.920, "inventory": 0.910})
    found = {link: round(seconds * 1e3, 6) for link, seconds in round_trips(design, sim, live).items()}
    assert found == {"web -> orders": 2.0, "orders => backlog": 3.0, "backlog => inventory": 10.0}


def _world(stays: dict[str, float]) -> dict[str, Any]:
    nodes = {name: {"mean_stay": stay, "departures": 100} for name, stay in stays.items()}
    links = {name: {"attempts": 100} for name in ("web -> orders", "orders => backlog", "backlog => inventory")}
    return {"nodes": nodes, "links": links}
