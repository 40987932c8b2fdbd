"""The recording process: a job comes in as JSON, the lines of the film go out, the header last.

It stands alone because all its clocks are virtual. It ends when nobody reads its output any more.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import TYPE_CHECKING, TextIO

from tui.record import cast, virtual
from tui.record.about import about
from tui.record.job import Job, Place, job_of, read_playground

if TYPE_CHECKING:
    from tui.record.camera import Emit


def main() -> int:
    """Read a job, film it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it decides when it ends
    asked = json.load(sys.stdin)
    output = private_output()
    clock = virtual.install()

    def emit(line: str) -> None:
        try:
            output.write(line + "\n")
            output.flush()
        except BrokenPipeError:
            os._exit(1)  # at once: the app would make a traceback of it, and an exit would try to flush

    shoot(job_of(asked["job"]), Place(**asked["place"]), asked["canonical"], clock, emit)
    return 0


def private_output() -> TextIO:
    """Standard output for the film alone; whatever else is printed here goes to standard error."""
    own = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(own, "w", encoding="utf-8", newline="\n")


def shoot(job: Job, place: Place, canonical: str, clock: virtual.Clock, emit: Emit) -> None:
    """Film a job; `canonical` is the playground as the one who asks has read it."""
    from chaos.runner import Runner
    from tui.record.camera import Camera, film  # which imports Textual, so not before the clocks are replaced

    playground = read_playground(job, place)
    if playground.canonical != canonical:
        raise RuntimeError(f"{place.path}: the playground reads differently in the recording process")
    runner = Runner(playground, job.seed, timeline=True)
    reel = job.reel(playground)
    camera = Camera(reel, emit)
    film(runner, job, camera, clock)
    runner.finish()
    emit(cast.header(job.size, reel.seconds(reel.pictures), playground.name, about(job, runner)))
    runner.close()


if __name__ == "__main__":
    sys.exit(main())
