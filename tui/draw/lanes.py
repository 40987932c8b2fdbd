"""Lanes of a channel: each source that climbs or falls gets a column of its own, so that links do not run together."""

from __future__ import annotations

from dataclasses import dataclass

MOST_LANES = 7
ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Crossing:
    """One source of a channel: its row, and the rows of what it is linked to on the other side."""

    source: int
    row: int
    ends: tuple[int, ...]

    @property
    def low(self) -> int:
        """The upper end of its lane."""
        return min(self.row, self.ends[0])

    @property
    def high(self) -> int:
        """The lower end of its lane."""
        return max(self.row, self.ends[-1])


def assign_lanes(crossings: list[Crossing], always: bool = False) -> dict[int, int]:
    """A lane for each source that does not go straight on; `always` (a fold): for every source.

    What falls takes lanes from below, what climbs from above: neighbours then nest instead of crossing.
    """
    bent = [c for c in crossings if always or c.ends != (c.row,)]
    falling = sorted((c for c in bent if c.high > c.row), key=lambda c: -c.row)
    climbing = sorted((c for c in bent if c.high <= c.row), key=lambda c: c.row)
    lanes: dict[int, int] = {}
    placed: list[Crossing] = []
    for crossing in [*falling, *climbing]:
        taken = [lanes[p.source] for p in placed if p.low <= crossing.high and crossing.low <= p.high]
        lanes[crossing.source] = max(taken, default=-1) + 1
        placed.append(crossing)
    _part_rows(bent, lanes)
    return {source: lane % MOST_LANES for source, lane in lanes.items()}


def _part_rows(bent: list[Crossing], lanes: dict[int, int]) -> None:
    """On a row where one link leaves and another arrives, the one that arrives must turn in further along."""
    for _ in range(ROUNDS):
        moved = False
        for leaving in bent:
            for arriving in bent:
                meets = leaving.row in arriving.ends and leaving.source != arriving.source
                if meets and leaving.row not in leaving.ends and lanes[arriving.source] <= lanes[leaving.source]:
                    lanes[arriving.source] = lanes[leaving.source] + 1
                    moved = True
        if not moved:
            return
