"""One live run: the zygote, the broker, and the processes of all designs, as whoever runs them sees them.

It listens to all of them at once, and no longer than it is told to; every design's world has its share of what is heard.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from topology.live import MARK, broker
from topology.live.books import Line, read_line
from topology.live.control import BUFFER, CHUNK, Closed, Lines
from topology.live.endpoint import Endpoint
from topology.live.network import PROXY, Network
from topology.live.worker import Setting, become
from topology.live.zygote import NoRight, Zygote
from topology.plan import Playground

if TYPE_CHECKING:
    from topology.live.world import LiveWorld

BROKER: Final = "broker"
CLAIM: Final = "claim"
START_S: Final = 30.0
PROBE_S: Final = 0.02
LEAD_NS: Final = 20_000_000
"""The run begins so long after all are ready: every process hears of it before."""
OVERLOAD_NS: Final = 20_000_000
"""A process whose timers come later than this is short of a processor."""
CALM_S: Final = 1.0
AGAIN: Final = 3
"""So often a process that ends before it is ready is started anew."""

ABSENT, STARTING, READY, ENDING = "absent", "starting", "ready", "ending"
"""The states of a process."""


class Trouble(RuntimeError):
    """The run cannot begin, or cannot go on; the words say why, and what can be done."""


class Lost(Trouble):
    """The run had begun, and can do no more what it promised."""


class Host:
    """One process of a design, there or not."""

    def __init__(self, world: LiveWorld, name: str, here: list[tuple[str, int]]) -> None:
        self.world = world
        self.name = name
        self.here = here
        self.state = ABSENT
        self.pid = 0
        self.lines: Lines | None = None
        self.number = 0
        self.stopped = False
        self.moved_at = 0.0
        """When it was stopped or let go on; what comes late just after that was not the machine's fault."""
        self.begun = False
        self.failures = 0
        self.heard_at = 0.0
        self.connections = 0
        self.lag_ns = 0

    @property
    def full_name(self) -> str:
        """The name among the processes of all designs."""
        return f"{self.world.plan.name}/{self.name}"

    def tell(self, **line: Any) -> None:
        """Send it a line, if it is there to read it."""
        if self.lines is not None and self.state in (STARTING, READY):
            self.lines.send(**line)


class Stage:
    """Use it as a context, or close it. `which` names a broker to start, or is the endpoint of one that runs.

    With `network` all links can be broken: they go by way of a proxy.
    """

    def __init__(
        self, playground: Playground, seed: int, which: str | Endpoint = "", name: str = "", network: bool = False
    ) -> None:
        self.playground = playground
        self.seed = seed
        self.which = which or broker.choose()
        self.marked = os.environ.get(MARK)
        """The mark that was there before this run."""
        self.run = name or self.marked or f"{os.getpid():x}-{time.monotonic_ns():x}"
        self.epoch = 0
        self.worlds: list[LiveWorld] = []
        self.hosts: dict[str, Host] = {}
        self.numbers: dict[int, Host] = {}
        self.unread = b""
        self.breakable = network
        self.network: Network | None = None
        self.claim: Lines | None = None
        """To whoever holds the name of the run on a broker of one's own."""
        self.broker_code: int | None = None
        self.closed = False
        self.ended_by = ""
        """What ended the run, where something did."""
        if not hasattr(os, "fork") or not hasattr(socket, "send_fds"):
            raise Trouble("live needs a POSIX system (forks, signals, descriptors that are handed down); leave --live out")
        self.folder = Path(tempfile.mkdtemp(prefix="knockon-live-"))
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *why: object) -> None:
        self.close()

    def _open(self) -> None:
        os.environ[MARK] = self.run
        port = broker.free_port()
        self.endpoint = self.which if isinstance(self.which, Endpoint) else Endpoint(broker.HOST, port)
        self.reading, writing = os.pipe()
        os.set_blocking(self.reading, False)
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, BUFFER)
        setting = Setting(self.playground, self.seed, self.run, self.endpoint, writing, self.folder)
        try:
            self.zygote = Zygote(partial(become, setting), self.folder / "log", {writing})
        except NoRight as error:
            raise Trouble(str(error)) from None
        finally:
            os.close(writing)
        if isinstance(self.which, Endpoint):
            self._claim()
        else:
            self.start_broker()
        if self.breakable:
            self.network = Network(self.zygote, self.endpoint)

    def _claim(self) -> None:
        """Have one's own broker checked, and the name of the run held there; `Trouble` says what is wrong."""
        self.claim = self.zygote.fork(CLAIM, {"claim": True})
        try:
            said = self.claim.wait(START_S)
        except TimeoutError:
            raise Trouble(f"{self.endpoint} does not answer within {START_S:g} s") from None
        except Closed:
            raise Trouble(f"cannot check {self.endpoint}; {self.last_words()}") from None
        if "refused" in said[0]:
            raise Trouble(said[0]["refused"])

    # The broker

    def start_broker(self) -> None:
        """Start it on its port, and wait until it listens; `Trouble`, with its last words, when it never will."""
        assert not isinstance(self.which, Endpoint)
        self.broker_code = None
        command = broker.command(self.which, self.endpoint.port, self.folder)
        self.zygote.run(BROKER, command)
        until = time.monotonic() + START_S
        while not self._listens():
            self.pump(PROBE_S)
            if self.broker_code is not None:
                raise Trouble(f"{self.which} ended at its start with exit code {self.broker_code}; {self.last_words()}")
            if time.monotonic() > until:
                raise Trouble(f"{self.which} does not listen after {START_S:g} s; {self.last_words()}")

    def _listens(self) -> bool:
        try:
            with socket.create_connection((self.endpoint.host, self.endpoint.port), timeout=1.0):
                return True
        except OSError:
            return False

    def kill_broker(self) -> None:
        """SIGKILL it, and wait until it is gone."""
        self.zygote.signal(BROKER, signal.SIGKILL)
        self.wait(lambda: self.broker_code is not None, START_S, "the broker to end")

    def freeze_broker(self, frozen: bool) -> None:
        """SIGSTOP or SIGCONT."""
        self.zygote.signal(BROKER, signal.SIGSTOP if frozen else signal.SIGCONT)

    # Time

    @property
    def now(self) -> int:
        """Nanoseconds since the run began; 0 before."""
        return max(0, time.monotonic_ns() - self.epoch) if self.epoch else 0

    def begin(self) -> None:
        """Once all processes are ready, let the run begin for all at one instant."""
        if self.epoch:
            return
        self.ready()
        self.epoch = time.monotonic_ns() + LEAD_NS
        for world in self.worlds:
            world.begin()

    def ready(self) -> None:
        """Wait until all processes are there, and connected."""
        for world in self.worlds:
            world.settle()
        self.wait(lambda: all(host.state == READY for host in self.hosts.values()), START_S, "all processes to start")

    def until(self, instant_ns: int) -> None:
        """Listen until an instant of the run; `Lost` when it cannot go on."""
        self.pump(0.0)
        while not self.ended_by and (left := instant_ns - self.now) > 0:
            self.pump(min(left / 1e9, 0.05))
        if self.ended_by:
            raise Lost(self.ended_by)

    def wait(self, true: Callable[[], bool], within_s: float, what: str) -> None:
        """Listen until something is true; `Trouble` when it takes too long."""
        until = time.monotonic() + within_s
        while not true():
            if time.monotonic() > until:
                raise Trouble(f"waited {within_s:g} s in vain for {what}; {self.last_words()}")
            self.pump(PROBE_S)

    # Listening

    def pump(self, timeout_s: float) -> None:
        """Take what all processes say, waiting at most so long for the first of them."""
        by_fd: dict[int, Host] = {h.lines.fileno(): h for h in self.hosts.values() if h.lines is not None}
        zygote = self.zygote.lines.fileno()
        watched = [self.reading, *by_fd] + ([zygote] if self.zygote.alive else [])
        unsent = [fd for fd, h in by_fd.items() if h.lines is not None and h.lines.unsent]
        try:
            ready, writable, _ = select.select(watched, unsent, [], timeout_s)
        except InterruptedError:
            return
        for fd in writable:
            lines = by_fd[fd].lines
            if lines is not None:
                lines.push()
        if self.reading in ready:
            self._read_books()
        for fd in ready:
            if fd in by_fd:
                self._hear(by_fd[fd])
        if zygote in ready:
            self._hear_zygote()
        for world in self.worlds:
            world.settle()

    def _read_books(self) -> None:
        """Everything that was written into the books so far."""
        while True:
            try:
                chunk = os.read(self.reading, CHUNK * 4)
            except BlockingIOError:
                return
            if not chunk:
                return
            *lines, self.unread = (self.unread + chunk).split(b"\n")
            for line in lines:
                self._book(read_line(line))

    def _book(self, line: Line) -> None:
        host = self.numbers.get(line.by)
        if host is not None:
            host.world.take(line)

    def _hear(self, host: Host) -> None:
        assert host.lines is not None
        try:
            said = host.lines.read()
        except Closed:
            host.lines.close()
            host.lines = None
            return
        for line in said:
            if "ready" in line:
                host.pid = line["ready"]
                host.state = READY if host.state == STARTING else host.state
                host.failures = 0
                host.world.is_ready(host)
            elif "figures" in line:
                host.heard_at = time.monotonic()
                host.lag_ns = line["lag"] if host.heard_at > host.moved_at + CALM_S else 0
                host.connections = line["connections"]
                host.world.shown(host, line["figures"])
            elif "departed" in line:
                node, index = line["departed"]
                host.world.departed(node, index)

    def _hear_zygote(self) -> None:
        try:
            said = self.zygote.lines.read()
        except Closed:
            self.zygote.alive = False
            self.ended_by = "the parent of all processes was killed"
            said = []
        self._read_books()  # whatever those that are gone still wrote comes before their end
        for line in said:
            if line["ended"] == BROKER:
                self.broker_code = line["code"]
            elif line["ended"] == PROXY:
                self.ended_by = "the proxy of the network was killed"
            elif line["ended"] in self.hosts:
                self._ended(self.hosts[line["ended"]], line)

    def _ended(self, host: Host, line: dict[str, Any]) -> None:
        if host.lines is not None:
            host.lines.close()
            host.lines = None
        before, host.state = host.state, ABSENT
        host.stopped = host.begun = False
        if before == STARTING:
            host.failures += 1
            if host.failures >= AGAIN or not self.epoch:
                code, words = line["code"], line.get("words", "")
                why = f"{host.full_name} cannot start (it ended with {code}){': ' + words if words else ''}; {self.last_words()}"
                raise (Lost if self.epoch else Trouble)(why)
        host.world.is_gone(host, planned=before == ENDING, code=line["code"])

    # Processes

    def start(self, host: Host, orders: dict[str, Any]) -> None:
        """Have the process of a host forked."""
        host.number = len(self.numbers) + 1
        self.numbers[host.number] = host
        host.state = STARTING
        host.lines = self.zygote.fork(host.full_name, orders | {"name": host.name, "number": host.number})

    def end(self, host: Host) -> None:
        """SIGKILL the process of a host."""
        host.state = ENDING
        self.zygote.signal(host.full_name, signal.SIGKILL)

    def stop(self, host: Host, stopped: bool) -> None:
        """SIGSTOP it, or let it go on."""
        host.stopped = stopped
        host.moved_at = time.monotonic()
        self.zygote.signal(host.full_name, signal.SIGSTOP if stopped else signal.SIGCONT)

    def running(self) -> list[Host]:
        """The processes that should run just now."""
        return [host for host in self.hosts.values() if host.state == READY and not host.stopped]

    def bottleneck(self) -> str:
        """Which processes are short of a processor; empty when none is."""
        late = [host for host in self.running() if host.lag_ns > OVERLOAD_NS]
        if not late:
            return ""
        worst = max(late, key=lambda host: host.lag_ns)
        how = f"{worst.full_name} comes {worst.lag_ns / 1e6:.0f} ms late ({len(late)} of {len(self.hosts)} processes do)"
        return f"this machine is the bottleneck: {how}"

    def last_words(self) -> str:
        """The end of what the processes wrote on their standard error."""
        return broker.last_words(self.folder / "log")

    def close(self) -> None:
        """End every process of the run, frozen ones too."""
        if self.closed:
            return
        self.closed = True
        if hasattr(self, "zygote"):
            self.zygote.close()
        for host in self.hosts.values():
            if host.lines is not None:
                host.lines.close()
        for end in (self.claim, self.network):
            if end is not None:
                end.close()
        if hasattr(self, "reading"):
            os.close(self.reading)
        shutil.rmtree(self.folder, ignore_errors=True)
        if os.environ.get(MARK) == self.run and self.marked != self.run:
            if self.marked is None:
                del os.environ[MARK]
            else:
                os.environ[MARK] = self.marked
