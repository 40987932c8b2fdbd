"""What a claim compares, read from one or two designs: figures of flows, nodes, links, whole designs, and a fault's cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from chaos.figures import INFINITE, NOTHING, Reading, flows_of, read, sure
from chaos.judge import outcome
from chaos.judge.windows import Span, Windows
from topology.plan import IS, Claim, Term
from topology.spec.figures import DESIGN_FIGURES, SUMMED, split
from topology.world import World

if TYPE_CHECKING:
    from chaos.runner import Runner

COST = "cost."


def terms_of(claim: Claim) -> tuple[Term, ...]:
    """What a claim compares: one figure, or two."""
    return claim.terms or (Term("", *split(claim.that)),)


def counted(term: Term) -> bool:
    """Whether a figure is the difference of totals, which must be taken down at each bound of a window."""
    return " " in term.subject or term.figure in SUMMED


def counted_terms(claims: Sequence[Claim]) -> list[Term]:
    """Every such figure that these claims are about."""
    whole = [claim for claim in claims if claim.how == IS]
    return list(dict.fromkeys(term for claim in whole for term in terms_of(claim) if counted(term)))


def totals(world: World, terms: Sequence[Term]) -> dict[tuple[str, str], float]:
    """Such totals so far, by node or link and figure."""
    sums = world.sums()
    return {(t.subject, t.figure): _total(sums, t) for t in terms if t.subject in sums["nodes"] or t.subject in sums["links"]}


def _total(sums: Mapping[str, Mapping[str, Mapping[str, object]]], term: Term) -> float:
    if term.subject in sums["links"]:
        value = sums["links"][term.subject]["failed" if term.figure == "errors" else term.figure]
    else:
        value = sums["nodes"][term.subject][term.figure]
    number = sum(value.values()) if isinstance(value, dict) else value
    assert isinstance(number, int | float)
    return float(number)


class Evidence:
    """Reads figures of one run over the stretches of a window."""

    def __init__(self, worlds: Sequence[World], windows: Windows, run: Runner | None = None) -> None:
        self.worlds = {world.plan.name: world for world in worlds}
        self.windows, self.run = windows, run
        self._costs: dict[tuple[str, str], Mapping[str, float]] = {}

    def reading(self, claim: Claim, row: str, spans: Sequence[Span]) -> Reading:
        """What a claim compares, in the design of the row where it names none."""
        found = [self.one(self.worlds[term.design or row], term, spans) for term in terms_of(claim)]
        if not claim.between:
            return found[0]
        return difference(*found) if claim.between == "-" else ratio(*found)

    def one(self, world: World, term: Term, spans: Sequence[Span]) -> Reading:
        """One figure."""
        name = term.figure
        if name.startswith(COST):
            return self._cost(world.plan.name, term)
        if name in DESIGN_FIGURES and (not term.subject or name.startswith("time_to_")):
            return self._outcome(world, term)
        if counted(term):
            return self._counted(world.plan.name, term, spans)
        return read(world, term.that, self.windows, spans)

    def _outcome(self, world: World, term: Term) -> Reading:
        """How far a fault spread, when it was noticed, when it was over."""
        windows, flows = self.windows, flows_of(world)
        first, healed = windows.first_inject, windows.last_heal
        if first is None:
            return Reading(None, why="no fault was injected")
        if term.figure == "blast_radius":
            injected = self.run.records.injected if self.run is not None else ()
            return sure(outcome.blast(injected, world, windows)[1])
        producers = [term.subject] if term.subject in flows else flows if not term.subject else []
        if term.figure == "time_to_detect":
            nodes = [term.subject] if term.subject else [node.name for node in world.plan.nodes]
            return _lasted(outcome.noticed(world, producers, nodes, windows), windows.end_ns - first)
        if healed is None:
            return Reading(None, why="a fault lasted to the end of the run")
        rest = windows.end_ns - healed
        if term.figure == "time_to_drain":
            return _lasted(outcome.drained(world, producers, windows), rest)
        answers = outcome.recovered(world, producers, windows)
        nodes_well = answers if term.subject else outcome.well_again(world, windows)
        return _lasted(None if answers is None or nodes_well is None else max(answers, nodes_well), rest)

    def _counted(self, design: str, term: Term, spans: Sequence[Span]) -> Reading:
        eras = self.windows.inside(spans)
        if self.run is None or not eras:
            return NOTHING
        return sure(sum(self.run.counted(design, term, era) for era in eras))

    def _cost(self, design: str, term: Term) -> Reading:
        """What the faults cost, over a flow or all of them: told by the same run without them."""
        if self.run is None or self.windows.first_inject is None:
            return Reading(None, why="no fault was injected")
        from chaos.compare import cost  # runs it all again, and few claims ask for it

        key = (design, term.subject)
        if key not in self._costs:
            self._costs[key] = cost.figures(self.run, design, term.subject)
        value = self._costs[key].get(term.figure.removeprefix(COST))
        return NOTHING if value is None else sure(value)


def _lasted(took_ns: int | None, at_least_ns: int) -> Reading:
    """A time that ended, or did not within the run, and so is at least as long as what was left of it."""
    if took_ns is None:
        return Reading(INFINITE, at_least_ns / 1e9, INFINITE)
    return sure(took_ns / 1e9)


def difference(one: Reading, other: Reading) -> Reading:
    """One figure less another."""
    if one.value is None or other.value is None:
        return one if one.value is None else other
    low, high, value = one.low - other.high, one.high - other.low, one.value - other.value
    if value != value:
        return Reading(None, why="neither came to its end within the run")
    return Reading(value, _or(low, -INFINITE), _or(high, INFINITE), min(one.messages, other.messages))


def ratio(one: Reading, other: Reading) -> Reading:
    """One figure by another, neither of them less than nothing."""
    if one.value is None or other.value is None:
        return one if one.value is None else other
    if other.value == 0 or one.value == other.value == INFINITE:
        return Reading(None, why="there is nothing to divide by")
    high = one.high / other.low if other.low else INFINITE
    return Reading(
        one.value / other.value, _or(one.low / other.high, 0.0), _or(high, INFINITE), min(one.messages, other.messages)
    )


def _or(value: float, otherwise: float) -> float:
    """A bound, or the widest one where it is not a number."""
    return value if value == value else otherwise
