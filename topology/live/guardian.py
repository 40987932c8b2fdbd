"""The parent of all processes of one run: `python -m topology.live.guardian EVENTS_FD`, in a process group of its own.

It does what it reads on its standard input and reports starts and ends. When that input closes, because whoever started
it is done or dead, it kills its whole group and itself with it: nothing is left, not even what is stopped.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from typing import Final

from topology.live import report
from topology.live.report import Reporter

CHUNK: Final = 65536


class Guardian:
    """Starts, signals and reaps its children; only one not yet reaped is signalled, so no id can be somebody else's."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def do(self, line: bytes) -> None:
        """One order: `{"start": NAME, "command": […]}` or `{"signal": NAME, "number": N}`."""
        order = json.loads(line)
        if "start" in order:
            self._start(order["start"], order["command"])
        elif order["signal"] in self.children:
            self.children[order["signal"]].send_signal(order["number"])

    def _start(self, name: str, command: list[str]) -> None:
        try:
            self.children[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(self.reporter.fd,))
        except OSError as error:
            self.reporter.say(report.ENDED, str(error), number=127, by=name)

    def reap(self) -> None:
        """Report every child that has ended."""
        for name, child in list(self.children.items()):
            code = child.poll()
            if code is not None:
                del self.children[name]
                self.reporter.say(report.ENDED, number=code, by=name)


def watch(guardian: Guardian) -> None:
    """Obey and reap, until the standard input closes."""
    wake_read, wake_write = os.pipe()
    for fd in (wake_read, wake_write):
        os.set_blocking(fd, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    orders = sys.stdin.fileno()
    unread = b""
    while True:
        ready, _, _ = select.select([orders, wake_read], [], [])
        if wake_read in ready:
            os.read(wake_read, CHUNK)
            guardian.reap()
        if orders in ready:
            chunk = os.read(orders, CHUNK)
            if not chunk:
                return
            *lines, unread = (unread + chunk).split(b"\n")
            for line in lines:
                guardian.do(line)


def main() -> None:
    """Watch; then leave nothing behind, whatever happened."""
    if os.getpgrp() != os.getpid():
        sys.exit("the guardian must lead a process group of its own")
    try:
        watch(Guardian(Reporter(int(sys.argv[1]), "guardian")))
    finally:
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
