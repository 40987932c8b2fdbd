"""Faults of a timeline that never came: their condition never held, or the run ended before their instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chaos.judge.conditions import Post, posts_of
from topology.plan import Entry

if TYPE_CHECKING:
    from chaos.runner import Runner


@dataclass(frozen=True, slots=True)
class Absent:
    """One entry that never came in some designs."""

    entry: Entry
    designs: tuple[str, ...]
    from_ns: int
    """From when on it could have come."""
    words: str


def unmet(run: Runner) -> list[Post]:
    """The entries that wait for a condition and never came, whichever verb they are.

    A run file has no conditions any more, only what they gave: there an entry came if a command says the same.
    """
    if run.playground.run is None:
        return [post for post in run.gridwatch.posts if not post.fired] if run.gridwatch is not None else []
    return [post for post in posts_of(run.playground) if not _given(run, post.entry, post.acts)]


def _given(run: Runner, entry: Entry, designs: tuple[str, ...]) -> bool:
    """Whether a command of the run does what an entry says, in these designs."""
    wanted = (entry.verb, entry.what, entry.on)
    same = (c for c in run.commands if (c.verb, c.what, c.on) == wanted)
    return any(not c.designs or (designs and set(designs) <= set(c.designs)) for c in same)


def absent(run: Runner) -> list[Absent]:
    """The faults that never came."""
    every = tuple(world.plan.name for world in run.worlds)
    found = [_unmet(post, every) for post in unmet(run) if post.entry.verb == "inject"]
    for entry in run.playground.timeline:
        if entry.verb == "inject" and entry.when is None and entry.at_ns >= run.end and _planned(run, entry):
            words = f"{_what(entry)} was not reached: the run ended before"
            found.append(Absent(entry, _within(run, entry), entry.at_ns, words))
    return found


def _planned(run: Runner, entry: Entry) -> bool:
    """Whether the run was to go by its timeline, itself or through the run file that was kept of it."""
    return run.timeline if run.playground.run is None else not _given(run, entry, entry.designs)


def _within(run: Runner, entry: Entry) -> tuple[str, ...]:
    return tuple(w.plan.name for w in run.worlds if not entry.designs or w.plan.name in entry.designs)


def _unmet(post: Post, every: tuple[str, ...]) -> Absent:
    words = f"{_what(post.entry)} was never injected: {post.when.text} never came true in {post.design}"
    return Absent(post.entry, post.acts or every, post.entry.at_ns, words)


def _what(entry: Entry) -> str:
    return f"{entry.what} on {', '.join(entry.on)}"


def told(run: Runner) -> list[dict[str, Any]]:
    """The entries that waited for a condition in vain, as the journal keeps them."""
    return [
        {
            "verb": post.entry.verb,
            "what": post.entry.what,
            "on": list(post.entry.on),
            "in": list(post.acts),
            "when": post.when.text,
            "of": post.design,
        }
        for post in unmet(run)
    ]
