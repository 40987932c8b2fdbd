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
class Entry:
    """One line of the timeline: at an instant, a verb with its target and parameters.

    `verb` is inject, heal, scale, rewire, set, rate or redrive. For inject, `what` is the fault's name, `on` the targets as
    written, `params` the fault's own inner values; `for_ns`, `ramp_ns` and `probability` belong to the entry.
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


@dataclass(frozen=True, slots=True)
class Claim:
    """One line of `steady` or `expect`: in some designs, a figure, during a window, compared with a number.

    `that` is `node.figure` such as web.success, web.latency.p99, backlog.depth.max; `during` is before, fault, recovery,
    after, all or an interval (`span_ns`); `op` one of < <= = != >= >; `value` in SI units.
    """

    designs: tuple[str, ...]
    that: str
    during: str
    op: str
    value: float
    text: str
    """The comparison as written, e.g. ">= 99%"."""
    span_ns: tuple[int, int] | None = None
    minimum: int = 100
    seeds: int | None = None
    """How many of the seeds it must hold in (`seeds: 19 of 20`); None: in all."""
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
