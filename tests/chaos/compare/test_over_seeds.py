"""Several seeds: in how many a claim must hold, which seed is the worst, and how figures spread."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.compare.over_seeds import claim_over, code_over, several, thin
from chaos.judge.better import direction, figures, unit
from chaos.judge.claims import FAIL, PASS, UNKNOWN
from tests.chaos import sample_journals as journals


def row(verdict: str, value: float | None = 0.0, *, op: str = ">=", seeds: int | None = None, of: int = 3) -> dict[str, Any]:
    """One claim of one seed, bounded by 10."""
    return {"verdict": verdict, "value": value, "op": op, "bound": 10.0, "seeds": seeds, "of_seeds": of}


@pytest.mark.parametrize(
    ("verdicts", "needed", "verdict"),
    [
        ((PASS, PASS), None, PASS),
        ((PASS, FAIL), None, FAIL),
        ((PASS, UNKNOWN), None, UNKNOWN),
        ((PASS, FAIL, PASS), 2, PASS),
        ((PASS, FAIL, FAIL), 2, FAIL),
        ((PASS, FAIL, UNKNOWN), 2, UNKNOWN),
        ((FAIL, UNKNOWN), 2, FAIL),
        ((PASS, FAIL), 1, PASS),
    ],
)
def test_a_claim_holds_in_all_seeds_or_in_as_many_as_it_says(verdicts: tuple[str, ...], needed: int, verdict: str) -> None:
    told = claim_over([row(one, seeds=needed) for one in verdicts], range(len(verdicts)))
    assert told["verdict"] == verdict
    assert told["holds_in"] == verdicts.count(PASS)
    assert told["unknown_in"] == verdicts.count(UNKNOWN)


@pytest.mark.parametrize(("seeds", "needed"), [(20, 19), (100, 95), (40, 38), (5, 5), (21, 20), (1, 1)])
def test_19_of_20_is_the_same_share_of_other_numbers_of_seeds(seeds: int, needed: int) -> None:
    row_of = [row(PASS, seeds=19, of=20)] * seeds
    assert claim_over(row_of, range(seeds))["needed"] == needed


@pytest.mark.parametrize(
    ("op", "values", "worst"),
    [(">=", (12.0, 11.0, 15.0), 8), ("<", (2.0, 9.0, 5.0), 8), ("=", (10.0, 10.0, 10.0), 7), ("=", (10.0, 9.0, 14.0), 9)],
)
def test_the_worst_seed_is_the_one_nearest_to_the_wrong_side(op: str, values: tuple[float, ...], worst: int) -> None:
    told = claim_over([row(PASS, value, op=op) for value in values], [7, 8, 9])
    assert told["worst_seed"] == worst


def test_a_failure_is_worse_than_an_unknown_and_that_than_a_pass() -> None:
    told = claim_over([row(PASS, 10.0), row(UNKNOWN, None), row(FAIL, 9.9), row(FAIL, 3.0)], [1, 2, 3, 4])
    assert (told["worst_seed"], told["worst_verdict"], told["value"]) == (4, FAIL, 3.0)
    assert claim_over([row(PASS), row(UNKNOWN, None)], [1, 2])["worst_seed"] == 2


def test_exit_codes_over_seeds() -> None:
    holds, fails = {"verdict": PASS}, {"verdict": FAIL}
    assert code_over([1, 0], [holds]) == 0
    assert code_over([1, 0], [holds, fails]) == 1
    assert code_over([0, 0], [fails]) == 1
    assert code_over([3, 0], [holds]) == 3
    assert code_over([3, 4, 1], [fails]) == 4
    assert code_over([0, 130], [holds]) == 130
    assert code_over([0, 0], []) == 0


def test_the_journal_of_several_seeds() -> None:
    told = journals.seeds()
    assert (told["seeds"], told["exit_code"], len(told["runs"])) == ([1, 2, 3], 0, 3)
    spread = told["over_seeds"]["coupled"]["web.told_no"]
    values = [run["designs"]["coupled"]["flows"]["web"]["told_no"] for run in told["runs"]]
    assert spread["mean"] == pytest.approx(sum(values) / 3)
    assert (spread["least"], spread["most"], spread["seeds"]) == (min(values), max(values), 3)
    assert spread["worst_seed"] == 1 + values.index(max(values))
    assert spread["interval"][0] <= spread["mean"] <= spread["interval"][1]
    assert "worst_seed" not in told["over_seeds"]["coupled"]["web.offered"]


@pytest.mark.parametrize("part", ["mean", "p50", "p90", "p99", "max"])
def test_the_worst_seed_of_a_figure_has_its_worst_value(part: str) -> None:
    told = journals.seeds()
    for design in ("coupled", "decoupled"):
        by_seed = {run["seed"]: run["designs"][design]["flows"]["web"]["completion"][part] for run in told["runs"]}
        row = told["over_seeds"][design][f"web.completion.{part}"]
        assert by_seed[row["worst_seed"]] == row["most"] == max(by_seed.values())


def test_of_many_seeds_only_some_keep_their_series() -> None:
    told = several([{**journals.one(), "seed": seed} for seed in range(1, 31)])
    drawn = [run["seed"] for run in told["runs"] if run["designs"]["coupled"]["series"]]
    assert 1 in drawn
    assert 1 <= len(drawn) <= 8
    assert not thin(journals.one())["designs"]["coupled"]["series"]


def test_a_run_that_was_cut_short_is_kept_and_counts_for_nothing() -> None:
    cut = {**journals.one(3), "cut_short": True, "exit_code": 130}
    told = several([journals.one(1), journals.one(2), cut])
    assert (told["seeds"], told["exit_code"], told["cut_short"]) == ([1, 2, 3], 130, True)
    assert {row["of"] for row in told["expectations"]} == {2}
    assert told["over_seeds"]["coupled"]["web.told_no"]["seeds"] == 2
    assert {row["of"] for row in several([cut])["expectations"]} == {1}


def test_which_way_is_better_and_in_which_unit() -> None:
    assert (direction("done.offered"), unit("latency.offered"), direction("stale")) == (0, "count", -1)
    assert (direction("web.success"), direction("web.latency.p99"), direction("web.offered")) == (1, -1, 0)
    assert (unit("web.success"), unit("web.completion.max"), unit("web.told_no")) == ("share", "seconds", "count")


def test_every_figure_of_a_design_has_a_name() -> None:
    found = dict(figures(journals.one()["designs"]["decoupled"]))
    assert {"web.success", "web.latency.p99", "backlog.mean_stay", "inventory.errors", "stale"} <= set(found)
    assert "web.reasons" not in found
