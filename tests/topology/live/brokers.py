"""Brokers in processes of their own, with or without passwords and certificates."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from topology.live.broker import free_port, last_words

ANYBODY = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}


SCRIPT = """
import asyncio, json, logging, sys
from amqtt.broker import Broker

async def main():
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)
    await Broker(json.loads(sys.argv[1])).start()
    await asyncio.Event().wait()

asyncio.run(main())
"""


@asynccontextmanager
async def running(folder: Path, plugins: dict[str, Any] = ANYBODY, **listener: Any) -> AsyncIterator[int]:
    """An amqtt broker in a process of its own, on a port of its own."""
    port = free_port()
    listeners = {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"} | listener}
    config = json.dumps({"listeners": listeners, "plugins": plugins})
    path = folder / "broker.log"
    with path.open("wb") as log, subprocess.Popen([sys.executable, "-c", SCRIPT, config], stderr=log) as process:
        try:
            await comes_up(port, process, path)
            yield port
        finally:
            process.kill()


async def comes_up(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until it takes connections."""
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                assert process.poll() is None, last_words(log)
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return


def only(user: str, password: str, folder: Path) -> dict[str, Any]:
    """What lets in nobody but one user."""
    from pwdlib.hashers.argon2 import Argon2Hasher

    path = folder / "passwords"
    hashed = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)
    path.write_text(f"{user}:{hashed}\n", encoding="utf-8")
    return {"amqtt.plugins.authentication.FileAuthPlugin": {"password_file": str(path)}}


def certificate(folder: Path, name: str, *, valid_until: datetime.datetime | None = None) -> tuple[Path, Path]:
    """A certificate for a host, signed by itself, and its key: paths of two files."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        alternative = x509.DNSName(name)
    until = valid_until or datetime.datetime(2120, 1, 1)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths
