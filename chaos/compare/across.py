"""The same runs in two worlds, side by side: every figure with its deviation and spread, and whether the verdict is the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from statistics import median
from typing import Any

from chaos.journals.reading import UNKNOWN, Journal, claim
from topology.spec.figures import COUNT, SECONDS, SHARE

FIGURES = (
    ("offered", ("offered",), COUNT),
    ("success", ("success",), SHARE),
    ("told no", ("told_no",), COUNT),
    ("lost", ("lost",), COUNT),
    ("dead-lettered", ("dead_lettered",), COUNT),
    ("answer p50", ("latency", "p50"), SECONDS),
    ("answer p99", ("latency", "p99"), SECONDS),
    ("done p50", ("completion", "p50"), SECONDS),
    ("done p99", ("completion", "p99"), SECONDS),
)
"""What is compared of each flow: its name, where it is in a journal, and its unit."""

Flow = dict[str, Any]

ALIKE = 0.01
"""Shares that are no further apart are called equal."""
APART = 0.03
"""Where one world calls two designs equal, the other must not find them further apart than this."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of one flow: the median of each world, the spread of the live runs, and how far live is from simulated."""

    design: str
    flow: str
    figure: str
    unit: str
    sim: float | None
    live: float | None
    low: float | None
    high: float | None
    deviation: float | None
    """A share of the simulated value, for shares the difference itself; None where there is nothing to divide by."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one expectation, seed by seed, in both worlds."""

    claim: str
    sim: tuple[str, ...]
    live: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether most live runs came to the verdict of most simulated ones: the median, as for figures."""
        return _mostly(self.sim) == _mostly(self.live)

    @property
    def always(self) -> bool:
        """Whether each live run came to the verdict of the simulation with its seed."""
        return self.sim == self.live

    @property
    def undecided(self) -> bool:
        """Whether neither world ever came to a verdict."""
        return {*self.sim, *self.live} == {UNKNOWN}


@dataclass(frozen=True, slots=True)
class Order:
    """How the designs rank by one share, in both worlds."""

    by: str
    sim: str
    live: str
    agrees: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that two worlds said about one playground."""

    rows: tuple[Row, ...]
    verdicts: tuple[Verdict, ...]
    orders: tuple[Order, ...]
    not_done: tuple[str, ...]
    """What could be done in one world alone."""

    @property
    def agrees(self) -> bool:
        """Whether the verdict is the same everywhere."""
        parts: list[Verdict | Order] = [*self.verdicts, *self.orders]
        return not self.not_done and all(part.agrees for part in parts)


def side_by_side(sims: Sequence[Journal], lives: Sequence[Journal]) -> Comparison:
    """Compare simulated and live journals of one playground, the first of each with the same seed, and so on."""
    return Comparison(tuple(_rows(sims, lives)), tuple(_verdicts(sims, lives)), _orders(sims, lives), _not_done(sims, lives))


def _mostly(verdicts: tuple[str, ...]) -> str:
    """The verdict of more than half of the runs; where there is none, it is unknown."""
    return next((one for one in verdicts if 2 * verdicts.count(one) > len(verdicts)), UNKNOWN)


def _rows(sims: Sequence[Journal], lives: Sequence[Journal]) -> list[Row]:
    found = []
    for design, told in sims[0]["designs"].items():
        for flow in told["flows"]:
            for name, path, unit in FIGURES:
                before, now = (_values(world, design, flow, path) for world in (sims, lives))
                found.append(_row((design, flow, name, unit), before, now))
    return found


def _row(place: tuple[str, str, str, str], before: list[float], now: list[float]) -> Row:
    design, flow, figure, unit = place
    sim = median(before) if before else None
    live = median(now) if now else None
    low, high = min(now, default=None), max(now, default=None)
    return Row(design, flow, figure, unit, sim, live, low, high, _deviation(sim, live, unit))


def _values(journals: Sequence[Journal], design: str, flow: str, path: Sequence[str]) -> list[float]:
    found: list[float] = []
    for journal in journals:
        value: Any = journal["designs"][design]["flows"][flow]
        for key in path:
            value = value[key]
        if value is not None:
            found.append(value)
    return found


def _deviation(sim: float | None, live: float | None, unit: str) -> float | None:
    if sim is None or live is None:
        return None
    if unit == SHARE or sim == live:
        return live - sim
    return (live - sim) / sim if sim else None


def _verdicts(sims: Sequence[Journal], lives: Sequence[Journal]) -> list[Verdict]:
    found = []
    for part in ("steady", "expectations"):
        for number, row in enumerate(sims[0][part]):
            both = (tuple(str(one[part][number]["verdict"]) for one in world) for world in (sims, lives))
            found.append(Verdict(claim(row), *both))
    return found


def _orders(sims: Sequence[Journal], lives: Sequence[Journal]) -> tuple[Order, ...]:
    if len(sims[0]["designs"]) < 2:
        return ()
    measures = (("success", _succeeded), ("promises kept", _kept))
    return tuple(_order(by, _shares(sims, of), _shares(lives, of)) for by, of in measures)


def _shares(journals: Sequence[Journal], of: Callable[[Flow], float]) -> dict[str, float]:
    """By design, a share of what was offered by all its flows, the median of all runs; more is better."""
    return {name: median(_share(one["designs"][name]["flows"], of) for one in journals) for name in journals[0]["designs"]}


def _share(flows: dict[str, Flow], of: Callable[[Flow], float]) -> float:
    offered = sum(flow["offered"] for flow in flows.values())
    return sum(map(of, flows.values())) / offered if offered else 1.0


def _succeeded(flow: Flow) -> float:
    return float((flow["success"] or 0.0) * flow["offered"])


def _kept(flow: Flow) -> float:
    """All that was not accepted and then never done."""
    return float(flow["offered"] - flow["lost"] - flow["dead_lettered"])


def _order(by: str, sim: dict[str, float], live: dict[str, float]) -> Order:
    agrees = all(_alike(sim[a] - sim[b], live[a] - live[b]) for a, b in combinations(sim, 2))
    return Order(by, _ranked(sim), _ranked(live), agrees)


def _alike(sim: float, live: float) -> bool:
    """Whether two worlds see the same difference between two designs: the same one ahead, or hardly any difference."""
    if abs(sim) <= ALIKE or abs(live) <= ALIKE:
        return max(abs(sim), abs(live)) <= APART
    return (sim > 0) == (live > 0)


def _ranked(shares: dict[str, float]) -> str:
    """`decoupled before coupled like fair`: equals in the order of the file, whichever is ahead by a trifle."""
    groups: list[list[str]] = []
    names = sorted(shares, key=lambda name: -shares[name])
    for ahead, name in pairwise([names[0], *names]):
        if not groups or shares[ahead] - shares[name] > ALIKE:
            groups.append([])
        groups[-1].append(name)
    return " before ".join(" like ".join(name for name in shares if name in group) for group in groups)


def _not_done(sims: Sequence[Journal], lives: Sequence[Journal]) -> tuple[str, ...]:
    """Faults and changes that one world could not do."""
    found = []
    for sim, live in zip(sims, lives, strict=True):
        for name, one, other in (("live", live, sim), ("simulated", sim, live)):
            both = [row["why"] for row in other["not_done"]]
            found += [f"seed {one['seed']}, {name}: {row['why']}" for row in one["not_done"] if row["why"] not in both]
    return tuple(found)
