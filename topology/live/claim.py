"""Before a run: is the broker there, does it let us in, and has nobody else a run of that name on it?

Whoever holds a run answers on `pg/<run>/hello`, where newcomers introduce themselves and listen for a moment. No
retained message and no will is needed for that, so nothing is left on the broker, however the holder ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import socket
import ssl
import time
from types import TracebackType
from typing import Final

import aiomqtt

from topology.live.endpoint import BadBroker, Endpoint
from topology.live.wire import FIRST_S, LONGEST_S, client_of

CONNECT_S: Final = 5.0
"""So long each step of a connection may take."""
ECHO_S: Final = 3.0
"""So long after its sending our own greeting may take to come back."""
LISTEN_S: Final = 0.3
"""So much longer than our own greeting took we listen for others: a holder needs as long to answer as it took."""
RUN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NEW: Final = b"new "
HERE: Final = b"here "
HELD: Final = b"held "
"""A newcomer's greeting, another newcomer's answer to it, and the holder's; each before who it is."""
BAD_USER: Final = 4
NOT_ALLOWED: Final = 5
GRANTED: Final = (0, 1, 2)


def check_run(run: str) -> None:
    """`BadBroker` when a run cannot be called that."""
    if not RUN.fullmatch(run):
        raise BadBroker(f"a run cannot be called {run!r}; take letters and digits, with . _ - between them, 64 at most")


async def check_reachable(endpoint: Endpoint, within_s: float = CONNECT_S) -> None:
    """`BadBroker` when nobody listens there, its certificate is not trusted, or it speaks no TLS."""
    context = endpoint.tls_context()
    place = endpoint.place
    try:
        async with asyncio.timeout(within_s):
            _, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
    except TimeoutError:
        raise BadBroker(f"{place} does not answer within {within_s:g} s; is that the host, and no firewall between?") from None
    except socket.gaierror:
        raise BadBroker(f"there is no host called {endpoint.host}") from None
    except ConnectionRefusedError:
        raise BadBroker(f"nobody listens at {place}; is the broker running, and that its port?") from None
    except OSError as error:
        raise BadBroker(f"cannot connect to {place}: {error.strerror or error}") from None
    try:
        if context is not None:
            await _check_tls(endpoint, context, writer, within_s)
    finally:
        writer.transport.abort()


async def _check_tls(
    endpoint: Endpoint, context: ssl.SSLContext, writer: asyncio.StreamWriter, within_s: float
) -> None:
    name = endpoint.known_as or endpoint.host
    try:
        await writer.start_tls(context, server_hostname=name, ssl_handshake_timeout=within_s)
    except ssl.SSLCertVerificationError as error:
        raise BadBroker(_of_certificate(endpoint, name, error)) from None
    except OSError:  # broken off, timed out, or an answer that is no TLS
        raise BadBroker(
            f"{endpoint.place} does not speak TLS; write mqtt:// in place of mqtts://, or give the port that does"
        ) from None


def _of_certificate(endpoint: Endpoint, name: str, error: ssl.SSLCertVerificationError) -> str:
    """Why a certificate is not trusted, and what to do about it."""
    why = error.verify_message.rstrip(".")
    if "mismatch" in why.lower():
        return f"the certificate of {endpoint.place} is not for {name}; write the host as its certificate names it"
    if "expired" in why or "not yet valid" in why:
        return f"the certificate of {endpoint.place} is not valid today: {why}"
    trusted = f"none in {endpoint.ca} signed it" if endpoint.ca else "give the file of its authority with --broker-ca FILE"
    return f"the certificate of {endpoint.place} comes from an authority that is not known here ({why}); {trusted}"


class Claim:
    """Use as an asynchronous context: a run's name on a broker, checked free, and defended as long as the run lasts.

    `BadBroker` says what is wrong: it is not reachable, does not let us in, or has such a run already.
    """

    def __init__(self, endpoint: Endpoint, run: str, patience_s: float = CONNECT_S) -> None:
        check_run(run)
        self.patience_s = patience_s
        self.endpoint = endpoint
        self.run = run
        self.hello = f"pg/{run}/hello"
        self.everything = f"pg/{run}/#"
        self.token = f"{socket.gethostname()}/{os.getpid()}/{time.monotonic_ns():x}".encode()
        self.echoed = asyncio.Event()
        self.taken = ""
        self.held = False
        self.defending: asyncio.Task[None] | None = None
        self.listening = asyncio.Event()
        self.client: aiomqtt.Client | None = None

    async def __aenter__(self) -> Claim:
        await check_reachable(self.endpoint, self.patience_s)
        self.defending = asyncio.create_task(self._defend())
        try:
            await self._look_round()
            await self._hold()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let the name go."""
        if self.defending is not None:
            self.defending.cancel()
            with contextlib.suppress(asyncio.CancelledError, BadBroker):
                await self.defending

    async def _look_round(self) -> None:
        """Wait until our own greeting is back, and as long again for somebody else's answer."""
        assert self.defending is not None
        begun = time.monotonic()
        echo = asyncio.create_task(self.echoed.wait())
        try:
            await asyncio.wait((echo, self.defending), timeout=self.patience_s + ECHO_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            echo.cancel()
        if self.defending.done():
            await self.defending
        if not self.echoed.is_set():
            raise BadBroker(self._unheard())
        await asyncio.sleep(LISTEN_S + 2 * (time.monotonic() - begun))
        if self.taken:
            raise BadBroker(
                f"a run called {self.run} is going on at {self.endpoint.place} ({self.taken}); "
                "choose another name with --run NAME, or end that one"
            )

    async def _hold(self) -> None:
        """The name is ours: from now on listen to newcomers alone."""
        self.held = True
        assert self.client is not None
        with contextlib.suppress(aiomqtt.MqttError):  # should it break just now, the next connection listens to them alone
            await self.client.subscribe(self.hello, qos=1)
            await self.client.unsubscribe(self.everything)

    def _unheard(self) -> str:
        place = self.endpoint.place
        if not self.listening.is_set():
            return f"{place} takes connections and does not answer as an MQTT 3.1.1 broker does; is that its port?"
        return (
            f"what is published under pg/{self.run}/ at {place} does not come back; "
            f"let {self.endpoint.user or 'everybody'} read and write pg/# in its access rules"
        )

    # The connection

    async def _defend(self) -> None:
        """Answer whoever else comes, for ever; before the name is ours, any trouble is the end.

        A holder that lost its broker comes back after a time that doubles from the first to the longest.
        """
        wait = FIRST_S
        while True:
            try:
                async with client_of(self.endpoint, self.patience_s) as connected:
                    wait = FIRST_S
                    await self._answer(connected)
            except aiomqtt.MqttError as error:
                if not self.held:
                    raise BadBroker(self._refused(error)) from None
            await asyncio.sleep(wait)
            wait = min(LONGEST_S, 2 * wait)

    async def _answer(self, client: aiomqtt.Client) -> None:
        self.client = client
        granted = await client.subscribe(self.hello if self.held else self.everything, qos=1)
        if any(code not in GRANTED for code in granted):
            raise BadBroker(self._unheard())
        self.listening.set()
        if not self.held:
            await client.publish(self.hello, NEW + self.token, qos=1)
        async for message in client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            if message.topic.value != self.hello:
                self._hear_traffic(message.topic.value)
            elif payload == NEW + self.token:
                self.echoed.set()
            elif answer := self._answer_to(payload):
                await client.publish(self.hello, answer + self.token, qos=1)

    def _hear_traffic(self, topic: str) -> None:
        """Somebody talks in this run, though nobody claimed it."""
        if not self.held:
            self.taken = self.taken or f"there are messages on {topic}"

    def _answer_to(self, payload: bytes) -> bytes:
        """What to answer somebody else, if anything. Of several newcomers whoever comes first in the alphabet gets the name."""
        word, space, other = payload.partition(b" ")
        word += space
        if self.held:
            return HELD if word == NEW else b""
        if word == HELD or (word in (NEW, HERE) and other < self.token):
            self.taken = f"held by {other.decode('utf-8', errors='replace')}"
            return b""
        return HERE if word == NEW else b""

    def _refused(self, error: aiomqtt.MqttError) -> str:
        place = self.endpoint.place
        code = error.rc if isinstance(error, aiomqtt.MqttCodeError) else None
        number = code if isinstance(code, int) or code is None else code.value
        if number in (BAD_USER, NOT_ALLOWED, 134, 135):
            if not self.endpoint.user:
                return f"{place} lets nobody in without a user; write mqtt://USER@{place}"
            return f"{place} does not accept the password of {self.endpoint.user}"
        return f"{place} does not answer as an MQTT 3.1.1 broker does ({error}); is that its port, and does it want mqtts://?"


async def _hold(endpoint: Endpoint, run: str, end: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=end)
    try:
        async with Claim(endpoint, run):
            writer.write(b'{"held": true}\n')
            await reader.read()
    except BadBroker as error:
        writer.write(json.dumps({"refused": str(error)}).encode() + b"\n")
        await writer.drain()
    finally:
        writer.close()


def hold(endpoint: Endpoint, run: str, end: socket.socket) -> None:
    """What a process does that is forked to check a broker and to hold a run's name on it, until `end` is closed.

    It says once, in one line of JSON, `{"held": true}`, or `{"refused": SENTENCE}` for exit code 2.
    """
    asyncio.run(_hold(endpoint, run, end))
