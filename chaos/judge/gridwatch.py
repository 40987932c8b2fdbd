"""What looks at each grid step of a run: the entries that wait for a condition, and the claims about instants."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.command import Command
from chaos.judge.conditions import Post, due, posts_of
from chaos.judge.instants import STEPS, Instants
from chaos.judge.temporal import Watcher, watchers_of
from topology.frame import Frame
from topology.plan import Claim, Playground


class GridWatch:
    """Holds the conditions and the watched claims of one run."""

    def __init__(self, playground: Playground, waits: bool) -> None:
        self.playground = playground
        self.posts = posts_of(playground) if waits else []
        self.watchers = watchers_of(playground)
        self.instants = Instants(playground.grid_ns)

    def waiting(self) -> list[Post]:
        """The entries that may still come."""
        return [post for post in self.posts if post.left]

    def needs(self) -> frozenset[str]:
        """The designs that have to be looked at."""
        needed = {post.design for post in self.posts if post.left}
        return frozenset(needed.union(*(watcher.needs for watcher in self.watchers)))

    def next_step(self, at_ns: int) -> int | None:
        """The next grid step to look at, from an instant on; None when there is none.

        A condition is looked at a second ahead, so that what is about the last second can be told when it begins to count.
        """
        grid = self.playground.grid_ns
        first = -(-at_ns // grid) * grid
        if self.watchers:
            return first
        armed = [max(post.entry.at_ns, post.rests_until_ns) for post in self.posts if post.left]
        if not armed:
            return None
        return max(first, min(armed) // grid * grid - STEPS * grid)

    def look(self, step_ns: int, era_ns: int, frames: Sequence[Frame]) -> list[tuple[Post, Command]]:
        """Look at a grid step of the era that began at `era_ns`; what is to be done now, each with what waited for it."""
        self.instants.look(frames)
        for watcher in self.watchers:
            watcher.look(step_ns, era_ns, self.instants)
        return due(self.posts, step_ns, self.instants, self.playground)

    def watcher(self, claim: Claim, design: str) -> Watcher | None:
        """What watches a claim in a design."""
        return next((w for w in self.watchers if w.claim == claim and w.design == design), None)
