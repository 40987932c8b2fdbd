"""What the panel's small curves show: a few figures of each design, once every half second of the run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chaos.moment import Moment
from topology.frame import Frame

STEP_NS = 500_000_000
KEPT = 240
SPAN = 60
"""Samples that a curve shows at least, however narrow it is."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One design's customers at one instant, over all its producers."""

    yes: float
    no: float
    done: float
    waiting: int
    """Without an answer, or told yes and not yet done."""
    silent: int
    """Of these, without an answer."""
    oldest_ns: int
    dead: int
    lost: int
    told_yes: int
    told_no: int
    work_done: int


@dataclass(frozen=True, slots=True)
class Scales:
    """What the top of each curve means; all designs share them. A backlog is drained faster than anyone is answered,
    so that what is done has a scale of its own."""

    answers: float
    done: float
    waiting: int


def figures_of(frame: Frame) -> Figures:
    """The sums over a design's customers; what a node inside offers, such as alerts, is no request of theirs."""
    flows = frame.customers()
    return Figures(
        yes=sum(f.rate_yes for f in flows),
        no=sum(f.rate_no for f in flows),
        done=sum(f.rate_done for f in flows),
        waiting=sum(f.in_system for f in flows),
        silent=sum(f.unanswered for f in flows),
        oldest_ns=max((f.oldest_ns for f in flows), default=0),
        dead=sum(f.dead_lettered for f in flows),
        lost=sum(f.lost for f in flows),
        told_yes=sum(f.told_yes for f in flows),
        told_no=sum(f.told_no for f in flows),
        work_done=sum(f.done for f in flows),
    )


class History:
    """A bounded memory of figures by design; the newest is last."""

    def __init__(self) -> None:
        self.samples: dict[str, list[tuple[int, Figures]]] = {}

    def add(self, moment: Moment) -> None:
        """Remember a moment where a new step has begun."""
        for frame in moment.frames:
            kept = self.samples.setdefault(frame.design, [])
            if not kept or moment.at_ns // STEP_NS > kept[-1][0] // STEP_NS:
                kept.append((moment.at_ns, figures_of(frame)))
                del kept[:-KEPT]

    def cut(self, at_ns: int) -> None:
        """Forget what came after an instant."""
        for kept in self.samples.values():
            while kept and kept[-1][0] > at_ns:
                kept.pop()

    def columns(self, design: str, count: int) -> list[Figures]:
        """The newest samples of a design as at most so many columns, which together span half a minute or more."""
        if count <= 0:
            return []
        width_ns = STEP_NS * max(1, -(-SPAN // count))
        groups: dict[int, list[Figures]] = {}
        for at_ns, figures in self.samples.get(design, []):
            groups.setdefault(at_ns // width_ns, []).append(figures)
        return [_together(group) for group in list(groups.values())[-count:]]

    def scales(self, count: int) -> Scales:
        """The greatest figures in the columns of all designs."""
        every = [figures for design in self.samples for figures in self.columns(design, count)]
        return Scales(
            answers=max((max(f.yes, f.no) for f in every), default=0.0),
            done=max((f.done for f in every), default=0.0),
            waiting=max((f.waiting for f in every), default=0),
        )


def _together(group: list[Figures]) -> Figures:
    """One column: the mean of the rates, the longest queue."""
    count = len(group)
    return replace(
        group[-1],
        yes=sum(f.yes for f in group) / count,
        no=sum(f.no for f in group) / count,
        done=sum(f.done for f in group) / count,
        waiting=max(f.waiting for f in group),
        silent=max(f.silent for f in group),
    )
