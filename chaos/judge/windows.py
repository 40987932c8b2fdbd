"""Which stretches of a run count as before, fault, recovery and after, and of which eras they are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Span = tuple[int, int]
"""Half open: from the first instant up to, but without, the second."""

NAMES = ("before", "fault", "recovery", "after", "all")
SLICE_NS = 5_000_000_000
MOST_SLICES = 240
"""A longer run has longer slices, so that what is kept stays bounded."""


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of one run, the same in all designs, as unions of eras."""

    eras: tuple[int, ...]
    """When each era began; the last one ends with the run."""
    warmup_ns: int
    end_ns: int
    faults: tuple[Span, ...]
    """From each inject to its heal, or to the end of the run."""
    healed: bool
    """Whether everything that was injected had healed before the end."""
    settle_ns: int

    @property
    def first_inject(self) -> int | None:
        """When the first fault came."""
        return min((begin for begin, _ in self.faults), default=None)

    @property
    def last_heal(self) -> int | None:
        """When the last fault was gone; None while one is on, or when there was none."""
        return max(end for _, end in self.faults) if self.faults and self.healed else None

    def spans(self, name: str, span: Span | None = None) -> list[Span]:
        """The stretches of a window by name, or of an interval."""
        if span is not None:
            return _cut([span], 0, self.end_ns)
        return _cut(self._raw(name), self.warmup_ns, self.end_ns)

    def _raw(self, name: str) -> list[Span]:
        first, healed = self.first_inject, self.last_heal
        if name == "all" or (name == "before" and first is None):
            return [(self.warmup_ns, self.end_ns)]
        if first is None:
            return []
        if name == "before":
            return [(self.warmup_ns, first)]
        if name == "fault":
            return list(self.faults)
        recovery = [(healed, healed + self.settle_ns)] if healed is not None else []
        if name == "recovery":
            return recovery
        if name == "after":
            return _without([(first, self.end_ns)], [*self.faults, *recovery]) if recovery else []
        raise KeyError(name)

    def inside(self, spans: Sequence[Span]) -> list[int]:
        """The eras that lie within these stretches; every bound of a window is the beginning of an era."""
        found = []
        for index, begin in enumerate(self.eras):
            end = self.eras[index + 1] if index + 1 < len(self.eras) else self.end_ns
            if begin < end and any(low <= begin and end <= high for low, high in spans):
                found.append(index)
        return found

    def window(self, name: str, span: Span | None = None) -> list[int]:
        """The eras of a window."""
        return self.inside(self.spans(name, span))

    def since(self, at_ns: int) -> list[int]:
        """The eras from an instant on."""
        return [index for index, begin in enumerate(self.eras) if begin >= at_ns]


def length(spans: Sequence[Span]) -> int:
    """How long the union of some stretches lasts."""
    return sum(end - begin for begin, end in union(spans))


def union(spans: Sequence[Span]) -> list[Span]:
    """The same instants, as stretches that neither touch nor overlap, in order."""
    joined: list[Span] = []
    for begin, end in sorted(spans):
        if end <= begin:
            continue
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def slice_ns(duration_ns: int) -> int:
    """How long one slice of the steady gate is, before slices with few messages are joined."""
    return SLICE_NS * max(1, -(-duration_ns // (SLICE_NS * MOST_SLICES)))


def _cut(spans: Sequence[Span], low: int, high: int) -> list[Span]:
    return union([(max(begin, low), min(end, high)) for begin, end in spans])


def _without(spans: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
    left = union(spans)
    for low, high in union(holes):
        left = [part for begin, end in left for part in ((begin, min(end, low)), (max(begin, high), end))]
        left = [(begin, end) for begin, end in left if begin < end]
    return left
