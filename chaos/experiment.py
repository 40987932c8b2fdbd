"""One playground run headless and judged: gate, faults, expectations, and the exit code that says it all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chaos.claims import FAIL, PASS, UNKNOWN, Judged, expectations, gate
from chaos.runner import Build, Runner, simulated
from chaos.windows import Windows
from topology.plan import Playground

OK, FAILED, BAD_INPUT, NOT_STEADY, NOT_INJECTED = 0, 1, 2, 3, 4
"""Exit codes; a run that a signal ended has 128 and the signal's number."""

SIGNALLED = 128
STRENGTH = (BAD_INPUT, NOT_INJECTED, NOT_STEADY, FAILED, OK)
"""Where several apply, a signal comes first, and then the first of these."""

SLICE_NS = 5_000_000_000

Stop = Callable[[], int]
"""Asked whether to stop: the number of the signal that asks for it, or 0."""

Progress = Callable[[int, int], None]
"""Told how far the run has come, and how far it goes, in simulated nanoseconds."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one run."""

    run: Runner
    windows: Windows
    steady: tuple[Judged, ...]
    expected: tuple[Judged, ...]
    digest: str
    signal: int = 0
    """The signal that cut the run short; 0 when it came to its end."""

    @property
    def code(self) -> int:
        """The exit code of this run alone."""
        if self.signal:
            return SIGNALLED + self.signal
        if self.run.misfires:
            return NOT_INJECTED
        if any(judged.verdict != PASS for judged in self.steady):
            return NOT_STEADY
        return FAILED if any(judged.verdict != PASS for judged in self.expected) else OK


def perform(
    playground: Playground,
    seed: int,
    progress: Progress = lambda now, end: None,
    stop: Stop = lambda: 0,
    build: Build = simulated,
) -> Result:
    """Run a playground with its timeline, or a run file with its commands, to the end, and judge it.

    Between slices `stop` is asked; a signal's number ends the run there, and what came of it so far is judged.
    """
    run = Runner(playground, seed, timeline=True, narrate=False, build=build)
    while run.now < run.end and not stop():
        run.advance(run.now + SLICE_NS)
        progress(run.now, run.end)
    return judge(run, stop() if run.now < run.end else 0)


def judge(run: Runner, signal: int = 0) -> Result:
    """Finish a run and judge it."""
    run.finish()
    windows = run.windows()
    steady = gate(run.playground.steady, run.worlds, windows, run.records.carried)
    expected = expectations(run.playground.expect or (), run.worlds, windows)
    return Result(run, windows, tuple(steady), tuple(expected), run.digest(), signal)


@dataclass(frozen=True, slots=True)
class Over:
    """One claim in one design over several seeds."""

    judged: tuple[Judged, ...]
    seeds: tuple[int, ...]

    @property
    def held(self) -> int:
        """In how many seeds it held."""
        return sum(1 for one in self.judged if one.verdict == PASS)

    @property
    def needed(self) -> int:
        """In how many it must hold: all, unless the claim says otherwise."""
        wanted = self.judged[0].claim.seeds
        return len(self.judged) if wanted is None else min(wanted, len(self.judged))

    @property
    def verdict(self) -> str:
        """Whether it held in enough of them; unknown where the unknown ones decide."""
        unknown = sum(1 for one in self.judged if one.verdict == UNKNOWN)
        if self.held >= self.needed:
            return PASS
        return UNKNOWN if self.held + unknown >= self.needed else FAIL

    @property
    def worst(self) -> int:
        """The first seed in which it did not hold, or the first of all."""
        return next((s for s, one in zip(self.seeds, self.judged, strict=True) if one.verdict != PASS), self.seeds[0])


def over_seeds(results: Sequence[Sequence[Judged]], seeds: Sequence[int]) -> list[Over]:
    """The same claims over several seeds, one row each."""
    return [Over(tuple(row), tuple(seeds)) for row in zip(*results, strict=True)]


def code_of(codes: Sequence[int], over: Sequence[Over] = ()) -> int:
    """The strongest exit code; over several seeds a claim that may miss some is judged over all of them."""
    if over:
        codes = [OK if code == FAILED else code for code in codes]
        codes = [*codes, OK if all(one.verdict == PASS for one in over) else FAILED]
    signalled = [code for code in codes if code > SIGNALLED]
    return signalled[0] if signalled else min(codes, key=STRENGTH.index, default=OK)
