"""Claims and what became of them: pass, fail, or unknown, which is never a pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chaos.figures import Reading, flows_of, read
from chaos.windows import SLICE_NS, Span, Windows
from topology.plan import Claim
from topology.spec.figures import compare, figure, format_value, split
from topology.world import World

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

    @property
    def sentence(self) -> str:
        """The claim and its value, for people."""
        unit = figure(split(self.claim.that)[1]).unit
        value = "nothing to read" if self.value is None else format_value(self.value, unit)
        during = "" if self.claim.during == "all" else f" during {self.claim.during}"
        why = f" ({self.why})" if self.why else ""
        return f"{self.design}: {self.claim.that}{during} {self.claim.text}: {value}{why}"


def expectations(claims: Sequence[Claim], worlds: Sequence[World], windows: Windows) -> list[Judged]:
    """Judge each claim in each of its designs."""
    return [_expected(c, w, windows) for c in claims for w in worlds if w.plan.name in c.designs]


def _expected(claim: Claim, world: World, windows: Windows) -> Judged:
    spans = windows.spans(claim.during, claim.span_ns)
    if not windows.inside(spans):
        return Judged(claim, world.plan.name, None, UNKNOWN, "the window is empty")
    return _judge(claim, world.plan.name, read(world, claim.that, windows, spans))


def _judge(claim: Claim, design: str, reading: Reading) -> Judged:
    if reading.value is None:
        return Judged(claim, design, None, UNKNOWN, "no message to read it from")
    ends = {compare(end, claim.op, claim.value) for end in (reading.low, reading.high)}
    if claim.op in ("=", "!=") and reading.low < claim.value < reading.high:
        ends.add(claim.op == "=")
    if len(ends) > 1:
        return Judged(claim, design, reading.value, UNKNOWN, "what is still open could turn it")
    return Judged(claim, design, reading.value, PASS if ends == {True} else FAIL)


Carried = Mapping[tuple[str, str], int]
"""By design and producer, the messages that had no answer when the first fault came."""


def gate(claims: Sequence[Claim], worlds: Sequence[World], windows: Windows, carried: Carried) -> list[Judged]:
    """Judge the steady state before the first fault: the whole of it, and each slice."""
    return [_steady(c, w, windows, carried) for c in claims for w in worlds if w.plan.name in c.designs]


def _steady(claim: Claim, world: World, windows: Windows, carried: Carried) -> Judged:
    design = world.plan.name
    spans = windows.spans("before")
    if not windows.inside(spans):
        return Judged(claim, design, None, UNKNOWN, "the first fault came before the warm-up was over")
    whole = read(world, claim.that, windows, spans)
    if problem := _too_little(claim, world, windows, spans, carried):
        return Judged(claim, design, whole.value, UNKNOWN, problem)
    judged = _judge(claim, design, whole)
    if judged.verdict != PASS:
        return judged
    for span in slices(claim, world, windows, spans):
        part = _judge(claim, design, read(world, claim.that, windows, [span]))
        if part.verdict != PASS:
            return Judged(claim, design, part.value, part.verdict, f"from {_clock(span[0])} to {_clock(span[1])}")
    return judged


def _too_little(claim: Claim, world: World, windows: Windows, spans: Sequence[Span], carried: Carried) -> str:
    """Why the gate cannot be judged: too few messages, or too many still under way when the fault came."""
    if figure(split(claim.that)[1]).grid:
        return ""
    node = split(claim.that)[0]
    offered = read(world, f"{node}.offered", windows, spans).value or 0
    if offered < claim.minimum:
        return f"only {offered:,.0f} messages, and it takes {claim.minimum}"
    open_then = carried.get((world.plan.name, node), 0)
    if open_then > MOST_CARRIED * offered:
        return f"{open_then:,} messages had no answer when the first fault came, more than 5 % of it"
    return ""


def slices(claim: Claim, world: World, windows: Windows, spans: Sequence[Span]) -> list[Span]:
    """The gate in slices, each joined with the next until it holds enough messages; a short rest joins the last."""
    node = split(claim.that)[0]
    enough = claim.minimum if node in flows_of(world) else 0
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
    if node not in flows_of(world):
        return 0.0
    return read(world, f"{node}.offered", windows, [span]).value or 0.0


def _clock(ns: int) -> str:
    return f"{ns // 60_000_000_000:02d}:{ns // 1_000_000_000 % 60:02d}"
