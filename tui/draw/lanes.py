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
    top = min((c.low for c in bent), default=0)
    free = [0] * (max((c.high for c in bent), default=0) + 1 - top)
    for crossing in [*falling, *climbing]:
        span = slice(crossing.low - top, crossing.high + 1 - top)
        lane = lanes[crossing.source] = max(free[span])
        free[span] = [lane + 1] * (span.stop - span.start)
    _part_rows(bent, lanes)
    return {source: lane % MOST_LANES for source, lane in lanes.items()}


def _part_rows(bent: list[Crossing], lanes: dict[int, int]) -> None:
    """On a row where one link leaves and another arrives, the one that arrives must turn in further along."""
    arrivals: dict[int, list[Crossing]] = {}
    for crossing in bent:
        for row in crossing.ends:
            arrivals.setdefault(row, []).append(crossing)
    meeting = [
        (leaving.source, arriving.source)
        for leaving in bent
        if leaving.row not in leaving.ends
        for arriving in arrivals.get(leaving.row, ())
    ]
    for _ in range(ROUNDS):
        moved = False
        for leaving_source, arriving_source in meeting:
            if lanes[arriving_source] <= lanes[leaving_source]:
                lanes[arriving_source] = lanes[leaving_source] + 1
                moved = True
        if not moved:
            return
