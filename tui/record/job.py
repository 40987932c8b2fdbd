"""What to film, in plain values: it goes as JSON to the recording process, and stands in the film itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chaos.registry import FAULTS, faults
from topology.plan import Playground, Scene
from topology.registry import NODES, POLICIES
from topology.spec import load_text
from tui.lookup import only
from tui.pace import SPEEDS
from tui.record.reel import Reel

_SORTS = {sort.subfolder: sort for sort in (NODES, POLICIES, FAULTS)}
DARK, LIGHT = THEMES = ("dark", "light")
LEAST_FPS, MOST_FPS = 4, 30
"""Pictures a second. The app lays out 60 times a second."""
LEAST_SIZE, MOST_SIZE = (60, 20), (500, 200)


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a film is to be, as far as somebody says."""

    seed: int | None = None
    """None: the playground's own."""
    size: tuple[int, int] = (100, 30)
    fps: int = 10
    speed: float = 1.0
    theme: str = DARK
    captions: bool | None = None
    """Captions for faults, heals and the verdict, too; False: not even those of the screenplay."""
    from_ns: int = 0
    to_ns: int | None = None
    """None: to the end of the run."""


@dataclass(frozen=True, slots=True)
class Job:
    """One film."""

    source: str
    """The playground as its file says it."""
    timeline: bool
    """Whether its timeline is played; else the commands of its `run` block are done."""
    duration_ns: int
    designs: tuple[str, ...]
    seed: int
    size: tuple[int, int]
    fps: int
    speed: float
    theme: str
    captions: bool | None
    from_ns: int
    to_ns: int
    """Where it begins and ends; a still begins where it ends."""

    def scenes(self, playground: Playground) -> tuple[Scene, ...]:
        """What the screenplay adds: without captions where none are wanted."""
        scenes = playground.screenplay
        return scenes if self.captions is not False else tuple(scene for scene in scenes if scene.verb != "caption")

    def reel(self, playground: Playground) -> Reel:
        """The film's time."""
        holds = ((scene.at_ns, scene.for_ns or 0) for scene in playground.screenplay if scene.verb == "hold")
        return Reel(self.from_ns, self.to_ns, self.fps, self.speed, tuple(holds))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a playground's file lies and which plug-ins it may use: needed to read it, and no part of the film."""

    path: str = ""
    plugins: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """Where the paths in the file start."""
        return str(Path(self.path).absolute().parent) if self.path else ""


def unfit(fps: int, size: tuple[int, int], speed: float, theme: str) -> str:
    """Why no film can look like that, or nothing."""
    if not LEAST_FPS <= fps <= MOST_FPS:
        return f"--fps {fps}: expected {LEAST_FPS} to {MOST_FPS} pictures a second"
    if speed not in SPEEDS:
        return f"--speed {speed:g}x: expected one of {', '.join(f'{speed:g}x' for speed in SPEEDS)}"
    if theme not in THEMES:
        return f"--theme {theme[:30]}: expected {' or '.join(THEMES)}"
    if not all(low <= side <= high for low, side, high in zip(LEAST_SIZE, size, MOST_SIZE, strict=True)):
        least, most = ("x".join(map(str, sides)) for sides in (LEAST_SIZE, MOST_SIZE))
        return f"--size {size[0]}x{size[1]}: a film needs {least} or more, up to {most}"
    return ""


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
    read = read_text(job.source, place.path or "the film's playground", place, job.duration_ns)
    read = replace(read, run=None if job.timeline else read.run)
    whole = tuple(design.name for design in read.designs) == tuple(job.designs)
    return read if whole else only(read, job.designs)


def read_text(text: str, name: str, place: Place, duration_ns: int, settings: Sequence[str] = ()) -> Playground:
    """A playground out of a text, as if it lay at that place; `name` stands in the sentences about what is wrong in it."""
    read = load_text(text, name, faults=faults(), settings=settings, folder=place.folder)
    return replace(read, path=place.path, duration_ns=duration_ns)
