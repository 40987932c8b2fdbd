"""What became worse, or better, from one journal to another: expectations first, then every figure that has a better way.

A figure is worse when it moved the wrong way by more than the tolerance. Where both journals are of several seeds, the
intervals of the two means must be apart as well, so that chance alone is not called a regression.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from chaos.compare.intervals import Interval
from chaos.journals.reading import PASS, Journal, claim, many, measured, runs, seeds_in_words, value
from chaos.judge.better import DOWN, UP, direction, figures, unit
from topology.spec.figures import COUNT, SECONDS, SHARE

UNJUDGED = ("max", "p999", "errors")
"""One message decides these, or they are told by what they lead to: no ground for calling a run worse."""
NOTHING = {COUNT: 0.5, SECONDS: 0.001, SHARE: 1e-9}
"""By unit, how little is no difference at all."""


class NotComparable(ValueError):
    """Two journals that say nothing about each other; the words say why."""


@dataclass(slots=True)
class Difference:
    """What there is to tell, each line a sentence."""

    worse: list[str] = field(default_factory=list)
    better: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of one journal: its mean, and the interval of the mean where there are several seeds."""

    value: float
    interval: Interval | None = None


def difference(before: Journal, after: Journal, tolerance: float) -> Difference:
    """Compare two journals of one playground; `tolerance` is a share of the old value. Raises NotComparable."""
    _comparable(before, after)
    found = Difference()
    if [run["seed"] for run in runs(before)] != [run["seed"] for run in runs(after)]:
        seeds = f"{seeds_in_words(before)} against {seeds_in_words(after)}"
        found.notes.append(f"not the same seeds ({seeds}): small differences may be chance")
    _expectations(before, after, found)
    old, new = all_figures(before), all_figures(after)
    for design in old:
        if design not in new:
            found.worse.append(f"{design}: the design is gone")
            continue
        for name, figure in old[design].items():
            _compare(design, name, figure, new[design].get(name), tolerance, found)
    found.notes += [f"{design}: the design is new" for design in new if design not in old]
    return found


def _comparable(before: Journal, after: Journal) -> None:
    if before["playground"] != after["playground"]:
        raise NotComparable(f"these are different playgrounds: {before['playground']} and {after['playground']}")
    if before["duration"] != after["duration"]:
        lasted = f"{before['duration']:g} s and {after['duration']:g} s"
        raise NotComparable(f"the runs have different durations, {lasted}: run one of them again with --duration")


def _expectations(before: Journal, after: Journal, found: Difference) -> None:
    """What held and does not hold now; an expectation that is gone counts as worse, for it can no longer fail."""
    new = {claim(row): row for row in after["expectations"]}
    for row in before["expectations"]:
        name, now = claim(row), new.get(claim(row))
        if now is None:
            found.worse.append(f"{name}: no longer expected")
        elif row["verdict"] == PASS != now["verdict"]:
            found.worse.append(f"{name}: held, and now {_now(now)}")
        elif now["verdict"] == PASS != row["verdict"]:
            found.better.append(f"{name}: holds now")
    old = {claim(row) for row in before["expectations"]}
    for name, row in new.items():
        if name not in old:
            found.notes.append(f"{name}: newly expected, {'holds' if row['verdict'] == PASS else _now(row)}")


def _now(row: dict[str, Any]) -> str:
    where = f" with seed {row['worst_seed']}" if "worst_seed" in row else ""
    words = "is unknown" if row["verdict"] == "unknown" else "does not"
    return f"{words} ({value(row)}{where})"


def all_figures(journal: Journal) -> dict[str, dict[str, Figure | None]]:
    """By design and name, every figure that has a better way."""
    found: dict[str, dict[str, Figure | None]] = {}
    for design, name, figure in _figures(journal):
        if direction(name) and name.rpartition(".")[2] not in UNJUDGED:
            found.setdefault(design, {})[name] = figure
    return found


def _figures(journal: Journal) -> Iterator[tuple[str, str, Figure | None]]:
    if many(journal):
        for design, rows in journal["over_seeds"].items():
            for name, row in rows.items():
                yield design, name, Figure(row["mean"], tuple(row["interval"]) if row["interval"] else None)
        return
    for design, one in journal["designs"].items():
        for name, number in figures(one):
            yield design, name, None if number is None else Figure(number)


def _compare(design: str, name: str, old: Figure | None, new: Figure | None, tolerance: float, found: Difference) -> None:
    if old is None:
        return
    if new is None:
        if name in ("recovered_after", "drained_after"):
            found.worse.append(f"{design}: {name} was {measured(old.value, unit(name))}, and now it never comes")
        return
    way = direction(name)
    change = new.value - old.value
    least = max(tolerance * abs(old.value), NOTHING.get(unit(name), 1e-9))
    if way not in (UP, DOWN) or abs(change) <= least or not _apart(old.interval, new.interval):
        return
    was, now = (measured(figure.value, unit(name)) for figure in (old, new))
    sentence = f"{design}: {name} {was} → {now}{_share(old.value, change)}"
    (found.better if change * way > 0 else found.worse).append(sentence)


def _share(old: float, change: float) -> str:
    return f" ({change / abs(old):+.1%})" if old else ""


def _apart(old: Interval | None, new: Interval | None) -> bool:
    """Whether chance is no explanation; a single seed has no interval, and is taken at its word."""
    return old is None or new is None or old[1] < new[0] or new[1] < old[0]
