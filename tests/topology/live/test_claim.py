"""A broker that cannot be used is refused with a sentence, and so is a run that is going on already."""

from __future__ import annotations

import asyncio
import datetime
import json
import socket
import threading
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from tests.topology.live.brokers import certificate, only, running
from tests.topology.live.shop import NO_AMQTT
from topology.live.broker import free_port
from topology.live.claim import Claim, check_reachable, check_run, hold
from topology.live.endpoint import BadBroker, Endpoint

pytestmark = NO_AMQTT


async def refusal(endpoint: Endpoint, run: str = "shop") -> str:
    """The sentence with which a claim is refused."""
    with pytest.raises(BadBroker) as wrong:
        async with Claim(endpoint, run, 1.0):
            pass
    return str(wrong.value)


async def test_a_name_is_held_as_long_as_the_run_lasts(tmp_path: Path) -> None:
    async with running(tmp_path) as port:
        endpoint = Endpoint("127.0.0.1", port)
        async with Claim(endpoint, "shop"):
            assert f"a run called shop is going on at 127.0.0.1:{port} (held by " in await refusal(endpoint)
            async with Claim(endpoint, "other"):
                pass
        async with Claim(endpoint, "shop"):
            pass


async def test_of_two_who_come_at_once_one_gets_the_name(tmp_path: Path) -> None:
    async with running(tmp_path) as port:
        claims = [Claim(Endpoint("127.0.0.1", port), "shop") for _ in range(3)]
        held = await asyncio.gather(*(claim.__aenter__() for claim in claims), return_exceptions=True)
        assert sum(isinstance(one, Claim) for one in held) == 1
        assert sum(isinstance(one, BadBroker) for one in held) == 2
        await asyncio.gather(*(claim.close() for claim in claims))


async def test_a_run_that_talks_is_in_use_though_nobody_holds_it(tmp_path: Path) -> None:
    async with running(tmp_path) as port, aiomqtt.Client("127.0.0.1", port) as client:

        async def talk() -> None:
            while True:
                await client.publish("pg/shop/backlog/0", b"{}")
                await asyncio.sleep(0.01)

        talking = asyncio.create_task(talk())
        assert "there are messages on pg/shop/backlog/0" in await refusal(Endpoint("127.0.0.1", port))
        talking.cancel()


async def test_who_holds_a_name_does_not_hear_the_run(tmp_path: Path) -> None:
    async with running(tmp_path) as port, aiomqtt.Client("127.0.0.1", port) as client:
        async with Claim(Endpoint("127.0.0.1", port), "shop") as claim:
            heard: list[str] = []
            claim._hear_traffic = heard.append  # type: ignore[method-assign]
            for _ in range(10):
                await client.publish("pg/shop/backlog/0", b"{}", qos=1)
            await refusal(Endpoint("127.0.0.1", port))
        assert not heard


async def test_nobody_there_and_no_such_host() -> None:
    port = free_port()
    assert await refusal(Endpoint("127.0.0.1", port)) == (
        f"nobody listens at 127.0.0.1:{port}; is the broker running, and that its port?"
    )
    assert await refusal(Endpoint("no-such-host.invalid", 1883)) == "there is no host called no-such-host.invalid"


async def test_the_password_must_be_right(tmp_path: Path) -> None:
    async with running(tmp_path, only("me", "secret", tmp_path)) as port:
        place = f"127.0.0.1:{port}"
        assert await refusal(Endpoint("127.0.0.1", port, "me", "wrong")) == f"{place} does not accept the password of me"
        assert await refusal(Endpoint("127.0.0.1", port)) == (
            f"{place} lets nobody in without a user; write mqtt://USER@{place}"
        )
        async with Claim(Endpoint("127.0.0.1", port, "me", "secret"), "shop"):
            pass


async def test_the_authority_must_be_known(tmp_path: Path) -> None:
    pem, key = certificate(tmp_path, "127.0.0.1")
    other, _ = certificate(tmp_path, "localhost")
    async with running(tmp_path, ssl=True, certfile=str(pem), keyfile=str(key)) as port:
        unknown = await refusal(Endpoint("127.0.0.1", port, tls=True))
        assert "comes from an authority that is not known here" in unknown
        assert unknown.endswith("give the file of its authority with --broker-ca FILE")
        wrong = await refusal(Endpoint("127.0.0.1", port, tls=True, ca=str(other)))
        assert wrong.endswith(f"none in {other} signed it")
        known = Endpoint("127.0.0.1", port, tls=True, ca=str(pem))
        async with Claim(known, "shop"):
            assert "going on" in await refusal(known)
        through = Endpoint("localhost", port, tls=True, ca=str(pem), known_as="127.0.0.1")
        async with Claim(through, "shop"):
            pass
        plain = await refusal(Endpoint("127.0.0.1", port))
        assert "does not answer as an MQTT 3.1.1 broker does" in plain
        assert plain.endswith("does it want mqtts://?")


async def test_a_certificate_must_be_for_the_host_and_for_today(tmp_path: Path) -> None:
    pem, key = certificate(tmp_path, "broker.example")
    async with running(tmp_path, ssl=True, certfile=str(pem), keyfile=str(key)) as port:
        named = await refusal(Endpoint("127.0.0.1", port, tls=True, ca=str(pem)))
        assert named == (
            f"the certificate of 127.0.0.1:{port} is not for 127.0.0.1; write the host as its certificate names it"
        )
    pem, key = certificate(tmp_path, "127.0.0.1", valid_until=datetime.datetime(2021, 1, 1))
    async with running(tmp_path, ssl=True, certfile=str(pem), keyfile=str(key)) as port:
        old = await refusal(Endpoint("127.0.0.1", port, tls=True, ca=str(pem)))
        assert old == f"the certificate of 127.0.0.1:{port} is not valid today: certificate has expired"


async def test_a_broker_without_tls_is_said_to_have_none(tmp_path: Path) -> None:
    async with running(tmp_path) as port:
        with pytest.raises(BadBroker, match=r"does not speak TLS; write mqtt:// in place of mqtts://"):
            await check_reachable(Endpoint("127.0.0.1", port, tls=True), 0.5)


async def test_a_process_may_hold_the_name_until_its_socket_closes(tmp_path: Path) -> None:
    async with running(tmp_path) as port:
        endpoint = Endpoint("127.0.0.1", port)
        holding, said = await ask_for("shop", endpoint)
        assert said == {"held": True}
        refused, why = await ask_for("shop", endpoint)
        assert "a run called shop is going on" in why["refused"]
        for end in (holding, refused):
            end.close()
            await end.wait_closed()


async def ask_for(run: str, endpoint: Endpoint) -> tuple[asyncio.StreamWriter, dict[str, Any]]:
    """Have a thread hold a name, as a process would; our end of its socket, and what it said."""
    ours, theirs = socket.socketpair()
    threading.Thread(target=hold, args=(endpoint, run, theirs)).start()
    reader, writer = await asyncio.open_connection(sock=ours)
    return writer, json.loads(await reader.readline())


@pytest.mark.parametrize("run", ["", "a/b", "a+", "#", "-a", "a b", "a" * 65])
def test_a_run_has_a_name_that_a_topic_can_hold(run: str) -> None:
    with pytest.raises(BadBroker, match="a run cannot be called"):
        check_run(run)
