"""Playgrounds as tests in Python: run one, and ask what held and which figures came out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.experiment import OK
from chaos.journals.reading import chain, could_not, held_in, many, play_line, runs
from chaos.judge.better import figures
from chaos.judge.claims import PASS
from topology.problems import PlaygroundError, near_miss
from tui import lookup
from tui.headless import Outputs, perform_each, reopenable


class Wrong(ValueError):
    """A playground, a seed or a figure that there is not; the words say what there is."""


@dataclass(frozen=True)
class Trial:
    """What came of a playground; `journal` is the whole JSON report."""

    journal: dict[str, Any]

    @property
    def held(self) -> bool:
        """Whether everything held: the steady state, the timeline and each expectation."""
        return self.code == OK

    @property
    def code(self) -> int:
        """The exit code that `knockon run` would end with."""
        return int(self.journal["exit_code"])

    @property
    def failures(self) -> list[str]:
        """What did not hold, in sentences with their why-chains; empty when all did."""
        rows = range(len(self.journal["expectations"]))
        return [*self.unsound, *(line for row in rows for line in self.complaint(row))]

    @property
    def unsound(self) -> list[str]:
        """Why the runs show nothing: not steady before the first fault, or a command that could not be done."""
        found = []
        for run in runs(self.journal):
            seed = f" (seed {run['seed']})" if many(self.journal) else ""
            found += [f"not steady: {row['sentence']}{seed}" for row in run["steady"] if row["verdict"] != PASS]
            found += [f"{could_not(command)}{seed}" for command in run["not_done"]]
        return found

    def complaint(self, number: int) -> list[str]:
        """The sentence and why-chain of the n-th expectation, from 0, if it did not hold."""
        row = self.journal["expectations"][number]
        if row["verdict"] == PASS:
            return []
        seed = row.get("worst_seed", self.journal.get("seed"))
        lines = [row["sentence"], held_in(row), *chain(row), f"see it: {play_line(self.journal, seed)}"]
        return [line for line in lines if line]

    def figure(self, name: str) -> float:
        """A figure such as `decoupled.web.success`, in SI units; of several seeds the mean. Raises Wrong."""
        design, _, rest = name.partition(".")
        known = self._figures(design)
        if rest not in known:
            near = near_miss(rest, list(known))
            hint = f"did you mean {design}.{near}?" if near else f"{design} has {', '.join(list(known)[:8])} …"
            raise Wrong(f"there is no figure {name}; {hint}")
        value = known[rest]
        if value is None:
            raise Wrong(f"{name} has nothing to be read from in this run")
        return value

    def _figures(self, design: str) -> dict[str, float | None]:
        first = runs(self.journal)[0]["designs"]
        if design not in first:
            raise Wrong(f"there is no design {design}; there are {', '.join(first)}")
        if many(self.journal):
            return {name: row["mean"] for name, row in self.journal["over_seeds"][design].items()}
        return dict(figures(first[design]))


class Trials:
    """What the pytest fixture `knockon` is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(
        self,
        name: str,
        *,
        seeds: Iterable[int] | None = None,
        duration: str | None = None,
        settings: Sequence[str] = (),
        designs: Sequence[str] = (),
        jobs: int = 1,
    ) -> Trial:
        """Run a playground of the gallery or a file; the arguments are the options of `knockon run`. Raises Wrong."""
        path = self.folder / name
        where = str(path) if path.is_file() else name
        return perform(where, seeds=seeds, duration=duration, settings=settings, designs=designs, jobs=jobs)


def perform(
    name: str,
    *,
    seeds: Iterable[int] | None = None,
    duration: str | None = None,
    settings: Sequence[str] = (),
    designs: Sequence[str] = (),
    jobs: int = 1,
) -> Trial:
    """Run a playground with each seed, or with its own. Raises Wrong for whatever a person got wrong."""
    chosen = None if seeds is None else list(seeds)
    if chosen == []:
        raise Wrong("there are no seeds to run with: expected such as range(1, 21)")
    try:
        found = reopenable(name, list(settings), duration, list(designs), ())
        with closing(perform_each([found], chosen, Outputs(quiet=True), jobs, lambda: 0)) as journals:
            return Trial(next(journals))
    except lookup.Mistake as mistake:
        raise Wrong(str(mistake)) from mistake
    except PlaygroundError as error:
        raise Wrong("\n".join(map(str, error.problems))) from error


def seeds_of(text: str | None) -> list[int] | None:
    """The seeds of an option such as 1..20, or None without one. Raises Wrong."""
    try:
        return None if text is None else lookup.seeds_of(text)
    except lookup.Mistake as mistake:
        raise Wrong(str(mistake)) from mistake


def tests_of(path: Path) -> list[str]:
    """The names of a playground's expectations, one for each in each design, in the order of its journal. Raises Wrong."""
    try:
        playground = lookup.open_playground(str(path))
    except PlaygroundError as error:
        raise Wrong("\n".join(map(str, error.problems))) from error
    except lookup.Mistake as mistake:
        raise Wrong(str(mistake)) from mistake
    names = [
        f"{design.name}: {claim.that}{'' if claim.during == 'all' else f' during {claim.during}'} {claim.text}"
        for claim in playground.expect or ()
        for design in playground.designs
        if design.name in claim.designs
    ]
    return [f"{name} #{names[:at].count(name) + 1}" if name in names[:at] else name for at, name in enumerate(names)]
