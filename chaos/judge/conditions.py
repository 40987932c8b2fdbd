"""Entries of a timeline that wait for a condition: looked at on each grid step, done when it holds.

What a condition gives at a grid step is stamped a nanosecond later, so that a run file with the commands repeats it exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chaos.command import Command
from chaos.inputs import from_entry
from chaos.judge.instants import Instants
from topology.plan import DesignPlan, Entry, Playground, Term, When
from topology.spec.figures import compare, split
from topology.spec.targets import parse_target


@dataclass(slots=True)
class Post:
    """One entry that waits, by the condition of one design."""

    entry: Entry
    when: When
    design: str
    """Whose condition it is."""
    acts: tuple[str, ...]
    """Where the entry then acts; empty: wherever it can."""
    term: Term
    left: int
    """How often it may still come."""
    since_ns: int | None = None
    """Since when the condition has held without a break."""
    rests_until_ns: int = 0

    @property
    def fired(self) -> int:
        """How often it came."""
        return self.entry.times - self.left

    def looks(self, at_ns: int, instants: Instants) -> bool:
        """Whether it comes at this grid step."""
        if not self.left or at_ns < max(self.entry.at_ns, self.rests_until_ns):
            return False
        value = instants.one(self.design, self.term.subject, self.term.figure)
        if not isinstance(value, float) or not compare(value, self.when.op, self.when.value):
            self.since_ns = None
            return False
        self.since_ns = at_ns if self.since_ns is None else self.since_ns
        if at_ns - self.since_ns < self.when.held_ns:
            return False
        self.left -= 1
        self.since_ns = None
        self.rests_until_ns = at_ns + self.when.rest_ns
        return True


def posts_of(playground: Playground) -> list[Post]:
    """Every entry that waits, for each design by whose condition it goes, in the order of the file."""
    found = []
    for entry in playground.timeline:
        if entry.when is not None:
            found += [_post(entry, entry.when, plan.name) for plan in playground.designs if _waits_in(entry, entry.when, plan)]
    return found


def _post(entry: Entry, when: When, design: str) -> Post:
    subject, figure = split(when.that)
    acts = entry.designs if when.design else (design,)
    return Post(entry, when, design, acts, Term("", subject, figure), entry.times)


def _waits_in(entry: Entry, when: When, plan: DesignPlan) -> bool:
    if when.design:
        return plan.name == when.design
    return (not entry.designs or plan.name in entry.designs) and _has(plan, split(when.that)[0]) and _hits(plan, entry)


def _has(plan: DesignPlan, subject: str) -> bool:
    return plan.node(subject) is not None or any(link.name == subject for link in plan.links)


def _hits(plan: DesignPlan, entry: Entry) -> bool:
    """Whether the design has what the entry acts on, as far as names tell."""
    if entry.verb == "set":
        return plan.node(split(entry.on[0])[0]) is not None
    aims = [parse_target(text) for text in entry.on if not text.startswith("#")]
    named = [aim.node or " ".join(aim.link or ()) for aim in aims]
    return not named or any(not name or _has(plan, name) for name in named)


def due(posts: Iterable[Post], at_ns: int, instants: Instants, playground: Playground) -> list[tuple[Post, Command]]:
    """What comes at this grid step: all are judged by the same picture before any is done; one entry gives one command."""
    firing = [post for post in posts if post.looks(at_ns, instants)]
    found = []
    for post in firing:
        same = [one for one in firing if one.entry is post.entry]
        if same[0] is not post:
            continue
        acts = tuple(dict.fromkeys(name for one in same for name in one.acts))
        found.append((post, from_entry(playground, post.entry, by="condition", at_ns=at_ns + 1, designs=acts)))
    return found
