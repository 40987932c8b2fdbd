"""Live on the command line and on screen: real processes in place of the simulation, by the wall's clock alone."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from chaos.experiment import NOT_INJECTED
from chaos.fault import LINKS
from chaos.registry import faults
from chaos.runner import Runner
from topology.live import MARK
from tui.lookup import Mistake
from tui.pace import Pace
from tui.session import Session

if TYPE_CHECKING:
    from topology.live.theatre import Theatre
    from topology.plan import Playground


def mark_this_process() -> None:
    """Begin anew with the mark in the environment, unless it is there: an outsider sees how that was at the very start."""
    if not os.environ.get(MARK):
        sys.stdout.flush()
        sys.stderr.flush()
        name = f"{os.getpid():x}-{time.time_ns():x}"
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, MARK: name})


def theatre(broker: str | None, ca: str | None, timeline_of: Playground | None = None) -> Theatre:
    """What makes live worlds, over the broker that is asked for; with links that can be broken, if somebody may break them."""
    from topology.live.broker import wanted
    from topology.live.endpoint import Endpoint
    from topology.live.theatre import Theatre

    which = wanted(broker or "", ca or "")
    if isinstance(which, Endpoint) and which.caution:
        print(f"knockon: {which.caution}", file=sys.stderr)
    return Theatre(which, timeline_of is None or breaks_links(timeline_of))


def breaks_links(playground: Playground) -> bool:
    """Whether the timeline, or what a run file did, breaks a link."""
    given = {entry.what for entry in playground.timeline}
    if playground.run is not None:
        given |= {str(command.get("what")) for command in playground.run.commands}
    known = faults()
    return any(known[what].acts_on == LINKS for what in given if what in known)


def guarded_live(action: Callable[[], int]) -> int:
    """What cannot run live, or not here, becomes one clear sentence and exit code 2; what is lost on the way, 4."""
    try:
        from topology.live import broker, endpoint, layout, network, stage
    except ImportError as error:
        raise Mistake(f"live is not available here: {error}") from error
    try:
        return action()
    except (stage.Lost, network.NoProxy) as error:
        print(f"knockon: the live run was lost: {error}", file=sys.stderr)
        return NOT_INJECTED
    except (layout.Unsupported, broker.NoBroker, endpoint.BadBroker, stage.Trouble) as error:
        raise Mistake(str(error)) from error


class LivePace(Pace):
    """The wall's clock: it can be neither stopped nor hurried. `now_ns` is the run's own instant."""

    def __init__(self, now_ns: Callable[[], int], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock, None)
        self.now_ns = now_ns

    def change(self, steps: int) -> None:
        """There is one speed."""

    def tick(self, now_ns: int, end_ns: int, advance: Callable[[int], None]) -> None:
        """Go on to where the processes are."""
        self.paused = False
        at = min(max(self.now_ns(), now_ns + 1), end_ns)
        if now_ns < end_ns:
            advance(at)

    def words(self) -> str:
        """What stands in place of the speed."""
        return "live"


class LiveSession(Session):
    """A session whose time is the wall's: nothing is run again, paused or stepped."""

    def pause(self) -> None:
        """Processes do not wait for each other; freeze a node to stop it."""
        self.say("this is live: it cannot pause; f freezes a node", "bad")

    def step(self) -> None:
        """Nor are there steps."""
        self.say("this is live: it cannot go step by step", "bad")

    def undo(self) -> None:
        """What was done to processes was done."""
        self.say("this is live: nothing can be taken back; h heals what is broken", "bad")

    def restart(self, seed_steps: int = 0) -> None:
        """New processes need a new start of knockon."""
        self.say("this is live: leave it, and start it again", "bad")

    def open(self, runner: Runner) -> None:
        """Another playground needs processes of its own."""
        runner.close()
        self.say("this is live: leave it, and play another one", "bad")


def checked(names: Sequence[str], seeds: Sequence[int] | None) -> None:
    """One playground and one seed at a time: each run takes the whole machine."""
    if len(names) > 1:
        raise Mistake("--live takes one playground at a time")
    if seeds is not None and len(seeds) > 1:
        raise Mistake("--live takes one seed: name it with --seed; live runs differ from each other anyway")
