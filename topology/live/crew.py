"""The processes of one live run, seen from whoever runs them: start, signal, listen to what they report, end them all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Final

import topology
from topology.live import broker, report
from topology.live.letter import Garbled, Letter
from topology.live.report import Event, read_event
from topology.live.wire import Wire

BROKER: Final = "broker"
GUARDIAN: Final = "guardian"
MARK: Final = "KNOCKON_RUN"
"""Every process of a run has this variable in its environment."""
START_S: Final = 30.0
PROBE_S: Final = 0.02
LAST_WORDS: Final = 2000


class Trouble(RuntimeError):
    """Something did not come about in time, or a process ended that nobody killed."""


class Crew:
    """Use as an asynchronous context: a guardian and a broker run inside, and whatever hosts are started.

    `listen` gets every event; it runs in the event loop of whoever runs the crew. `which` names a broker, if not any will do.
    """

    def __init__(
        self, playground: Path, design: str, listen: Callable[[Event], None], *, seed: int = 1, which: str = ""
    ) -> None:
        self.playground = playground
        self.design = design
        self.listen = listen
        self.seed = seed
        self.which = which or broker.choose()
        self.run = f"{os.getpid():x}-{time.monotonic_ns():x}"
        self.port = 0
        self.events_fd = -1
        self.up: dict[str, int] = {}
        """The process ids of the hosts that are ready."""
        self.ended: dict[str, int] = {}
        """Exit codes by name, of processes that ended and were not started again."""
        self.condemned: set[str] = set()
        """Those that are meant to end."""
        self.changed = asyncio.Condition()
        self.guardian: subprocess.Popen[bytes] | None = None
        self.hearing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Crew:
        self.folder = tempfile.TemporaryDirectory(prefix="knockon-live-", ignore_cleanup_errors=True)
        try:
            reading, writing = os.pipe()
            self.events_fd = writing
            try:
                self.guardian = self._spawn(writing)
            finally:
                os.close(writing)
            self.hearing = asyncio.create_task(self._hear(reading))
            await self._open_broker()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End every process of the run, frozen ones too."""
        self.condemned.add(GUARDIAN)
        if self.guardian is not None:
            assert self.guardian.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                self.guardian.stdin.close()
            # The guardian does this itself; but should it be the one that hangs or died, its group still has its name.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.guardian.pid, signal.SIGKILL)
            await asyncio.to_thread(self.guardian.wait)
        if self.hearing is not None:
            await self.hearing
        self.folder.cleanup()

    def _spawn(self, writing: int) -> subprocess.Popen[bytes]:
        """The guardian: it and all below it use this very copy of the package, and write their words into one file."""
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

    async def _open_broker(self) -> None:
        for _ in range(3):  # somebody else may take the port first
            if await self.start_broker(broker.free_port()):
                return
        raise Trouble(f"{self.which} does not start; {self.last_words()}")

    async def start_broker(self, port: int) -> bool:
        """Start the broker on a port; False when it ends, or does not listen in time."""
        self.port = port
        self._order(start=BROKER, command=broker.command(self.which, port, Path(self.folder.name)))
        until = time.monotonic() + START_S
        while BROKER not in self.ended and time.monotonic() < until:
            if await broker.listens(port):
                return True
            await asyncio.sleep(PROBE_S)
        return False

    @asynccontextmanager
    async def connect(self, name: str) -> AsyncIterator[Wire]:
        """A connection of our own: the outside world's, which asks and is asked nothing."""

        def unasked(letter: Letter) -> None:
            raise Garbled(f"nobody calls {name}: {letter.verb} from {letter.reply_to}")

        wire = Wire((broker.HOST, self.port), self.run, name, unasked)
        connection = asyncio.create_task(wire.run())
        try:
            async with asyncio.timeout(START_S):
                await wire.up.wait()
            yield wire
        finally:
            connection.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await connection

    # Orders

    async def start(self, node: str, index: int = 0) -> str:
        """Start the process of one replica, and wait until it is ready; its name."""
        name = f"{node}/{index}"
        if name in self.up:
            raise Trouble(f"{name} runs already")
        told = {
            "playground": str(self.playground),
            "design": self.design,
            "node": node,
            "index": str(index),
            "seed": str(self.seed),
            "broker": f"{broker.HOST}:{self.port}",
            "run": self.run,
            "events": str(self.events_fd),
        }
        options = [part for key, value in told.items() for part in (f"--{key}", value)]
        self._order(start=name, command=[sys.executable, "-P", "-m", "topology.live.host", *options])
        await self.until(lambda: name in self.up, START_S, f"{name} to start")
        return name

    async def kill(self, name: str) -> int:
        """SIGKILL, and wait until it is gone; its exit code."""
        self.condemned.add(name)
        self.signal(name, signal.SIGKILL)
        await self.until(lambda: name in self.ended, START_S, f"{name} to end")
        return self.ended[name]

    def signal(self, name: str, number: int) -> None:
        """Have the guardian send a signal."""
        self._order(signal=name, number=int(number))

    def _order(self, **order: object) -> None:
        if "start" in order:
            self.ended.pop(str(order["start"]), None)
            self.condemned.discard(str(order["start"]))
        assert self.guardian is not None
        assert self.guardian.stdin is not None
        self.guardian.stdin.write(json.dumps(order).encode() + b"\n")
        self.guardian.stdin.flush()

    # Events

    async def until(self, true: Callable[[], bool], within_s: float, what: str) -> None:
        """Wait for events until something is true; `Trouble` when it takes too long or a process ends on its own."""
        try:
            async with asyncio.timeout(within_s), self.changed:
                await self.changed.wait_for(lambda: true() or bool(self._deserters()))
        except TimeoutError:
            raise Trouble(f"waited {within_s:g} s in vain for {what}; {self.last_words()}") from None
        if not true():
            raise Trouble(f"{', '.join(self._deserters())} ended; {self.last_words()}")

    def _deserters(self) -> list[str]:
        return [f"{name} ({code})" for name, code in self.ended.items() if name not in self.condemned]

    async def _hear(self, reading: int) -> None:
        """Take events until the last process that could write one is gone."""
        lines = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(lines)
        loop = asyncio.get_running_loop()
        pipe, _ = await loop.connect_read_pipe(lambda: protocol, os.fdopen(reading, "rb", buffering=0))
        while line := await lines.readline():
            event = read_event(line)
            if event.what == report.READY:
                self.up[event.by] = event.number
            elif event.what == report.ENDED:
                self.up.pop(event.by, None)
                self.ended[event.by] = event.number
            self.listen(event)
            async with self.changed:
                self.changed.notify_all()
        pipe.close()
        self.ended[GUARDIAN] = 0
        async with self.changed:
            self.changed.notify_all()

    def _log(self) -> Path:
        return Path(self.folder.name, "log")

    def last_words(self) -> str:
        """The end of what the processes wrote on their standard error."""
        words = self._log().read_text(encoding="utf-8", errors="replace")[-LAST_WORDS:].strip()
        return f"last words:\n{words}" if words else "nobody said why"
