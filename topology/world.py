"""The contract of a world: what can be done to one design, whichever world runs it.

A world knows layers, and replicas that die or freeze; it does not know what a fault is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from topology.frame import Frame
from topology.ledger import Tally
from topology.plan import DesignPlan
from topology.series import Samples

if TYPE_CHECKING:  # few runs are looked into
    from topology.tables import Table
    from topology.workflow_frame import WorkflowFrame

SLOW, ERRORS, LATENCY, LOSS, CUT = "slow", "errors", "latency", "loss", "cut"
"""The layers that nearly every fault is made of; `topology.layers` has all of them."""


@dataclass(frozen=True, slots=True)
class Beat:
    """When something that was laid is switched on and off: after `after_ns` on for `on_ns`, off for `off_ns`, on again …

    With `off_ns` 0 it is on once and then off for good, until it is lifted.
    """

    on_ns: int
    off_ns: int = 0
    after_ns: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """What a verb acts on: replicas of a node (`replicas`: indices), or a link (`link`: "a -> b")."""

    node: str = ""
    replicas: tuple[int, ...] = ()
    link: str = ""

    def __str__(self) -> str:
        return self.link or ", ".join(f"{self.node}/{i}" for i in self.replicas)


class World(Protocol):
    """One design, running. `now` is in nanoseconds since its start; everything before `now` has happened.

    Each verb that breaks something returns a handle; `lift(handle)` takes back that and nothing else, however many
    others lie on the same target. Lifting twice is harmless. Verbs that a world lacks are missing in `powers`.
    """

    plan: DesignPlan
    powers: frozenset[str]

    @property
    def now(self) -> int:
        """The instant up to which everything has happened."""
        ...

    def advance(self, until_ns: int) -> None:
        """Let everything before `until_ns` happen."""
        ...

    def frame(self) -> Frame:
        """A picture of this instant."""
        ...

    def parts(self, node: str) -> dict[str, dict[str, float]]:
        """The parts that a managed node consists of (subscriptions, rules, shards), each with its figures, named as gauges are.

        Frames do not hold them: there may be thousands, and somebody looks at those of one node at a time.
        """
        ...

    def tables(self, node: str) -> list[Table]:
        """What a managed node consists of as tables, with words in them and the order of what is worst."""
        ...

    def workflow(self, node: str, execution: int) -> WorkflowFrame | None:
        """The workflow that a node runs, with the history of one execution by its number; None where it runs none."""
        ...

    def close(self) -> None:
        """End the world and all that it started."""
        ...

    def kill(self, target: Target, ramp_ns: int = 0, silent: bool = False, beats: Beat | None = None) -> int:
        """Processes gone, host up: calls reset, new ones refused, memory gone. Lifting starts them empty.

        Silent: the hosts are gone, too, and nobody is told anything until they are back.
        """
        ...

    def freeze(self, target: Target, ramp_ns: int = 0, beats: Beat | None = None) -> int:
        """SIGSTOP: silence until lifted; then timers due fire and what arrived is read."""
        ...

    def takes(self, kind: str, target: Target) -> bool:
        """Whether a layer of that kind can lie on that target and means anything there.

        "flush" asks whether the target keeps anything that `flush` would make it forget, "redrive" whether it keeps what
        `redrive` would give back.
        """
        ...

    def lay(
        self, kind: str, target: Target, values: dict[str, Any], ramp_ns: int = 0, beats: Beat | None = None
    ) -> int:
        """Lay a layer, such as slow {factor}, errors {share, reason}, latency {extra, jitter}, loss {share, direction},

        cut {direction} or what a kind declares for itself. ValueError where none of that kind can lie there.
        """
        ...

    def surge(self, producer: str, factor: float, ramp_ns: int = 0, beats: Beat | None = None) -> int:
        """Offer more: a second stream beside the first, which is never re-timed."""
        ...

    def crowd(self, producer: str, per_second: float, beats: Beat | None = None) -> int:
        """Offer so many more messages per second, whatever the declared rate is, in a stream of its own."""
        ...

    def lift(self, handle: int) -> None:
        """Take back one layer, kill, freeze or surge."""
        ...

    def scale(self, node: str, replicas: int) -> None:
        """Start or drain replicas until there are that many."""
        ...

    def rewire(self, node: str) -> None:
        """Restart the node's replicas one at a time, each with today's list of what it calls."""
        ...

    def set(self, node: str, name: str, value: Any) -> None:
        """Change one parameter, in its inner value, from now on."""
        ...

    def rate(self, producer: str, per_second: float) -> None:
        """Change what a producer offers."""
        ...

    def flush(self, node: str) -> None:
        """Forget what a node stored only to be quick."""
        ...

    def redrive(self, node: str) -> None:
        """Give what a dead-letter queue holds back to its source."""
        ...

    def replicas(self, node: str) -> Sequence[int]:
        """The indices of a node's replicas that are not being drained, in order."""
        ...

    def mark(self) -> int:
        """Begin a new era now and return its index: messages of intended instant >= now belong to it.

        Windows (before, fault, recovery …) are unions of eras, so every figure can be had for every window.
        """
        ...

    def baseline(self) -> None:
        """Remember each node's health figures as its own normal and what is unanswered."""
        ...

    def stop(self) -> None:
        """Producers offer nothing more from now on."""
        ...

    def idle(self) -> bool:
        """Whether every message has settled: nothing unanswered, no work pending that could still change."""
        ...

    def tallies(self, producer: str) -> Sequence[Tally]:
        """What became of a producer's messages, one tally for each era."""
        ...

    def samples(self, node: str) -> Sequence[Samples]:
        """The node's grid samples, summed for each era."""
        ...

    def turns(self) -> Sequence[Turn]:
        """When nodes turned unhealthy or healthy again, in order."""
        ...

    def sums(self) -> dict[str, Any]:
        """Figures of nodes and links over the whole run so far, as the JSON report has them, in SI units."""
        ...

    def series(self, name: str) -> tuple[int, Sequence[float]]:
        """A bounded series: bin width in nanoseconds and values. Names: "web.yes", "web.no", "web.done",

        "web.waiting", "inventory.busy", "backlog.depth" …; KeyError when there is none of that name.
        """
        ...

    def fates(self) -> str:
        """Every fate count and the hash of every changed grid sample, as one line: what the digest covers."""
        ...


@dataclass(frozen=True, slots=True)
class Turn:
    """A node turned unhealthy or healthy again."""

    at_ns: int
    node: str
    unhealthy: bool
    why: str
