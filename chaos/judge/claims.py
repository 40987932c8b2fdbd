"""Claims and what became of them: pass, fail, or unknown, which is never a pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chaos.figures import Reading, offered_in, read
from chaos.judge.evidence import Evidence, terms_of
from chaos.judge.offence import Offence, first_offence
from chaos.judge.windows import SLICE_NS, Span, Windows
from topology.plan import EVENTUALLY, IS, Claim, Term
from topology.spec.figures import SECONDS, Figure, compare, figure_of, format_value
from topology.world import World

if TYPE_CHECKING:
    from chaos.judge.why import Why
    from chaos.runner import Runner

PASS, FAIL, UNKNOWN = "pass", "fail", "unknown"

MOST_CARRIED = 0.05
"""A gate is unknown when more than this share of its messages had no answer when the first fault came."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One claim in one design: what was read, and whether it held."""

    claim: Claim
    design: str
    value: float | None
    verdict: str
    why: str = ""
    """Why it is unknown, or which slice of the gate failed."""
    offence: Offence | None = None
    """For one that failed: where it first showed, as far as the grid tells, or the first message if that was looked for."""
    chain: Why | None = None
    """For one that failed: why, where that was asked."""

    @property
    def sentence(self) -> str:
        """The claim and its value, for people."""
        claim = self.claim
        unit = SECONDS if claim.how == EVENTUALLY else claim.unit or _figure(terms_of(claim)[0]).unit
        value = "nothing to read" if self.value is None else format_value(self.value, unit)
        during = "" if claim.during == "all" else f" during {claim.during}"
        why = f" ({self.why})" if self.why else ""
        row = "" if all(term.design for term in terms_of(claim)) else f"{self.design}: "
        return f"{row}{claim.that}{during} {claim.text}: {value}{why}"


def _rows(claims: Sequence[Claim], worlds: Sequence[World]) -> list[tuple[Claim, World]]:
    """Each claim in each of its designs, as far as all the designs that it names are there."""
    names = {world.plan.name for world in worlds}
    here = [claim for claim in claims if all(term.design in names for term in terms_of(claim) if term.design)]
    return [(claim, world) for claim in here for world in worlds if world.plan.name in claim.designs]


def expectations(claims: Sequence[Claim], worlds: Sequence[World], windows: Windows, run: Runner | None = None) -> list[Judged]:
    """Judge each claim in each of its designs; without the run, claims that need more than the worlds are unknown."""
    evidence = Evidence(worlds, windows, run)
    return [_missing(_expected(claim, world, evidence), evidence) for claim, world in _rows(claims, worlds)]


def _expected(claim: Claim, world: World, evidence: Evidence) -> Judged:
    windows = evidence.windows
    spans = windows.spans(claim.during, claim.span_ns)
    if not windows.inside(spans):
        return Judged(claim, world.plan.name, None, UNKNOWN, "the window is empty")
    if claim.how != IS:
        return _watched(claim, world.plan.name, evidence, spans)
    judged = _judge(claim, world.plan.name, evidence.reading(claim, world.plan.name, spans))
    if judged.verdict != FAIL:
        return judged
    return replace(judged, offence=first_offence(claim, world, spans))


def _watched(claim: Claim, design: str, evidence: Evidence, spans: Sequence[Span]) -> Judged:
    """A claim about instants, which was watched while the run went."""
    from chaos.judge.temporal import judge  # few files ask for it

    watcher = evidence.run.watcher(claim, design) if evidence.run is not None else None
    if watcher is None:
        return Judged(claim, design, None, UNKNOWN, "it was not watched")
    found = judge(watcher, evidence.windows, spans)
    verdict = UNKNOWN if found.held is None else PASS if found.held else FAIL
    offence = None if found.offence_ns is None else Offence(found.offence_ns, *_seen(claim, found.offence))
    return Judged(claim, design, found.value, verdict, found.why, offence)


def _seen(claim: Claim, value: float | None) -> tuple[str, float | None, str]:
    """Of what, which value, and that in words."""
    node = terms_of(claim)[0].subject
    if value is None:
        return node, None, f"{claim.that} had not come to {claim.op} {format_value(claim.value, claim.unit)}"
    return node, value, f"{claim.that} was {format_value(value, claim.unit)}"


def _missing(judged: Judged, evidence: Evidence) -> Judged:
    """What held while a fault that was to come never came shows nothing, except before the first fault."""
    claim = judged.claim
    if judged.verdict != PASS or evidence.run is None or claim.during == "before":
        return judged
    for design in dict.fromkeys(term.design or judged.design for term in terms_of(claim)):
        for missing in evidence.run.missing(design):
            if claim.span_ns is None or claim.span_ns[1] > missing.from_ns:
                return replace(judged, verdict=UNKNOWN, why=missing.words)
    return judged


def _judge(claim: Claim, design: str, reading: Reading) -> Judged:
    if reading.value is None:
        return Judged(claim, design, None, UNKNOWN, reading.why or "no message to read it from")
    if reading.messages < claim.minimum and _of_messages(claim):
        few = (
            f"only {reading.messages:,} messages, and it takes {claim.minimum:,}"
            if reading.messages
            else "no message was offered"
        )
        return Judged(claim, design, reading.value, UNKNOWN, few)
    ends = {compare(end, claim.op, claim.value) for end in (reading.low, reading.high)}
    if claim.op in ("=", "!=") and reading.low < claim.value < reading.high:
        ends.add(claim.op == "=")
    if len(ends) > 1:
        return Judged(claim, design, reading.value, UNKNOWN, "what is still open could turn it")
    return Judged(claim, design, reading.value, PASS if ends == {True} else FAIL)


def _of_messages(claim: Claim) -> bool:
    """Whether it is about what became of messages, and not about how many came."""
    terms = terms_of(claim)
    return not any(_figure(term).grid for term in terms) and [term.figure for term in terms] != ["offered"]


def _figure(term: Term) -> Figure:
    return figure_of(term.subject, term.figure)


Carried = Mapping[tuple[str, str], int]
"""By design and producer, the messages that had no answer when the first fault came."""


def gate(
    claims: Sequence[Claim], worlds: Sequence[World], windows: Windows, carried: Carried, run: Runner | None = None
) -> list[Judged]:
    """Judge the steady state before the first fault: the whole of it, and each slice."""
    evidence = Evidence(worlds, windows, run)
    return [_steady(claim, world, evidence, carried) for claim, world in _rows(claims, worlds)]


def _steady(claim: Claim, world: World, evidence: Evidence, carried: Carried) -> Judged:
    windows, design = evidence.windows, world.plan.name
    spans = windows.spans("before")
    if not windows.inside(spans):
        return Judged(claim, design, None, UNKNOWN, "the first fault came before the warm-up was over")
    if claim.how != IS:
        return _watched(claim, design, evidence, spans)
    whole = evidence.reading(claim, design, spans)
    if problem := _too_little(claim, evidence, design, spans, carried):
        return Judged(claim, design, whole.value, UNKNOWN, problem)
    judged = _judge(claim, design, whole)
    if judged.verdict != PASS or not all(_figure(term).windowed for term in terms_of(claim)):
        return judged
    for span in slices(claim, world, windows, spans):
        part = _judge(replace(claim, minimum=0), design, evidence.reading(claim, design, [span]))
        if part.verdict != PASS:
            return Judged(claim, design, part.value, part.verdict, f"from {_clock(span[0])} to {_clock(span[1])}")
    return judged


def _too_little(claim: Claim, evidence: Evidence, row: str, spans: Sequence[Span], carried: Carried) -> str:
    """Why the gate cannot be judged: too few messages, or too many still under way when the fault came."""
    for term in terms_of(claim):
        if _figure(term).grid:
            continue
        design = term.design or row
        offered = read(evidence.worlds[design], f"{term.subject}.offered", evidence.windows, spans).value or 0
        if offered < claim.minimum:
            return f"only {offered:,.0f} messages, and it takes {claim.minimum}"
        open_then = carried.get((design, term.subject), 0)
        if open_then > MOST_CARRIED * offered:
            return f"{open_then:,} messages had no answer when the first fault came, more than 5 % of it"
    return ""


def slices(claim: Claim, world: World, windows: Windows, spans: Sequence[Span]) -> list[Span]:
    """The gate in slices, each joined with the next until it holds enough messages; a short rest joins the last."""
    node = terms_of(claim)[0].subject
    enough = claim.minimum if node in offered_in(world) else 0
    found: list[Span] = []
    begin: int | None = None
    for era in windows.inside(spans):
        first = windows.eras[era]
        last = windows.eras[era + 1] if era + 1 < len(windows.eras) else windows.end_ns
        begin = first if begin is None else begin
        if _offered(world, node, windows, (begin, last)) >= enough and last - begin >= SLICE_NS:
            found.append((begin, last))
            begin = None
    if begin is not None:
        end = max(high for _, high in spans)
        found = [*found[:-1], (found[-1][0], end)] if found else [(begin, end)]
    return found


def _offered(world: World, node: str, windows: Windows, span: Span) -> float:
    if node not in offered_in(world):
        return 0.0
    return read(world, f"{node}.offered", windows, [span]).value or 0.0


def _clock(ns: int) -> str:
    return f"{ns // 60_000_000_000:02d}:{ns // 1_000_000_000 % 60:02d}"
