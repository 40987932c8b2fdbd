"""What to film, in plain values: it goes as JSON to the recording process, and stands in the film itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chaos.registry import FAULTS, faults
from topology.plan import Playground
from topology.registry import NODES, POLICIES
from topology.spec import load_text
from tui.lookup import only

_SORTS = {sort.subfolder: sort for sort in (NODES, POLICIES, FAULTS)}


@dataclass(frozen=True, slots=True)
class Job:
    """One film."""

    source: str
    """The playground as its file says it."""
    duration_ns: int
    designs: tuple[str, ...]
    seed: int
    size: tuple[int, int]
    fps: int
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a playground's file lies and which plug-ins it may use: needed to read it, and no part of the film."""

    path: str = ""
    plugins: dict[str, dict[str, str]] = field(default_factory=dict)


def job_of(kept: dict[str, Any]) -> Job:
    """A job out of JSON."""
    return Job(**{**kept, "designs": tuple(kept["designs"]), "size": tuple(kept["size"])})


def place_of(path: str) -> Place:
    """The place of a playground, with the plug-ins that this process was told of."""
    plugins = {key: {name: str(path) for name, path in sort.outside.items()} for key, sort in _SORTS.items()}
    return Place(path, plugins)


def read_playground(job: Job, place: Place) -> Playground:
    """The playground of a job."""
    for key, named in place.plugins.items():
        _SORTS[key].outside.update({name: Path(path) for name, path in named.items()})
    folder = str(Path(place.path).absolute().parent) if place.path else ""
    read = load_text(job.source, place.path or "the film's playground", faults=faults(), folder=folder)
    read = replace(read, path=place.path, duration_ns=job.duration_ns)
    whole = tuple(design.name for design in read.designs) == tuple(job.designs)
    return read if whole else only(read, job.designs)
