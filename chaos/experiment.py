"""One playground run headless and judged: gate, faults, expectations, and the exit code that says it all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chaos.judge.claims import FAIL, PASS, Judged, expectations, gate
from chaos.judge.windows import Windows
from chaos.runner import Build, Runner, simulated
from topology.plan import Playground

if TYPE_CHECKING:
    from chaos.compare.cost import Costs
    from chaos.judge.offence import Offence
    from chaos.judge.why import Why

OK, FAILED, BAD_INPUT, NOT_STEADY, NOT_INJECTED = 0, 1, 2, 3, 4
"""Exit codes; a run that a signal ended has 128 and the signal's number."""

SIGNALLED = 128
STRENGTH = (BAD_INPUT, NOT_INJECTED, NOT_STEADY, FAILED, OK)
"""Where several apply, a signal comes first, and then the first of these."""

NOT_AT_ALL, IF_RED, ALWAYS = 0, 1, 2
"""When a run is explained, which takes several more runs."""

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
    costs: Costs | None = None
    """What each fault cost, where that was asked."""

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
    slice_ns: int = SLICE_NS,
) -> Result:
    """Run a playground with its timeline, or a run file with its commands, to the end, and judge it.

    Between slices `stop` is asked; a signal's number ends the run there, and what came of it so far is judged.
    """
    run = Runner(playground, seed, timeline=True, narrate=False, build=build)
    try:
        while run.now < run.end and not stop():
            run.advance(run.now + slice_ns)
            progress(run.now, run.end)
        return judge(run, stop() if run.now < run.end else 0)
    except BaseException:
        run.close()  # whatever happens, nothing that a world started is left behind
        raise


def judge(run: Runner, signal: int = 0) -> Result:
    """Finish a run and judge it."""
    run.finish()
    windows = run.windows()
    steady = gate(run.playground.steady, run.worlds, windows, run.records.carried, run)
    expected = expectations(run.playground.expect or (), run.worlds, windows, run)
    return Result(run, windows, tuple(steady), tuple(expected), run.digest(), signal)


def explained(result: Result) -> Result:
    """The same, with what each fault cost and, for each expectation that failed, the first message and why.

    That takes a run without each fault, one without all of them, and one that looks for messages.
    """
    from chaos.compare import cost  # most runs are green, and nobody asks

    run = result.run
    costs = cost.told(run) if run.records.injected else None
    red = [judged for judged in result.expected if judged.verdict == FAIL]
    if not red or not cost.comparable(run):
        return replace(result, costs=costs)
    from chaos.judge.why import chains

    found = iter(chains(run, red))
    seen = [_because(judged, *next(found)) if judged.verdict == FAIL else judged for judged in result.expected]
    return replace(result, expected=tuple(seen), costs=costs)


def _because(judged: Judged, offence: Offence | None, why: Why) -> Judged:
    return replace(judged, offence=offence, chain=why)


def explained_when(result: Result, when: int) -> Result:
    """The same, explained if it should be: NOT_AT_ALL, IF_RED or ALWAYS. What a signal cut short is left as it is."""
    red = any(judged.verdict == FAIL for judged in result.expected)
    if result.signal or not (when == ALWAYS or (when == IF_RED and red)):
        return result
    return explained(result)


def code_of(codes: Sequence[int]) -> int:
    """The strongest exit code."""
    signalled = [code for code in codes if code > SIGNALLED]
    return signalled[0] if signalled else min(codes, key=STRENGTH.index, default=OK)
