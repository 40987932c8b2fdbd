"""Which processes of a run there are, by the mark in their environment."""

from __future__ import annotations

import os
from pathlib import Path

from topology.live.crew import MARK

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
