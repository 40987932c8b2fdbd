"""Where a broker is, who we are to it, and how its certificate is checked: what every process of a run must know of it.

A password never stands in a URL or on a command line, where everybody on the machine could read it: it comes from the
environment or is typed, and child processes have it from their fork.
"""

from __future__ import annotations

import getpass
import ipaddress
import ssl
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypedDict
from urllib.parse import SplitResult, unquote, urlsplit

PASSWORD: Final = "KNOCKON_BROKER_PASSWORD"
"""The environment variable that holds the password."""
PLAIN_PORT: Final = 1883
TLS_PORT: Final = 8883
SCHEMES: Final = {"mqtt": PLAIN_PORT, "mqtts": TLS_PORT}
FORM: Final = "write mqtt://host, mqtts://host, or mqtts://user@host:port"


class BadBroker(ValueError):
    """What was told of a broker cannot be used; the words say what and what would be right."""


class ClientOptions(TypedDict):
    """What `aiomqtt.Client` must be given to get to a broker."""

    hostname: str
    port: int
    username: str | None
    password: str | None
    tls_context: ssl.SSLContext | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A broker. `ca` is a file of certificates to trust instead of the system's; `known_as` the name on its certificate."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    ca: str = ""
    known_as: str = ""

    def __str__(self) -> str:
        who = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{who}{host}:{self.port}"

    @property
    def place(self) -> str:
        """Where it listens, for sentences."""
        return f"{self.host}:{self.port}"

    @property
    def local(self) -> bool:
        """Whether nothing of what is said to it leaves this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def caution(self) -> str:
        """What one should know before a password is sent there; empty where there is nothing to say."""
        if self.password and not self.tls and not self.local:
            return f"the password goes to {self.host} unencrypted, since the URL says mqtt: and not mqtts:"
        return ""

    def through(self, port: int, host: str = "127.0.0.1") -> Endpoint:
        """The same broker by way of a proxy that listens there; its certificate is still for the name that it has itself."""
        return replace(self, host=host, port=port, known_as=self.known_as or self.host)

    def tls_context(self) -> ssl.SSLContext | None:
        """What checks its certificate, None where there is no TLS; `BadBroker` when the file of certificates is none."""
        if not self.tls:
            return None
        context = _Known(ssl.PROTOCOL_TLS_CLIENT)
        context.known_as = self.known_as
        if not self.ca:
            context.load_default_certs()
            return context
        try:
            context.load_verify_locations(cafile=self.ca)
        except ssl.SSLError:
            raise BadBroker(f"{self.ca} holds no certificates; --broker-ca takes a file in PEM format") from None
        except OSError as error:
            raise BadBroker(f"cannot read {self.ca}, the file of --broker-ca: {(error.strerror or '').lower()}") from None
        return context

    def client_options(self) -> ClientOptions:
        """The arguments of `aiomqtt.Client` that depend on the broker."""
        return {
            "hostname": self.host,
            "port": self.port,
            "username": self.user or None,
            "password": self.password or None,
            "tls_context": self.tls_context(),
        }


class _Known(ssl.SSLContext):
    """A context that may check the certificate against another name than that of the host it connects to."""

    known_as = ""

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        if self.known_as:
            options["server_hostname"] = self.known_as
        return super().wrap_socket(*args, **options)


def parse(url: str, ca: str = "") -> Endpoint:
    """The endpoint of a URL, without its password; `BadBroker` says what is wrong with it."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise BadBroker(f"{_shown(url)} is no URL: {error}; {FORM}") from None
    scheme = parts.scheme.lower()
    if scheme not in SCHEMES:
        raise BadBroker(_of_scheme(url))
    if parts.password is not None:
        raise BadBroker(f"leave the password out of the URL, where others can read it; set {PASSWORD}, or type it when asked")
    if not parts.hostname:
        raise BadBroker(f"{url} names no host; {FORM}")
    if parts.path.strip("/") or parts.query or parts.fragment:
        extra = url.partition(parts.netloc)[2]
        raise BadBroker(f"nothing may follow the host and port of a broker: leave {extra} out")
    if ca and scheme != "mqtts":
        raise BadBroker("--broker-ca is for a broker with TLS; write mqtts:// in place of mqtt://, or leave it out")
    return Endpoint(parts.hostname, _port(url, parts), unquote(parts.username or ""), tls=scheme == "mqtts", ca=ca)


def _of_scheme(url: str) -> str:
    if "://" not in url:
        return f"{_shown(url)} is no broker's URL; write mqtt://{_shown(url)}"
    return f"a broker's URL begins with mqtt:// or mqtts://, not with {url.partition('://')[0]}://"


def _shown(url: str) -> str:
    """A text that may hold a password, without what stands before its last @."""
    return url.rpartition("@")[2]


def _port(url: str, parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port is None:
        return SCHEMES[parts.scheme.lower()]
    if port == 0:
        raise BadBroker(f"the port in {url} must be a number from 1 to 65535")
    return port


def _ask(endpoint: Endpoint) -> str:
    """Have it typed by whoever sits at the terminal."""
    if not sys.stdin.isatty():
        raise BadBroker(f"there is no password for {endpoint} and nobody to ask; set {PASSWORD}")
    return getpass.getpass(f"password of {endpoint.user} at {endpoint.host}: ")


def with_password(
    endpoint: Endpoint, environment: Mapping[str, str], ask: Callable[[Endpoint], str] = _ask
) -> Endpoint:
    """The endpoint with the password of its user: from the environment, else typed. Nobody is asked where there is no user."""
    if not endpoint.user:
        return endpoint
    password = environment.get(PASSWORD)
    return replace(endpoint, password=ask(endpoint) if password is None else password)
