"""A TCP proxy in a process of its own, with a port for each connection that may be broken: the network as a fault wants it.

Control is a socket that was handed down: one JSON object a line, each answered by one in their order (see `Proxy.do`), until
it closes, which ends the proxy. A connection that is opened while its port is cut is taken by the system, as any is, and
stays silent until healed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import sys
from typing import Any, Final

from topology.chance import Dice
from topology.live.toxics import FROM, SECOND, TO, BadToxic, Course, Piece, Terms, Toxic, fold, read_toxic

HOST: Final = "127.0.0.1"
BOUND: Final = 1 << 20
"""So many bytes are kept for each direction of a connection; then its sender is read no further, and its own buffers fill."""
BACKLOG: Final = 128
HARD: Final = struct.pack("ii", 1, 0)
"""Linger for no time: closing resets the connection."""
END: Final = b""
RESET: Final = None


class Side(asyncio.Protocol):
    """One end of a connection: the socket to whoever connected, or the one to whom it leads."""

    def __init__(self, connection: Connection, way: str) -> None:
        self.connection = connection
        self.way = way
        """The direction of what comes in here."""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.connection.made(self)

    def data_received(self, data: bytes) -> None:
        self.connection.lines[self.way].feed(data)

    def eof_received(self) -> bool:
        self.connection.lines[self.way].feed(END)
        return True

    def pause_writing(self) -> None:
        self.connection.toward(self).blocked = True

    def resume_writing(self) -> None:
        line = self.connection.toward(self)
        line.blocked = False
        line.run()

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        self.connection.lost(self, error is not None)

    def take(self, piece: Piece) -> None:
        """Send on what is through."""
        if self.transport is None or self.transport.is_closing():
            return
        if piece:
            self.transport.write(piece)
        elif piece is not RESET:
            with contextlib.suppress(OSError):
                self.transport.write_eof()

    def break_off(self) -> None:
        """Reset the connection."""
        if self.transport is not None:
            sock = self.transport.get_extra_info("socket")
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, HARD)
            self.transport.abort()


class Line:
    """One direction of a connection, driven by the clock of the event loop."""

    def __init__(self, connection: Connection, way: str, course: Course) -> None:
        self.connection = connection
        self.way = way
        self.course = course
        self.blocked = True
        """Whether the receiving end takes nothing now: it is not connected, or its reader is too slow."""
        self.stopped = False
        self.fed_end = False
        self.ended = False
        self.timer: asyncio.TimerHandle | None = None

    @property
    def terms(self) -> Terms:
        """What lies on it now."""
        return self.connection.port.terms[self.way]

    def feed(self, piece: Piece) -> None:
        """The sending end has sent something."""
        self.fed_end = self.fed_end or not piece
        self.course.push(self.connection.port.now(), piece, self.terms)
        self.connection.port.bytes[self.way] += len(piece or b"")
        self.run()

    def run(self) -> None:
        """Let through what is due, and wake when the next is."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.blocked or self.ended:
            self._press()
            return
        sink = self.connection.sink(self)
        for piece in self.course.through(self.connection.port.now(), self.terms):
            if piece:
                sink.take(piece)
                continue
            self.ended = True
            sink.take(piece)
            self.connection.over(reset=piece is RESET)
            return
        self._press()
        at = self.course.wakes(self.terms)
        if at is not None:
            self.timer = self.connection.port.loop.call_at(at / SECOND, self.run)

    def _press(self) -> None:
        """Read the sender no further while too much is kept, and again when half of that is gone."""
        source = self.connection.source(self).transport
        if source is None or source.is_closing():
            return
        if not self.stopped and self.course.held > BOUND:
            self.stopped = True
            source.pause_reading()
        elif self.stopped and self.course.held <= BOUND // 2:
            self.stopped = False
            source.resume_reading()

    def close(self) -> None:
        """Nothing crosses any more."""
        self.ended = True
        if self.timer is not None:
            self.timer.cancel()


class Connection:
    """Somebody's connection by way of one port, to where that port leads."""

    def __init__(self, port: Port) -> None:
        self.port = port
        now = port.now()
        # A handshake goes there and back before anything is sent.
        opened = now + port.terms[TO].latency_ns + port.terms[FROM].latency_ns
        self.lines = {
            TO: Line(self, TO, Course(port.dice, opened)),
            FROM: Line(self, FROM, Course(port.dice)),
        }
        self.near = Side(self, TO)
        self.far = Side(self, FROM)
        self.dialling: asyncio.Task[None] | None = None

    def source(self, line: Line) -> Side:
        """Where a direction begins."""
        return self.near if line.way == TO else self.far

    def sink(self, line: Line) -> Side:
        """Where it ends."""
        return self.far if line.way == TO else self.near

    def toward(self, side: Side) -> Line:
        """The direction that ends at a side."""
        return self.lines[FROM if side is self.near else TO]

    def made(self, side: Side) -> None:
        """One side is connected."""
        line = self.toward(side)
        line.blocked = False
        if side is self.near:
            self.port.connections[self] = None
            self.port.opened += 1
            self.dial()
        line.run()

    def dial(self) -> None:
        """Connect to the other end, once nothing is cut: a handshake needs both directions. Who gave up by then never came."""
        if self.dialling is not None or self.port.terms[TO].cut or self.port.terms[FROM].cut:
            return
        if self.lines[TO].fed_end:
            self.reset()
        else:
            self.dialling = self.port.loop.create_task(self._dial())

    async def _dial(self) -> None:
        await asyncio.sleep(self.port.terms[TO].latency_ns / SECOND)
        try:
            await self.port.loop.create_connection(lambda: self.far, *self.port.target)
        except OSError:
            self.lines[FROM].feed(RESET)

    def lost(self, side: Side, broken: bool) -> None:
        """A side is gone; when it broke, the other is told once that gets through."""
        self.toward(side).close()
        line = self.lines[side.way]
        if broken and not line.ended:
            line.feed(RESET)
        self._forget()

    def over(self, reset: bool) -> None:
        """A direction has ended."""
        if reset:
            self.reset()
        elif all(line.ended for line in self.lines.values()):
            for side in (self.near, self.far):
                if side.transport is not None:
                    side.transport.close()

    def reset(self) -> None:
        """End it, and tell both sides so."""
        for line in self.lines.values():
            line.close()
        if self.dialling is not None:
            self.dialling.cancel()
        self.near.break_off()
        self.far.break_off()
        self._forget()

    def _forget(self) -> None:
        if self.near.transport is None and self.far.transport is None:
            self.port.connections.pop(self, None)

    @property
    def held(self) -> int:
        """Bytes that are not through, both ways."""
        return sum(line.course.held for line in self.lines.values())


class Port:
    """A port that leads to a target, and what lies on it. `number` is the port, as long as the proxy lives."""

    def __init__(self, target: tuple[str, int], dice: Dice) -> None:
        self.loop = asyncio.get_running_loop()
        self.target = target
        self.dice = dice
        self.toxics: dict[int, Toxic] = {}
        self.terms = {TO: Terms(), FROM: Terms()}
        self.connections: dict[Connection, None] = {}
        self.opened = 0
        self.bytes = {TO: 0, FROM: 0}
        self.keeper = self._bound(0)
        """Keeps the number while nobody listens."""
        self.number: int = self.keeper.getsockname()[1]
        self.server: asyncio.Server | None = None

    def now(self) -> int:
        """In nanoseconds, by the clock of the event loop."""
        return int(self.loop.time() * SECOND)

    def _bound(self, number: int) -> socket.socket:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((HOST, number))
        return sock

    async def listen(self) -> None:
        """Take connections, unless a toxic refuses them; those that stand are left alone."""
        refuses = any(toxic.refuse for toxic in self.toxics.values())
        if refuses and self.server is not None:
            self.server.close()
            self.server = None
        elif not refuses and self.server is None:
            self.server = await self.loop.create_server(
                lambda: Connection(self).near, sock=self._bound(self.number), backlog=BACKLOG
            )

    async def lay(self, handle: int, toxic: Toxic) -> None:
        """One more lies here."""
        self.toxics[handle] = toxic
        await self._change()

    async def lift(self, handle: int) -> None:
        """It lies here no more; whatever else does stays."""
        if self.toxics.pop(handle, None) is not None:
            await self._change()

    async def _change(self) -> None:
        """Other terms from now on, for what crosses already, too."""
        lines = [line for connection in self.connections for line in connection.lines.values()]
        for line in lines:
            line.run()
        self.terms = {way: fold(self.toxics.values(), way) for way in (TO, FROM)}
        now = self.now()
        for line in lines:
            line.course.change(now, line.terms)
            line.run()
        for connection in list(self.connections):
            connection.dial()
        await self.listen()

    def reset(self) -> int:
        """Reset all its connections; how many there were."""
        connections = list(self.connections)
        for connection in connections:
            connection.reset()
        return len(connections)

    def figures(self) -> dict[str, int]:
        """What crossed it and what it holds."""
        return {
            "connections": len(self.connections),
            "opened": self.opened,
            "bytes to": self.bytes[TO],
            "bytes from": self.bytes[FROM],
            "held": sum(connection.held for connection in self.connections),
        }

    def close(self) -> None:
        """Take no connections, and end those that there are."""
        if self.server is not None:
            self.server.close()
        self.keeper.close()
        self.reset()


class Proxy:
    """All ports of one proxy, and what lies on them, each under a handle of its own."""

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self.ports: dict[int, Port] = {}
        self.laid: dict[int, Port] = {}
        self.handles = 0

    async def open(self, host: str, port: int, name: str = "") -> int:
        """The number of a new port that leads there; `name` decides about its jitter."""
        one = Port((host, port), Dice(self.seed, "jitter", name))
        self.ports[one.number] = one
        await one.listen()
        return one.number

    async def lay(self, port: int, toxic: Toxic) -> int:
        """Lay a toxic on a port; the handle that lifts it."""
        one = self._port(port)
        self.handles += 1
        self.laid[self.handles] = one
        await one.lay(self.handles, toxic)
        return self.handles

    async def lift(self, handle: int) -> None:
        """Take back one toxic; twice is harmless."""
        port = self.laid.pop(handle, None)
        if port is not None:
            await port.lift(handle)

    def reset(self, port: int) -> int:
        """Reset every connection by way of a port; how many there were."""
        return self._port(port).reset()

    def figures(self) -> dict[str, dict[str, int]]:
        """By port."""
        return {str(number): port.figures() for number, port in self.ports.items()}

    def _port(self, number: int) -> Port:
        port = self.ports.get(number)
        if port is None:
            raise BadToxic(f"the proxy has no port {number}")
        return port

    def close(self) -> None:
        """End all that crosses."""
        for port in self.ports.values():
            port.close()

    async def do(self, order: dict[str, Any]) -> dict[str, Any]:
        """One order of the control socket, and what it is answered."""
        match order:
            case {"op": "open", "host": str(host), "port": int(port)}:
                return {"port": await self.open(host, port, str(order.get("name", "")))}
            case {"op": "lay", "port": int(port), "toxic": dict(fields)}:
                return {"handle": await self.lay(port, read_toxic(fields))}
            case {"op": "lift", "handle": int(handle)}:
                await self.lift(handle)
                return {}
            case {"op": "reset", "port": int(port)}:
                return {"reset": self.reset(port)}
            case {"op": "figures"}:
                return {"figures": self.figures()}
        raise BadToxic(f"the proxy does not understand {json.dumps(order)}")


async def obey(sock: socket.socket, seed: int = 1) -> None:
    """Be a proxy until the control socket closes."""
    proxy = Proxy(seed)
    reader, writer = await asyncio.open_connection(sock=sock)
    try:
        while line := await reader.readline():
            writer.write(json.dumps(await _answer(proxy, line)).encode() + b"\n")
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        proxy.close()
        writer.close()


async def _answer(proxy: Proxy, line: bytes) -> dict[str, Any]:
    """What an order is answered, or why it cannot be done; with its `id`, if it has one."""
    order: Any = None
    try:
        order = json.loads(line)
        answer = await proxy.do(order)
    except (ValueError, OSError) as error:
        answer = {"error": str(error)}
    return {**answer, "id": order["id"]} if isinstance(order, dict) and "id" in order else answer


def serve(fd: int, seed: int = 1) -> None:
    """What a process does that was forked, or started, to be the proxy: `fd` is its end of the control socket."""
    asyncio.run(obey(socket.socket(fileno=fd), seed))


if __name__ == "__main__":
    serve(int(sys.argv[1]))
