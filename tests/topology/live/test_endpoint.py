"""What is wrong with a broker's URL is said in a sentence; its password stays where nobody else reads it."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from topology.live import broker
from topology.live.broker import AMQTT, MOSQUITTO, wanted
from topology.live.endpoint import PASSWORD, BadBroker, Endpoint, parse, with_password


@pytest.mark.parametrize(
    ("url", "endpoint", "written"),
    [
        ("mqtt://here", Endpoint("here", 1883), "mqtt://here:1883"),
        ("MQTTS://me@Here.example/", Endpoint("here.example", 8883, "me", tls=True), "mqtts://me@here.example:8883"),
        ("mqtt://a%40b@[::1]:1884", Endpoint("::1", 1884, "a@b"), "mqtt://a@b@[::1]:1884"),
    ],
)
def test_a_url_says_where_and_who(url: str, endpoint: Endpoint, written: str) -> None:
    assert parse(url) == endpoint
    assert str(parse(url)) == written


@pytest.mark.parametrize(
    ("url", "ca", "sentence"),
    [
        ("localhost:1883", "", "localhost:1883 is no broker's URL; write mqtt://localhost:1883"),
        ("http://here", "", "begins with mqtt:// or mqtts://, not with http://"),
        ("mqtt://me:secret@here", "", f"leave the password out of the URL.*set {PASSWORD}"),
        ("mqtt://", "", "mqtt:// names no host; write mqtt://host"),
        ("mqtt://me@", "", "names no host"),
        ("mqtt://here:0", "", "the port in mqtt://here:0 must be a number from 1 to 65535"),
        ("mqtt://here:70000", "", "must be a number from 1 to 65535"),
        ("mqtt://here:abc", "", "must be a number from 1 to 65535"),
        ("mqtt://here/topic", "", "nothing may follow the host and port of a broker: leave /topic out"),
        ("mqtt://here?x=1", "", r"leave \?x=1 out"),
        ("mqtt://[::1", "", "is no URL"),
        ("mqtt://here", "ca.pem", "--broker-ca is for a broker with TLS; write mqtts://"),
    ],
)
def test_a_wrong_url_is_said_to_be_wrong(url: str, ca: str, sentence: str) -> None:
    with pytest.raises(BadBroker, match=sentence) as wrong:
        parse(url, ca)
    assert "secret" not in str(wrong.value)


def never(endpoint: Endpoint) -> str:
    """Nobody is at the terminal."""
    raise AssertionError(f"asked for the password of {endpoint}")


def test_a_password_comes_from_the_environment_or_is_asked_for() -> None:
    endpoint = parse("mqtt://me@here")
    assert with_password(endpoint, {PASSWORD: "secret"}, never).password == "secret"
    assert with_password(endpoint, {PASSWORD: ""}, never).password == "", "empty is an answer"
    assert with_password(endpoint, {}, lambda _: "typed").password == "typed"
    assert with_password(parse("mqtt://here"), {PASSWORD: "secret"}, never).password == "", "for nobody there is none"
    with pytest.raises(BadBroker, match=f"no password for mqtt://me@here:1883 and nobody to ask; set {PASSWORD}"):
        with_password(endpoint, {})


def test_an_endpoint_shows_no_password() -> None:
    endpoint = Endpoint("here", 8883, "me", "secret", tls=True, ca="/ca.pem", known_as="there")
    assert "secret" not in f"{endpoint!r} {endpoint}"


def test_a_password_that_would_travel_in_the_clear_is_cautioned_of() -> None:
    assert "unencrypted" in Endpoint("here", 1883, "me", "secret").caution
    for host in ("localhost", "127.0.0.1", "::1"):
        assert not Endpoint(host, 1883, "me", "secret").caution
    assert not Endpoint("here", 8883, "me", "secret", tls=True).caution
    assert not Endpoint("here", 1883).caution


def test_through_a_proxy_the_certificate_is_still_for_the_broker() -> None:
    endpoint = Endpoint("here", 8883, tls=True).through(4000)
    assert (endpoint.host, endpoint.port, endpoint.known_as) == ("127.0.0.1", 4000, "here")
    assert endpoint.through(4001).known_as == "here"


def test_the_file_of_authorities_must_hold_some(tmp_path: Path) -> None:
    with pytest.raises(BadBroker, match=r"cannot read .*absent\.pem, the file of --broker-ca: no such file"):
        Endpoint("here", 8883, tls=True, ca=str(tmp_path / "absent.pem")).tls_context()
    path = tmp_path / "notes.pem"
    path.write_text("no certificate", encoding="utf-8")
    with pytest.raises(BadBroker, match=r"notes\.pem holds no certificates; --broker-ca takes a file in PEM format"):
        wanted("mqtts://here", str(path))


def test_certificates_are_checked() -> None:
    context = Endpoint("here", 8883, tls=True).tls_context()
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert Endpoint("here", 1883).tls_context() is None


def test_a_broker_of_our_own_is_named_and_another_has_a_url() -> None:
    endpoint = wanted("mqtt://me@here", environment={PASSWORD: "secret"})
    assert endpoint == Endpoint("here", 1883, "me", "secret")
    with pytest.raises(BadBroker, match="--broker-ca is for a broker of one's own"):
        wanted("embedded", "ca.pem")


def test_what_mosquitto_must_be_told(tmp_path: Path) -> None:
    """It would drop messages for a slow client, hold answers back, and give root's rights up."""
    line = broker.command(MOSQUITTO, 1234, tmp_path)
    conf = Path(line[-1]).read_text(encoding="utf-8").splitlines()
    assert {"listener 1234 127.0.0.1", "max_queued_messages 0", "set_tcp_nodelay true", "persistence false"} < set(conf)
    assert [row for row in conf if row.startswith("user ")]


def test_amqtt_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    assert broker.command(AMQTT, 1234, tmp_path)[-4:] == ["-m", "topology.live.broker", "1234", "127.0.0.1"]
