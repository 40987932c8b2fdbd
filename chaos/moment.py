"""A moment: all designs at one instant, with faults, log and verdict. What the screen draws and a film holds."""

from __future__ import annotations

from dataclasses import dataclass

from topology.frame import Frame


@dataclass(frozen=True, slots=True)
class FaultFrame:
    """One fault that was injected."""

    id: int
    what: str
    on: str
    """Targets in words: "inventory (all replicas)"."""
    designs: tuple[str, ...]
    since_ns: int
    until_ns: int | None
    """When it heals by itself, or was healed; None while it is on with no end."""
    active: bool
    nodes: tuple[str, ...] = ()
    """The nodes that it lies on; for a link, both of its ends."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the event log, in plain words. `tone` is info, bad or good; `design` may be empty (all designs)."""

    at_ns: int
    design: str
    words: str
    tone: str = "info"


@dataclass(frozen=True, slots=True)
class DesignVerdict:
    """One design's figures since the first fault (or since the start while there is none), and its sentence."""

    design: str
    offered: int
    told_yes: int
    told_no: int
    waiting: int
    oldest_ns: int
    done_after_no: int
    half_done: int
    lost: int
    dead_lettered: int
    duplicates: int
    blast: tuple[str, ...]
    """Shared nodes, not hit themselves, that turned unhealthy."""
    blast_radius: float
    recovered_after_ns: int | None
    """From the last heal until answers were back to normal; None while they are not, or nothing was healed."""
    drained_after_ns: int | None
    """From the last heal until the backlog was back to normal."""
    stale_ns: int
    """The longest time from a yes to the end of the work that it promised: the price of decoupling."""
    sentence: str
    unanswered: int = 0
    """Messages that have no answer yet."""
    degraded: int = 0
    """Messages whose answer was a substitute: a default, or something old."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The comparison in words a person understands, a line for each design; and the figures, from the ledgers."""

    since_ns: int
    sentence: str
    designs: tuple[DesignVerdict, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything that the screen needs for one picture."""

    playground: str
    seed: int
    at_ns: int
    end_ns: int
    frames: tuple[Frame, ...]
    faults: tuple[FaultFrame, ...]
    log: tuple[LogLine, ...]
    verdict: Verdict
    commands: int
    """How many commands were given so far."""
