"""The terminal itself, on a pseudo-terminal: however the program ends, it is left as it was found."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import sys
from tests.tui.worlds import runner
from tui.app import PlayApp
run = runner()
if "fail" in sys.argv:
    def advance(until_ns):
        raise RuntimeError("the world has ended")
    run.advance = advance
app = PlayApp(run)
app.run()
sys.exit(app.return_code)
"""


def play(*args: str, press: bytes = b"", send: int = 0) -> tuple[int, str]:
    """Run the app on a terminal of its own; what it wrote, and how it ended."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *args], stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=env
    ) as process:
        os.close(theirs)
        seen = b""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    seen += os.read(ours, 65_536)
                except OSError:
                    break
            if b"told yes" in seen and press:
                os.write(ours, press)
                press = b""
            if b"told yes" in seen and send:
                process.send_signal(send)
                send = 0
        os.close(ours)
        return process.wait(10), seen.decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("args", "press", "send", "code"),
    [((), b"q", 0, 0), (("fail",), b"", 0, 1), ((), b"", signal.SIGTERM, 143)],
    ids=["quit", "crash", "terminated"],
)
def test_the_terminal_is_put_back(args: tuple[str, ...], press: bytes, send: int, code: int) -> None:
    ended, seen = play(*args, press=press, send=send)
    assert ended == code
    assert seen.rindex("\x1b[?1049l") > seen.rindex("\x1b[?1049h"), "the other screen is left"
    assert seen.rindex("\x1b[?25h") > seen.rindex("\x1b[?25l"), "the cursor is back"
    assert seen.rindex("\x1b[?1000l") > seen.rindex("\x1b[?1000h"), "the mouse is let go"
    if "fail" in args:
        assert "the world has ended" in seen
