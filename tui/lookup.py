"""From what a person types to a checked playground: a gallery name or a file, with the changes asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from chaos import gallery
from chaos.registry import FAULTS, faults
from chaos.report import REPORTS
from topology.plan import Claim, Entry, Playground
from topology.problems import near_miss
from topology.registry import NODES, POLICIES, Folder
from topology.spec import load
from topology.units import format_duration, parse_duration

MOST_SEEDS = 10_000
LARGEST_SEED = (1 << 53) - 1


class Mistake(Exception):
    """Something that a person typed and that cannot be done; the words say what to type instead."""


def find(text: str) -> Path:
    """The file that a gallery name or a path means."""
    if text in gallery.names():
        return gallery.path(text)
    path = Path(text)
    if path.is_file():
        return path
    if path.is_dir():
        raise Mistake(f"{text} is a folder; name a playground file in it")
    if path.suffix in (".yaml", ".yml", ".json") or "/" in text:
        raise Mistake(f"there is no file {text}")
    near = near_miss(text, gallery.names())
    hint = f"did you mean {near}?" if near else "`knockon list` shows what there is"
    raise Mistake(f"there is no playground called {text[:60]}, and no file of that name; {hint}")


def open_playground(
    text: str, *, settings: Sequence[str] = (), duration: str | None = None, designs: Sequence[str] = ()
) -> Playground:
    """Load and check a playground, and change it as asked."""
    path = find(text)
    if path.suffix == ".cast":
        from tui.record.about import run_of_film  # few commands are given a film

        playground = run_of_film(str(path), list(settings))
    else:
        playground = load(path, faults=faults(), settings=list(settings))
    if duration is not None:
        playground = shortened(playground, duration)
    return only(playground, designs) if designs else playground


def shortened(playground: Playground, duration: str) -> Playground:
    """The same with another duration."""
    try:
        wanted = parse_duration(duration)
    except ValueError as error:
        raise Mistake(f"--duration: {error}") from error
    if wanted <= playground.warmup_ns:
        warmup = format_duration(playground.warmup_ns)
        raise Mistake(f"--duration {duration} ends before the warm-up of {warmup} is over")
    return replace(playground, duration_ns=wanted)


def only(playground: Playground, names: Sequence[str]) -> Playground:
    """The same with some of its designs."""
    known = [design.name for design in playground.designs]
    for name in names:
        if name not in known:
            near = near_miss(name, known)
            hint = f"did you mean {near}?" if near else f"it has {', '.join(known)}"
            raise Mistake(f"--design: {playground.name} has no design called {name[:60]}; {hint}")
    kept = tuple(design for design in playground.designs if design.name in names)
    # What is expected of other designs alone is not expected here: then the run is an exploration.
    expect = _claims(playground.expect or (), names) or None
    return replace(
        playground,
        designs=kept,
        timeline=_entries(playground.timeline, names),
        steady=_claims(playground.steady, names),
        expect=expect,
        canonical=f"{playground.canonical}\n{','.join(design.name for design in kept)}",
    )


def _claims(claims: Sequence[Claim], names: Sequence[str]) -> tuple[Claim, ...]:
    whole = (claim for claim in claims if all(term.design in names for term in claim.terms if term.design))
    cut = (replace(claim, designs=tuple(d for d in claim.designs if d in names)) for claim in whole)
    return tuple(claim for claim in cut if claim.designs)


def _entries(entries: Sequence[Entry], names: Sequence[str]) -> tuple[Entry, ...]:
    cut = ((entry, tuple(d for d in entry.designs if d in names)) for entry in entries)
    return tuple(replace(entry, designs=left) for entry, left in cut if left or not entry.designs)


def seeds_of(text: str) -> list[int]:
    """The seeds of "1..20" or "1,5,9"."""
    first, dots, last = text.partition("..")
    try:
        low, high = (int(first), int(last)) if dots else (0, 0)
        found = list(range(low, min(high, low + MOST_SEEDS) + 1)) if dots else [int(part) for part in text.split(",")]
    except ValueError as error:
        raise Mistake(f"--seeds {text[:60]}: expected a range such as 1..20, or seeds such as 1,5,9") from error
    if not found or len(found) > MOST_SEEDS or min(found) < 0 or max(found) > LARGEST_SEED:
        raise Mistake(f"--seeds {text[:60]}: expected 1 to {MOST_SEEDS:,} seeds of 0 or more, first to last")
    return found


def add_plugins(folders: Sequence[str]) -> None:
    """Take kinds, policies, faults and reports of these folders."""
    for folder in folders:
        if not Path(folder).is_dir():
            raise Mistake(f"--plugins {folder}: there is no such folder")
        sorts = (NODES, POLICIES, FAULTS, REPORTS)
        if not any((Path(folder) / sort.subfolder).is_dir() for sort in sorts):
            raise Mistake(f"--plugins {folder}: it has none of the folders nodes, policies, faults, reports")
        for sort in sorts:
            sort.look_in(Path(folder))
            _load(sort)


def _load(sort: Folder) -> None:
    """Load what was found at once, so that a broken file is named before anything runs."""
    for name, file in sort.outside.items():
        try:
            sort.get(name)
        except Exception as error:
            raise Mistake(f"--plugins: {file} cannot be loaded: {type(error).__name__}: {error}") from error
