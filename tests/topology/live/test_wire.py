"""What the wire promises to those who talk over it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from tests.topology.live.brokers import running
from tests.topology.live.shop import NO_AMQTT
from topology.live.endpoint import Endpoint
from topology.live.letter import CALL, Letter, pack, unpack
from topology.live.wire import Silence, Wire

pytestmark = NO_AMQTT


@contextlib.asynccontextmanager
async def connected(wire: Wire) -> AsyncIterator[Wire]:
    """A wire while it keeps its connection."""
    task = asyncio.create_task(wire.run())
    try:
        async with asyncio.timeout(30):
            await wire.up.wait()
        yield wire
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_question_is_acted_upon_once_and_answered_each_time(tmp_path: Path) -> None:
    async with running(tmp_path) as port:
        endpoint = Endpoint("127.0.0.1", port)
        heard: list[Letter] = []

        def hear(letter: Letter) -> None:
            heard.append(letter)
            wire.reply(letter, {"heard": len(heard)})

        wire = Wire(endpoint, "run", "backlog/0", hear)
        async with connected(wire), asyncio.timeout(60), aiomqtt.Client("127.0.0.1", port) as client:
            await client.subscribe("pg/run/web/0", qos=1)
            letter = pack(Letter("web/0.1.1", CALL, {}, "web/0", "", time.monotonic_ns()))
            answers = []
            for payload in (letter, b"no letter", letter):
                await client.publish("pg/run/backlog/0", payload, qos=1)
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                answers.append(unpack(message.payload))
                if len(answers) == 2:
                    break
        assert answers[0] == answers[1]
        assert (answers[0].answers, answers[0].body) == ("web/0.1.1", {"heard": 1})
        assert [one.id for one in heard] == ["web/0.1.1"]


async def test_silence_has_an_end_and_what_is_forgotten_is_asked_no_more(tmp_path: Path) -> None:
    async with running(tmp_path) as port:
        wire = Wire(Endpoint("127.0.0.1", port), "run", "web/1", lambda letter: None)
        async with connected(wire):
            with pytest.raises(Silence, match=r"nobody/0 did not answer within 0\.05 s"):
                await wire.request("nobody/0", CALL, {}, within_s=0.05)
            question = wire.ask("nobody/0", CALL, {}, lambda answer: None, within_s=60.0, every_s=0.5)
            wire.forget(question)
            assert not wire.open
