"""Running without a screen: one seed or many in parallel, progress on a terminal, reports, run files and the exit code."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

from chaos import report
from chaos.experiment import (
    ALWAYS,
    BAD_INPUT,
    IF_RED,
    NOT_AT_ALL,
    OK,
    SIGNALLED,
    SLICE_NS,
    Result,
    Stop,
    code_of,
    explained_when,
    perform,
)
from chaos.journals.journal import LIVE, SCHEMA, Journal, journal
from chaos.runner import Build, Runner, simulated
from topology.files import write_whole
from topology.plan import Playground
from topology.spec.check import skipped_lines
from tui import lookup
from tui.lookup import Mistake

BAR = 30
RULE = "─" * 80
LIVE_SLICE_NS = 250_000_000
"""Live, so long after a signal the run ends."""
MOST_WHOLE = 200
"""From so many seeds on, runs in which all was well are kept without their series."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A playground, how another process opens the same one, and what to type after `knockon play` to see it."""

    playground: Playground
    again: Callable[[], Playground]
    named: str
    live: Build | None = None
    """What makes worlds of processes, where they are not simulated."""


def reopenable(
    name: str, settings: Sequence[str], duration: str | None, designs: Sequence[str], plugins: Sequence[str]
) -> Opened:
    """Open a playground so that workers can open it, too."""
    again = partial(_open, name, tuple(settings), duration, tuple(designs), tuple(plugins))
    words = [name, *(["--duration", duration] if duration else [])]
    words += [word for change in settings for word in ("--set", change)]
    words += [word for folder in plugins for word in ("--plugins", folder)]
    return Opened(again(), again, shlex.join(words))


@lru_cache(maxsize=64)
def _open(
    name: str, settings: tuple[str, ...], duration: str | None, designs: tuple[str, ...], plugins: tuple[str, ...]
) -> Playground:
    """What is open already need not be opened again by a worker that is a fork of this process."""
    lookup.add_plugins(plugins)
    return lookup.open_playground(name, settings=settings, duration=duration, designs=designs)


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the results of a run go."""

    json: str | None = None
    save: str | None = None
    quiet: bool = False
    reports: tuple[tuple[str, str], ...] = ()
    """Formats and files; `-` is standard output."""
    cost: bool | None = None
    """Whether to work out what each fault cost, and why what is red is red; None: where it is red, or kept in a report."""

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """Every report that is asked for: its format and where it goes."""
        return (*((("json", self.json),) if self.json else ()), *self.reports)

    def explain(self, many: bool) -> int:
        """When a run is explained: of several seeds first none, and then those that are shown."""
        if many or self.cost is False:
            return NOT_AT_ALL
        return ALWAYS if self.cost or self.files else IF_RED

    @property
    def talks(self) -> bool:
        """Whether the summary goes to standard output."""
        return not self.quiet and all(path != "-" for _, path in self.files)


def run_all(opened: Sequence[Opened], seeds: Sequence[int] | None, outputs: Outputs, jobs: int = 1) -> int:
    """Run each playground with each seed, tell what came of it, and return the strongest exit code."""
    _check(opened, seeds, outputs)
    for playground in [one.playground for one in opened]:
        _say_skipped(playground)
    told: list[Journal] = []
    with Signals() as signals, closing(perform_each(opened, seeds, outputs, jobs, signals.stop)) as journals:
        for one in journals:
            if outputs.talks:
                print(f"{RULE}\n" if told else "", report.write("text", one), sep="", end="", flush=True)
            told.append(one)
    code = code_of([one["exit_code"] for one in told])
    if len(told) < len(opened):
        code = SIGNALLED + signals.stop()
    if told:
        tell(told[0] if len(opened) == 1 else together(told, code), outputs)
    return code


def _say_skipped(playground: Playground) -> None:
    """Lines of logs that are left out are said even by a quiet run."""
    found = [words for design in playground.designs for node in design.nodes for words in skipped_lines(node)]
    for words in dict.fromkeys(found):
        print(f"knockon: {playground.name}: {words}", file=sys.stderr)


def together(told: Sequence[Journal], code: int) -> Journal:
    """The journals of several playgrounds as one."""
    return {"schema": dict(SCHEMA), "exit_code": code, "playgrounds": list(told)}


def tell(told: Journal, outputs: Outputs) -> None:
    """Write every report that was asked for, once all of them are made."""
    made = [(path, report.write(name, told)) for name, path in outputs.files]
    for path, text in made:
        if path == "-":
            sys.stdout.write(text)
        else:
            write_whole(path, text)
    sys.stdout.flush()


def _check(opened: Sequence[Opened], seeds: Sequence[int] | None, outputs: Outputs) -> None:
    """Say before a long run, and not after it, that its results have nowhere to go."""
    if outputs.save and len(opened) > 1:
        raise Mistake("--save takes one playground at a time")
    if outputs.save and seeds is not None and len(seeds) > 1:
        raise Mistake("--save keeps one run: name one seed")
    check_files(outputs)


def check_files(outputs: Outputs) -> None:
    """Refuse formats that there are not, folders that there are not, and two reports at one place."""
    known = report.formats()
    for name, path in outputs.files:
        if name not in known:
            raise Mistake(f"there is no report called {name[:60]}; there are {', '.join(known)}")
        _check_folder(path)
    if outputs.save:
        _check_folder(outputs.save)
    paths = [path for _, path in outputs.files] + ([outputs.save] if outputs.save else [])
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None:
        raise Mistake(f"two reports cannot both go to {'standard output' if twice == '-' else twice}")


def _check_folder(path: str) -> None:
    if path != "-" and not Path(path).absolute().parent.is_dir():
        raise Mistake(f"cannot write {path}: the folder does not exist")


def perform_each(
    opened: Sequence[Opened], seeds: Sequence[int] | None, outputs: Outputs, jobs: int, stop: Stop
) -> Generator[Journal]:
    """The journal of each playground, in order, as soon as all its seeds are done; if `stop` says so the last is cut short."""
    started = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    chosen = [_seeds_of(one.playground, seeds) for one in opened]
    if min(jobs, sum(map(len, chosen))) > 1 and not outputs.save:
        journals = _in_parallel(opened, chosen, outputs, jobs, stop)
    else:
        journals = _one_by_one(opened, chosen, outputs, stop)
    with closing(journals):
        for one, own in zip(opened, chosen, strict=True):
            parts = list(_kept(one.playground, islice(journals, len(own))))
            if parts:
                told = _joined(parts, len(own) > 1)
                if len(parts) == len(own) > 1 and outputs.cost is not False:
                    told = _explain_worst(one.playground, told, outputs, stop)
                told["environment"].update(started=started, named=one.named)
                yield told if len(parts) == len(own) else {**told, "exit_code": SIGNALLED + stop(), "cut_short": True}
            if len(parts) < len(own):
                return


def _kept(playground: Playground, journals: Iterator[Journal]) -> Iterator[Journal]:
    """What is kept of each run. A run file that came out differently is said at once."""
    for number, told in enumerate(journals):
        if playground.run is not None and playground.run.seed == told["seed"]:
            _compare(playground, told["digest"])
        if number >= MOST_WHOLE and told["exit_code"] == OK:
            from chaos.compare.over_seeds import thin  # only very many seeds need it

            told = thin(told)
        yield told


def _compare(playground: Playground, digest: str) -> None:
    kept = playground.run.digest if playground.run is not None else ""
    if kept and kept != digest:
        words = "the run came out differently from the one that was kept (its digest differs)"
        print(f"knockon: {playground.path}: {words}", file=sys.stderr)


def _seeds_of(playground: Playground, seeds: Sequence[int] | None) -> list[int]:
    return list(seeds) if seeds else [playground.seed if playground.run is None else playground.run.seed]


def _joined(parts: list[Journal], many: bool) -> Journal:
    if not many:
        return parts[0]
    from chaos.compare.over_seeds import several  # most runs are of one seed

    return several(parts)


def _explain_worst(playground: Playground, told: Journal, outputs: Outputs, stop: Stop) -> Journal:
    """Run the seeds again that a report of several seeds shows because they are red, and explain them."""
    from chaos.compare.over_seeds import explain_worst
    from chaos.compare.seeds import perform_one

    def again(seed: int) -> Journal:
        with Progress(f"{playground.name}: why seed {seed} is as it is", 0, 1, outputs) as progress:
            return perform_one(playground, seed, progress.share, stop, ALWAYS)

    return explain_worst(told, again, bool(outputs.cost))


def _one_by_one(opened: Sequence[Opened], chosen: Sequence[Sequence[int]], outputs: Outputs, stop: Stop) -> Generator[Journal]:
    for one, seeds in zip(opened, chosen, strict=True):
        for number, seed in enumerate(seeds):
            if stop():
                return
            explain = outputs.explain(len(seeds) > 1) if one.live is None else NOT_AT_ALL
            with Progress(f"{one.playground.name} seed {seed}", number, len(seeds), outputs) as progress:
                told = _perform(one, seed, progress, outputs, stop, explain)
            yield told


def _perform(one: Opened, seed: int, progress: Progress, outputs: Outputs, stop: Stop, explain: int) -> Journal:
    began = time.perf_counter()
    slice_ns = SLICE_NS if one.live is None else LIVE_SLICE_NS
    result = perform(one.playground, seed, progress.step, stop, one.live or simulated, slice_ns)
    took = time.perf_counter() - began
    told = journal(explained_when(result, explain), took, LIVE if one.live is not None else "")
    if outputs.save:
        save(outputs.save, result)
    # A finished world is let go at once: many seeds take no more memory than one.
    result.run.close()
    return told


def _in_parallel(
    opened: Sequence[Opened], chosen: Sequence[Sequence[int]], outputs: Outputs, jobs: int, stop: Stop
) -> Generator[Journal]:
    from chaos.compare.seeds import Task, WorkerLost, perform_all  # most runs are of one seed

    when = [outputs.explain(len(seeds) > 1) for seeds in chosen]
    tasks = [Task(number, seed, when[number]) for number, seeds in enumerate(chosen) for seed in seeds]
    names = opened[0].playground.name if len(opened) == 1 else f"{len(opened)} playgrounds"
    title = f"{names}: {len(tasks)} runs, {min(jobs, len(tasks))} at once"
    opens = [one.again for one in opened]
    with Progress(title, 0, 1, outputs) as progress, closing(perform_all(opens, tasks, jobs, progress.share, stop)) as runs:
        try:
            for told in runs:
                progress.clear()
                yield told
        except WorkerLost as lost:
            raise Mistake(f"{lost}; fewer at once with --jobs take less memory") from lost


def jobs_of(jobs: int | None) -> int:
    """How many runs at once: what was asked for, else as many as this process may use cores."""
    if jobs is not None:
        return jobs
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def save(path: str, result: Result) -> None:
    """Keep a finished run as a run file."""
    save_runner(path, result.run, result.digest)


def save_runner(path: str, run: Runner, digest: str) -> None:
    """Write a run file: the playground with seed, end, commands and digest."""
    from topology.spec.writer import save_run

    save_run(path, run.playground, run.seed, run.end, [asdict(command) for command in run.commands], digest)


class Signals:
    """Lets Ctrl-C and a polite end wait for the slice to end, so that nothing is lost; a second one does not wait."""

    def __init__(self) -> None:
        self._caught = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._catch)
        return self

    def __exit__(self, *why: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _catch(self, number: int, frame: FrameType | None) -> None:
        if self._caught:
            raise SystemExit(SIGNALLED + number)
        self._caught = number

    def stop(self) -> int:
        """The signal that came, or 0."""
        return self._caught


class Progress:
    """A bar on standard error, where that is a terminal."""

    def __init__(self, title: str, number: int, of: int, outputs: Outputs) -> None:
        self.title, self.number, self.of = title, number, of
        self.shown = sys.stderr.isatty() and not outputs.quiet
        self._drawn = ""

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *why: object) -> None:
        self.clear()

    def clear(self) -> None:
        """Leave the line to whoever prints next; it is drawn again when there is news."""
        if self._drawn:
            sys.stderr.write(f"\r{' ' * len(self._drawn)}\r")
            sys.stderr.flush()
            self._drawn = ""

    def step(self, now_ns: int, end_ns: int) -> None:
        """Draw how far it has come in simulated time."""
        self.share(now_ns / end_ns)

    def share(self, done: float) -> None:
        """Draw which share is done, from 0 to 1, if that looks different from before."""
        if not self.shown:
            return
        share = (self.number + done) / self.of
        full = round(share * BAR)
        drawn = f"{self.title} {'█' * full}{'░' * (BAR - full)} {share:4.0%}"
        if drawn != self._drawn:
            self._drawn = drawn
            sys.stderr.write(f"\r{drawn}")
            sys.stderr.flush()


def guarded(action: Callable[[], int]) -> int:
    """Run a command; whatever a person got wrong becomes one clear sentence and exit code 2."""
    from topology.files import WriteError
    from topology.problems import PlaygroundError
    from topology.registry import Clash

    try:
        return action()
    except PlaygroundError as error:
        print("\n".join(map(str, error.problems)), file=sys.stderr)
    except (Mistake, WriteError, Clash) as error:
        print(f"knockon: {error}", file=sys.stderr)
    return BAD_INPUT
