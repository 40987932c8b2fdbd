"""A checked playground, as the worlds and the experiment read it: names, inner values, no text left to parse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CALL, HANDOFF = "->", "=>"
PINNED, LIST, BALANCED, PULL, PUSH = "pinned", "list", "balanced", "pull", "push"


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One declared node of one design. `values` are inner values by parameter; `policies` the same, by policy."""

    name: str
    kind: str
    replicas: int
    values: dict[str, Any]
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    dice: str = ""
    """The name under which draws are made: two nodes with one dice name see the same work."""
    shared: bool = True
    """Whether the node is declared for every design, and so counts for the blast radius."""
    zones: int = 0
    """Over how many zones its replicas are spread in turn; 0: it is not tied to zones."""


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """One link: `caller -> callee` (a call) or `caller => callee` (a hand-off, or a consumer, see `wiring`).

    `values`: delay (Dist or None), optional, cancel, batch, wait, on_failure, restart … as `topology.links` declares them.
    """

    caller: str
    callee: str
    mode: str
    wiring: str
    values: dict[str, Any] = field(default_factory=dict)
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How people write it: `orders -> inventory`."""
        return f"{self.caller} {self.mode} {self.callee}"


@dataclass(frozen=True, slots=True)
class FlowPlan:
    """What one producer offers, and the nodes that must each do their part once."""

    producer: str
    work: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DesignPlan:
    """One way to wire the nodes."""

    name: str
    nodes: tuple[NodePlan, ...]
    links: tuple[LinkPlan, ...]
    about: str = ""

    def node(self, name: str) -> NodePlan | None:
        """The node of that name, or None."""
        return next((n for n in self.nodes if n.name == name), None)


@dataclass(frozen=True, slots=True)
class When:
    """A condition on the grid: the entry is done once this holds at a grid step, and has held for `held_ns`.

    `that` is `node.figure` or `caller -> callee.figure`, as a figure of an instant. `design` names the design whose condition
    it is; where it is empty, each design that has the node goes by its own, and the entry then acts in that design alone.
    """

    that: str
    op: str
    value: float
    text: str
    """The condition as written, e.g. "backlog.depth > 1000"."""
    held_ns: int = 0
    design: str = ""
    rest_ns: int = 0
    """How long it takes at least from one time to the next, where the entry says `times`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline: at an instant, a verb with its target and parameters.

    `verb` is inject, heal, scale, rewire, set, rate, redrive or flush. For inject, `what` is the fault's name, `on` the targets
    as written, `params` the fault's own inner values; `for_ns`, `ramp_ns` and `probability` belong to the entry.
    For set, `on` is `node.param` and `to` the inner value; for scale and rate, `to` is the number.
    """

    at_ns: int
    verb: str
    what: str = ""
    on: tuple[str, ...] = ()
    designs: tuple[str, ...] = ()
    for_ns: int | None = None
    ramp_ns: int = 0
    probability: float = 1.0
    to: Any = None
    params: dict[str, Any] = field(default_factory=dict)
    line: int = 0
    times: int = 1
    """How often it is done: `every_ns` apart from `at_ns` on, or as often as `when` holds, at most."""
    every_ns: int = 0
    when: When | None = None
    """The condition that it waits for; `at_ns` is then the instant from which it is looked at."""

    def instants(self) -> tuple[int, ...]:
        """When it is done, as far as the file alone tells: never, for one that waits for a condition."""
        return () if self.when is not None else tuple(self.at_ns + i * self.every_ns for i in range(self.times))


@dataclass(frozen=True, slots=True)
class Term:
    """One figure in a claim: of which design (empty: of the row's own), of which node or link (empty: of the design), which."""

    design: str
    subject: str
    figure: str

    @property
    def that(self) -> str:
        """The figure with what it is of: `web.success`, or `blast_radius` where that is the design."""
        return f"{self.subject}.{self.figure}" if self.subject else self.figure


IS, ALWAYS, NEVER, EVENTUALLY = "is", "always", "never", "eventually"
"""How a claim is meant: of a figure over the whole window, or of a figure of an instant, on the grid."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One line of `steady` or `expect`: in some designs, a figure, during a window, compared with a number.

    `that` is `node.figure` such as web.success, web.latency.p99, backlog.depth.max; `during` is before, fault, recovery,
    after, all or an interval (`span_ns`); `op` one of < <= = != >= >; `value` in SI units. `terms` holds two figures where
    the claim is about their difference (`between` is -) or ratio (/), and else the one.
    """

    designs: tuple[str, ...]
    that: str
    during: str
    op: str
    value: float
    text: str
    """The comparison as written, e.g. ">= 99%"."""
    span_ns: tuple[int, int] | None = None
    minimum: int = 1
    """How many messages the window needs; a figure of fewer is unknown."""
    seeds: int | None = None
    """How many of the seeds it must hold in (`seeds: 19 of 20`); None: in all."""
    line: int = 0
    how: str = IS
    within_ns: int | None = None
    """For `eventually`: how long after the window begins it may take; None: as long as the window lasts."""
    terms: tuple[Term, ...] = ()
    between: str = ""
    unit: str = ""
    of_seeds: int = 0
    """Of how many seeds `seeds` speaks; of more or fewer it takes the same share. 0 where it must hold in all."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One line of the screenplay: at an instant of the run, what a film shows beside the run itself.

    `verb` is press (`words` are the keys), type, caption, chapter, zoom (`words` has one) or hold, which lasts `for_ns` of the
    film, as a caption may.
    """

    at_ns: int
    verb: str
    words: tuple[str, ...] = ()
    for_ns: int | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Playground:
    """A checked playground: what to build, what to do to it, what must come of it."""

    name: str
    about: str
    duration_ns: int
    designs: tuple[DesignPlan, ...]
    flows: tuple[FlowPlan, ...]
    timeline: tuple[Entry, ...] = ()
    steady: tuple[Claim, ...] = ()
    expect: tuple[Claim, ...] | None = None
    """None where the file has no `expect` key: an exploration."""
    lesson: str = ""
    price: str = ""
    seed: int = 1
    warmup_ns: int = 5_000_000_000
    settle_ns: int = 30_000_000_000
    drain_ns: int = 60_000_000_000
    grid_ns: int = 100_000_000
    run: RunPlan | None = None
    screenplay: tuple[Scene, ...] = ()
    """What a film of it shows beside the run, in the order of the instants; no part of the canonical text."""
    canonical: str = ""
    """The playground as one canonical JSON text: what the digest covers."""
    source: str = ""
    """The text it was read from, so that it can be saved again."""
    path: str = ""

    def design(self, name: str) -> DesignPlan:
        """The design of that name; KeyError when there is none."""
        for design in self.designs:
            if design.name == name:
                return design
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The `run:` block of a run file: seed, end, all commands, digest."""

    seed: int
    end_ns: int
    commands: tuple[dict[str, Any], ...]
    digest: str = ""
