"""Letters over MQTT: one topic per replica, questions that are asked again until they are answered, and a connection
that is made anew, by a new client, for as long as it takes.

Only what every broker does right is used: plain topics, QoS 0, clean sessions. A letter that comes twice is
answered twice and acted upon once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import aiomqtt

from topology.chance import Dice
from topology.live.endpoint import Endpoint
from topology.live.letter import ANSWER, Body, Garbled, Json, Letter, pack, pack_all, unpack_all
from topology.live.recent import Recent

AGAIN_S: Final = 0.5
"""How long a question waits for its answer before it is sent again; each time twice as long, up to the most."""
MOST_AGAIN_S: Final = 4.0
CONNECT_S: Final = 2.0
"""So long each step of a connection may take."""
FIRST_S: Final = 0.05
LONGEST_S: Final = 2.0
"""The back-off between connections doubles from the first to the longest."""
REMEMBERED: Final = 20_000
OUTBOX: Final = 10_000
TOGETHER: Final = 64
"""So many letters to one place go out in one message, at most."""
PENDING: Final = 1_000_000
"""aiomqtt warns of each call above so many."""

Then = Callable[[Letter | None], None]
log = logging.getLogger(__name__)


def client_of(broker: Endpoint, timeout_s: float) -> aiomqtt.Client:
    """A client that is not connected so far; each step of its connection may take so long."""
    return aiomqtt.Client(
        **broker.client_options(),
        protocol=aiomqtt.ProtocolVersion.V311,
        keepalive=5,
        timeout=timeout_s,
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    )


class Silence(Exception):
    """A question that nobody answered in time."""


@dataclass(slots=True)
class Asked:
    """A question without an answer so far."""

    letter: Letter
    to: str
    then: Then
    every_s: float
    until: float
    timer: asyncio.TimerHandle | None = None


class Wire:
    """One process's connection to the broker. `on_letter` gets every letter that is no answer, once."""

    def __init__(self, broker: Endpoint, run: str, name: str, on_letter: Callable[[Letter], None]) -> None:
        self.broker = broker
        self.prefix = f"pg/{run}"
        self.name = name
        self.on_letter = on_letter
        self.loop = asyncio.get_running_loop()
        self.up = asyncio.Event()
        self.life = time.monotonic_ns()
        self.dice = Dice(self.life ^ os.getpid(), "back-off", name)
        self.outbox: deque[tuple[str, bytes]] = deque(maxlen=OUTBOX)
        self.posted = asyncio.Event()
        self.open: dict[str, Asked] = {}
        self.answers: Recent[str, Letter | None] = Recent(REMEMBERED)
        self.count = 0
        self.connections = 0
        self.stray = 0
        """Answers to questions that wait no more."""
        logging.getLogger("mqtt").setLevel(logging.ERROR)

    # Sending

    def ask(self, to: str, verb: str, body: Body, then: Then, *, within_s: float, every_s: float = 0.0) -> str:
        """Send a question, and return its id; `then` gets the answer, or None after so long.

        With `every_s` it is asked again meanwhile, after longer and longer times.
        """
        letter = self._letter(verb, body, "")
        asked = Asked(letter, to, then, every_s if every_s > 0 else within_s, self.loop.time() + within_s)
        self.open[letter.id] = asked
        self._post(to, letter)
        self._wait(asked)
        return letter.id

    def forget(self, question: str) -> None:
        """Nobody waits any more for the answer to a question, and it is not asked again."""
        asked = self.open.pop(question, None)
        if asked is not None and asked.timer is not None:
            asked.timer.cancel()

    def tell(self, to: str, verb: str, body: Body) -> None:
        """Send a letter that wants no answer."""
        self._post(to, self._letter(verb, body, ""))

    async def request(
        self, to: str, verb: str, body: Body, *, within_s: float, every_s: float = AGAIN_S
    ) -> Mapping[str, Json]:
        """Ask, and wait for the body of the answer; `Silence` after so long."""
        future: asyncio.Future[Letter | None] = self.loop.create_future()

        def then(answer: Letter | None) -> None:
            if not future.done():
                future.set_result(answer)

        self.ask(to, verb, body, then, within_s=within_s, every_s=every_s)
        answer = await future
        if answer is None:
            raise Silence(f"{to} did not answer within {within_s:g} s")
        return answer.body

    def reply(self, letter: Letter, body: Body) -> None:
        """Answer a letter; the answer is kept, for when it is asked again."""
        answer = self._letter(ANSWER, body, letter.id)
        self.answers.remember(letter.id, answer)
        self._post(letter.reply_to, answer)

    def _letter(self, verb: str, body: Body, answers: str) -> Letter:
        self.count += 1
        return Letter(f"{self.name}.{self.life:x}.{self.count}", verb, body, self.name, answers, time.monotonic_ns())

    def _wait(self, asked: Asked) -> None:
        left = asked.until - self.loop.time()
        asked.timer = self.loop.call_later(max(0.0, min(asked.every_s, left)), self._unanswered, asked)

    def _unanswered(self, asked: Asked) -> None:
        if self.loop.time() >= asked.until:
            del self.open[asked.letter.id]
            asked.then(None)
            return
        if self.up.is_set():
            self._post(asked.to, asked.letter)
            asked.every_s = min(2 * asked.every_s, max(asked.every_s, MOST_AGAIN_S))
        self._wait(asked)

    def _post(self, to: str, letter: Letter) -> None:
        self.outbox.append((f"{self.prefix}/{to}", pack(letter)))
        self.posted.set()

    # The connection

    async def run(self) -> None:
        """Keep a connection for ever; ends only by being cancelled, or by an error of our own."""
        tries = 0
        while True:
            before = self.connections
            try:
                async with client_of(self.broker, CONNECT_S) as connected:
                    connected.pending_calls_threshold = PENDING
                    await self._carry(connected)
            except* aiomqtt.MqttError as errors:
                log.info("%s lost the broker: %s", self.name, errors.exceptions[0])
            self.up.clear()
            tries = 0 if self.connections > before else tries + 1
            await asyncio.sleep(self._back_off(tries))

    async def _carry(self, client: aiomqtt.Client) -> None:
        """Both directions, until the connection breaks."""
        # What must not get lost is asked again until it is answered; a broker that waits for acknowledgements is only slower.
        await client.subscribe(f"{self.prefix}/{self.name}", qos=0)
        self.connections += 1
        self.up.set()
        async with asyncio.TaskGroup() as directions:
            directions.create_task(self._send(client))
            directions.create_task(self._take(client))

    def _back_off(self, tries: int) -> float:
        longest = min(LONGEST_S, FIRST_S * 2.0 ** min(tries, 16))
        return longest * (0.5 + 0.5 * self.dice.uniform(self.connections, tries))

    async def _send(self, client: aiomqtt.Client) -> None:
        while True:
            while self.outbox:
                sending = self._together()
                try:
                    await client.publish(sending[0][0], pack_all([letter for _, letter in sending]))
                except aiomqtt.MqttError:
                    self.outbox.extendleft(reversed(sending))
                    raise
            self.posted.clear()
            await self.posted.wait()

    def _together(self) -> list[tuple[str, bytes]]:
        """What goes out next: the first letter that waits, and others to the same place, which keep their order."""
        first = self.outbox.popleft()
        sending = [first]
        staying: list[tuple[str, bytes]] = []
        while self.outbox and len(sending) < TOGETHER:
            other = self.outbox.popleft()
            (sending if other[0] == first[0] else staying).append(other)
        self.outbox.extendleft(reversed(staying))
        return sending

    async def _take(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            try:
                self._open(message.payload)
            except Garbled as error:
                log.warning("%s got a letter that it cannot read: %s", self.name, error)

    def _open(self, payload: object) -> None:
        if not isinstance(payload, bytes | bytearray):
            raise Garbled("no bytes")
        for letter in unpack_all(bytes(payload)):
            self._heard(letter)

    def _heard(self, letter: Letter) -> None:
        if letter.answers:
            self._answered(letter)
        elif letter.id not in self.answers:
            self.answers.remember(letter.id, None)
            self.on_letter(letter)
        elif (answer := self.answers[letter.id]) is not None:
            self._post(letter.reply_to, answer)

    def _answered(self, letter: Letter) -> None:
        asked = self.open.pop(letter.answers, None)
        if asked is None:
            self.stray += 1
            return
        if asked.timer is not None:
            asked.timer.cancel()
        asked.then(letter)
