"""Claims that say always, never or eventually, watched on the grid while the run goes.

What is kept is bounded: for each claim, a summary of each era, since a window is a union of eras. A figure of the last second
counts where all of that second lies in the window, so the samples of an era's first second are kept one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chaos.judge.evidence import terms_of
from chaos.judge.instants import SILENT, STEPS, Instants, Seen
from chaos.judge.windows import Span, Windows
from topology.plan import ALWAYS, EVENTUALLY, IS, Claim, Playground, Term
from topology.spec.figures import FLOW_NOW, LINK_NOW, NODE_NOW, compare

Sample = tuple[int, Seen]
"""A grid step and what was read at it."""


@dataclass(slots=True)
class Summary:
    """What a claim was about over some steps."""

    count: int = 0
    worst: float | None = None
    bad_ns: int | None = None
    """The first step at which it was not as the claim says; for `eventually`, unused."""
    bad: float = 0.0
    good_ns: int | None = None
    """The first step at which the comparison held."""
    silent_ns: int | None = None
    """The first step before which nobody had been answered for a second."""

    def add(self, claim: Claim, sample: Sample) -> None:
        """Take in one step."""
        at_ns, value = sample
        if value is SILENT and self.silent_ns is None:
            self.silent_ns = at_ns
        if not isinstance(value, int | float):
            return
        self.count += 1
        holds = compare(value, claim.op, claim.value)
        if holds and self.good_ns is None:
            self.good_ns = at_ns
        if holds != (claim.how == ALWAYS) and self.bad_ns is None:
            self.bad_ns, self.bad = at_ns, value
        if self.worst is None or _worse(claim, value, self.worst):
            self.worst = value

    def merge(self, claim: Claim, later: Summary) -> None:
        """Take in what came later."""
        self.count += later.count
        if later.worst is not None and (self.worst is None or _worse(claim, later.worst, self.worst)):
            self.worst = later.worst
        if self.bad_ns is None:
            self.bad_ns, self.bad = later.bad_ns, later.bad
        self.good_ns = later.good_ns if self.good_ns is None else self.good_ns
        self.silent_ns = later.silent_ns if self.silent_ns is None else self.silent_ns


def _worse(claim: Claim, value: float, than: float) -> bool:
    """Whether a value is further on the way to what the claim does not allow."""
    upper = claim.op in ("<", "<=") if claim.how == ALWAYS else claim.op in (">", ">=")
    lower = claim.op in (">", ">=") if claim.how == ALWAYS else claim.op in ("<", "<=")
    if upper or lower:
        return value > than if upper else value < than
    return abs(value - claim.value) > abs(than - claim.value)


@dataclass(slots=True)
class Era:
    """The steps of one era: those of its first second one by one, where that matters, and a summary of the others."""

    begin_ns: int
    first: list[Sample] = field(default_factory=list)
    rest: Summary = field(default_factory=Summary)


class Watcher:
    """Watches one claim in one design."""

    def __init__(self, claim: Claim, design: str, grid_ns: int) -> None:
        self.claim, self.design = claim, design
        self.terms = terms_of(claim)
        self.needs = frozenset(term.design or design for term in self.terms)
        self.second_ns = STEPS * grid_ns if any(map(_of_a_second, self.terms)) else 0
        self.eras: list[Era] = []

    def look(self, at_ns: int, begin_ns: int, instants: Instants) -> None:
        """Take in the grid step `at_ns`, which belongs to the era that began at `begin_ns`."""
        if not self.eras or self.eras[-1].begin_ns != begin_ns:
            self.eras.append(Era(begin_ns))
        era = self.eras[-1]
        sample = (at_ns, instants.value(self.terms, self.claim.between, self.design))
        if at_ns - begin_ns < self.second_ns:
            era.first.append(sample)
        else:
            era.rest.add(self.claim, sample)

    def over(self, stretch: Span) -> Summary:
        """The steps of one stretch, whose bounds are those of eras."""
        whole = Summary()
        for era in self.eras:
            if stretch[0] <= era.begin_ns < stretch[1]:
                for sample in era.first:
                    if sample[0] - self.second_ns >= stretch[0]:
                        whole.add(self.claim, sample)
                whole.merge(self.claim, era.rest)
        return whole


def _of_a_second(term: Term) -> bool:
    known = LINK_NOW if " " in term.subject else FLOW_NOW if term.figure in FLOW_NOW else NODE_NOW
    return known[term.figure].second


def watchers_of(playground: Playground) -> list[Watcher]:
    """One for each claim about instants in each of its designs."""
    here = {plan.name for plan in playground.designs}
    claims = [claim for claim in (*playground.steady, *(playground.expect or ())) if claim.how != IS]
    found = [Watcher(claim, design, playground.grid_ns) for claim in claims for design in claim.designs]
    return [one for one in found if one.needs | {one.design} <= here]


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a watched claim: whether it held (None: not known), the worst value or the time, and where it broke."""

    held: bool | None
    value: float | None
    why: str = ""
    offence_ns: int | None = None
    offence: float | None = None


def judge(watcher: Watcher, windows: Windows, stretches: Sequence[Span]) -> Found:
    """What became of a claim over the stretches of its window."""
    parts = [(stretch, watcher.over(stretch)) for stretch in stretches]
    if not any(part.count for _, part in parts):
        silent = next((part.silent_ns for _, part in parts if part.silent_ns is not None), None)
        return Found(None, None, "the window holds no sample" if silent is None else _silence(silent))
    if watcher.claim.how == EVENTUALLY:
        return _eventually(watcher.claim, parts)
    whole = Summary()
    for _, part in parts:
        whole.merge(watcher.claim, part)
    if whole.bad_ns is not None:
        return Found(False, whole.worst, "", whole.bad_ns, whole.bad)
    if whole.silent_ns is not None:
        return Found(None, whole.worst, _silence(whole.silent_ns))
    return Found(True, whole.worst)


def _silence(at_ns: int) -> str:
    return f"nobody was answered for the whole second before {at_ns / 1e9:g} s"


def _eventually(claim: Claim, parts: Iterable[tuple[Span, Summary]]) -> Found:
    """In each stretch it must have held at a step, in time."""
    longest, late, short = 0.0, None, ""
    for (begin, end), part in parts:
        took = None if part.good_ns is None else part.good_ns - begin
        limit = end - begin if claim.within_ns is None else claim.within_ns
        if took is not None and took <= limit:
            longest = max(longest, took / 1e9)
        elif took is None and end - begin < limit:
            short = f"the window from {begin / 1e9:g} s lasts only {(end - begin) / 1e9:g} s"
        else:
            late = begin + limit if late is None else late
            longest = max(longest, float("inf") if took is None else took / 1e9)
    if late is not None:
        return Found(False, longest, "", late)
    return Found(None, None, short) if short else Found(True, longest)
