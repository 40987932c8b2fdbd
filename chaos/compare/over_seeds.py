"""The same playground with several seeds: in how many each expectation held, and how far each figure spreads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from chaos.compare.intervals import bootstrap, deviation, mean, wilson
from chaos.experiment import FAILED, OK, code_of
from chaos.journals.journal import Journal
from chaos.judge.better import DOWN, UP, direction, figures
from chaos.judge.claims import FAIL, PASS, UNKNOWN

Row = dict[str, Any]

MOST_EXPLAINED = 3
"""So many seeds at most are run again to be explained."""

MOST_DRAWN = 8
"""Of many seeds, so many keep their series: the first, and the worst ones, which are the ones to look at."""


def several(journals: Sequence[Journal]) -> Journal:
    """One journal of the runs of one playground, in the order of their seeds.

    Runs that were cut short are kept, and count for nothing where there are whole ones.
    """
    whole = [one for one in journals if not one["cut_short"]] or journals
    first = whole[0]
    seeds = [one["seed"] for one in whole]
    rows = [claim_over(row, seeds) for row in zip(*(one["expectations"] for one in whole), strict=True)]
    kept = {key: first[key] for key in ("schema", "playground", "about", "duration", "explored", "plans")}
    wall = sum(one["environment"]["wall_seconds"] for one in journals)
    drawn = _drawn(journals, rows)
    return {
        **kept,
        "environment": {**first["environment"], "wall_seconds": round(wall, 4)},
        "seeds": [one["seed"] for one in journals],
        "exit_code": code_over([one["exit_code"] for one in journals], rows),
        "cut_short": any(one["cut_short"] for one in journals),
        "expectations": rows,
        "over_seeds": spread(whole),
        "lesson": first["lesson"],
        "price": first["price"],
        "runs": [_slim(one, one["seed"] in drawn) for one in journals],
    }


def explain_worst(told: Journal, again: Callable[[int], Journal], always: bool) -> Journal:
    """The same journal, with the runs explained that it shows: of each expectation that did not hold the worst seed.

    `again` performs a seed once more and explains it. `always` is for one seed even where all is well.
    """
    rows = list(told["expectations"])
    red = [row["worst_seed"] for row in rows if row["verdict"] != PASS and row["worst_verdict"] == FAIL]
    seeds = list(dict.fromkeys(red or ([told["seeds"][0]] if always else [])))[:MOST_EXPLAINED]
    found = {seed: again(seed) for seed in seeds}
    for number, row in enumerate(rows):
        if row["worst_verdict"] == FAIL and row["worst_seed"] in found:
            one = found[row["worst_seed"]]["expectations"][number]
            rows[number] = {**row, "first_offence": one["first_offence"], "why": one["why"]}
    runs = [_with_reasons(run, found[run["seed"]]) if run["seed"] in found else run for run in told["runs"]]
    return {**told, "expectations": rows, "runs": runs}


def _with_reasons(run: Journal, again: Journal) -> Journal:
    kept = ("faults", "expectations", "all_faults", "together")
    return {**run, **{name: again[name] for name in kept if name in again}}


def _drawn(journals: Sequence[Journal], rows: Sequence[Row]) -> set[int]:
    """The seeds whose series are kept: the first, those that the rows call worst, and then any that went wrong."""
    bad = [row["worst_seed"] for row in rows if row["verdict"] != PASS]
    worst = [row["worst_seed"] for row in rows]
    wrong = [one["seed"] for one in journals if one["exit_code"] != OK]
    return set(list(dict.fromkeys([*bad, journals[0]["seed"], *worst, *wrong]))[:MOST_DRAWN])


def _slim(one: Journal, drawn: bool) -> Journal:
    """A run without what all have in common, and without its series where nobody looks at them."""
    slim = {key: value for key, value in one.items() if key not in ("plans", "lesson", "price", "about")}
    return slim if drawn else thin(slim)


def thin(one: Journal) -> Journal:
    """A journal without its series and turns of health."""
    bare = {name: {**design, "series": {}, "turns": []} for name, design in one["designs"].items()}
    return {**one, "designs": bare}


def claim_over(row: Sequence[Row], seeds: Sequence[int]) -> Row:
    """One expectation over several seeds; what it shows is the worst of them."""
    held = sum(1 for one in row if one["verdict"] == PASS)
    unknown = sum(1 for one in row if one["verdict"] == UNKNOWN)
    needed = _needed(row[0], len(row))
    verdict = PASS if held >= needed else UNKNOWN if held + unknown >= needed else FAIL
    worst = max(range(len(row)), key=lambda index: (*_badness(row[index]), -index))
    known = [one["value"] for one in row if one["value"] is not None and isfinite(one["value"])]
    return {
        **row[worst],
        "verdict": verdict,
        "worst_verdict": row[worst]["verdict"],
        "worst_seed": seeds[worst],
        "holds_in": held,
        "unknown_in": unknown,
        "of": len(row),
        "needed": needed,
        "interval": list(wilson(held, len(row))),
        "mean": mean(known) if known else None,
    }


def _needed(one: Row, seeds: int) -> int:
    """In how many of so many seeds it must hold: all, or the share that the claim names, rounded up."""
    if one["seeds"] is None:
        return seeds
    return int(-(-one["seeds"] * seeds // max(1, one["of_seeds"])))


def _badness(one: Row) -> tuple[int, float]:
    """How bad one seed looks: a failure before an unknown before a pass, and then how far on the wrong side it is."""
    rank = {FAIL: 2, UNKNOWN: 1, PASS: 0}[one["verdict"]]
    value = one["value"]
    if value is None:
        return rank, float("-inf")
    op = one["op"]
    if op[0] in "<>":
        return rank, value if op[0] == "<" else -value
    distance = abs(value - one["bound"])
    return rank, distance if op == "=" else -distance


def code_over(codes: Sequence[int], rows: Sequence[Row]) -> int:
    """The exit code of several seeds: an expectation that may miss some is judged over all of them."""
    ends = [OK if code == FAILED else code for code in codes]
    return code_of([*ends, OK if all(row["verdict"] == PASS for row in rows) else FAILED])


def spread(journals: Sequence[Journal]) -> dict[str, dict[str, Row]]:
    """For each design and figure: mean, standard deviation, the 95 % interval of the mean, and the worst seed."""
    seeds = [one["seed"] for one in journals]
    found: dict[str, dict[str, Row]] = {}
    for design in journals[0]["designs"]:
        columns: dict[str, list[float | None]] = {}
        for number, one in enumerate(journals):
            for name, value in figures(one["designs"][design]):
                columns.setdefault(name, [None] * len(seeds))[number] = value
        rows = {name: _spread(name, column, seeds) for name, column in columns.items()}
        found[design] = {name: row for name, row in rows.items() if row}
    return found


def _spread(name: str, column: Sequence[float | None], seeds: Sequence[int]) -> Row:
    known = [(value, seed) for value, seed in zip(column, seeds, strict=True) if value is not None and isfinite(value)]
    if not known:
        return {}
    values = [value for value, _ in known]
    interval = bootstrap(values)
    row: Row = {"mean": mean(values), "sd": deviation(values), "interval": list(interval) if interval else None}
    row.update({"least": min(values), "most": max(values), "seeds": len(values)})
    way = direction(name)
    if way in (UP, DOWN):
        row["worst_seed"] = max(known, key=lambda one: (-way * one[0], -one[1]))[1]
    return row
