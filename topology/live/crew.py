"""The processes of one live run, seen from whoever runs them: start, signal, listen to what they report, end them all."""

from __future__ import annotations

import asyncio
import contextlib
import os
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final

import topology
from topology.live import broker, report
from topology.live.report import Event, read_event

BROKER: Final = "broker"
MARK: Final = "KNOCKON_RUN"
"""Every process of a run has this variable in its environment."""
START_S: Final = 30.0
LAST_WORDS: Final = 2000


class Trouble(RuntimeError):
    """Something did not come about in time, or a process ended that nobody killed."""


class Crew:
    """Use as an asynchronous context: a guardian and a broker run inside, and whatever hosts are started.

    `listen` gets every event; it runs in the event loop of whoever runs the crew.
    """

    def __init__(self, playground: Path, design: str, *, seed: int = 1, listen: Callable[[Event], None]) -> None:
        self.playground = playground
        self.design = design
        self.seed = seed
        self.listen = listen
        self.run = f"{os.getpid():x}-{time.monotonic_ns():x}"
        self.port = 0
        self.up: dict[str, int] = {}
        """The process ids of the hosts that are ready."""
        self.ended: dict[str, int] = {}
        """Exit codes by name, of processes that ended and were not started again."""
        self.changed = asyncio.Condition()
        self.folder = tempfile.TemporaryDirectory(prefix="knockon-live-", ignore_cleanup_errors=True)

    async def __aenter__(self) -> Crew:
        try:
            await self._open()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def _open(self) -> None:
        reading, writing = os.pipe()
        try:
            self.guardian = self._spawn(writing)
        finally:
            os.close(writing)
        self.events = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(self.events)
        loop = asyncio.get_running_loop()
        self.pipe, _ = await loop.connect_read_pipe(lambda: protocol, os.fdopen(reading, "rb", buffering=0))
        self.hearing = asyncio.create_task(self._hear())
        await self._start_broker()

    def _spawn(self, writing: int) -> subprocess.Popen[bytes]:
        """The guardian: it and all below it find this very copy of the package, and write their words into one file."""
        place = str(Path(str(topology.__file__)).parents[1])
        path = os.pathsep.join(filter(None, (place, os.environ.get("PYTHONPATH", ""))))
        with self._log().open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "topology.live.guardian", str(writing)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(writing,),
                env={**os.environ, MARK: self.run, "PYTHONPATH": path},
                start_new_session=True,
            )

    def _log(self) -> Path:
        return Path(self.folder.name, "log")

    async def _start_broker(self) -> None:
        which = broker.choose()
        for _ in range(3):  # another process may take the port first
            self.port = broker.free_port()
            self._order(start=BROKER, command=broker.command(which, self.port, Path(self.folder.name)))
            with contextlib.suppress(Trouble):
                return await self._unless_ended(BROKER, broker.listening(self.port))
        raise Trouble(f"{which} does not start: {self.last_words()}")
