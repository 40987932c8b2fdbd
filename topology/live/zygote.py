"""The parent of all processes of a live run: forked before there are threads, an event loop or a screen, and the leader of
a process group of its own.

It forks, starts, signals and reaps as it is told over a socket pair. When that closes, because whoever started it is done
or dead, it kills its whole group and itself with it: nothing is left, not even what is stopped.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

from topology.live.control import CHUNK, Lines, close_all_but, pair

Become = Callable[[dict[str, Any], socket.socket], None]
"""What a forked process does with its orders and its end of a socket pair, until it is ended."""

PR_SET_PDEATHSIG: Final = 1
MOST_FDS: Final = 64
DEADLY: Final = 70
"""The exit code of a process that an error of our own ended."""


class NoRight(RuntimeError):
    """No process can be started; the words say why."""


class Zygote:
    """The other end, seen from whoever runs the processes. `log` gets what they write on their standard error."""

    def __init__(self, become: Become, log: Path, keep: set[int]) -> None:
        ours, theirs = pair()
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            self.pid = os.fork()
        except OSError as error:
            raise NoRight(f"cannot start a process: {error.strerror}") from error
        if self.pid == 0:
            ours.close()
            _be(become, theirs, log, keep)
        theirs.close()
        with contextlib.suppress(OSError):  # the child does it, too: whoever is first
            os.setpgid(self.pid, self.pid)
        self.lines = Lines(ours)
        self.alive = True

    def fork(self, name: str, orders: dict[str, Any]) -> Lines:
        """Have a process forked; our end of its socket pair."""
        ours, theirs = pair()
        line = json.dumps({"fork": name, "orders": orders}).encode() + b"\n"
        self.lines.end.setblocking(True)
        try:
            socket.send_fds(self.lines.end, [line], [theirs.fileno()])
        except OSError:
            self.alive = False
        finally:
            self.lines.end.setblocking(False)
            theirs.close()
        return Lines(ours)

    def run(self, name: str, command: list[str]) -> None:
        """Have another program started."""
        self.lines.send(run=name, command=command)

    def signal(self, name: str, number: int) -> None:
        """Have a signal sent to a child that was not reaped so far."""
        self.lines.send(signal=name, number=int(number))

    def close(self) -> None:
        """End every process of the group, frozen ones too, and wait until the zygote is gone."""
        self.lines.close()
        # It does this itself when its socket closes; but should it be the one that hangs or died, its group has its name.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        self.alive = False


def _be(become: Become, end: socket.socket, log: Path, keep: set[int]) -> NoReturn:
    """Be the zygote, and leave nothing behind, whatever happens."""
    code = 0
    try:
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL if number != signal.SIGINT else signal.SIG_IGN)
        _redirect(log)
        close_all_but({end.fileno(), *keep})
        gc.collect()
        gc.freeze()
        _Children(become, end, keep).watch()
    except BaseException:
        traceback.print_exc()
        code = DEADLY
    finally:
        with contextlib.suppress(OSError):
            if os.getpgrp() == os.getpid():
                os.killpg(0, signal.SIGKILL)
        os._exit(code)


def _redirect(log: Path) -> None:
    """Nothing is read from the terminal, and nothing is written to it."""
    null = os.open(os.devnull, os.O_RDWR)
    words = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(null, 0)
    os.dup2(words, 1)
    os.dup2(words, 2)
    for fd in (null, words):
        if fd > 2:
            os.close(fd)
    sys.stdout = sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)


class _Children:
    """The zygote's own side. Only what is not yet reaped is signalled, so no id can be somebody else's."""

    def __init__(self, become: Become, end: socket.socket, keep: set[int]) -> None:
        self.become = become
        self.end = end
        self.lines = Lines(end)
        self.keep = keep
        self.pids: dict[str, int] = {}
        self.fds: list[int] = []

    def watch(self) -> None:
        """Obey and reap, until the other end is gone."""
        wake_read, wake_write = os.pipe()
        for fd in (wake_read, wake_write):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while True:
            end = self.end.fileno()
            ready, _, _ = select.select([end, wake_read], [end] if self.lines.unsent else [], [])
            if wake_read in ready:
                os.read(wake_read, CHUNK)
                self._reap()
            if end in ready and not self._obey():
                return
            self.lines.push()

    def _obey(self) -> bool:
        try:
            chunk, fds, _, _ = socket.recv_fds(self.end, CHUNK, MOST_FDS)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        if not chunk:
            return False
        self.fds.extend(fds)
        for order in self.lines.cut(chunk):
            try:
                self._do(order)
            except OSError as error:
                name = order.get("fork") or order.get("run") or ""
                self.lines.send(ended=name, code=127, words=str(error.strerror))
        return True

    def _do(self, order: dict[str, Any]) -> None:
        if "fork" in order:
            self._fork(order["fork"], order["orders"], socket.socket(fileno=self.fds.pop(0)))
        elif "run" in order:
            child = subprocess.Popen(order["command"], stdin=subprocess.DEVNULL, close_fds=True)
            child.returncode = 0  # it is reaped here, and not by that object
            self.pids[order["run"]] = child.pid
        elif order["signal"] in self.pids:
            os.kill(self.pids[order["signal"]], order["number"])

    def _fork(self, name: str, orders: dict[str, Any], end: socket.socket) -> None:
        with end:
            pid = os.fork()
            if pid == 0:
                self._become(orders, end)
            self.pids[name] = pid

    def _become(self, orders: dict[str, Any], end: socket.socket) -> NoReturn:
        """Be a child: nothing of the zygote's is left in it but the modules that it had loaded."""
        code = DEADLY
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            die_with_parent()
            close_all_but({end.fileno(), *self.keep})
            self.become(orders, end)
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        """Report every child that has ended."""
        for name, pid in list(self.pids.items()):
            with contextlib.suppress(ChildProcessError):
                found, status = os.waitpid(pid, os.WNOHANG)
                if found == 0:
                    continue
                del self.pids[name]
                self.lines.send(ended=name, code=os.waitstatus_to_exitcode(status), pid=pid)


def die_with_parent() -> None:
    """Where the system can do that: be killed when the parent dies, even while stopped. Elsewhere the socket's end must do."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
