"""Archives and replays of generated events, against moto's: what comes back, marked as replayed, and to whom."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conformance.amazon import services
from tests.topology.worlds import S
from topology.nodes.sqs import Sqs
from topology.sim.world import SimWorld
from topology.spec import load_text

boto3 = pytest.importorskip("boto3", reason="boto3 is not installed: no moto to compare with")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

TRACES = 200
SOURCES = ("shop", "till", "web")
AMOUNTS = (1, 10, 100, 250)
Seen = Counter[tuple[str, int, bool]]
"""How often events came: by source, amount, and whether replayed."""


@pytest.fixture(scope="module")
def clients() -> Iterator[tuple[Any, Any]]:
    """moto's EventBridge and SQS, in this process."""
    with services():
        yield boto3.client("events", region_name="us-east-1"), boto3.client("sqs", region_name="us-east-1")


def pattern(chance: random.Random) -> dict[str, Any]:
    """A pattern of sources, amounts or both; never an empty one."""
    found: dict[str, Any] = {}
    if chance.random() < 0.6:
        found["source"] = chance.sample(SOURCES, chance.randrange(1, 3))
    if not found or chance.random() < 0.5:
        low = chance.choice((5, 50, 150))
        found["detail"] = {"amount": [{"numeric": [chance.choice((">", "<=")), low]}]}
    return found


def ours(archive: dict[str, Any], rule: dict[str, Any], seed: int) -> tuple[Counter[tuple[str, int]], Seen]:
    """What was sent, and what the rule's queue has got after a replay."""
    mix = {
        f"{source}-{amount}": {"attributes": {"source": source, "detail-type": "sale"}, "body": {"amount": amount}}
        for source in SOURCES
        for amount in AMOUNTS
    }
    nodes = {
        "web": {"kind": "producer", "rate": "2/s", "mix": mix, "work": []},
        "bus": {"kind": "eventbridge", "archive": {"pattern": archive}, "rules": {"some": {"pattern": rule}}},
        "some": {"kind": "sqs"},
        "every": {"kind": "sqs"},
    }
    links = ["web => bus", {"link": "bus => some", "rule": "some"}, "bus => every"]
    text = json.dumps({"playground": "it", "duration": "1h", "nodes": nodes, "designs": {"only": {"links": links}}})
    made = load_text(text)
    one = SimWorld(made.designs[0], made, seed)
    one.advance(20 * S)
    one.stop()
    one.redrive("bus")
    one.advance(40 * S)
    sent = Counter({(source, amount): n for (source, amount, again), n in entries(one, "every").items() if not again})
    return sent, entries(one, "some")


def entries(one: SimWorld, queue: str) -> Seen:
    machine = one.groups[queue].places[0].machine
    assert isinstance(machine, Sqs)
    bodies = [entry.call.content.body for entry in machine.by_age if entry.call.content is not None]
    return Counter((body["source"], body["detail"]["amount"], "replay-name" in body) for body in bodies)


def theirs(
    clients: tuple[Any, Any], archive: dict[str, Any], rule: dict[str, Any], sent: Counter[tuple[str, int]], n: int
) -> Seen:
    """What moto's queue has got after the same events and a replay."""
    events, sqs = clients
    bus = events.create_event_bus(Name=f"bus-{n}")["EventBusArn"]
    queue = sqs.create_queue(QueueName=f"queue-{n}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=f"rule-{n}", EventBusName=f"bus-{n}", EventPattern=json.dumps(rule))
    events.put_targets(Rule=f"rule-{n}", EventBusName=f"bus-{n}", Targets=[{"Id": "it", "Arn": arn}])
    kept = events.create_archive(ArchiveName=f"archive-{n}", EventSourceArn=bus, EventPattern=json.dumps(archive))["ArchiveArn"]
    for (source, amount), times in sent.items():
        entry = {"Source": source, "DetailType": "sale", "Detail": json.dumps({"amount": amount}), "EventBusName": f"bus-{n}"}
        for _ in range(times):
            events.put_events(Entries=[entry])
    now = datetime.now(UTC)
    events.start_replay(
        ReplayName=f"replay-{n}", EventSourceArn=kept, Destination={"Arn": bus},
        EventStartTime=now - timedelta(days=1), EventEndTime=now + timedelta(days=1),
    )  # fmt: skip
    found: Seen = Counter()
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            body = json.loads(message["Body"])
            found[body["source"], body["detail"]["amount"], "replay-name" in body] += 1
    return found


def test_generated_archives_give_back_the_same(clients: tuple[Any, Any]) -> None:
    chance = random.Random("archives")
    replayed = 0
    for n in range(TRACES):
        archive, rule = pattern(chance), pattern(chance)
        sent, found = ours(archive, rule, n + 1)
        assert found == theirs(clients, archive, rule, sent, n), (archive, rule)
        replayed += sum(times for (_, _, again), times in found.items() if again)
    assert replayed > TRACES
    print(f"{TRACES} archives, {replayed} events replayed, all as moto does")
