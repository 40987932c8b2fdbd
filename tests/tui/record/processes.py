"""The recording processes of this machine, and waiting for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def recorders() -> set[str]:
    """The numbers of all recording processes."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"tui.record.process" in (folder / "cmdline").read_bytes():
                found.add(folder.name)
        except OSError:
            continue
    return found


def soon(condition: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether something comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False
