"""Nothing is left of a run, whatever happens to the one who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import topology
from tests.topology.live.processes import VISIBLE, processes_of
from tests.topology.live.shop import ANY_BROKER, SHOP
from topology.live.crew import BROKER, Crew, Trouble
from topology.live.report import Event

pytestmark = ANY_BROKER
OWNER = """
import asyncio, pathlib, signal, sys
from topology.live.crew import Crew

async def main():
    async with Crew(pathlib.Path(sys.argv[1]), "decoupled", lambda event: None) as crew:
        crew.signal(await crew.start("backlog"), signal.SIGSTOP)
        print(crew.run, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
PATIENCE_S = 60


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The file that the processes read."""
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP, encoding="utf-8")
    return path


@pytest.mark.skipif(not VISIBLE, reason="this system does not show the environment of processes")
def test_nothing_outlives_an_owner_that_is_killed(shop: Path) -> None:
    """One of its processes is frozen, and could do nothing itself."""
    env = {**os.environ, "PYTHONPATH": str(Path(str(topology.__file__)).parents[1]), "TMPDIR": str(shop.parent)}
    command = [sys.executable, "-P", "-c", OWNER, str(shop)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", env=env) as owner:
        assert owner.stdout is not None
        run = owner.stdout.readline().strip()
        assert len(processes_of(run)) >= 3, "a guardian, a broker and a host"
        owner.send_signal(signal.SIGKILL)
    until = time.monotonic() + PATIENCE_S
    while (left := processes_of(run)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not left


async def test_a_process_that_ends_on_its_own_is_trouble_with_its_last_words(shop: Path) -> None:
    events: list[Event] = []
    async with Crew(shop, "decoupled", events.append) as crew:
        with pytest.raises(Trouble, match=r"(?s)web/0 \(2\) ended; last words:.*\nweb: a producer cannot run live"):
            await crew.start("web")
    assert not VISIBLE or not processes_of(crew.run)


async def test_hosts_outlive_their_broker(shop: Path) -> None:
    """They come back to a broker that was started again in its place."""
    events: list[Event] = []
    async with Crew(shop, "decoupled", events.append) as crew:
        name = await crew.start("backlog")
        await crew.kill(BROKER)
        await crew.start_broker(crew.port)
        async with crew.connect("somebody/0") as wire:
            await wire.request(name, "settle", {"receipt": "of nothing"}, within_s=PATIENCE_S)
    assert not VISIBLE or not processes_of(crew.run)
