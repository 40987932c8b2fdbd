"""What a fault did to a design as a whole: how far it spread, when it was noticed, when it was over. Times are nanoseconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from chaos.judge.windows import Windows
from topology.world import World

if TYPE_CHECKING:
    from chaos.runner import Injected

BACK_SHARE = 0.95
"""Answers are back to normal when this share of them is yes again, over a second, and stays so."""
ENOUGH = 40
"""Whether those who ask are answered shows in so many of them; where few ask, in several seconds."""
BY_CHANCE = 10
"""Half of those who asked, and so many more, may be without an answer by chance alone, as where answers take seconds."""
SECOND_NS = 1_000_000_000


def blast(injected: Sequence[Injected], world: World, windows: Windows) -> tuple[tuple[str, ...], float]:
    """The shared nodes, not hit themselves, that turned unhealthy after the first fault, and their share."""
    since = windows.first_inject
    if since is None:
        return (), 0.0
    hit = set().union(*(i.hit.nodes for i in injected if world.plan.name in i.hit.targets))
    others = [n.name for n in world.plan.nodes if n.shared and n.name not in hit]
    turned = {t.node for t in world.turns() if t.unhealthy and t.at_ns >= since}
    spread = tuple(name for name in others if name in turned)
    return spread, len(spread) / len(others) if others else 0.0


def noticed(world: World, producers: Sequence[str], nodes: Sequence[str], windows: Windows) -> int | None:
    """From the first inject to the first no to one of these producers, or to the first of these nodes that turned unhealthy.

    Exact to a grid step, or to a bin of the series in a long run. None where nobody noticed.
    """
    first = windows.first_inject
    assert first is not None
    found = [t.at_ns for t in world.turns() if t.unhealthy and t.node in nodes and first <= t.at_ns < windows.end_ns]
    for producer in producers:
        width, no = world.series(f"{producer}.no")
        last = min(len(no), -(-windows.end_ns // width))
        found += [i * width for i in range(first // width + 1, last) if no[i]][:1]
    return min(found) - first if found else None


def recovered(world: World, producers: Sequence[str], windows: Windows) -> int | None:
    """From the last heal to the last second in which too many answers were no, or far fewer than normal came; None: not yet."""
    healed = windows.last_heal
    if healed is None:
        return None
    worst = 0
    for producer in producers:
        last = _last_bad(world, producer, healed, windows)
        if last is None:
            return None
        worst = max(worst, last)
    return worst


def well_again(world: World, windows: Windows) -> int | None:
    """From the last heal until the last unhealthy node was healthy again; None where one was not by the end."""
    healed = windows.last_heal
    assert healed is not None
    ill: set[str] = set()
    last = healed
    for turn in world.turns():
        if turn.at_ns >= windows.end_ns:
            break
        if turn.unhealthy:
            ill.add(turn.node)
        else:
            ill.discard(turn.node)
            last = max(last, turn.at_ns)
    return None if ill else last - healed


def _last_bad(world: World, producer: str, healed: int, windows: Windows) -> int | None:
    """How long after the heal the last bad second ended; None when the run is in one now."""
    answers = Answers(world, producer)
    width, step = answers.width, answers.step
    last, end = healed, min(windows.end_ns, answers.bins * width)
    for at in answers.bad(healed // width, end // width - step + 1):
        last = (at + step) * width
    if end - last < 2 * step * width and last > healed:
        return None
    return last - healed


class Answers:
    """How a producer's requests were answered, second by second, or bin by bin of a long run."""

    def __init__(self, world: World, producer: str) -> None:
        self.width, self._yes = world.series(f"{producer}.yes")
        _, self._no = world.series(f"{producer}.no")
        _, self._offered = world.series(f"{producer}.offered")
        self.step = max(1, SECOND_NS // self.width)
        self.bins = len(self._offered)

    def bad(self, begin: int, end: int) -> Iterator[int]:
        """The first bins of the bad seconds of a range of bins: too many answers were no, or too few who asked had one."""
        for at in range(begin, end, self.step):
            good, bad, came = (sum(series[at : at + self.step]) for series in (self._yes, self._no, self._offered))
            if came and (good < BACK_SHARE * (good + bad) or self._silent(begin, at)):
                yield at

    def _silent(self, begin: int, at: int) -> bool:
        """Whether far fewer were answered than asked, of the latest who did, but for those before `begin`."""
        came = answered = 0.0
        while at >= begin and came < ENOUGH:
            came += sum(self._offered[at : at + self.step])
            answered += sum(self._yes[at : at + self.step]) + sum(self._no[at : at + self.step])
            at -= self.step
        return answered + BY_CHANCE < came / 2


def drained(world: World, producers: Sequence[str], windows: Windows) -> int | None:
    """From the last heal until no more work waited than before the first fault; None: not yet."""
    healed, first = windows.last_heal, windows.first_inject
    if healed is None or first is None:
        return None
    worst = 0
    for producer in producers:
        width, waiting = world.series(f"{producer}.waiting")
        normal = max(waiting[windows.warmup_ns // width : max(1, first // width)], default=0.0) * 1.2 + 2
        over = [i for i in range(healed // width, len(waiting)) if waiting[i] > normal]
        if over and over[-1] >= len(waiting) - 1:
            return None
        worst = max(worst, (over[-1] + 1) * width - healed if over else 0)
    return worst
