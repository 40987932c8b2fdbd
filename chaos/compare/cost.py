"""What a fault cost: this run less the same run without it, all other commands at their recorded instants.

Both runs see the same dice, so whatever differs, the fault did. Of several faults each is left out alone, then all of them;
what the single costs do not add up to, they did together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chaos.command import Command
from chaos.figures import flows_of, ill_spans, told_no, total
from chaos.judge.outcome import SECOND_NS, Answers
from chaos.judge.windows import Span
from topology.frame import Frame
from topology.ledger import Tally
from topology.world import World

if TYPE_CHECKING:
    from chaos.runner import Build, Runner

NAMES = ("told_no", "lost", "dead_lettered", "late", "duplicates", "half_done", "minutes")
"""What is counted of each flow: messages, and minutes in which its answers were not what they should be."""

MOST_FAULTS = 12
"""Of more faults than these only all together are left out: each would take a run of its own."""

Counts = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Sum:
    """What came of one design in one run: counts by flow, and the nodes that turned unhealthy."""

    flows: Mapping[str, Counts]
    ill: Mapping[str, tuple[Span, ...]]
    """When each node was unhealthy."""
    times: Mapping[str, tuple[float, float]]
    """Median and p99 of completion by flow, in milliseconds."""
    fates: Mapping[str, tuple[int, ...]]
    """The counts of each flow's fates, for telling two runs apart."""

    def counts(self, flow: str = "") -> Counts:
        """Of one flow, or of all flows together."""
        if flow:
            return self.flows[flow]
        return {name: sum(counts[name] for counts in self.flows.values()) for name in NAMES}

    def worse_nodes(self, other: Sum) -> frozenset[str]:
        """Nodes that were unhealthy for a second or longer while they were not in the other run."""
        return frozenset(n for n, spans in self.ill.items() if _outside(spans, other.ill.get(n, ())) >= SECOND_NS)

    def slowness(self, flow: str = "") -> float:
        """Median and p99 of completion together, of one flow or the slowest, in milliseconds."""
        return max(sum(times) for name, times in self.times.items() if not flow or name == flow)

    def differs(self, other: Sum, flow: str = "") -> float:
        """How many messages of a flow, or of all, had another fate than in the other run, at least."""
        mine = [n for name, counts in self.fates.items() if not flow or name == flow for n in counts]
        theirs = [n for name, counts in other.fates.items() if not flow or name == flow for n in counts]
        return float(sum(abs(a - b) for a, b in zip(mine, theirs, strict=True))) / 2


Film = dict[int, tuple[Frame, ...]]
"""Pictures of all designs by instant, in nanoseconds."""

AFTER_NS = (500_000_000, 1_000_000_000, 2_000_000_000, 5_000_000_000, 10_000_000_000, 20_000_000_000)
"""So long after a fault came, and after it went, pictures are taken."""


@dataclass(frozen=True, slots=True)
class Apart:
    """The same run without some of its faults, finished, and what came of it."""

    run: Runner
    sums: Mapping[str, Sum]
    film: Film


@dataclass(frozen=True, slots=True)
class Cost:
    """What one fault, or all of them, cost one design: more of each than without it; less is below 0."""

    counts: Counts
    spread: tuple[str, ...]
    """Nodes that turned unhealthy because of it, those that it hit left out."""
    blast_radius: float
    done_later_ns: int = 0
    """By how much the p99 of the time until all work was done rose, in the flow where it rose most."""

    @property
    def nothing(self) -> bool:
        """Whether it made no difference at all."""
        return not self.spread and not self.done_later_ns and not any(self.counts.values())


def figures(run: Runner, design: str, flow: str = "") -> Counts:
    """What all faults of a run together cost a flow of a design, or all of its flows."""
    return of(run, design, range(len(run.records.injected)), flow).counts


def of(run: Runner, design: str, faults: Iterable[int], flow: str = "") -> Cost:
    """What these faults (numbered from 0) cost one design: the run as it was, less the run without them."""
    left_out = set(faults)
    here, there = sums(run)[design], without(run, left_out)[design]
    mine, other = here.counts(flow), there.counts(flow)
    hit = set().union(*(run.records.injected[i].hit.nodes for i in left_out)) if left_out else set()
    plan = run.playground.design(design)
    shared = [node.name for node in plan.nodes if node.shared and node.name not in hit]
    worse = here.worse_nodes(there)
    spread = tuple(name for name in shared if name in worse)
    radius = len(spread) / len(shared) if shared else 0.0
    later = max((here.times[one][1] - there.times[one][1] for one in here.times if not flow or one == flow), key=abs, default=0.0)
    return Cost({name: round(mine[name] - other[name], 6) for name in NAMES}, spread, radius, round(later * 1e6))


def each(run: Runner, design: str) -> list[Cost]:
    """What each fault alone cost one design; empty where there are too many to leave each out."""
    n = len(run.records.injected)
    return [of(run, design, [i]) for i in range(n)] if n <= MOST_FAULTS else []


def together(run: Runner, design: str) -> Counts:
    """What all faults cost beyond the sum of what each cost alone: what they did together, or what either would have done."""
    alone = each(run, design)
    everything = of(run, design, range(len(run.records.injected))).counts
    return {name: round(everything[name] - sum(one.counts[name] for one in alone), 6) for name in NAMES}


def comparable(run: Runner) -> bool:
    """Whether a run can be run again without some of its faults: a live one cannot."""
    from topology.sim.world import SimWorld

    return all(isinstance(world, SimWorld) for world in run.worlds)


Row = dict[str, float | str]
"""What something cost one design, in SI units, as the journal keeps it."""


def told(run: Runner) -> Costs:
    """What the faults of a finished run cost each design, as the journal keeps it."""
    designs = [world.plan.name for world in run.worlds]
    several = len(run.records.injected)
    if not comparable(run):
        return Costs([{name: {"cost": "not compared"} for name in designs} for _ in run.records.injected], {}, {})
    alone = [each(run, name) for name in designs]
    faults = [{name: _row(costs[i]) for name, costs in zip(designs, alone, strict=True)} for i in range(several) if alone[0]]
    if several < 2:
        return Costs(faults, {}, {})
    everything = {name: _row(of(run, name, range(several))) for name in designs}
    rest = {name: _figures(together(run, name)) for name in designs} if faults else {}
    return Costs(faults, everything, rest)


@dataclass(frozen=True, slots=True)
class Costs:
    """What the faults of a run cost, by design: each alone, all of them, and what only several together did."""

    faults: list[dict[str, Row]]
    everything: dict[str, Row]
    together: dict[str, Row]


def _row(one: Cost) -> Row:
    spread: Row = {"blast_radius": round(one.blast_radius, 6), "spread_to": ", ".join(one.spread)}
    return {**_figures(one.counts), "done_later": one.done_later_ns / 1e9, **spread}


def _figures(counts: Counts) -> Row:
    """Counts as they are, and how long answers were bad in seconds."""
    whole: Row = {name: int(counts[name]) for name in NAMES if name != "minutes"}
    return {**whole, "degraded": round(counts["minutes"] * 60, 3)}


def sums(run: Runner) -> Mapping[str, Sum]:
    """What came of each design of a run, which must be finished."""
    if run.records.sums is None:
        run.records.sums = {world.plan.name: _sum(run, world) for world in run.worlds}
    return run.records.sums


def without(run: Runner, left_out: Iterable[int]) -> Mapping[str, Sum]:
    """What came of each design in the same run without some of its faults (numbered from 0)."""
    chosen = tuple(sorted(set(left_out)))
    return apart(run, chosen).sums if chosen else sums(run)


def apart(run: Runner, left_out: tuple[int, ...]) -> Apart:
    """The same run without some of its faults (numbered from 0): run once, and kept until the run is closed.

    Without none of them it is the run itself, once more, for its pictures.
    """
    kept = run.records.apart
    if left_out not in kept:
        other, frames = again(run, commands_without(run, left_out))
        kept[left_out] = Apart(other, {world.plan.name: _sum(other, world) for world in other.worlds}, frames)
    return kept[left_out]


def again(run: Runner, commands: Sequence[Command], build: Build | None = None) -> tuple[Runner, Film]:
    """The same playground and seed with other commands, to its end and drained, with pictures on the way."""
    from chaos.runner import Runner

    bare = replace(run.playground, run=None, steady=())
    other = Runner(bare, run.seed, timeline=False, commands=commands, narrate=False, build=build or run.build)
    other.end = run.end
    other.divide(run)
    first = run.windows().first_inject
    if first is not None:
        other.advance(first)
        if not other.records.injected:
            other.baseline()  # what is normal, and whose the open messages are, is settled at the same instant in all runs
    film: Film = {}
    for at_ns in looks(run):
        other.advance(at_ns)
        film[at_ns] = other.frames()
    other.advance(run.end)
    other.finish()
    return other, film


def looks(run: Runner) -> list[int]:
    """When pictures of a run are taken, to be compared with those of the same run without its faults."""
    found: set[int] = set()
    for injected in run.records.injected[:MOST_FAULTS]:
        begin, end = injected.since_ns, min(run.end if injected.until_ns is None else injected.until_ns, run.end)
        found.update(begin + after for after in AFTER_NS if begin + after < end)
        found.update((begin + (end - begin) // 2, end - 1))
        found.update(end + after for after in AFTER_NS)
    return sorted(at_ns for at_ns in found if 0 < at_ns < run.end)


def commands_without(run: Runner, left_out: Sequence[int]) -> list[Command]:
    """The journal without the injects of some faults; heals that name a fault by its number still mean the same one."""
    gone = {run.records.injected[i].id for i in left_out}
    injects = [injected.command for injected in run.records.injected if injected.id in gone]
    numbers: dict[int, int] = {}
    for injected in run.records.injected:
        if injected.id not in gone:
            numbers[injected.id] = len(numbers) + 1
    kept = [command for command in run.records.commands if not any(command is one for one in injects)]
    return [found for command in kept if (found := _renumbered(command, numbers)) is not None]


def _renumbered(command: Command, numbers: Mapping[int, int]) -> Command | None:
    """A heal of "#3" where fault 3 now has another number, or is not there."""
    if command.verb != "heal":
        return command
    on = [_number(text, numbers) for text in command.on]
    left = tuple(text for text in on if text)
    return replace(command, on=left) if left else None


def _number(text: str, numbers: Mapping[int, int]) -> str:
    if not text.startswith("#") or not text[1:].isdigit():
        return text
    new = numbers.get(int(text[1:]))
    return f"#{new}" if new is not None else ""


def _sum(run: Runner, world: World) -> Sum:
    ill = {node.name: _unhealthy(world, node.name, run.playground.warmup_ns) for node in world.plan.nodes}
    flows = flows_of(world)
    tallies = {flow: total(world.tallies(flow), range(len(world.tallies(flow)))) for flow in flows}
    times = {
        flow: (t.completion.quantile_ns(0.5) / 1e6, t.completion.quantile_ns(0.99) / 1e6) for flow, t in tallies.items()
    }
    fates = {flow: _fates(tally) for flow, tally in tallies.items()}
    return Sum({flow: _counts(run, world, flow, tally) for flow, tally in tallies.items()}, ill, times, fates)


def _unhealthy(world: World, node: str, since_ns: int) -> tuple[Span, ...]:
    """The stretches in which a node was unhealthy, from the end of the warm-up on."""
    found = ill_spans(world.turns(), node, world.now)
    return tuple((max(begin, since_ns), end) for begin, end in found if end > since_ns)


def _outside(spans: Sequence[Span], others: Sequence[Span]) -> int:
    """How much of some stretches lies in none of others, each of which are apart."""
    shared = sum(max(0, min(b, d) - max(a, c)) for a, b in spans for c, d in others)
    return sum(b - a for a, b in spans) - shared


def _fates(t: Tally) -> tuple[int, ...]:
    return (int(t.served), int(t.late), int(t.refused), int(t.failed), int(t.lost), int(t.dead_lettered), int(t.in_system))


def _counts(run: Runner, world: World, flow: str, tally: Tally) -> Counts:
    return {
        "told_no": float(told_no(tally)),
        "lost": float(tally.lost),
        "dead_lettered": float(tally.dead_lettered),
        "late": float(tally.yes_late),
        "duplicates": float(tally.duplicates),
        "half_done": float(tally.half_done),
        "minutes": _bad_ns(run, world, flow) / 6e10,
    }


def _bad_ns(run: Runner, world: World, flow: str) -> int:
    """How long too many answers were no, or too few of those who asked had one: in seconds, or bins of a long run."""
    answers = Answers(world, flow)
    width = answers.width
    bad = answers.bad(run.playground.warmup_ns // width, min(run.end // width, answers.bins))
    return sum(answers.step * width for _ in bad)
