"""The one loop: it advances the worlds of all designs in step and turns due commands into verbs.

A run is a playground, a seed and a list of commands. However it is sliced, the same three give the same result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from chaos import inputs, verbs
from chaos.command import Command, Refused, to_dict
from chaos.judge import evidence
from chaos.judge.windows import Windows, slice_ns
from chaos.moment import FaultFrame, Moment
from chaos.narrator import Narrator
from chaos.schedule import COMMAND, HEAL, LOOK, MARK, SLICE, Due, Schedule
from chaos.targets import Hit, Resolver
from topology.frame import Frame
from topology.plan import IS, Claim, DesignPlan, Playground, Term
from topology.world import Target, World

if TYPE_CHECKING:
    from chaos.compare.cost import Apart, Sum
    from chaos.judge.absent import Absent
    from chaos.judge.conditions import Post
    from chaos.judge.gridwatch import GridWatch
    from chaos.judge.temporal import Watcher
    from topology.tables import Table
    from topology.workflow_frame import WorkflowFrame

Build = Callable[[DesignPlan, Playground, int], World]
"""Makes the world of one design."""

Lay = Callable[[World, Sequence[Target]], tuple[int, ...]]
"""Injects a fault into one world and returns what takes it back."""

LOOK_NS = 500_000_000
"""How often the narrator looks, in simulated time, so that what it says does not depend on who draws when."""
DRAIN_STEP_NS = 1_000_000_000


@dataclass(slots=True)
class Injected:
    """One fault that was injected: what it hit, and the handles that take it back."""

    id: int
    command: Command
    hit: Hit
    since_ns: int
    until_ns: int | None
    handles: dict[str, tuple[int, ...]]
    active: bool = True

    def frame(self) -> FaultFrame:
        """A picture of it."""
        return FaultFrame(
            self.id,
            self.command.what,
            self.hit.words,
            tuple(self.hit.targets),
            self.since_ns,
            self.until_ns,
            self.active,
            self.hit.touched(self.command.on),
        )


@dataclass(frozen=True, slots=True)
class Misfire:
    """A command that could not be done at its instant."""

    command: Command
    words: str


@dataclass(slots=True)
class Records:
    """What the runner remembers of what was done."""

    commands: list[Command] = field(default_factory=list)
    injected: list[Injected] = field(default_factory=list)
    misfires: list[Misfire] = field(default_factory=list)
    spared: list[Command] = field(default_factory=list)
    """Injects that their own probability left out."""
    carried: dict[tuple[str, str], int] = field(default_factory=dict)
    """By design and producer, the messages that had no answer when the first fault came."""
    apart: dict[tuple[int, ...], Apart] = field(default_factory=dict)
    """The same run without some of its faults, where somebody asked for it."""
    sums: Mapping[str, Sum] | None = None
    """What came of each design, once finished, where somebody asked."""


class Runner:
    """Runs all designs of a playground in step. Only the runner holds their worlds."""

    def __init__(
        self,
        playground: Playground,
        seed: int,
        *,
        timeline: bool,
        commands: Sequence[Command] | None = None,
        narrate: bool = True,
        build: Build | None = None,
    ) -> None:
        self.playground = playground
        self.seed = seed
        self.timeline = timeline
        self.narrate = narrate
        self.build = build or simulated
        self.end = playground.duration_ns
        if playground.run is not None:
            self.end = min(self.end, playground.run.end_ns)
        self._cut = self.end < playground.duration_ns
        """Whether the run was ended at an instant of its own choice: what was done at that very instant belongs to it."""
        self.now = 0
        self.finished = False
        self.stopped_ns = 0
        """When the last drop was drained, once finished."""
        self.worlds = [self.build(design, playground, seed) for design in playground.designs]
        self.resolver = Resolver(playground, self.worlds, seed)
        self.records = Records()
        self.narrator = Narrator(playground)
        self._eras = [0]
        self._counted = evidence.counted_terms(self._claims())
        self._totals: list[list[dict[tuple[str, str], float]]] = []
        """For each era, and each design, totals at its beginning."""
        self._take_down()
        self.gridwatch: GridWatch | None = None
        """What looks at each grid step, where the file asks for it."""
        self._look_ns = LOOK_NS
        self._last_frames: tuple[int, tuple[Frame, ...]] | None = None
        self._schedule = Schedule()
        self._plan_marks()
        self._plan_looks()
        for command in self._given(commands):
            self._schedule.add(command.at_ns, COMMAND, command=command)
        self._fire_due()

    def _given(self, commands: Sequence[Command] | None) -> list[Command]:
        own = list(commands) if commands is not None else inputs.from_run(self.playground)
        if self.timeline and self.playground.run is None:
            own = [*inputs.from_timeline(self.playground), *own]
        return own

    def _plan_marks(self) -> None:
        """Plan the eras whose beginnings are known from the start."""
        known = {self.playground.warmup_ns}
        for claim in self._claims():
            known.update(claim.span_ns or ())
        for at_ns in sorted(known):
            if 0 < at_ns < self.end:
                self._schedule.add(at_ns, MARK)
        if self.playground.steady:
            self._plan_slice(self.playground.warmup_ns)

    def _claims(self) -> tuple[Claim, ...]:
        return (*self.playground.steady, *(self.playground.expect or ()))

    def _plan_looks(self) -> None:
        """Plan the first look at the grid, where an entry waits for a condition or a claim is about instants."""
        waits = self.timeline and self.playground.run is None and any(e.when for e in self.playground.timeline)
        if waits or any(claim.how != IS for claim in self._claims()):
            from chaos.judge.gridwatch import GridWatch  # few files ask for it

            self.gridwatch = GridWatch(self.playground, waits)
            self._plan_look(0)

    def _plan_look(self, at_ns: int) -> None:
        """Plan the look at the first grid step from an instant on, a nanosecond after it, so that all of it is seen."""
        step = self.gridwatch.next_step(at_ns) if self.gridwatch is not None else None
        if step is not None and step + 1 < self.end:
            self._schedule.add(step + 1, LOOK)

    def _plan_slice(self, from_ns: int) -> None:
        at_ns = from_ns + slice_ns(self.playground.duration_ns)
        if at_ns < self.end:
            self._schedule.add(at_ns, SLICE)

    # What a screen, a film and an experiment ask for.

    @property
    def commands(self) -> tuple[Command, ...]:
        """The journal: every command so far, in order."""
        return tuple(self.records.commands)

    @property
    def faults(self) -> tuple[FaultFrame, ...]:
        """Every fault so far."""
        return tuple(injected.frame() for injected in self.records.injected)

    @property
    def misfires(self) -> tuple[Misfire, ...]:
        """Commands that could not be done at their instant."""
        return tuple(self.records.misfires)

    def upcoming(self) -> list[Command]:
        """Commands that are still to come."""
        return self._schedule.commands()

    @property
    def eras(self) -> tuple[int, ...]:
        """When each era began so far."""
        return tuple(self._eras)

    def windows(self) -> Windows:
        """The windows of the run so far, as if it ended now."""
        end = min(self.now, self.end)
        spans = [(f.since_ns, end if f.until_ns is None else min(f.until_ns, end)) for f in self.faults]
        healed = all(f.until_ns is not None and f.until_ns < end for f in self.faults)
        pg = self.playground
        return Windows(tuple(self._eras), pg.warmup_ns, end, tuple(spans), healed, pg.settle_ns)

    def advance(self, until_ns: int) -> None:
        """Let everything before `until_ns` happen, and what is planned for that very instant. Stops at the end."""
        until_ns = min(until_ns, self.end)
        while self.now < until_ns:
            target = min(until_ns, self._stop_before(until_ns))
            self._move(target)
            self._fire_due()
            if self.narrate and self.now >= self._look_ns:
                self._look_ns += LOOK_NS
                self.narrator.observe(self.frames(), self.faults)

    def _stop_before(self, until_ns: int) -> int:
        planned = self._schedule.next_ns()
        stop = until_ns if planned is None else planned
        return min(stop, self._look_ns) if self.narrate else stop

    def _move(self, to_ns: int) -> None:
        for world in self.worlds:
            world.advance(to_ns)
        self.now = to_ns

    def do(self, command: Command) -> Command:
        """Do it now, and write it into the journal; raises Refused when it makes no sense."""
        if self.now >= self.end:
            raise Refused("the run is over; restart it first")
        stamped = [replace(c, at_ns=self.now) for c in verbs.absolute(self, command)]
        for one in stamped:
            self._apply(one)
            self._fire_due()
        return stamped[0]

    def entry(self, number: int) -> Command:
        """The n-th entry of the timeline (from 1) as a command for now."""
        if not 1 <= number <= len(self.playground.timeline):
            raise Refused(f"the timeline has no entry {number}")
        return inputs.from_entry(self.playground, self.playground.timeline[number - 1], by="key")

    def frames(self) -> tuple[Frame, ...]:
        """A picture of each design; asked twice at one instant with nothing done between, the same."""
        if self._last_frames is None or self._last_frames[0] != self.now:
            self._last_frames = (self.now, tuple(world.frame() for world in self.worlds))
        return self._last_frames[1]

    def world(self, design: str) -> World:
        """The world of a design."""
        return next(world for world in self.worlds if world.plan.name == design)

    def parts(self, design: str, node: str) -> dict[str, dict[str, float]]:
        """The parts of a managed node of a design, each with its figures, as they are now."""
        return self.world(design).parts(node)

    def tables(self, design: str, node: str) -> list[Table]:
        """The same as tables, for a node that has them."""
        return self.world(design).tables(node)

    def workflow(self, design: str, node: str, execution: int = 0) -> WorkflowFrame | None:
        """The workflow of a node of a design, with one execution by its number (from 1); None where it runs none."""
        return self.world(design).workflow(node, execution)

    def moment(self) -> Moment:
        """Everything that the screen needs for one picture."""
        from chaos.judge.verdict import verdict  # the headless run asks for it once, at the end

        return Moment(
            playground=self.playground.name,
            seed=self.seed,
            at_ns=self.now,
            end_ns=self.end,
            frames=self.frames(),
            faults=self.faults,
            log=self.narrator.last(200),
            verdict=verdict(self),
            commands=len(self.records.commands),
        )

    def divide(self, other: Runner) -> None:
        """Begin eras where another run of the same playground began them, so that windows mean the same in both."""
        for at_ns in other.eras:
            if self.now < at_ns < self.end:
                self._schedule.add(at_ns, MARK)

    def undo(self) -> Runner:
        """A new runner, run again to this instant without the last command. The old one is closed."""
        if not self.records.commands:
            raise Refused("there is nothing to undo: no command was given yet")
        kept = [*self.records.commands[:-1], *self.upcoming()]
        bare = replace(self.playground, run=None)
        again = Runner(bare, self.seed, timeline=False, commands=kept, narrate=self.narrate, build=self.build)
        again.timeline = self.timeline
        waiting = self.gridwatch.waiting() if self.gridwatch is not None else []
        again.end = self.end
        again.advance(self.now)
        again._wait_for(waiting)
        self.close()
        return again

    def _wait_for(self, posts: Sequence[Post]) -> None:
        """Go on waiting, from now on, for what another run waited for."""
        if not posts:
            return
        from chaos.judge.gridwatch import GridWatch

        if self.gridwatch is None:
            self.gridwatch = GridWatch(self.playground, False)
            self.gridwatch.posts = list(posts)
            self._plan_look(self.now)
        else:
            self.gridwatch.posts = list(posts)

    def finish(self) -> None:
        """End the run here: nothing more is offered, everything is healed, what is open drains or runs out of time."""
        if self.finished:
            return
        self.finished = True
        self.end = min(self.now, self.end)
        self._mark()
        for world in self.worlds:
            world.stop()
        for injected in self.records.injected:
            if injected.active:
                self._lift(injected)
        limit = self.end + self.playground.drain_ns
        at_ns = self.end
        while at_ns < limit and not all(world.idle() for world in self.worlds):
            at_ns = min(limit, at_ns + DRAIN_STEP_NS)
            for world in self.worlds:
                world.advance(at_ns)
        self.stopped_ns = at_ns
        self._last_frames = None

    def digest(self) -> str:
        """SHA-256 over the playground, seed, commands, end and every fate: equal digests are equal runs."""
        given = [{k: v for k, v in to_dict(c).items() if k != "by"} for c in self.records.commands]
        head = [self.playground.canonical, self.seed, given, self.end]
        text = json.dumps(head, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        lines = [text, *(f"{world.plan.name} {world.fates()}" for world in self.worlds)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def close(self) -> None:
        """End the worlds, and those of the runs that this one was compared with."""
        for world in self.worlds:
            world.close()
        for other in self.records.apart.values():
            other.run.close()
        self.records.apart.clear()

    # What claims are judged by.

    def watcher(self, claim: Claim, design: str) -> Watcher | None:
        """What was seen on the grid of a claim about instants."""
        return self.gridwatch.watcher(claim, design) if self.gridwatch is not None else None

    def counted(self, design: str, term: Term, era: int) -> float:
        """How often something happened in one era, by the instant at which it did."""
        index = next(i for i, world in enumerate(self.worlds) if world.plan.name == design)
        key = (term.subject, term.figure)
        ended = era + 1 < len(self._totals)
        until = self._totals[era + 1][index] if ended else evidence.totals(self.worlds[index], self._counted)
        return until[key] - self._totals[era][index][key]

    def missing(self, design: str) -> list[Absent]:
        """The faults of the timeline that were to come in a design and never did."""
        from chaos.judge.absent import absent  # asked once, at the end

        return [one for one in absent(self) if design in one.designs]

    # What is planned, and what verbs call back.

    def _fire_due(self) -> None:
        while (at_ns := self._schedule.next_ns()) is not None and at_ns <= self.now and (self._cut or self.now < self.end):
            self._fire(self._schedule.pop())

    def _fire(self, due: Due) -> None:
        if due.kind == MARK:
            self._mark()
        elif due.kind == SLICE:
            if not self.records.injected:
                self._mark()
                self._plan_slice(due.at_ns)
        elif due.kind == LOOK:
            self._look(due.at_ns - 1)
        elif due.kind == HEAL:
            injected = self.records.injected[due.fault]
            if injected.active and injected.until_ns == due.at_ns:
                self.heal([injected], by="")
        elif due.command is not None:
            self._try(due.command)

    def _look(self, step_ns: int) -> None:
        """Look at a grid step, and do what waited for it."""
        assert self.gridwatch is not None
        needs = self.gridwatch.needs()
        frames = [world.frame() for world in self.worlds if world.plan.name in needs]
        begin = next(era for era in reversed(self._eras) if era <= step_ns)
        for post, command in self.gridwatch.look(step_ns, begin, frames):
            self.narrator.say(self.now, post.design, f"it has come to {post.when.text}")
            self._try(command)
        self._plan_look(step_ns + 1)

    def _try(self, command: Command) -> None:
        """A planned command that makes no sense at its instant is remembered, and the run goes on."""
        try:
            self._apply(command)
        except Refused as refusal:
            self.records.commands.append(command)
            self.records.misfires.append(Misfire(command, str(refusal)))
            what = f"{command.verb} {command.what}".strip()
            self.narrator.say(self.now, "", f"could not {what}: {refusal}", "bad")

    def _apply(self, command: Command) -> None:
        self._last_frames = None
        verbs.apply(self, command)
        self.records.commands.append(command)

    def _mark(self) -> None:
        """Begin a new era now, unless one begins here already."""
        if self._eras[-1] != self.now:
            self._eras.append(self.now)
            for world in self.worlds:
                world.mark()
            self._take_down()

    def _take_down(self) -> None:
        """Take down the totals whose differences claims are about."""
        if self._counted:
            self._totals.append([evidence.totals(world, self._counted) for world in self.worlds])

    def injects(self, command: Command, hit: Hit, lay: Lay) -> Injected:
        """Take a fault into the books: begin an era, let `lay` do it in each design, plan its heal."""
        self._mark()
        if not self.records.injected:
            self.baseline()
        until = None if command.for_ns is None else self.now + command.for_ns
        number = len(self.records.injected)
        handles = {w.plan.name: lay(w, hit.targets[w.plan.name]) for w in self.worlds if w.plan.name in hit.targets}
        injected = Injected(number + 1, command, hit, self.now, until, handles)
        self.records.injected.append(injected)
        if until is not None:
            self._schedule.add(until, HEAL, fault=number)
        return injected

    def baseline(self) -> None:
        """The first fault comes: what was until now is normal, and what has no answer is the fault's."""
        for world in self.worlds:
            for flow in self.playground.flows:
                unanswered = sum(tally.unanswered for tally in world.tallies(flow.producer))
                self.records.carried[world.plan.name, flow.producer] = int(unanswered)
            world.baseline()

    def heal(self, chosen: Iterable[Injected], by: str) -> None:
        """Take faults back now, each its own layers; `by` says who, and is empty for those that end by themselves."""
        self._mark()
        for injected in chosen:
            self._lift(injected)
            injected.until_ns = self.now
            self.narrator.healed(self.now, injected.command.what, injected.hit.words, by)
        if self.now + self.playground.settle_ns < self.end:
            self._schedule.add(self.now + self.playground.settle_ns, MARK)

    def _lift(self, injected: Injected) -> None:
        injected.active = False
        for world in self.worlds:
            for handle in reversed(injected.handles.get(world.plan.name, ())):
                world.lift(handle)


def simulated(design: DesignPlan, playground: Playground, seed: int) -> World:
    """The simulated world of one design."""
    from topology.sim.world import SimWorld

    return SimWorld(design, playground, seed)
