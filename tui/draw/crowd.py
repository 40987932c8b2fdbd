"""A folded group as one thing to draw: the sums of its nodes, how many are in which state, and its links as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from topology.frame import DOWN, OK, PAUSED, STRAINED, Frame, LayerFrame, LinkFrame, NodeFrame
from tui.draw import figures, glyphs
from tui.draw.routing import FAILING_SHARE, Line, line_of, phase_of

WORST_FIRST = (DOWN, PAUSED, STRAINED, OK)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Several nodes drawn as one. `sums` is what one node would show that did what all of them do."""

    first: str
    last: str
    states: dict[str, int]
    sums: NodeFrame

    @property
    def size(self) -> int:
        """How many nodes."""
        return sum(self.states.values())

    def name(self, room: int) -> str:
        """From the first to the last, in the longest words that fit."""
        same = takewhile(lambda pair: pair[0] == pair[1], zip(self.first, self.last, strict=False))
        shared = "".join(letter for letter, _ in same).rstrip("0123456789")
        options = (
            f"{self.first}..{self.last}",
            f"{self.first}..{self.last[len(shared) :]}",
            f"{shared}* ×{self.size:,}" if shared else f"{self.size:,} nodes",
        )
        return next((words for words in options if len(words) <= room), figures.fit(options[-1], room))

    def counts(self, room: int) -> str:
        """How many are in which state, in the longest words that fit; what is not well never gives way to what is."""
        found = [state for state in WORST_FIRST if self.states.get(state)]
        ill = [state for state in found if state != OK]
        options = [
            ", ".join(f"{self.states[state]:,} {glyphs.STATE_WORDS[state]}" for state in [*found[-1:], *found[:-1]]),
            signs(self.states, found),
            signs(self.states, ill or found),
        ]
        return next((words for words in options if len(words) <= room), figures.fit(options[-1], room))


def signs(states: dict[str, int], which: Iterable[str] = WORST_FIRST) -> str:
    """The counts as signs, the worst first: ✖2 ▲1 ●37."""
    return " ".join(f"{glyphs.STATE[state]}{states[state]:,}" for state in which if states.get(state))


def states_of(nodes: Iterable[NodeFrame]) -> dict[str, int]:
    """How many nodes are in which state."""
    states: dict[str, int] = {}
    for node in nodes:
        states[node.state] = states.get(node.state, 0) + 1
    return states


def crowd_of(members: Sequence[NodeFrame]) -> Crowd:
    """Several nodes as one."""
    first = members[0]
    states = states_of(members)
    layers: list[LayerFrame] = [layer for node in members if node.layers for layer in node.layers]
    sums = replace(
        first,
        name=f"{first.name}..{members[-1].name}",
        kind=first.kind if all(node.kind == first.kind for node in members) else "",
        state=next(iter(states)) if len(states) == 1 else STRAINED,
        unhealthy=any(node.unhealthy for node in members),
        why="",
        replicas=(),
        up=sum(node.up for node in members),
        wanted=sum(node.wanted for node in members),
        busy=sum(node.busy for node in members),
        slots=sum(node.slots for node in members),
        queued=sum(node.queued for node in members),
        depth=sum(node.depth for node in members),
        in_flight=sum(node.in_flight for node in members),
        age_ns=max(node.age_ns for node in members),
        rate_in=sum(node.rate_in for node in members),
        rate_out=sum(node.rate_out for node in members),
        rate_bad=sum(node.rate_bad for node in members),
        p99_ns=max(node.p99_ns for node in members),
        gauges=(),
        wiring=first.wiring if all(node.wiring == first.wiring for node in members) else "",
        layers=tuple(layers),
    )
    return Crowd(first.name, members[-1].name, states, sums)


@dataclass(slots=True)
class Trunk:
    """All links from one item to another, as one."""

    mode: str
    wiring: str
    count: int = 0
    rate: float = 0.0
    rate_bad: float = 0.0
    flow: float = 0.0
    marks: dict[str, int] = field(default_factory=dict)
    """How many of its links are cut or fail (✖), and how many breakers are open (⊘)."""

    def add(self, link: LinkFrame) -> None:
        """One link more."""
        self.count += 1
        self.rate += link.rate
        self.rate_bad += link.rate_bad
        self.flow += link.flow
        if link.cut or (link.rate_bad and link.rate_bad >= FAILING_SHARE * link.rate):
            self.marks[glyphs.FAILING] = self.marks.get(glyphs.FAILING, 0) + 1
        elif link.breaker == "open":
            self.marks[glyphs.OPEN_BREAKER] = self.marks.get(glyphs.OPEN_BREAKER, 0) + 1

    def line(self, at_ns: int) -> Line:
        """How it looks: in trouble where all of its links are, and marked where any is."""
        phase = phase_of(self.flow, at_ns)
        line = line_of(self.mode, self.wiring, False, "", self.rate, self.rate_bad, phase)
        for mark, count in self.marks.items():
            ink = "bad" if count == self.count or line.ink == "bad" else "warn"
            return replace(line, ink=ink, mark=mark)
        return line


def sum_links(frame: Frame, edge_of: Sequence[int], edges: int) -> list[Trunk]:
    """The links of a frame by the edge that each is drawn as."""
    trunks: list[Trunk | None] = [None] * edges
    for link, edge in zip(frame.links, edge_of, strict=True):
        if edge >= 0:
            trunk = trunks[edge]
            if trunk is None:
                trunk = trunks[edge] = Trunk(link.mode, link.wiring)
            trunk.add(link)
    return [trunk for trunk in trunks if trunk is not None]
