"""What the wire promises to those who talk over it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import aiomqtt
import pytest

from tests.topology.live.shop import ANY_BROKER, SHOP
from topology.live import report
from topology.live.crew import Crew
from topology.live.letter import CALL, Body, Letter, pack, read_outcome, unpack, write_message
from topology.live.report import Event
from topology.live.wire import Silence
from topology.message import YES, Flow, Message

pytestmark = ANY_BROKER


def order(n: int) -> Body:
    """A hand-off of one message."""
    now = time.monotonic_ns()
    flow = Flow(0, "web", [], 1, [], 100_000_000)
    return {"message": write_message(Message(flow, n, n, now, now + 60_000_000_000)), "handoff": True}


async def test_a_question_is_acted_upon_once_and_answered_each_time(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP, encoding="utf-8")
    events: list[Event] = []
    async with Crew(path, "decoupled", events.append) as crew:
        name = await crew.start("backlog")
        letter = pack(Letter("web/0.1.1", CALL, order(1), "web/0", "", time.monotonic_ns()))
        async with asyncio.timeout(60), aiomqtt.Client("127.0.0.1", crew.port) as client:
            await client.subscribe(f"pg/{crew.run}/web/0", qos=1)
            answers = []
            for payload in (letter, b"no letter", letter):
                await client.publish(f"pg/{crew.run}/{name}", payload, qos=1)
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                answers.append(unpack(message.payload))
                if len(answers) == 2:
                    break
        assert answers[0] == answers[1]
        assert read_outcome(answers[0].body)[0] == YES
        assert answers[0].answers == "web/0.1.1"
        async with crew.connect("web/1") as wire:
            with pytest.raises(Silence, match=r"nobody/0 did not answer within 0\.05 s"):
                await wire.request("nobody/0", CALL, order(2), within_s=0.05)
    assert [event.n for event in events if event.what == report.ACCEPTED] == [1]
