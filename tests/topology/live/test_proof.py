"""The very classes that the simulation drives, in processes of their own over a real broker, one of them killed."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import pytest

from tests.topology.live.processes import VISIBLE, processes_of
from tests.topology.live.shop import BROKERS, SHOP
from topology.live.account import Account
from topology.live.crew import Crew
from topology.live.letter import CALL, Body, read_outcome, write_message
from topology.live.wire import Wire
from topology.message import YES, Flow, Message
from topology.plan import Playground
from topology.sim.world import SimWorld
from topology.spec.loading import load
from topology.world import Target

OFFERED = 150
LONG = 60.0
"""Time-outs only end a test that hangs."""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The file that both worlds read."""
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP, encoding="utf-8")
    return path


async def offer(wire: Wire, n: int, to: str) -> bool:
    """One customer's order; whether the answer was yes."""
    now = time.monotonic_ns()
    message = Message(Flow(0, "web", [], 1, [], 100_000_000), n, n, now, now + 60_000_000_000)
    body: Body = {"message": write_message(message), "handoff": to.startswith("backlog")}
    answer = await wire.request(to, CALL, body, within_s=LONG, qos=1)
    return read_outcome(answer)[0] == YES


async def offer_all(wire: Wire, to: str) -> set[tuple[str, int]]:
    """Every customer's order, some at once; those that were told yes."""
    told: set[tuple[str, int]] = set()

    async def customer(first: int) -> None:
        for n in range(first, OFFERED, 8):
            if await offer(wire, n, to):
                told.add(("web", n))

    await asyncio.gather(*(customer(first) for first in range(8)))
    return told


@pytest.mark.parametrize("which", BROKERS)
async def test_a_killed_consumer_loses_nothing_that_was_accepted(shop: Path, which: str) -> None:
    account = Account("inventory")
    async with Crew(shop, "decoupled", account.take, which=which) as crew:
        await crew.start("backlog")
        await asyncio.gather(crew.start("orders"), crew.start("inventory"))
        first = crew.up["inventory/0"]
        async with crew.connect("web/0") as wire:
            offering = asyncio.create_task(offer_all(wire, "orders/0"))
            await crew.until(lambda: len(account.done) >= OFFERED // 3, LONG, "a third of the work")
            assert await crew.kill("inventory/0") == -signal.SIGKILL
            assert account.owed, "it was killed in the middle"
            await crew.start("inventory")
            told = await offering
        await crew.until(lambda: not account.kept, LONG, f"an empty queue: {account}")
        assert crew.up["inventory/0"] != first
    assert len(told) == OFFERED
    assert told == account.accepted
    assert not account.owed
    assert not account.expired
    assert account.redelivered > 0, "what the dead one held came back"
    assert account.duplicates <= account.redelivered
    assert not VISIBLE or not processes_of(crew.run)


def test_the_same_file_holds_the_same_in_the_simulated_world(shop: Path) -> None:
    playground: Playground = load(shop)
    world = SimWorld(playground.designs[0], playground, 1)
    world.advance(5_000_000_000)
    crash = world.kill(Target("inventory", (0,)))
    world.advance(7_000_000_000)
    world.lift(crash)
    world.advance(playground.duration_ns)
    world.stop()
    world.advance(playground.duration_ns + playground.drain_ns)
    (tally,) = world.tallies("web")
    assert tally.done == tally.offered > 300
    assert not tally.lost
    world.close()
