"""Why something went wrong: from the symptom along recorded causes to the fault that set it off.

The root is found by leaving faults out: what vanishes without a fault, the fault did. The way from the symptom to it is read
from what the same run recorded, compared at the same instants with the run without the faults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from chaos.compare import cost
from chaos.judge.evidence import COST, Evidence, terms_of
from chaos.judge.first import Firsts
from chaos.judge.offence import Offence
from chaos.judge.trail import Stop, Trail
from topology.plan import EVENTUALLY, IS, Claim, Term
from topology.spec.figures import POINTS, SECONDS, compare, figure_of, format_value
from topology.units import format_duration, format_share

if TYPE_CHECKING:
    from chaos.judge.claims import Judged
    from chaos.judge.windows import Span
    from chaos.runner import Injected, Runner

NO_EFFECT = "no fault made it so"
UNKNOWN = "unknown"
TOGETHER = "together"
EITHER = "either alone would have done"

INTERACTION = 0.1
"""Below this share of the whole effect, what two faults do together beyond what each does alone is nobody's."""
MOST_ALONE = 4
"""Of more faults than these it is not tried what each does without the others."""

WORDS = {
    "told_no": "messages more told no",
    "lost": "messages more lost after a yes",
    "dead_lettered": "more dead letters",
    "half_done": "messages more left half done",
    "duplicates": "messages more done more than once",
    "late": "messages more told yes too late",
    "minutes": "more of bad answers",
    "slower": "work done later",
    "ill": "nodes more unhealthy",
    "different": "messages with another fate",
}
"""What can be wrong, the worst first."""

OF_WORK = frozenset(
    {"lost", "dead_lettered", "half_done", "duplicates", "slower", "different", "completion", "staleness", "served"}
)
"""Symptoms that show after the answer, so that whatever comes before the trouble passes its messages on as ever."""

Bad = Callable[[tuple[int, ...]], float]
"""How bad something is in the run without some faults (numbered from 0); more is worse, () is the run itself."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step from symptom to root: when, where (a node, link or fault) and what, in words with figures."""

    at_ns: int
    where: str
    words: str


@dataclass(frozen=True, slots=True)
class Root:
    """One fault at the end of a chain, and its share of the effect (0 to 1); None where shares make no sense."""

    fault: int
    """Its number, from 1."""
    what: str
    share: float | None


@dataclass(frozen=True, slots=True)
class Why:
    """Why a design fared as it did. `kind` is empty where the roots say all, else NO_EFFECT, UNKNOWN, TOGETHER or EITHER."""

    design: str
    symptom: str
    steps: tuple[Step, ...]
    roots: tuple[Root, ...]
    kind: str = ""
    complete: bool = True
    """Whether the steps lead from the symptom to what was hit without a gap."""

    @property
    def sentence(self) -> str:
        """The chain as one line."""
        if not self.roots:
            return f"{self.symptom}: {self.kind}"
        named = " and ".join(r.what if r.share is None else f"{r.what} ({format_share(r.share)})" for r in self.roots)
        return f"{self.symptom} because of {named}{f' ({self.kind})' if self.kind else ''}"


def rows(why: Why) -> list[Mapping[str, object]]:
    """A chain as reports keep it."""
    return [{"at": step.at_ns / 1e9, "where": step.where, "words": step.words} for step in why.steps]


# A whole design


def explain(run: Runner, design: str, flow: str = "", symptom: str = "") -> Why:
    """Why a finished run went wrong in one design: by its worst symptom, or by one of WORDS; of one flow, or of all."""
    everything = _everything(run)
    effects = _effects(run, design, flow, everything)
    chosen = symptom or next((name for name in WORDS if effects[name] > 0), "")
    if not chosen or effects[chosen] <= 0:
        same = "nothing is worse than without the faults" if not symptom else f"no {WORDS[symptom]} than without the faults"
        return Why(design, f"{design}: {same}", (), (), NO_EFFECT)
    words = f"{design}: {_amount(run, design, chosen, effects[chosen], flow)}"
    roots, kind = roots_of(run, lambda left_out: effects[chosen] - _effects(run, design, flow, left_out)[chosen])
    ill = cost.sums(run)[design].worse_nodes(cost.without(run, everything)[design])
    start = min(ill) if chosen == "ill" else flow or _worst_flow(run, design, chosen)
    return Explanation(run, design, start, roots, kind, words, chosen in OF_WORK).why(
        _first_no(run, design, flow or _worst_flow(run, design, chosen))
    )


def _everything(run: Runner) -> tuple[int, ...]:
    return tuple(range(len(run.records.injected)))


def _amount(run: Runner, design: str, symptom: str, value: float, flow: str) -> str:
    if symptom == "minutes":
        return f"{format_duration(round(value * 6e10))} {WORDS[symptom]}"
    if symptom == "slower":
        here, there = cost.sums(run)[design], cost.without(run, _everything(run))[design]
        name = flow or max(here.times, key=lambda one: sum(here.times[one]) - sum(there.times[one]))
        part = 1 if here.times[name][1] > there.times[name][1] else 0
        times = [format_duration(round(one.times[name][part] * 1e6)) for one in (here, there)]
        return f"work was done after {times[0]} instead of {times[1]} ({('median', 'p99')[part]})"
    return f"{value:,.0f} {WORDS[symptom]}"


def _effects(run: Runner, design: str, flow: str, left_out: Sequence[int]) -> dict[str, float]:
    """How much worse it was than without these faults, for each symptom."""
    effects = dict(cost.of(run, design, left_out, flow).counts)
    here, there = cost.sums(run)[design], cost.without(run, left_out)[design]
    effects["slower"] = here.slowness(flow) - there.slowness(flow)
    effects["ill"] = float(len(here.worse_nodes(there)))
    effects["different"] = here.differs(there, flow)
    return effects


def _worst_flow(run: Runner, design: str, symptom: str = "") -> str:
    """The flow that it befell most."""
    here, there = cost.sums(run)[design], cost.without(run, _everything(run))[design]

    def harm(flow: str) -> float:
        more = here.flows[flow].get(symptom, 0.0) - there.flows[flow].get(symptom, 0.0)
        return more or here.differs(there, flow)

    return max(here.flows, key=harm)


def _first_no(run: Runner, design: str, flow: str) -> int:
    """When a flow was first told no since the faults came, else when a node turned unhealthy, else when they came."""
    begun = run.windows().first_inject or 0
    world = run.world(design)
    width, no = world.series(f"{flow}.no")
    found = [max(begun, i * width) for i in range(begun // width, len(no)) if no[i]][:1]
    found += [turn.at_ns for turn in world.turns() if turn.unhealthy and turn.at_ns >= begun][:1]
    return min(found, default=begun)


# Which faults it was


def roots_of(run: Runner, bad: Bad) -> tuple[list[Root], str]:
    """The faults that did it, with their shares where these are clear; none where it is no better without them."""
    everything = _everything(run)
    here = bad(())
    whole = here - bad(everything) if everything else 0.0
    if whole <= 0:
        return [], NO_EFFECT
    if len(everything) == 1:
        return [_root(run, 0, 1.0)], ""
    if len(everything) > cost.MOST_FAULTS:
        return [_root(run, i, None) for i in everything], TOGETHER
    missed = {i: here - bad((i,)) for i in everything}
    alone = {i: _alone(bad, i, everything) for i in everything} if len(everything) <= MOST_ALONE else dict(missed)
    doers = [i for i in everything if max(missed[i], alone[i]) > INTERACTION * whole]
    if not doers:
        return [_root(run, i, None) for i in everything], TOGETHER
    enough = [i for i in doers if alone[i] >= (1 - INTERACTION) * whole]
    if len(enough) > 1 and all(missed[i] <= INTERACTION * whole for i in enough):
        return [_root(run, i, None) for i in enough], EITHER
    if abs(sum(missed[i] for i in doers) - whole) > INTERACTION * whole:
        return [_root(run, i, None) for i in doers], TOGETHER if len(doers) > 1 else ""
    shares = {i: (missed[i] + alone[i]) / 2 / whole for i in doers}
    ranked = sorted(doers, key=lambda i: (-shares[i], i))
    return [_root(run, i, min(1.0, max(0.0, shares[i]))) for i in ranked], ""


def _alone(bad: Bad, one: int, everything: tuple[int, ...]) -> float:
    """What one fault does where there is no other."""
    return bad(tuple(i for i in everything if i != one)) - bad(everything)


def _root(run: Runner, index: int, share: float | None) -> Root:
    injected = run.records.injected[index]
    return Root(injected.id, _named(injected), share)


def _named(fault: Injected) -> str:
    """A fault by its name, target and instant."""
    return f"{fault.command.what} on {fault.hit.words} at {_clock(fault.since_ns)}"


def _clock(ns: int) -> str:
    tenths = f".{ns // 100_000_000 % 10}" if ns % 1_000_000_000 else ""
    return f"{ns // 60_000_000_000:02d}:{ns // 1_000_000_000 % 60:02d}{tenths}"


# A claim that did not hold


def chains(run: Runner, reds: Sequence[Judged]) -> list[tuple[Offence | None, Why]]:
    """For each claim that failed in a simulated, finished run: where it first showed, with the message, and why."""
    firsts = Firsts(run, reds)
    return [(firsts.offence(red), _because(run, red, firsts.offence(red))) for red in reds]


def _because(run: Runner, red: Judged, offence: Offence | None) -> Why:
    figure = ClaimFigure(run, red)
    everything = _everything(run)
    if not everything:
        return Why(red.design, red.sentence, (), (), NO_EFFECT)
    if figure.value(()) is None and red.claim.how == IS:
        return Why(red.design, red.sentence, (), (), UNKNOWN)
    roots, kind = roots_of(run, figure.bad)
    at_ns = offence.at_ns if offence is not None else run.records.injected[0].since_ns
    start = figure.start()
    words = figure.words([root.fault - 1 for root in roots])
    if not roots:
        return Why(red.design, words, (Step(at_ns, start, f"{words}: {kind}"),), (), kind)
    late = figure.term.figure.removeprefix(COST).partition(".")[0] in OF_WORK
    return Explanation(run, figure.term.design or red.design, start, roots, kind, words, late).why(at_ns)


class ClaimFigure:
    """What a claim is about, read in the run itself and in those without some of its faults."""

    def __init__(self, run: Runner, red: Judged) -> None:
        self.run, self.claim, self.design = run, red.claim, red.design
        self.windows = run.windows()
        self.spans: list[Span] = self.windows.spans(self.claim.during, self.claim.span_ns)
        terms = terms_of(self.claim)
        self.term: Term = terms[0] if len(terms) == 1 else max(terms, key=self._moved)

    def _moved(self, term: Term) -> float:
        """How much one of two figures is another without the faults, as a share of itself."""
        other = cost.apart(self.run, _everything(self.run)).run
        here, there = self._read(self.run, term), self._read(other, term)
        if here is None or there is None or not isfinite(here - there):
            return 0.0 if here == there else 1.0
        return abs(here - there) / max(abs(here), abs(there), 1e-9)

    def _read(self, run: Runner, term: Term) -> float | None:
        world = run.world(term.design or self.design)
        return Evidence(run.worlds, self.windows, run).one(world, term, self.spans).value

    def start(self) -> str:
        """The node where the symptom shows."""
        subject = self.term.subject.partition(" ")[0]
        return subject or _worst_flow(self.run, self.term.design or self.design)

    def value(self, left_out: tuple[int, ...]) -> float | None:
        """The figure without some faults, in SI units; for a claim about instants 1 where it fails and 0 where it holds."""
        run = cost.apart(self.run, left_out).run if left_out else self.run
        if self.claim.how != IS:
            from chaos.judge.temporal import judge  # few files ask for it

            watcher = run.watcher(self.claim, self.design)
            held = None if watcher is None else judge(watcher, self.windows, self.spans).held
            return None if held is None else float(not held)
        if self.term.figure.startswith(COST):
            found = cost.without(self.run, left_out)[self.term.design or self.design].counts(self.term.subject)
            return found[self.term.figure.removeprefix(COST)] - self._free()
        return Evidence(run.worlds, self.windows, run).reading(self.claim, self.design, self.spans).value

    def _free(self) -> float:
        everything = cost.without(self.run, _everything(self.run))[self.term.design or self.design]
        return everything.counts(self.term.subject)[self.term.figure.removeprefix(COST)]

    def bad(self, left_out: tuple[int, ...]) -> float:
        """How far it is on the wrong side."""
        here, value = self.value(()), self.value(left_out)
        if self.claim.how != IS or here is None:
            return value or 0.0
        edges = [here, self.value(_everything(self.run))]
        if value is None or self.claim.op == "!=" or not all(edge is not None and isfinite(edge) for edge in edges):
            return float(value is None or not compare(value, self.claim.op, self.claim.value))
        up = self.claim.op in ("<", "<=") or (self.claim.op == "=" and here > self.claim.value)
        return value if up else -value

    def words(self, left_out: Sequence[int]) -> str:
        """What it was, and what it would have been without the faults that did it."""
        here = self.value(())
        chosen = tuple(sorted(left_out)) or _everything(self.run)
        other = self.value(chosen)
        which = "without the fault" if len(chosen) == 1 else "without the faults"
        what = self.claim.that if self.claim.during == "all" else f"{self.claim.that} during {self.claim.during}"
        if self.claim.how != IS:
            held = "it would have held" if not other else "it would not have held either"
            return f"{what} {self.claim.text} did not hold; {which} {held}"
        return f"{what} was {self._said(here)}; {which} {self._said(other)}"

    def _said(self, value: float | None) -> str:
        claim: Claim = self.claim
        unit = SECONDS if claim.how == EVENTUALLY else claim.unit or figure_of(self.term.subject, self.term.figure).unit
        return "there is nothing to read" if value is None else format_value(value, POINTS if unit == POINTS else unit)


# The way there


class Explanation:
    """Puts the steps together: the symptom, what differs on the way, the faults."""

    def __init__(
        self, run: Runner, design: str, start: str, roots: Sequence[Root], kind: str, words: str, late: bool
    ) -> None:
        self.run, self.design, self.start = run, design, start
        self.roots, self.kind, self.words, self.late = roots, kind, words, late
        self.faults = [run.records.injected[root.fault - 1] for root in roots]
        self.world = run.world(design)

    def why(self, at_ns: int) -> Why:
        """The whole chain; `at_ns` is when the symptom first showed."""
        if not self.roots:
            return Why(self.design, self.words, (), (), self.kind or UNKNOWN)
        stops = self._stops(at_ns)
        first = next((i for i, stop in enumerate(stops) if stop.tells), len(stops) - 1)
        steps = [Step(at_ns, self.start, self.words)]
        if self.late and first > 0:
            through = ", ".join(stop.node for stop in stops[1:first]) or self.start
            steps.append(Step(at_ns, through, "passes its messages on as without the fault"))
        steps += [self._step(stop) for stop in stops if stop.tells]
        complete = bool(stops) and not any(stop.gap for stop in stops[max(0, first - 1) if self.late else 0 :])
        steps += [self._hit(fault, root, complete) for fault, root in zip(self.faults, self.roots, strict=True)]
        return Why(self.design, self.words, tuple(steps), tuple(self.roots), self.kind, complete)

    def _stops(self, at_ns: int) -> list[Stop]:
        everything = _everything(self.run)
        here, there = cost.apart(self.run, ()).film, cost.apart(self.run, everything).film
        hit = [t for fault in self.faults for t in fault.hit.targets.get(self.design, ())]
        begun = min(fault.since_ns for fault in self.faults)
        trail = Trail(self.world.plan, here, there, begun, at_ns)
        return trail.way(self.start, frozenset(t.node for t in hit) - {""}, frozenset(t.link for t in hit) - {""})

    def _step(self, stop: Stop) -> Step:
        """What differs at one node and on the link that leads on from it."""
        begun = min(fault.since_ns for fault in self.faults)
        turned = [t.at_ns for t in self.world.turns() if t.node == stop.node and t.unhealthy and t.at_ns >= begun]
        seen = [sign.at_ns for sign in (stop.sign, stop.link_sign) if sign.strength]
        on_link = stop.link_sign.words
        if stop.node == self.start and on_link:
            return Step(stop.link_sign.at_ns, stop.link, on_link)
        words = [stop.sign.words, f"{stop.link}: {on_link}" if on_link else ""]
        return Step(min(seen + turned[:1]), stop.node, "; ".join(part for part in words if part))

    def _hit(self, fault: Injected, root: Root, complete: bool) -> Step:
        lasted = "" if fault.until_ns is None else f", for {format_duration(fault.until_ns - fault.since_ns)}"
        share = "" if root.share is None or len(self.roots) == 1 else f": {format_share(root.share)} of it"
        kind = f" ({self.kind})" if self.kind else ""
        seen = "" if complete else "; seen by leaving it out"
        words = f"injected on {fault.hit.words}{lasted}{share}{kind}{seen}"
        return Step(fault.since_ns, fault.command.what, words)

