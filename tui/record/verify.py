"""Two verdicts on a film: whether what it shows is still true, and whether it would still look like that."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chaos.runner import Runner
from topology.plan import Playground
from topology.spec.writer import run_text
from tui.record.about import Opened, run_file, versions
from tui.record.job import Job, Place, place_of, read_text
from tui.record.pictures import Film, read
from tui.record.shooting import shot


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict: True, False, or None where it cannot be judged, and a sentence."""

    holds: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What is run and filmed again to judge a film."""

    job: Job
    place: Place
    playground: Playground
    own: bool
    """Whether it comes from the film itself."""


def subject_of(film: Opened, given: Playground | None) -> Subject:
    """The film's own run file, or a file that somebody names: then what that says, with the film's seed, up to its end.

    Where a film shows what a person did, a file without a run has those commands done to it.
    """
    if given is None:
        return Subject(film.job, film.place, film.playground, True)
    place = place_of(given.path)
    if given.run is None and not film.job.timeline:
        kept = film.playground.run
        assert kept is not None
        text = run_text(given, kept.seed, kept.end_ns, kept.commands)
        given = read_text(text, given.path, place, film.job.duration_ns)
    given = replace(given, duration_ns=film.job.duration_ns)
    job = replace(film.job, source=given.source, timeline=given.run is None)
    return Subject(job, place, given, False)


def truth(film: Opened, subject: Subject) -> Verdict:
    """Run it again without a picture, and compare the digests; and what a film itself says was done."""
    runner = Runner(subject.playground, subject.job.seed, timeline=True, narrate=False)
    runner.advance(subject.job.to_ns)
    runner.finish()
    digest = runner.digest()
    said = run_file(runner, runner.end, digest)
    runner.close()
    told = str(film.told.get("digest"))
    if digest != told:
        return Verdict(False, f"fails: the run has the digest {digest[:12]}…, and the film says {told[:12]}…")
    if subject.own and said != film.told.get("run"):
        return Verdict(False, "fails: the run file in the film does not say what was done in the run")
    return Verdict(True, f"holds: the digest is {digest[:12]}…")


def picture(film: Opened, subject: Subject) -> Verdict:
    """Film it again and compare cell by cell, where what draws the cells is the same."""
    for name, here in versions().items():
        made_with = film.told.get(name)
        if made_with != here:
            what = "knockon" if name == "version" else name
            return Verdict(None, f"not compared: recorded with {what} {made_with}, and this is {here}")
    again = shot(subject.job, subject.place, subject.playground)
    return compared(read(film.text, film.path), read(again, film.path))


def compared(kept: Film, again: Film) -> Verdict:
    """Where two films begin to differ."""
    if kept.size != again.size:
        return Verdict(False, f"differs: the film is {kept.size[0]}x{kept.size[1]}, its header says otherwise")
    instants = sorted({one.seconds for film in (kept, again) for one in film.pictures})
    for seconds in instants:
        for row, (old, new) in enumerate(zip(kept.at(seconds), again.at(seconds), strict=True), 1):
            if old != new:
                column = next((x for x, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), 0) + 1
                return Verdict(False, f"differs: from {seconds:g} s on, first in row {row}, column {column}")
    if kept.marks != again.marks:
        return Verdict(False, "differs: in its markers")
    return Verdict(True, f"the same: {len(instants):,} pictures, cell by cell")
