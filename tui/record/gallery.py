"""A film of each playground that ships: its story from shortly before the first thing that happens, in 20 to 40 seconds.

`python -m tui.record.gallery FOLDER [NAME ...]` writes them side by side, each as .cast and .html.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Self

from chaos import gallery
from topology.plan import Entry, Playground
from tui.headless import Outputs, Progress, guarded
from tui.lookup import Mistake, open_playground
from tui.pace import SPEEDS
from tui.record import formats
from tui.record.film import job_for
from tui.record.job import Wishes, place_of
from tui.record.reel import NS
from tui.record.shooting import Shooting

BEFORE_NS, AFTER_NS = 5 * NS, 20 * NS
"""How much of the run is shown before the first thing that happens, and after the last one, at the least."""
SHORTEST_NS, LONGEST_NS = 20 * NS, 40 * NS
ENDINGS = (".cast", ".html")


def wishes_for(playground: Playground, fps: int = 10) -> Wishes:
    """Which part of a playground to film, and how fast, so that its story fits."""
    begin, end = _story(playground)
    speed = next((speed for speed in SPEEDS if speed >= 1 and (end - begin) <= LONGEST_NS * speed), SPEEDS[-1])
    end = min(playground.duration_ns, max(end, begin + int(SHORTEST_NS * speed)))
    begin = max(0, min(begin, end - int(SHORTEST_NS * speed)))
    return Wishes(fps=fps, speed=speed, captions=True, from_ns=begin, to_ns=end)


def _story(playground: Playground) -> tuple[int, int]:
    """From shortly before the first entry of the timeline to some time after the last one, or its end."""
    begun = [at for entry in playground.timeline for at in entry.instants()]
    if not begun:
        return 0, min(playground.duration_ns, SHORTEST_NS)
    over = [at for entry in playground.timeline for at in _ends(entry)]
    return max(0, min(begun) - BEFORE_NS), min(playground.duration_ns, max(over) + AFTER_NS)


def _ends(entry: Entry) -> Iterator[int]:
    for at in entry.instants():
        yield at + (entry.for_ns or 0)


class Studio:
    """Makes films side by side: each recording is a process of its own, and none outlives the studio."""

    def __init__(self, folder: Path, names: Sequence[str], jobs: int) -> None:
        self.folder, self.names = folder, names
        self._pool = ThreadPoolExecutor(jobs)
        self._live: set[Shooting] = set()
        self._closed = False
        self._done = dict.fromkeys(names, 0.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        for shooting in tuple(self._live):
            shooting.stop()
        self._pool.shutdown()

    def make(self, told: Callable[[float], None]) -> None:
        """All films; `told` hears which share is done. A Mistake where one fails."""
        tasks = {self._pool.submit(self._film, name) for name in self.names}
        while tasks:
            finished, tasks = wait(tasks, timeout=0.2, return_when=FIRST_COMPLETED)
            told(sum(self._done.values()) / len(self.names))
            for task in finished:
                task.result()

    def _film(self, name: str) -> None:
        playground = open_playground(name)
        job = job_for(playground, wishes_for(playground))
        with Shooting(job, place_of(playground.path), playground) as shooting:
            self._live.add(shooting)
            if self._closed:
                return
            text = shooting.text(lambda share: self._done.__setitem__(name, 0.9 * share))
            self._live.discard(shooting)
        for ending in ENDINGS:
            formats.write(text, str(self.folder / f"{name}{ending}"))
        self._done[name] = 1.0


def make(folder: str, names: Sequence[str], jobs: int) -> int:
    """Film each of them into a folder, with a bar on a terminal."""
    unknown = sorted(set(names) - set(gallery.names()))
    if unknown:
        raise Mistake(f"there is no playground called {unknown[0][:60]} in the gallery")
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Mistake(f"the folder {folder} cannot be made: {(error.strerror or str(error)).lower()}") from error
    with (
        Progress(f"filming {len(names)} playgrounds", 0, 1, Outputs()) as progress,
        Studio(place, names, jobs) as studio,
    ):
        studio.make(progress.share)
    print(f"{folder}: {len(names)} films")
    return 0


def main() -> int:
    """The way in."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    folder, *names = sys.argv[1:] or ["films"]
    try:
        return guarded(lambda: make(folder, names or gallery.names(), os.cpu_count() or 1))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
