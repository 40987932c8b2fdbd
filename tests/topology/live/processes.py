"""Which processes of a run there are, by the mark in their environment."""

from __future__ import annotations

import os
import time
from pathlib import Path

from topology.live import MARK

PROC = Path("/proc")
VISIBLE = (PROC / "self" / "environ").exists()
"""Whether this system shows the environment of processes."""


def processes_of(run: str) -> list[int]:
    """The ids of all living processes with the mark of a run; zombies have no environment any more."""
    mark = f"{MARK}={run}".encode()
    found = []
    for folder in PROC.iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                environment = (folder / "environ").read_bytes()
            except OSError:
                continue
            if mark in environment.split(b"\0"):
                found.append(int(folder.name))
    return found


def left_of(run: str, within_s: float = 30.0) -> list[int]:
    """Those that are still there after so long, at most: none, as soon as there are none."""
    until = time.monotonic() + within_s
    while (left := processes_of(run)) and time.monotonic() < until:
        time.sleep(0.01)
    return left


def members(group: int) -> list[int]:
    """The living processes of a process group: one that only waits to be reaped lives no more."""
    found = []
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            try:
                state, _, of = (folder / "stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[:3]
            except OSError:
                continue
            if int(of) == group and state not in "ZX":
                found.append(int(folder.name))
    return found


def left_in(group: int, within_s: float = 30.0) -> list[int]:
    """Those of a group that are still there after so long, at most."""
    until = time.monotonic() + within_s
    while (left := members(group)) and time.monotonic() < until:
        time.sleep(0.01)
    return left
