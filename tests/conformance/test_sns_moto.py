"""Topics with generated filter policies, against moto's: who gets which message, and what the message then looks like.

Only what moto does as the service does: not `equals-ignore-case`, `cidr`, `wildcard`, arrays, a nested `$or` and empty bodies,
nor `exists: false` as one of several values.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.amazon import services
from tests.topology.worlds import S, world

boto3 = pytest.importorskip("boto3", reason="boto3 is not installed: no moto to compare with")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

Message = dict[str, Any]
WORDS = ("red", "green", "blue", "redish", "seagreen")
ABSENT = {"exists": False}
NUMBERS = (-5, 0, 1, 2.5, 100)


@pytest.fixture
def clients() -> Iterator[tuple[Any, Any]]:
    """moto's SNS and SQS, in this process."""
    with services():
        yield boto3.client("sns", region_name="us-east-1"), boto3.client("sqs", region_name="us-east-1")


def messages(chance: random.Random, n: int) -> dict[str, Message]:
    """Messages by name, each with some attributes and the same fields in its body."""
    found = {}
    for i in range(n):
        fields: dict[str, Any] = {}
        for name in ("colour", "shade"):
            if chance.random() < 0.7:
                fields[name] = chance.choice(WORDS)
        if chance.random() < 0.7:
            fields["size"] = chance.choice(NUMBERS)
        found[f"m{i}"] = {"attributes": fields, "body": {"inner": fields, "name": f"m{i}"}}
    return found


def policy(chance: random.Random) -> dict[str, Any]:
    """A filter policy over the fields that messages may have."""
    found: dict[str, Any] = {}
    for name in chance.sample(("colour", "shade", "size"), chance.randint(1, 2)):
        tests = NUMERIC if name == "size" else TEXT
        values = [chance.choice(tests)(chance) for _ in range(chance.randint(1, 2))]
        found[name] = [ABSENT] if ABSENT in values else values
    return found


TEXT = (
    lambda chance: chance.choice(WORDS),
    lambda chance: {"prefix": chance.choice(("r", "sea", "green"))},
    lambda chance: {"suffix": chance.choice(("n", "d", "ish"))},
    lambda chance: {"anything-but": [chance.choice(WORDS)]},
    lambda chance: {"anything-but": {"prefix": "r"}},
    lambda chance: {"exists": chance.random() < 0.5},
)
NUMERIC = (
    lambda chance: {"numeric": [chance.choice(("=", "<", "<=", ">", ">=")), chance.choice(NUMBERS)]},
    lambda chance: {"numeric": [">", -1, "<=", chance.choice((1, 2.5, 50))]},
    lambda chance: {"anything-but": [chance.choice(NUMBERS)]},
    lambda chance: {"exists": chance.random() < 0.5},
)


def attribute(value: Any) -> dict[str, str]:
    kind = "String" if isinstance(value, str) else "Number"
    return {"DataType": kind, "StringValue": value if kind == "String" else json.dumps(value)}


def delivered_by_moto(clients: tuple[Any, Any], sent: dict[str, Message], links: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each subscription, what its queue got, by the message's name."""
    sns, sqs = clients
    topic = sns.create_topic(Name="news")["TopicArn"]
    urls = []
    for i, link in enumerate(links):
        urls.append(sqs.create_queue(QueueName=f"q{i}")["QueueUrl"])
        arn = sqs.get_queue_attributes(QueueUrl=urls[-1], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        said = {"RawMessageDelivery": json.dumps(link["raw"])}
        if link["filter"]:
            scope = "MessageBody" if link["scope"] == "body" else "MessageAttributes"
            said |= {"FilterPolicy": json.dumps(link["filter"]), "FilterPolicyScope": scope}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=said)
    for message in sent.values():
        attributes = {name: attribute(value) for name, value in message["attributes"].items()}
        sns.publish(TopicArn=topic, Message=json.dumps(message["body"]), MessageAttributes=attributes)
    return [got_from(sqs, url, link["raw"]) for url, link in zip(urls, links, strict=True)]


def got_from(sqs: Any, url: str, raw: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while True:
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get("Messages", [])
        if not got:
            return found
        for message in got:
            body = json.loads(message["Body"])
            if raw:
                said = message.get("MessageAttributes", {})
                found[body["name"]] = (body, {name: value["StringValue"] for name, value in said.items()})
            else:
                found[json.loads(body["Message"])["name"]] = {name: body.get(name) for name in SHOWN}


SHOWN = ("Type", "Message", "MessageAttributes")


def delivered_by_us(sent: dict[str, Message], links: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same from our topic, to which each message comes many times."""
    nodes = {
        "web": f"producer, rate: 100/s, mix: {json.dumps(sent)}",
        "news": "sns",
        "app": "service, slots: 100, takes: 1ms",
        **{f"q{i}": "sqs" for i in range(len(links))},
    }
    rows = [f"{{link: news => q{i}, {json.dumps(link)[1:-1]}}}" for i, link in enumerate(links)]
    one = world(nodes, ["web => news", "news => app", *rows])
    one.advance(20 * S)
    found = []
    for i, link in enumerate(links):
        got: dict[str, Any] = {}
        knot = one.groups[f"q{i}"].places[0].machine.backlog.visible.first
        while knot is not None:
            content = knot.call.content or knot.call.message.mix
            name = knot.call.message.mix.name
            texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in content.attributes.items()}
            got[name] = (content.body, texts) if link["raw"] else {key: content.body.get(key) for key in SHOWN}
            knot = knot.behind
        found.append(got)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_the_same_subscriptions_get_the_same_messages(seed: int, clients: tuple[Any, Any]) -> None:
    chance = random.Random(seed)
    sent = messages(chance, 30)
    links: list[dict[str, Any]] = [
        {"raw": True, "filter": None, "scope": "attributes"},
        {"raw": False, "filter": None, "scope": "body"},
    ]
    for _ in range(15):
        links.append({"raw": chance.random() < 0.5, "filter": policy(chance), "scope": "attributes"})
        links.append({"raw": chance.random() < 0.5, "filter": {"inner": policy(chance)}, "scope": "body"})
    theirs, ours = delivered_by_moto(clients, sent, links), delivered_by_us(sent, links)
    assert len(ours[0]) == len(ours[1]) == len(sent)
    for link, there, here in zip(links, theirs, ours, strict=True):
        assert sorted(here) == sorted(there), link
        assert here == there, link
