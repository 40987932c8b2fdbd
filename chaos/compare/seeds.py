"""Many runs at once: worker processes that perform runs and hand back their journals, which are plain data.

What comes out does not depend on how many workers there are. A worker ends when it is told to, and also when the
process that started it is gone: its pipe is closed then, and it looks at it between the slices of a run.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from chaos.experiment import NOT_AT_ALL, Stop, explained_when, perform
from chaos.journals.journal import Journal, journal
from topology.plan import Playground

Open = Callable[[], Playground]
"""Opens a playground, also in another process: a function of a module, or a `functools.partial` of one."""

TELL_S = 0.1
"""A worker tells how far it has come at most this often, in wall time."""
PATIENCE_S = 30.0
"""How long workers may take to wind up once they are told to stop."""


@dataclass(frozen=True, slots=True)
class Task:
    """One run to perform: which playground, and with which seed."""

    playground: int
    seed: int
    explain: int = NOT_AT_ALL
    """When it is explained: NOT_AT_ALL, IF_RED or ALWAYS."""


class WorkerLost(Exception):
    """A worker process ended before its run did; the words say which run, and how it ended."""


def perform_one(
    playground: Playground, seed: int, tell: Callable[[float], None], stop: Stop, explain: int = NOT_AT_ALL
) -> Journal:
    """Perform one run here and return its journal; `tell` hears the share that is done, from 0 to 1."""
    began = time.perf_counter()
    result = perform(playground, seed, lambda now, end: tell(now / end), stop)
    took = time.perf_counter() - began
    told = journal(explained_when(result, explain), took)
    # A finished world is let go at once: many seeds take no more memory than one.
    result.run.close()
    return told


def perform_all(
    opens: Sequence[Open],
    tasks: Sequence[Task],
    jobs: int,
    tell: Callable[[float], None],
    stop: Stop,
    start: str = "",
) -> Generator[Journal]:
    """Perform all runs in up to `jobs` processes; their journals come in the order of the tasks.

    `tell` hears the share of all that is done. When `stop` asks for it, the runs under way end early and the rest never
    begin. `start` says how workers are started, as `multiprocessing` names it; else the best way is taken. Raises WorkerLost.
    """
    crew = Crew(opens, tasks, min(jobs, len(tasks)), tell, stop, start or how_to_start())
    try:
        yield from crew.journals()
    finally:
        crew.end()


class Crew:
    """The workers, what each is at, and what has come back."""

    def __init__(
        self,
        opens: Sequence[Open],
        tasks: Sequence[Task],
        jobs: int,
        tell: Callable[[float], None],
        stop: Stop,
        start: str,
    ) -> None:
        self.opens, self.tasks, self.tell, self.stop = opens, tasks, tell, stop
        self.todo = deque(range(len(tasks)))
        self.told: dict[int, Journal] = {}
        self.shares: dict[int, float] = {}
        self.finished = 0
        self.stopped_s: float | None = None
        self.at: dict[Connection, int] = {}
        self.workers: dict[Connection, BaseProcess] = {}
        self._hire(jobs, start)

    def _hire(self, jobs: int, start: str) -> None:
        """Start the workers. Each closes the ends of pipes that it was born with, or no one would ever see one close."""
        context: Any = multiprocessing.get_context(start)
        pipes = [context.Pipe() for _ in range(jobs)]
        for number, (ours, theirs) in enumerate(pipes):
            others = [end for pair in pipes for end in pair if end is not theirs] if start == "fork" else []
            given, name = (theirs, self.opens, others), f"knockon {number + 1}"
            process = context.Process(target=work, args=given, name=name, daemon=True)
            process.start()
            self.workers[ours] = process
        for ours, theirs in pipes:
            theirs.close()
            self._give(ours)

    def _give(self, worker: Connection) -> None:
        """The next run, or the word that there is none."""
        self.at.pop(worker, None)
        if not self.todo or self.stopped_s is not None:
            with suppress(OSError):
                worker.send(None)
            return
        index = self.todo.popleft()
        self.at[worker] = index
        with suppress(OSError):
            worker.send(self.tasks[index])

    def journals(self) -> Iterator[Journal]:
        """Each journal as soon as it and all before it are there; what was never begun is left out."""
        for index in range(len(self.tasks)):
            while index not in self.told and self._under_way(index):
                self._listen()
            if index in self.told:
                yield self.told.pop(index)

    def _under_way(self, index: int) -> bool:
        """Whether it is being performed, or will be: tasks are handed out in order."""
        return index in self.at.values() or bool(self.todo and self.todo[0] <= index)

    def _listen(self) -> None:
        """Wait a moment for news, and pass a wish to stop on."""
        number = self.stop()
        if number and self.stopped_s is None:
            self.stopped_s = time.monotonic()
            self.todo.clear()
            for worker in self.at:
                with suppress(OSError):
                    worker.send(number)
        if self.stopped_s is not None and time.monotonic() - self.stopped_s > PATIENCE_S:
            self.at.clear()
            return
        for worker in [one for one in wait(list(self.at), timeout=TELL_S) if isinstance(one, Connection)]:
            self._hear(worker)

    def _hear(self, worker: Connection) -> None:
        index = self.at[worker]
        try:
            what, value = worker.recv()
        except (EOFError, OSError):
            self._lost(worker, index)
            return
        if what == "share":
            self.shares[index] = value
        elif what == "journal":
            self.told[index] = value
            self.shares.pop(index, None)
            self.finished += 1
            self._give(worker)
        else:
            raise RuntimeError(f"seed {self.tasks[index].seed}: a worker failed\n{value}")
        self.tell((self.finished + sum(self.shares.values())) / len(self.tasks))

    def _lost(self, worker: Connection, index: int) -> None:
        process = self.workers[worker]
        process.join(1.0)
        ended = process.exitcode or 0
        how = f"signal {-ended}" if ended < 0 else f"exit code {ended}"
        raise WorkerLost(f"the worker process that ran seed {self.tasks[index].seed} ended early ({how})")

    def end(self) -> None:
        """End every worker: politely those that are idle, and at once those that are not."""
        for worker, process in self.workers.items():
            if worker in self.at or self.stopped_s is not None:
                process.kill()
            worker.close()
        for process in self.workers.values():
            process.join(PATIENCE_S)
            if process.is_alive():
                process.kill()
                process.join()


def how_to_start() -> str:
    """Forked workers start at once, with all that is loaded; that is safe on Linux while the process has one thread."""
    try:
        alone = len(os.listdir("/proc/self/task")) == 1
    except OSError:
        alone = False
    return "fork" if alone and sys.platform == "linux" else "spawn"


def work(pipe: Connection, opens: Sequence[Open], others: Sequence[Connection]) -> None:
    """A worker's life: take a task, perform it, hand back the journal, until there is no more, or nobody to ask."""
    for end in others:
        end.close()
    # The process that started us hears Ctrl-C too, and tells us what to do.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    opened: dict[int, Playground] = {}
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while (task := pipe.recv()) is not None:
            if isinstance(task, Task):
                pipe.send(_answer(pipe, opens, opened, task))


def _answer(pipe: Connection, opens: Sequence[Open], opened: dict[int, Playground], task: Task) -> tuple[str, Any]:
    try:
        if task.playground not in opened:
            opened[task.playground] = opens[task.playground]()
        playground, tell, stop = opened[task.playground], _Teller(pipe).tell, _Stopper(pipe).stop
        return "journal", perform_one(playground, task.seed, tell, stop, task.explain)
    except (EOFError, OSError):
        raise
    except Exception:
        return "error", traceback.format_exc()


class _Teller:
    """Tells how far a run has come, but not too often."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe, self.last_s = pipe, time.monotonic()

    def tell(self, share: float) -> None:
        now = time.monotonic()
        if now - self.last_s >= TELL_S:
            self.last_s = now
            self.pipe.send(("share", share))


class _Stopper:
    """Hears whether to stop; the end of the pipe is the end of whoever would want the result."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe, self.number = pipe, 0

    def stop(self) -> int:
        if not self.number and self.pipe.poll():
            word = self.pipe.recv()
            self.number = word if isinstance(word, int) else 0
        return self.number
