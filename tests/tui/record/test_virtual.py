"""Time without waiting, on its own and under a small Textual app."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT
from tui.record import virtual


def loop_of(clock: virtual.Clock) -> virtual.VirtualLoop:
    return virtual.VirtualLoop(clock)


def test_an_hour_takes_no_time() -> None:
    clock = virtual.Clock()
    loop = loop_of(clock)
    seen: list[tuple[float, str]] = []

    async def wake(name: str, after: float) -> None:
        await asyncio.sleep(after)
        seen.append((clock.now, name))

    async def both() -> None:
        await asyncio.gather(wake("late", 3600.0), wake("early", 0.25), wake("soon", 0.25))

    began = time.perf_counter()
    loop.run_until_complete(both())
    loop.close()
    assert seen == [(0.25, "early"), (0.25, "soon"), (3600.0, "late")]
    assert time.perf_counter() - began < 5


def test_until_comes_after_all_that_happens_then() -> None:
    loop = loop_of(virtual.Clock())
    seen: list[str] = []

    async def chain() -> None:
        await asyncio.sleep(1)
        for step in range(20):
            await asyncio.sleep(0)
            seen.append(f"step {step}")

    async def both() -> None:
        task = asyncio.ensure_future(chain())
        await loop.until(1.0)
        seen.append("looked")
        await task

    loop.run_until_complete(both())
    loop.close()
    assert seen[-1] == "looked"
    assert len(seen) == 21


def test_waiting_for_nothing_is_an_error_and_no_hang() -> None:
    loop = loop_of(virtual.Clock())
    future = loop.create_future()
    with pytest.raises(virtual.Stuck, match="no timer is set"):
        loop.run_until_complete(future)
    future.cancel()
    loop.close()


def test_clocks_are_replaced_before_textual_only() -> None:
    import textual

    assert textual
    before = time.monotonic
    with pytest.raises(RuntimeError, match="before Textual is imported"):
        virtual.install()
    assert time.monotonic is before


def test_what_changes_the_look_is_left_out_of_the_environment() -> None:
    given = {"PATH": "p", "NO_COLOR": "1", "TEXTUAL_THEME": "nord", "TERM": "dumb", "SSH_TTY": "t", "LINES": "9"}
    assert virtual.settings(given) == {"PATH": "p", "TERM": "xterm-256color", "COLORTERM": "truecolor"}


SCRIPT = """
from tui.record import virtual
clock = virtual.install()
import time
from textual.app import App
from textual.widgets import Static
from tui.record.camera import play_in_time
from tui.record.cells import grid

class Counter(App):
    count = 0
    def compose(self):
        yield Static("0")
    def on_mount(self):
        self.set_interval(0.5, self.step)
        self.notify("a toast that goes", timeout=5)
    def step(self):
        self.count += 1
        if {fails} and self.count == 3:
            raise ValueError("the widget is broken")
        self.query_one(Static).update(str(self.count))

async def look(loop):
    for at in (0.25, 2.25, 60.25):
        await loop.until(at)
        if app.return_code:
            return
        text = "\\n".join("".join(sign for sign, _ in row) for row in grid(app))
        print("AT", at, text.split()[0], "toast" in text, round(time.monotonic(), 6), round(time.time(), 6))

import sys
real = sys.stdout
def print(*words, say=print): say(*words, file=real)
app = Counter()
play_in_time(app, look, clock, (40, 10))
print("done")
"""


def run_script(fails: bool) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT.format(fails=fails)],
        capture_output=True,
        check=False,
        cwd=ROOT,
        encoding="utf-8",
        timeout=60,
    )


def test_an_app_lives_in_virtual_time_timers_and_toasts_and_all() -> None:
    done = run_script(fails=False)
    assert done.stdout.splitlines() == [
        "AT 0.25 0 True 0.25 1700000000.25",
        "AT 2.25 4 True 2.25 1700000002.25",
        "AT 60.25 120 False 60.25 1700000060.25",
        "done",
    ], done.stderr


def test_an_app_that_fails_is_no_film() -> None:
    done = run_script(fails=True)
    assert done.returncode == 1
    assert "the widget is broken" in done.stderr
    assert "the app ended with an error while it was filmed" in done.stderr
    assert "done" not in done.stdout
