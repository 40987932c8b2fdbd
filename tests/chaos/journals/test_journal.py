"""What a journal keeps for pictures: series that add up to the counts, in few bins, and how each design is wired."""

from __future__ import annotations

import pytest

from chaos.journals.journal import MOST_BINS, MOST_TURNS
from tests.chaos import sample_journals as journals


@pytest.mark.parametrize(("what", "count"), [("yes", "told_yes"), ("no", "told_no"), ("done", "done")])
def test_rates_add_up_to_what_was_counted(what: str, count: str) -> None:
    told = journals.one()
    for design in told["designs"].values():
        series = design["series"][f"web.{what}"]
        assert series["unit"] == "per second"
        assert sum(series["values"]) * series["bin"] == pytest.approx(design["flows"]["web"][count], rel=0.01, abs=3)


def test_a_gauge_is_a_mean_of_messages() -> None:
    told = journals.one()
    depth = told["designs"]["decoupled"]["series"]["backlog.depth"]
    arrived = told["designs"]["decoupled"]["nodes"]["backlog"]["arrivals"]
    assert depth["unit"] == "messages"
    assert 0 < max(depth["values"]) < arrived
    assert max(told["designs"]["decoupled"]["series"]["web.waiting"]["values"]) == pytest.approx(max(depth["values"]), rel=0.1)


def test_series_are_bounded_and_end_with_the_run() -> None:
    told = journals.one()
    for design in told["designs"].values():
        for series in design["series"].values():
            assert len(series["values"]) <= MOST_BINS
            assert (len(series["values"]) - 1) * series["bin"] < told["duration"]
        assert len(design["turns"]) <= MOST_TURNS
        assert all(turn["words"] for turn in design["turns"] if turn["unhealthy"])


def test_the_wiring_of_each_design_with_where_dead_letters_go() -> None:
    plans = journals.one()["plans"]
    ends = [(link["from"], link["mode"], link["to"]) for link in plans["decoupled"]["links"]]
    assert ends == [
        ("web", "->", "orders"),
        ("orders", "=>", "backlog"),
        ("backlog", "=>", "inventory"),
        ("backlog", "dead letters", "graveyard"),
    ]
    assert {node["name"]: node["replicas"] for node in plans["coupled"]["nodes"]} == {"web": 1, "orders": 2, "inventory": 2}
