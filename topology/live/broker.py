"""Which broker there is, and how it is started: Mosquitto when it is on the PATH, else amqtt in a process of its own.

`python -m topology.live.broker PORT` runs amqtt. Either listens on 127.0.0.1 only.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import shutil
import socket
import sys
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
MOSQUITTO: Final = "mosquitto"
AMQTT: Final = "amqtt"
MOSQUITTO_CONF: Final = """listener {port} {host}
allow_anonymous true
persistence false
max_queued_messages 0
set_tcp_nodelay true
"""


class NoBroker(RuntimeError):
    """There is no broker to start."""


def choose() -> str:
    """The broker to start on this machine."""
    if shutil.which(MOSQUITTO):
        return MOSQUITTO
    if importlib.util.find_spec(AMQTT):
        return AMQTT
    raise NoBroker(
        "there is no MQTT broker; install one with: pip install 'knockon[live]', or put mosquitto on the PATH"
    )


def command(which: str, port: int, folder: Path) -> list[str]:
    """The command line that runs it on a port; what it must read is written into the folder."""
    if which == AMQTT:
        return [sys.executable, "-P", "-m", "topology.live.broker", str(port)]
    path = folder / f"mosquitto-{port}.conf"
    path.write_text(MOSQUITTO_CONF.format(port=port, host=HOST), encoding="utf-8")
    return [shutil.which(MOSQUITTO) or MOSQUITTO, "-c", str(path)]


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


async def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def run_amqtt(port: int) -> None:
    """Be an amqtt broker until the process is ended."""
    from amqtt.broker import Broker

    config = {
        "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }
    broker = Broker(config)
    await broker.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    asyncio.run(run_amqtt(int(sys.argv[1])))
