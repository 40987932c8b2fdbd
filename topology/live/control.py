"""Lines between the one who runs a live world and its processes: JSON objects over socket pairs, never over the broker."""

from __future__ import annotations

import json
import os
import select
import socket
import time
from typing import Any, Final

CHUNK: Final = 65536
BUFFER: Final = 1 << 20
"""So many bytes may wait in a socket or a pipe before whoever writes must wait."""


class Closed(Exception):
    """The other end is gone."""


class Lines:
    """One end of a socket pair that carries objects, one a line."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.unread = b""
        self.unsent = b""
        end.setblocking(False)

    def fileno(self) -> int:
        """The descriptor, for a selector."""
        return self.end.fileno()

    def send(self, **line: Any) -> None:
        """Send one object; what does not fit now is sent with the next, or by `push`."""
        self.unsent += json.dumps(line, separators=(",", ":")).encode() + b"\n"
        self.push()

    def push(self) -> None:
        """Send what waits; what the other end will never read is forgotten."""
        while self.unsent:
            try:
                sent = self.end.send(self.unsent)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self.unsent = b""
                return
            self.unsent = self.unsent[sent:]

    def read(self) -> list[dict[str, Any]]:
        """The objects that have come; `Closed` when there are none and none will ever come."""
        found: list[dict[str, Any]] = []
        while True:
            try:
                chunk = self.end.recv(CHUNK)
            except (BlockingIOError, InterruptedError):
                return found
            except OSError:
                chunk = b""
            if not chunk:
                if found:
                    return found
                raise Closed
            found += self.cut(chunk)

    def cut(self, chunk: bytes) -> list[dict[str, Any]]:
        """The objects that are whole now that these bytes have come."""
        *lines, self.unread = (self.unread + chunk).split(b"\n")
        return [json.loads(line) for line in lines]

    def wait(self, within_s: float) -> list[dict[str, Any]]:
        """The objects that come next; `TimeoutError` when none comes within so many seconds, `Closed` as for `read`."""
        until = time.monotonic() + within_s
        while not (found := self.read()):
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            select.select([self.end], [], [], left)
        return found

    def close(self) -> None:
        """Close this end."""
        self.end.close()


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends of a connection, with room for much."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    return ours, theirs


def close_all_but(keep: set[int]) -> None:
    """Close every descriptor that a fork inherited and that it does not need, the standard ones aside."""
    highest = os.sysconf("SC_OPEN_MAX") if "SC_OPEN_MAX" in os.sysconf_names else 1024
    start = 3
    for fd in sorted(fd for fd in keep if fd >= 3):
        os.closerange(start, fd)
        start = fd + 1
    os.closerange(start, min(highest, 65536))
