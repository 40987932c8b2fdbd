"""The comparison in words that a person understands, and each design's figures: read from ledgers, frames and turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chaos.figures import flows_of, told_no, told_yes, total
from chaos.judge.outcome import blast, drained, recovered
from chaos.judge.windows import Windows
from chaos.moment import DesignVerdict, Verdict
from topology.ledger import Tally
from topology.units import format_duration, format_share
from topology.world import World

if TYPE_CHECKING:
    from chaos.runner import Runner

NOTICED_NS = 1_000_000_000
"""Work that is done less than this after the yes is not called behind."""
MANY_SILENT = 50
QUIET_SHARE = 0.02
"""So many without an answer, and such a share of what was offered, are told; fewer are just under way."""
TRIFLE_SHARE = 0.001
"""A cost that fell on fewer than this share of what was offered is left out where something weighs more."""


def verdict(run: Runner) -> Verdict:
    """What came of it so far, since the first fault, or since the start while there is none."""
    windows = run.windows()
    since = windows.first_inject
    start = run.playground.warmup_ns if since is None else since
    if since is None and run.now <= start:
        start = 0
    designs = tuple(_design(run, world, windows, start) for world in run.worlds)
    if since is None:
        return Verdict(start, _calm(designs, run.now - start), designs)
    said = _comparison(designs, windows, since)
    missed = _missed(run)
    return Verdict(since, f"{said}\n{missed}".strip(), designs)


def _design(run: Runner, world: World, windows: Windows, start: int) -> DesignVerdict:
    tally = _tally(world, windows.since(start))
    spread, radius = blast(run.records.injected, world, windows)
    stale = max(int(t.staleness.max_ns) for producer in flows_of(world) for t in world.tallies(producer))
    figures = DesignVerdict(
        design=world.plan.name,
        offered=int(tally.offered),
        told_yes=told_yes(tally),
        told_no=told_no(tally),
        waiting=int(tally.waiting),
        oldest_ns=_oldest(run, world),
        done_after_no=int(tally.done_after_no),
        half_done=int(tally.half_done),
        lost=int(tally.lost),
        dead_lettered=int(tally.dead_lettered),
        duplicates=int(tally.duplicates),
        blast=spread,
        blast_radius=radius,
        recovered_after_ns=recovered(world, flows_of(world), windows),
        drained_after_ns=drained(world, flows_of(world), windows),
        stale_ns=stale,
        sentence="",
        unanswered=int(tally.unanswered),
        degraded=int(tally.degraded),
    )
    return _with_sentence(figures, windows)


def _tally(world: World, eras: Sequence[int]) -> Tally:
    """All producers of a design together."""
    tallies = [total(world.tallies(producer), eras) for producer in flows_of(world)]
    for other in tallies[1:]:
        tallies[0].merge(other)
    return tallies[0]


def _oldest(run: Runner, world: World) -> int:
    frame = next(f for f in run.frames() if f.design == world.plan.name)
    return max((flow.oldest_ns for flow in frame.customers()), default=0)


# The sentences.


def _with_sentence(f: DesignVerdict, windows: Windows) -> DesignVerdict:
    return replace(f, sentence=_line(f, windows) + _spread(f, windows))


def _line(f: DesignVerdict, windows: Windows) -> str:
    """One design: what was answered, what became of what was accepted, when it was over, what it cost."""
    if f.told_no == f.told_yes == 0:
        silent = f"{f.design} has answered nobody: {f.offered:,} requests wait for an answer."
        return silent if f.offered else f"{f.design} had no requests."
    recovery = _recovery(f) if windows.last_heal is not None and f.told_no else ""
    return f"{'; '.join([_answers(f), *_work(f)])}.{recovery}{_price(f)}"


def _answers(f: DesignVerdict) -> str:
    silent = f", and {f.unanswered:,} wait for an answer" if _silent(f) else ""
    if not f.told_no:
        return f"{f.design} told none no{silent}"
    share = format_share(f.told_no / f.offered)
    return f"{f.design} told {f.told_no:,} of {f.offered:,} requests no ({share}){silent}"


def _silent(f: DesignVerdict) -> bool:
    """Whether so many have no answer yet that it must be said: more than are under way at any time."""
    return f.unanswered >= MANY_SILENT and f.unanswered > QUIET_SHARE * f.offered


def _work(f: DesignVerdict) -> list[str]:
    """What became of the work that was accepted; a promise that was broken comes first."""
    parts = []
    if f.dead_lettered:
        parts.append(f"{_count(f.dead_lettered, 'dead letter', 'dead letters')}: told yes, never done")
    if f.lost:
        parts.append(f"{f.lost:,} lost after a yes")
    waits = f.waiting > 0 and f.oldest_ns >= NOTICED_NS
    if waits:
        words = _count(f.waiting, "accepted request waits", "accepted requests wait")
        parts.append(f"{words}, the oldest {format_duration(f.oldest_ns)}")
    if not f.lost and not f.dead_lettered and (waits or not f.told_no):
        parts.append("none lost")
    return parts


def _price(f: DesignVerdict) -> str:
    """What it cost beyond the answers, the heaviest first; trifles are left out where there is worse to tell."""
    parts = []
    if f.waiting and f.oldest_ns >= max(NOTICED_NS, f.stale_ns):
        parts.append(f"work is {format_duration(f.oldest_ns)} behind")
    elif f.stale_ns >= NOTICED_NS:
        parts.append(f"work was done up to {format_duration(f.stale_ns)} after the yes")
    worse = bool(parts or f.told_no or f.lost or f.dead_lettered)
    least = TRIFLE_SHARE * f.offered if worse else 0.0
    costs = [
        (f.done_after_no, 0.0, "told no and yet done"),
        (f.half_done, least, "left half done"),
        (f.duplicates, least, "done more than once"),
        (f.degraded, least, "answered by a fallback"),
    ]
    costs.sort(key=lambda cost: -cost[0])
    parts += [f"{count:,} {words}" for count, bound, words in costs if count and count >= bound]
    return f" The price: {', '.join(parts)}." if parts else ""


def _spread(f: DesignVerdict, windows: Windows) -> str:
    parts = []
    if f.blast:
        parts.append(f" It spread to {listed(f.blast)}.")
    if windows.last_heal is not None and f.drained_after_ns:
        parts.append(f" The backlog was gone {format_duration(f.drained_after_ns)} after the heal.")
    return "".join(parts)


def _recovery(f: DesignVerdict) -> str:
    if f.recovered_after_ns is None:
        return " Answers are not back to normal."
    if f.recovered_after_ns < NOTICED_NS:
        return " Answers were back at once."
    return f" Answers were back {format_duration(f.recovered_after_ns)} after the heal."


def _count(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"


def listed(names: Sequence[str]) -> str:
    """Names as people list them: a, b and c."""
    return " and ".join([part for part in (", ".join(names[:-1]), *names[-1:]) if part])


def _comparison(designs: Sequence[DesignVerdict], windows: Windows, since: int) -> str:
    """A line for each design, the worst first."""
    worst_first = sorted(designs, key=lambda d: (-_share_unserved(d), -d.lost, -d.dead_lettered))
    return f"Since {_clock(since)} " + "\n".join(_line(d, windows) for d in worst_first)


def _share_unserved(f: DesignVerdict) -> float:
    unserved = f.told_no + (f.unanswered if _silent(f) else 0)
    return unserved / f.offered if f.offered else 0.0


def _calm(designs: Sequence[DesignVerdict], lasted_ns: int) -> str:
    """Before anything was broken."""
    troubled = [d for d in designs if d.told_no or d.lost or d.dead_lettered]
    if troubled:
        said = "\n".join(f"{'; '.join([_answers(d), *_work(d)])}." for d in troubled)
        return f"No fault was injected, and still: {said}"
    if not any(d.told_yes for d in designs):
        return "Nothing has happened yet."
    return "All designs tell every request yes." if len(designs) > 1 else "Every request is told yes."


def _missed(run: Runner) -> str:
    """Faults that reached only some of the designs."""
    names = {world.plan.name for world in run.worlds}
    for injected in run.records.injected:
        left = names - set(injected.hit.targets)
        if left and not injected.command.designs:
            what = f"{injected.command.what} on {injected.hit.words}"
            return f"({what} had nothing to hit in {listed(sorted(left))}.)"
    return ""


def _clock(ns: int) -> str:
    return f"{ns // 60_000_000_000:02d}:{ns // 1_000_000_000 % 60:02d}"
