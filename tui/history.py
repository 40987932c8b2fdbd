"""What the panel's small curves show: a few figures of each design, once every half second of the run."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.moment import Moment
from topology.frame import Frame

STEP_NS = 500_000_000
KEPT = 240


@dataclass(frozen=True, slots=True)
class Figures:
    """One design's customers at one instant, over all its producers."""

    yes: float
    no: float
    done: float
    waiting: int
    oldest_ns: int
    told_yes: int
    told_no: int
    work_done: int


def figures_of(frame: Frame) -> Figures:
    """The sums over a design's flows."""
    flows = frame.flows
    return Figures(
        yes=sum(f.rate_yes for f in flows),
        no=sum(f.rate_no for f in flows),
        done=sum(f.rate_done for f in flows),
        waiting=sum(f.waiting for f in flows),
        oldest_ns=max((f.oldest_ns for f in flows), default=0),
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

    def last(self, design: str, count: int) -> list[Figures]:
        """The newest samples of a design."""
        return [figures for _, figures in self.samples.get(design, [])[-count:]]

    def top_rate(self, count: int) -> float:
        """The greatest rate among the newest samples of all designs: the common scale."""
        every = (f for design in self.samples for f in self.last(design, count))
        return max((max(f.yes, f.no, f.done) for f in every), default=0.0)

    def top_waiting(self, count: int) -> int:
        """The longest queue of work among the newest samples of all designs."""
        every = (f for design in self.samples for f in self.last(design, count))
        return max((f.waiting for f in every), default=0)
