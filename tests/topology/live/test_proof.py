"""The very classes that the simulation drives, in processes of their own over a real broker, one of them killed."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.topology.live.processes import VISIBLE, processes_of
from topology.live.account import Account
from topology.live.broker import AMQTT, MOSQUITTO
from topology.live.crew import Crew
from topology.live.letter import CALL, Body, Letter, read_outcome, write_message
from topology.live.wire import Wire
from topology.message import YES, Flow, Message
from topology.plan import Playground
from topology.sim.world import SimWorld
from topology.spec.loading import load
from topology.world import Target

SHOP = """
version: 1
playground: shop
duration: 20s
nodes:
  web:       {kind: producer, rate: 20/s, deadline: 60s}
  orders:    {kind: service, slots: 16, takes: 1ms}
  backlog:   {kind: sqs, visibility: 1s}
  inventory: {kind: service, slots: 4, takes: 10ms}
designs:
  decoupled:
    links:
      - web -> orders
      - orders => backlog
      - {link: backlog => inventory, wait: 1s, batch: 2}
"""
OFFERED = 150
LONG = 60.0
"""Time-outs only end a test that hangs."""
BROKERS = [
    pytest.param(AMQTT, marks=pytest.mark.skipif(not importlib.util.find_spec(AMQTT), reason="amqtt is not installed")),
    pytest.param(MOSQUITTO, marks=pytest.mark.skipif(not shutil.which(MOSQUITTO), reason="there is no mosquitto here")),
]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The file that both worlds read."""
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP, encoding="utf-8")
    return path


@asynccontextmanager
async def customers(crew: Crew) -> AsyncIterator[Wire]:
    """The outside world's own connection to the broker."""

    def unasked(letter: Letter) -> None:
        raise AssertionError(f"nobody calls a producer: {letter}")

    wire = Wire(("127.0.0.1", crew.port), crew.run, "web/0", unasked)
    connection = asyncio.create_task(wire.run())
    try:
        await wire.up.wait()
        yield wire
    finally:
        connection.cancel()
        await asyncio.gather(connection, return_exceptions=True)


async def offer(wire: Wire, n: int, to: str) -> bool:
    """One customer's order; whether the answer was yes."""
    now = time.monotonic_ns()
    message = Message(Flow(0, "web", [], 1, [], 100_000_000), n, n, now, now + 60_000_000_000)
    body: Body = {"message": write_message(message), "handoff": to.startswith("backlog")}
    answer = await wire.request(to, CALL, body, within_s=LONG, qos=1)
    return read_outcome(answer)[0] == YES


async def offer_all(wire: Wire, account: Account, to: str) -> set[tuple[str, int]]:
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
        async with customers(crew) as wire:
            offering = asyncio.create_task(offer_all(wire, account, "orders/0"))
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
