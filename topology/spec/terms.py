"""What a claim or a condition is about: `web.success`, `orders -> inventory.errors`, `fast.web.success - slow.web.success`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from topology.offering import emits
from topology.plan import DesignPlan, Term
from topology.spec import figures
from topology.spec.catalogue import Catalogue
from topology.spec.figures import Figure
from topology.units import shown

_BETWEEN = re.compile(r"\s+([-/])\s+")
_LINK = re.compile(r"(?:([^\s.]+)\.)?([^\s.]+)\s*(->|=>)\s*([^\s.]+)\.(\S+)")

_SORTS = {figures.COUNT: "count", figures.SHARE: "share", figures.SECONDS: "time", figures.RATE: "rate", figures.NUMBER: "number"}

EXAMPLE = "a figure such as web.success"


class Unreadable(Exception):
    """What is wrong with an expression, in words, with the name that is wrong and the names that there are."""

    def __init__(self, words: str, name: str = "", known: Iterable[str] = ()) -> None:
        super().__init__(words)
        self.words, self.name, self.known = words, name, list(known)


class Unsure(Exception):
    """It names a node that the file declares and that could not be read: nothing more is said of it."""


@dataclass(frozen=True, slots=True)
class Expression:
    """One figure, or two that are compared, and the designs whose own figures they are."""

    terms: tuple[Term, ...]
    between: str
    holders: tuple[str, ...]
    """The designs that have a row of their own; the first term's design alone, where each term names its design."""
    figures: tuple[Figure, ...]

    @property
    def text(self) -> str:
        """As people write it."""
        parts = [f"{t.design}.{t.that}" if t.design else t.that for t in self.terms]
        return f" {self.between} ".join(parts)

    @property
    def unit(self) -> str:
        """The unit of the whole."""
        if self.between == "/":
            return figures.NUMBER
        unit = self.figures[0].unit
        return figures.POINTS if self.between and unit == figures.SHARE else unit

    @property
    def signed(self) -> bool:
        """Whether it can be less than nothing."""
        return self.between == "-" or any(figure.signed for figure in self.figures)


class TermReader:
    """Reads expressions against the designs. `now` asks for figures of an instant in place of those of a window."""

    def __init__(self, catalogue: Catalogue, designs: tuple[DesignPlan, ...]) -> None:
        self.catalogue = catalogue
        self.designs = {design.name: design for design in designs}
        self.unsure: frozenset[str] = frozenset()

    def expression(self, text: str, within: tuple[str, ...], now: bool) -> Expression:
        """One figure or two, of these designs (none named: all that have it); Unreadable in plain words."""
        parts = _BETWEEN.split(text.strip())
        if len(parts) not in (1, 3):
            raise Unreadable(f"expected {EXAMPLE}, or two of them with - or / between; got {shown(text)}")
        terms = [self._term(part, within) for part in parts[::2]]
        found = [self._figure(term, within, now) for term in terms]
        if len(found) == 2 and found[0].unit != found[1].unit:
            sorts = [f"{term.that} is a {_SORTS[f.unit]}" for term, f in zip(terms, found, strict=True)]
            raise Unreadable(f"{' and '.join(sorts)}: they cannot be compared")
        return Expression(tuple(terms), parts[1] if len(parts) == 3 else "", self._rows(terms, within), tuple(found))

    def _rows(self, terms: list[Term], within: tuple[str, ...]) -> tuple[str, ...]:
        own = [term for term in terms if not term.design]
        if not own:
            return (terms[0].design,)
        rows = tuple(d for d in self._within(within) if all(self._has(d, term.subject) for term in own))
        if not rows:
            raise Unreadable(f"no design has both {' and '.join(term.subject for term in own)}")
        return rows

    def _within(self, within: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in self.designs if not within or name in within)

    def _has(self, design: str, subject: str) -> bool:
        plan = self.designs[design]
        return not subject or plan.node(subject) is not None or any(link.name == subject for link in plan.links)

    def _term(self, text: str, within: tuple[str, ...]) -> Term:
        """One figure, with its subject found in the designs that are meant."""
        text = text.strip()
        if match := _LINK.fullmatch(text):
            term = Term(match[1] or "", f"{match[2]} {match[3]} {match[4]}", match[5])
            if term.design and term.design not in self.designs:
                raise Unreadable(f"there is no design {shown(term.design)}", term.design, self.designs)
        else:
            term = self._dotted(text)
        if term.subject in self.unsure:
            raise Unsure
        self._found(term, within)
        return term

    def _dotted(self, text: str) -> Term:
        first, dot, rest = text.partition(".")
        if any(plan.node(first) for plan in self.designs.values()) or first in self.unsure:
            return Term("", first, rest)
        if text in figures.DESIGN_FIGURES:
            return Term("", "", text)
        if first in self.designs and rest:
            if rest in figures.DESIGN_FIGURES:
                return Term(first, "", rest)
            return Term(first, *figures.split(rest))
        if not dot:
            raise Unreadable(f"expected {EXAMPLE}, or one of {', '.join(figures.DESIGN_FIGURES)}; got {shown(text)}")
        return Term("", first, rest)

    def _found(self, term: Term, within: tuple[str, ...]) -> None:
        """See that each design that is meant by name has the node or the link, and that any has."""
        meant = (term.design,) if term.design else within
        missing = [d for d in meant or self.designs if not self._has(d, term.subject)]
        if not missing or (not meant and len(missing) < len(self.designs)):
            return
        is_link = " " in term.subject
        where = f"design {missing[0]}" if meant else "no design"
        words = f"{where} has {'no ' if meant else 'a '}{'link' if is_link else 'node'} {shown(term.subject)}"
        plans = [self.designs[d] for d in missing]
        known = [li.name for p in plans for li in p.links] if is_link else [n.name for p in plans for n in p.nodes]
        raise Unreadable(words, term.subject, dict.fromkeys(known if is_link or meant else [*known, *self.designs]))

    def _figure(self, term: Term, within: tuple[str, ...], now: bool) -> Figure:
        holders = [term.design] if term.design else [d for d in self._within(within) if self._has(d, term.subject)]
        for design in holders:
            role = self.role(term.subject, design)
            emitting = self.emitting(term.subject, design)
            known = figures.figures_now(role, emitting) if now else figures.figures(role, emitting)
            if term.figure not in known:
                raise self._no_figure(term, design, role, known, now)
        return known[term.figure]

    def role(self, subject: str, design: str) -> str:
        """The role of a node in a design, or that of a link or of the design itself."""
        if not subject or " " in subject:
            return figures.LINK if subject else figures.DESIGN
        plan = self.designs[design].node(subject)
        assert plan is not None
        return str(self.catalogue.kind(plan.kind).role)

    def emitting(self, subject: str, design: str) -> bool:
        """Whether a node in a design makes new messages, so that it has the figures of a flow, too."""
        plan = self.designs[design].node(subject)
        return plan is not None and emits(self.catalogue.kind(plan.kind), subject, self.designs[design].links)

    def _no_figure(self, term: Term, design: str, role: str, known: dict[str, Figure], now: bool) -> Unreadable:
        name, subject = term.figure, term.subject or design
        plan = self.designs[design].node(subject)
        what = f"{subject}, a {plan.kind}," if plan is not None else subject
        if any(k.startswith(f"{name}.") for k in known):
            parts = [k for k in known if k.startswith(f"{name}.")]
            return Unreadable(f"expected which part of {term.that}: {', '.join(parts)}", name, known)
        emitting = self.emitting(subject, design)
        other = figures.figures(role, emitting) if now else figures.figures_now(role, emitting)
        if name in other or any(k.startswith(f"{name}.") for k in other):
            if not now:
                return Unreadable(f"{term.that} is a figure of an instant: say 'always', 'never' or 'eventually' of it, not 'is'")
            instead = figures.names(known) or "none"
            return Unreadable(f"{term.that} is a figure of a whole window; at an instant {subject} has {instead}")
        moment = " at an instant" if now else ""
        return Unreadable(f"{what} has no figure {shown(name)}{moment}; it has {figures.names(known)}", name, known)
