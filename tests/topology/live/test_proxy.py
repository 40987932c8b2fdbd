"""A proxy breaks real connections as a network would, and heals them."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import topology
from topology.live.proxy import BOUND, Proxy, obey
from topology.live.toxics import BOTH, FROM, TO, Toxic

LONG = 30.0
"""Only ends a test that hangs."""
BRIEF = 0.05
"""Long enough for loopback, so that what is silent for so long is silent."""


class Echo:
    """A server that sends back what it gets, and knows how its connections ended."""

    def __init__(self) -> None:
        self.ends: asyncio.Queue[str] = asyncio.Queue()
        self.got = b""
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.writers.append(writer)
        try:
            while data := await reader.read(65536):
                self.got += data
                writer.write(data)
            await self.ends.put("end")
        except ConnectionResetError:
            await self.ends.put("reset")
        writer.close()


@asynccontextmanager
async def proxied() -> AsyncIterator[tuple[Proxy, int, Echo]]:
    """A proxy, its port, and the server behind it."""
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    proxy = Proxy()
    try:
        async with asyncio.timeout(LONG):
            yield proxy, await proxy.open("127.0.0.1", server.sockets[0].getsockname()[1], "worker"), echo
    finally:
        proxy.close()
        server.close()
        for writer in echo.writers:
            writer.close()
        await asyncio.sleep(0)


async def crossed(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection over which a byte went there and came back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"a")
    assert await reader.readexactly(1) == b"a"
    return reader, writer


async def silent(reader: asyncio.StreamReader) -> bool:
    """Whether nothing comes, not even an end."""
    try:
        async with asyncio.timeout(BRIEF):
            await reader.read(1)
    except TimeoutError:
        return True
    return False


async def test_what_crosses_comes_back_whole_and_ends_as_it_ended() -> None:
    async with proxied() as (proxy, port, echo):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        data = os.urandom(3 * BOUND)
        writer.write(data)
        assert await reader.readexactly(len(data)) == data
        writer.write_eof()
        assert await echo.ends.get() == "end"
        assert await reader.read() == b""
        writer.close()
        figures = proxy.figures()[str(port)]
        assert (figures["bytes to"], figures["bytes from"], figures["held"]) == (len(data), len(data), 0)


@pytest.mark.parametrize("way", [TO, FROM, BOTH])
async def test_a_partition_is_silent_in_its_direction_and_heals(way: str) -> None:
    async with proxied() as (proxy, port, echo):
        reader, writer = await crossed(port)
        cut = await proxy.lay(port, Toxic(way, cut=True))
        writer.write(b"b")
        assert await silent(reader)
        assert echo.got == (b"ab" if way == FROM else b"a")
        await proxy.lift(cut)
        assert await reader.readexactly(1) == b"b"
        writer.close()


async def test_the_end_of_a_process_is_hidden_by_a_partition() -> None:
    async with proxied() as (proxy, port, echo):
        _, writer = await crossed(port)
        cut = await proxy.lay(port, Toxic(cut=True))
        writer.close()
        await asyncio.sleep(BRIEF)
        assert echo.ends.empty()
        await proxy.lift(cut)
        assert await echo.ends.get() == "end"


async def test_one_of_two_overlapping_partitions_is_lifted() -> None:
    async with proxied() as (proxy, port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        first = await proxy.lay(port, Toxic(cut=True))
        second = await proxy.lay(port, Toxic(TO, cut=True))
        writer.write(b"a")
        await proxy.lift(first)
        await proxy.lift(first)
        assert await silent(reader)
        await proxy.lift(second)
        assert await reader.readexactly(1) == b"a"
        writer.close()


async def test_who_connects_during_a_partition_is_connected_when_it_heals_unless_it_gave_up() -> None:
    async with proxied() as (proxy, port, echo):
        cut = await proxy.lay(port, Toxic(FROM, cut=True))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        _, gone = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"a")
        gone.write(b"b")
        gone.close()
        assert await silent(reader)
        assert not echo.writers
        await proxy.lift(cut)
        assert await reader.readexactly(1) == b"a"
        assert echo.got == b"a"
        assert len(echo.writers) == 1
        writer.close()


async def test_too_much_for_a_partition_waits_at_its_sender() -> None:
    async with proxied() as (proxy, port, _):
        reader, writer = await crossed(port)
        cut = await proxy.lay(port, Toxic(TO, cut=True))
        data = os.urandom(12 * BOUND)
        writer.write(data)
        await asyncio.sleep(BRIEF)
        assert proxy.figures()[str(port)]["held"] < 2 * BOUND
        assert writer.transport.get_write_buffer_size() > 0
        await proxy.lift(cut)
        assert await reader.readexactly(len(data)) == data
        writer.close()


async def test_a_refused_connection_is_refused_at_once_and_the_others_stand() -> None:
    async with proxied() as (proxy, port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        handles = [await proxy.lay(port, Toxic(refuse=True)) for _ in range(2)]
        for handle in handles:
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            await proxy.lift(handle)
        _, other = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"a")
        assert await reader.readexactly(1) == b"a"
        writer.close()
        other.close()


async def test_a_reset_reaches_both_sides() -> None:
    async with proxied() as (proxy, port, echo):
        reader, writer = await crossed(port)
        assert proxy.reset(port) == 1
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        assert await echo.ends.get() == "reset"
        assert proxy.figures()[str(port)]["connections"] == 0
        writer.close()


async def test_a_server_that_resets_or_is_not_there_resets_its_client() -> None:
    async with proxied() as (proxy, port, echo):
        reader, writer = await crossed(port)
        sock = echo.writers[0].get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        echo.writers[0].transport.abort()
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        writer.close()
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            empty = await proxy.open("127.0.0.1", nobody.getsockname()[1])
            reader, writer = await asyncio.open_connection("127.0.0.1", empty)
            with pytest.raises(ConnectionResetError):
                await reader.readexactly(1)
        writer.close()


async def test_orders_over_a_socket_pair() -> None:
    ours, theirs = socket.socketpair()
    serving = asyncio.create_task(obey(theirs))
    reader, writer = await asyncio.open_connection(sock=ours)

    async def ask(**order: Any) -> dict[str, Any]:
        writer.write(json.dumps(order).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await reader.readline())
        return answer

    port = (await ask(op="open", host="127.0.0.1", port=1, name="worker"))["port"]
    laid = await ask(op="lay", port=port, toxic=Toxic(TO, latency_ns=1, cut=True).as_fields())
    assert laid == {"handle": 1}
    assert (await ask(op="figures"))["figures"][str(port)]["held"] == 0
    assert await ask(op="lift", handle=1) == await ask(op="lift", handle=1) == {}
    assert await ask(op="reset", port=port) == {"reset": 0}
    assert await ask(op="reset", port=1) == {"error": "the proxy has no port 1"}
    assert await ask(op="lay", port=port, toxic={"way": "up"}) == {
        "error": "a direction is one of to, from, both, not 'up'"
    }
    assert await ask(op="dance") == {"error": 'the proxy does not understand {"op": "dance"}'}
    writer.close()
    await serving
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


def test_the_process_ends_with_its_control_socket() -> None:
    ours, theirs = socket.socketpair()
    env = {**os.environ, "PYTHONPATH": str(Path(str(topology.__file__)).parents[1])}
    command = [sys.executable, "-P", "-m", "topology.live.proxy", str(theirs.fileno())]
    with subprocess.Popen(command, pass_fds=(theirs.fileno(),), env=env) as process:
        theirs.close()
        ours.sendall(b'no order\n{"op": "figures", "id": 7}\n')
        with ours.makefile("rb") as answers:
            assert b"error" in answers.readline()
            assert answers.readline() == b'{"figures": {}, "id": 7}\n'
        ours.close()
        assert process.wait(LONG) == 0
