"""Which message was the first that a claim which failed is about: the same run once more, with those messages looked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chaos.compare import cost
from chaos.judge.evidence import COST, terms_of
from chaos.judge.offence import LOWER, Offence
from topology.message import name_reasons
from topology.plan import IS, NEVER, Claim, DesignPlan, Playground, Term
from topology.sim.world import SimWorld
from topology.units import format_duration
from topology.witness import DONE_SLOWLY, HALF, SLOW, TOLD_LATE, TOLD_NO, TWICE, WENT_DEAD, WENT_LOST, Wanted
from topology.world import World

if TYPE_CHECKING:
    from chaos.judge.claims import Judged
    from chaos.runner import Runner

BEFELL = {
    TOLD_NO: "was told no",
    TOLD_LATE: "was told yes too late",
    SLOW: "was answered slowly",
    WENT_LOST: "was lost after a yes",
    WENT_DEAD: "went to the dead letters",
    TWICE: "was done once more",
    HALF: "was left half done",
    DONE_SLOWLY: "was done late",
}

_FEWER: dict[str, tuple[int, ...]] = {
    "success": (TOLD_NO, TOLD_LATE),
    "goodput": (TOLD_NO, TOLD_LATE),
    "served": (TOLD_NO, WENT_LOST, WENT_DEAD),
    "told_yes": (TOLD_NO,),
    "yes_rate": (TOLD_NO,),
}
"""What befalls the messages of which there is less in a figure."""

_MORE: dict[str, tuple[int, ...]] = {
    "told_no": (TOLD_NO,),
    "refused": (TOLD_NO,),
    "failed": (TOLD_NO,),
    "no_rate": (TOLD_NO,),
    "done_after_no": (TOLD_NO,),
    "latency_no": (TOLD_NO,),
    "minutes": (TOLD_NO,),
    "late": (TOLD_LATE,),
    "lost": (WENT_LOST,),
    "dead_lettered": (WENT_DEAD,),
    "duplicates": (TWICE,),
    "half_done": (HALF,),
    "latency": (SLOW,),
    "completion": (DONE_SLOWLY,),
    "staleness": (DONE_SLOWLY,),
}
"""What befalls the messages of which there is more in a figure."""


def befell(claim: Claim, term: Term) -> tuple[int, ...]:
    """What befalls the messages that speak against a claim; empty where it is about none."""
    name = term.figure.removeprefix(COST)
    low = claim.op in LOWER if claim.how != NEVER else claim.op not in LOWER
    if claim.between:
        return _FEWER.get(name) or _MORE.get(name.partition(".")[0], ())
    if low or (claim.op == "=" and name in _FEWER):
        return _FEWER.get(name, ())
    return _MORE.get(name.partition(".")[0], ())


class Firsts:
    """Looks for the first messages of several claims in one more run, which is kept for its pictures."""

    def __init__(self, run: Runner, reds: Sequence[Judged]) -> None:
        self.run = run
        self.windows = run.windows()
        self.wanted: dict[str, list[Wanted]] = {world.plan.name: [] for world in run.worlds}
        self.of: list[tuple[Judged, list[tuple[Term, Wanted]]]] = [(red, self._want(red)) for red in reds]
        other, film = cost.again(run, run.records.commands, self._witnessed)
        run.records.apart[()] = cost.Apart(other, cost.sums(run), film)

    def _witnessed(self, design: DesignPlan, playground: Playground, seed: int) -> World:
        return SimWorld(design, playground, seed, self.wanted[design.name])

    def _want(self, red: Judged) -> list[tuple[Term, Wanted]]:
        """Messages of the claim's window; slow ones from the first fault on, since a few always are."""
        producers = [flow.producer for flow in self.run.playground.flows]
        found = []
        for term in terms_of(red.claim):
            for what in befell(red.claim, term) if term.subject in producers else ():
                over = round(red.claim.value * 1e9) + 1 if what in (SLOW, DONE_SLOWLY) and not red.claim.between else 0
                for begin, end in self.windows.spans(red.claim.during, red.claim.span_ns):
                    since = max(begin, min(end, self.windows.first_inject or 0)) if over else begin
                    one = Wanted(producers.index(term.subject), what, since, end, over)
                    self.wanted[term.design or red.design].append(one)
                    found.append((term, one))
        return found

    def offence(self, red: Judged) -> Offence | None:
        """The first of them, else what the grid told."""
        seen = [pair for pair in next(found for judged, found in self.of if judged is red) if pair[1].n >= 0]
        if not seen:
            return red.offence
        term, first = min(seen, key=lambda pair: (pair[1].at, pair[1].n))
        slow = first.what in (SLOW, DONE_SLOWLY)
        names = [node.name for node in self.run.playground.design(term.design or red.design).nodes]
        reason = next(iter(name_reasons({int(first.code): 1}, names)), "") if first.code and not slow else ""
        took = f", {format_duration(first.at - first.born)} after it was offered" if first.at > first.born else ""
        words = f"message {first.n:,} of {term.subject} {BEFELL[int(first.what)]}{took}{f': {reason}' if reason else ''}"
        if red.offence is not None and red.claim.how != IS:
            return replace(red.offence, words=f"{red.offence.words}; {words}")
        return Offence(int(first.at), term.subject, None, words)
