"""Running without a screen: one seed or several, progress on a terminal, reports, run files and the exit code."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from chaos import report
from chaos.claims import Judged
from chaos.experiment import BAD_INPUT, SIGNALLED, Result, code_of, over_seeds, perform
from chaos.journal import journal, several
from chaos.runner import Runner
from topology.files import write_whole
from topology.plan import Playground
from tui.lookup import Mistake

BAR = 30


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the results of a run go."""

    json: str | None = None
    save: str | None = None
    quiet: bool = False

    @property
    def talks(self) -> bool:
        """Whether the summary goes to standard output."""
        return not self.quiet and self.json != "-"


def run_all(playgrounds: Sequence[Playground], seeds: Sequence[int] | None, outputs: Outputs) -> int:
    """Run each playground and return the strongest exit code."""
    if len(playgrounds) > 1 and (outputs.json or outputs.save):
        raise Mistake("--json and --save take one playground at a time")
    if outputs.save and seeds is not None and len(seeds) > 1:
        raise Mistake("--save keeps one run: name one seed")
    _check_folders(outputs)
    codes: list[int] = []
    for number, playground in enumerate(playgrounds):
        if number and outputs.talks:
            print("─" * 80)
        codes.append(run_one(playground, seeds, outputs))
        if codes[-1] > SIGNALLED:
            break
    return code_of(codes)


def _check_folders(outputs: Outputs) -> None:
    """Say before a long run, and not after it, that its results have nowhere to go."""
    for path in (outputs.json, outputs.save):
        if path not in (None, "-") and not Path(str(path)).absolute().parent.is_dir():
            raise Mistake(f"cannot write {path}: the folder does not exist")


def run_one(playground: Playground, seeds: Sequence[int] | None, outputs: Outputs) -> int:
    """Run one playground with each seed, and tell what came of it."""
    default = playground.seed if playground.run is None else playground.run.seed
    chosen = list(seeds) if seeds else [default]
    judged: list[Sequence[Judged]] = []
    codes: list[int] = []
    told: list[dict[str, Any]] = []
    kept = ""
    for number, seed in enumerate(chosen):
        began = time.perf_counter()
        with Progress(f"{playground.name} seed {seed}", number, len(chosen), outputs) as progress, Signals() as signals:
            result = perform(playground, seed, progress.step, signals.stop)
        judged.append(result.expected)
        codes.append(result.code)
        told.append(journal(result, time.perf_counter() - began))
        if outputs.save:
            save(outputs.save, result)
        kept = kept_digest(playground, result)
        # A finished world is let go at once: many seeds take no more memory than one.
        result.run.close()
        if result.code > SIGNALLED:
            break
    if kept:
        print(f"knockon: {kept}", file=sys.stderr)
    if len(chosen) == 1:
        _tell(told[0], outputs)
        return codes[0]
    over = over_seeds(judged, chosen[: len(judged)])
    code = code_of(codes, over)
    _tell(several(told, over, code), outputs)
    return code


def _tell(told: dict[str, Any], outputs: Outputs) -> None:
    if outputs.talks:
        print(report.write("text", told), end="")
    if outputs.json == "-":
        sys.stdout.write(report.write("json", told))
    elif outputs.json:
        write_whole(outputs.json, report.write("json", told))
    sys.stdout.flush()


def save(path: str, result: Result) -> None:
    """Keep a finished run as a run file."""
    save_runner(path, result.run, result.digest)


def save_runner(path: str, run: Runner, digest: str) -> None:
    """Write a run file: the playground with seed, end, commands and digest."""
    from topology.spec.writer import save_run

    save_run(path, run.playground, run.seed, run.end, [asdict(command) for command in run.commands], digest)


def kept_digest(playground: Playground, result: Result) -> str:
    """A sentence when a run file was run again and came out differently; empty where it did not."""
    if playground.run is None or not playground.run.digest or playground.run.digest == result.digest:
        return ""
    return f"{playground.path}: the run came out differently from the one that was kept (its digest differs)"


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
        if self._drawn:
            sys.stderr.write(f"\r{' ' * len(self._drawn)}\r")
            sys.stderr.flush()

    def step(self, now_ns: int, end_ns: int) -> None:
        """Draw how far it has come, if that looks different from before."""
        if not self.shown:
            return
        share = (self.number + now_ns / end_ns) / self.of
        full = round(share * BAR)
        drawn = f"{self.title} {'█' * full}{'░' * (BAR - full)} {share:4.0%}"
        if drawn != self._drawn:
            self._drawn = drawn
            sys.stderr.write(f"\r{drawn}")
            sys.stderr.flush()


def guarded(action: Callable[[], int]) -> int:
    """Run a command; whatever a person got wrong becomes one clear sentence and exit code 2."""
    from topology.files import WriteError
    from topology.registry import Clash
    from topology.spec.problems import PlaygroundError

    try:
        return action()
    except PlaygroundError as error:
        print("\n".join(map(str, error.problems)), file=sys.stderr)
    except (Mistake, WriteError, Clash) as error:
        print(f"knockon: {error}", file=sys.stderr)
    return BAD_INPUT
