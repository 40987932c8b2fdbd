"""Which broker there is, and how one of our own is started: Mosquitto when it is installed, else amqtt in its own process.

`python -m topology.live.broker PORT [ADDRESS]` runs amqtt. Either listens on 127.0.0.1 only, unless it is told otherwise.
"""

from __future__ import annotations

import asyncio
import getpass
import importlib.util
import logging
import os
import shutil
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from topology.live.endpoint import BadBroker, Endpoint, parse, with_password

HOST: Final = "127.0.0.1"
MOSQUITTO: Final = "mosquitto"
AMQTT: Final = "amqtt"
EMBEDDED: Final = "embedded"
"""What `--broker` says for the one that comes by pip alone."""
ASIDE: Final = ("/usr/sbin", "/usr/local/sbin")
"""Where distributions put Mosquitto, and where an ordinary user's PATH does not lead."""
MOSQUITTO_CONF: Final = """listener {port} {host}
user {user}
allow_anonymous true
persistence false
max_queued_messages 0
max_inflight_messages 0
set_tcp_nodelay true
connection_messages false
log_dest stderr
log_type error
log_type warning
"""
"""With the user named, Mosquitto started by root stays who it is, and can read this file. It would drop whatever waits beyond
1000 messages for one client, or keep back what is sent beyond 20 that are not acknowledged: 0 lifts either limit."""
LAST_WORDS: Final = 2000


class NoBroker(RuntimeError):
    """There is no broker to start, or it did not start; the words say why."""


def mosquitto() -> str | None:
    """The path of Mosquitto on this machine."""
    return shutil.which(MOSQUITTO, path=os.pathsep.join((os.environ.get("PATH", os.defpath), *ASIDE)))


def choose() -> str:
    """The broker to start on this machine."""
    if mosquitto():
        return MOSQUITTO
    return _need(AMQTT)


def _need(which: str) -> str:
    """The same, when it is there."""
    if which == MOSQUITTO and not mosquitto():
        raise NoBroker("mosquitto is not on the PATH; install it, or leave --broker out to use the embedded broker")
    if which == AMQTT and not importlib.util.find_spec(AMQTT):
        raise NoBroker("there is no MQTT broker; install one with: pip install 'knockon[live]', or put mosquitto on the PATH")
    return which


def wanted(
    told: str, ca: str = "", environment: Mapping[str, str] = os.environ, ask: Callable[[Endpoint], str] | None = None
) -> str | Endpoint:
    """What `--broker` asks for: the name of one to start here, or the endpoint of one that runs already, with its password.

    `told` is empty, "embedded", "mosquitto" or a URL; `BadBroker` and `NoBroker` say what is wrong, for exit code 2.
    """
    if told in ("", EMBEDDED, AMQTT, MOSQUITTO):
        if ca:
            raise BadBroker("--broker-ca is for a broker of one's own; give its URL with --broker mqtts://host")
        return choose() if not told else _need(MOSQUITTO if told == MOSQUITTO else AMQTT)
    endpoint = parse(told, ca)
    endpoint.tls_context()
    return with_password(endpoint, environment, ask) if ask else with_password(endpoint, environment)


def command(which: str, port: int, folder: Path, host: str = HOST) -> list[str]:
    """The command line that runs it on a port; what it must read is written into the folder."""
    if which == AMQTT:
        return [sys.executable, "-P", "-m", "topology.live.broker", str(port), host]
    path = folder / f"mosquitto-{port}.conf"
    path.write_text(MOSQUITTO_CONF.format(port=port, host=host, user=_user()), encoding="utf-8")
    return [mosquitto() or MOSQUITTO, "-c", str(path)]


def _user() -> str:
    """Who we are; a number that has no name can be nobody else anyway."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "root"


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def last_words(log: Path) -> str:
    """The end of what was written there, for a sentence about one that died."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LAST_WORDS))
            words = file.read().decode("utf-8", errors="replace").strip()
    except OSError:
        words = ""
    return f"last words:\n{words}" if words else "it did not say why"


async def run_amqtt(port: int, host: str = HOST) -> None:
    """Be an amqtt broker until the process is ended; `NoBroker` when it cannot listen there."""
    from amqtt.broker import Broker
    from amqtt.errors import BrokerError

    config = {
        "listeners": {"default": {"type": "tcp", "bind": f"{host}:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }
    logger = logging.getLogger(AMQTT)
    logger.setLevel(logging.CRITICAL)  # it would say with two tracebacks what one line says
    try:
        await Broker(config).start()
    except BrokerError as error:
        raise NoBroker(f"amqtt cannot listen on {host}:{port}: {error.__cause__ or error}") from None
    logger.setLevel(logging.ERROR)
    await asyncio.Event().wait()


def main() -> None:
    """Run amqtt, and say in one line what prevents it."""
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    try:
        asyncio.run(run_amqtt(int(sys.argv[1]), *sys.argv[2:3]))
    except NoBroker as error:
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
