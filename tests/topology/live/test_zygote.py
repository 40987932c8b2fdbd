"""Processes are forked, signalled, reaped and, whatever happens, gone in the end."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from topology.live.control import Closed, Lines
from topology.live.zygote import Zygote

PATIENCE_S = 30.0


def become(orders: dict[str, Any], end: socket.socket) -> None:
    """Say who one is, and wait; or end with a code."""
    if "code" in orders:
        raise SystemExit(orders["code"])
    end.send(f'{{"pid": {os.getpid()}, "group": {os.getpgrp()}}}\n'.encode())
    while True:
        signal.pause()


def until(true: Callable[[], object]) -> None:
    """Wait until something is true."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def heard(lines: Lines) -> dict[str, Any]:
    """The next object."""
    found: list[dict[str, Any]] = []
    until(lambda: found.extend(lines.read()) or found)
    return found[0]


def gone(pid: int) -> bool:
    """Whether a process is gone, or waits to be reaped by whoever adopted it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except OSError:
        return True
    return state == "Z"


@pytest.fixture
def zygote(tmp_path: Path):  # type: ignore[no-untyped-def]
    """One, closed in the end."""
    made = Zygote(become, tmp_path / "log", set())
    yield made
    made.close()


def test_a_fork_is_signalled_and_reaped(zygote: Zygote) -> None:
    lines = zygote.fork("app/0", {})
    said = heard(lines)
    assert said["group"] == zygote.pid
    zygote.signal("app/0", signal.SIGKILL)
    assert heard(zygote.lines) == {"ended": "app/0", "code": -signal.SIGKILL, "pid": said["pid"]}
    with pytest.raises(Closed):
        until(lambda: lines.read())
    zygote.signal("app/0", signal.SIGKILL)  # nobody is there any more
    zygote.fork("app/1", {"code": 3}).close()
    assert heard(zygote.lines)["code"] == 3
    lines.close()


def test_a_program_is_started_and_one_that_is_not_there_is_said_to_be_none(zygote: Zygote, tmp_path: Path) -> None:
    zygote.run("none", [str(tmp_path / "none")])
    assert heard(zygote.lines) == {"ended": "none", "code": 127, "words": "No such file or directory"}
    zygote.run("true", ["true"])
    assert heard(zygote.lines)["code"] == 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system does not show its processes")
@pytest.mark.parametrize("how", ["close", "zygote killed"])
def test_nothing_is_left_not_even_what_is_stopped(zygote: Zygote, how: str) -> None:
    ends = [zygote.fork(f"app/{i}", {}) for i in range(3)]
    pids = [heard(lines)["pid"] for lines in ends]
    zygote.signal("app/0", signal.SIGSTOP)
    if how == "close":
        zygote.close()
    else:
        os.kill(zygote.pid, signal.SIGKILL)
    until(lambda: all(gone(pid) for pid in pids))
    for lines in ends:
        lines.close()
