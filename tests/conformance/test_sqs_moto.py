"""Generated traces of sends, receives, deletes and waiting, against moto's queues under a stopped clock.

Only what moto does as the service does: standard queues, and FIFO queues of which nothing comes back and no id is sent again
after a delete. moto shows a message strictly after its visibility timeout, so ours is a millisecond longer.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.conformance.amazon import services
from tests.topology.nodes.lone_queue import Alone, S, numbers

boto3 = pytest.importorskip("boto3", reason="boto3 is not installed: no moto to compare with")
freezegun = pytest.importorskip("freezegun", reason="freezegun is not installed: moto's clock cannot be stopped")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

Trace = list[tuple[str, int, int]]


class Oracle:
    """moto's queue, driven by the same steps as ours; messages are told apart by their bodies."""

    def __init__(self, clock: Any, name: str, fifo: bool, **attributes: int) -> None:
        self.clock, self.fifo = clock, fifo
        self.sqs = boto3.client("sqs", region_name="us-east-1")
        named = {name: str(value) for name, value in attributes.items()}
        if fifo:
            named |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        self.url = self.sqs.create_queue(QueueName=f"{name}.fifo" if fifo else name, Attributes=named)["QueueUrl"]
        self.receipts: dict[int, str] = {}

    def send(self, n: int, key: int) -> None:
        """Send message n."""
        more = {"MessageGroupId": str(key)} if self.fifo else {}
        self.sqs.send_message(QueueUrl=self.url, MessageBody=str(n), **more)

    def receive(self, most: int) -> list[int]:
        """Which messages a receive that does not wait gets."""
        found = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=most, WaitTimeSeconds=0)
        for message in found.get("Messages", []):
            self.receipts[int(message["Body"])] = message["ReceiptHandle"]
        return [int(message["Body"]) for message in found.get("Messages", [])]

    def delete(self, n: int) -> None:
        """Delete a message by its latest receipt."""
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=self.receipts[n])

    def tick(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.tick(seconds)


class Ours:
    """Our queue, with the same steps."""

    def __init__(self, fifo: bool, **said: Any) -> None:
        self.fifo = fifo
        self.q = Alone(**said, **({"fifo": True, "group": "key"} if fifo else {}))
        self.calls: dict[int, Any] = {}
        self.sends: dict[int, Any] = {}

    def send(self, n: int, key: int) -> None:
        """Send message n, maybe once more."""
        self.sends[n] = self.q.send(n, call=self.sends.get(n), key=key)

    def receive(self, most: int) -> list[int]:
        """Which messages a receive that does not wait gets."""
        calls = self.q.receive(most)
        self.calls |= {call.message.n: call for call in calls}
        return numbers(calls)

    def delete(self, n: int) -> None:
        """Delete a message by its latest receipt."""
        self.q.delete(self.calls[n])

    def tick(self, seconds: int) -> None:
        """Let time pass."""
        self.q.tick(seconds * S)


@pytest.fixture
def clock() -> Iterator[Any]:
    """moto in place of the service, with a clock that only moves when told."""
    with freezegun.freeze_time(datetime(2025, 1, 1)) as frozen, services():
        yield frozen


def compare(ours: Ours, oracle: Oracle, seed: int, ticks: tuple[int, ...], ordered: bool, again: bool = False) -> int:
    """Run one random trace on both; how many messages were delivered."""
    rng = random.Random(seed)
    sent: dict[int, int] = {}
    held: list[int] = []
    live: set[int] = set()
    delivered = 0
    for _ in range(60):
        what = rng.choice(("send", "send", "receive", "receive", "delete", "tick"))
        if what == "send" and len(live) < (7 if again else 10):
            n = rng.choice(sorted(live)) if again and live and rng.random() < 0.4 else len(sent)
            key = sent.setdefault(n, rng.randrange(3))
            live.add(n)
            ours.send(n, key)
            oracle.send(n, key)
        elif what == "receive":
            most = rng.randint(1, 10) if ordered else 10
            found, expected = ours.receive(most), oracle.receive(most)
            if not ordered and ours.fifo:
                found.sort(key=sent.__getitem__)
                expected.sort(key=sent.__getitem__)
            elif not ordered:
                found.sort()
                expected.sort()
            assert found == expected, (seed, sent, found, expected)
            delivered += len(found)
            held += [n for n in found if n not in held]
        elif what == "delete" and held:
            n = held.pop(rng.randrange(len(held)))
            live.discard(n)
            ours.delete(n)
            oracle.delete(n)
        elif what == "tick":
            seconds = rng.choice(ticks)
            ours.tick(seconds)
            oracle.tick(seconds)
    return delivered


@pytest.mark.parametrize("block", range(10))
def test_a_standard_queue_shows_hides_and_delays_as_moto_does(clock: Any, block: int) -> None:
    """10 traces each. Up to 10 messages are kept, so that a receive of 10 gets all that are visible."""
    delivered = 0
    for seed in range(block * 10, block * 10 + 10):
        visibility, delay = 3 + 2 * (seed % 4), (seed % 3) * 4
        oracle = Oracle(clock, str(seed), False, VisibilityTimeout=visibility, DelaySeconds=delay)
        ours = Ours(False, visibility=f"{visibility}.001s", delay=f"{delay}s")
        delivered += compare(ours, oracle, seed, (1, 2, 5, 13), ordered=False)
    assert delivered > 100


@pytest.mark.parametrize("block", range(10))
def test_a_standard_queue_from_which_nothing_comes_back_is_in_motos_order(clock: Any, block: int) -> None:
    delivered = 0
    for seed in range(1000 + block * 10, 1010 + block * 10):
        ours, oracle = Ours(False, visibility="12h"), Oracle(clock, str(seed), False, VisibilityTimeout=43_200)
        delivered += compare(ours, oracle, seed, (1, 2, 5), ordered=True)
    assert delivered > 100


@pytest.mark.parametrize("block", range(10))
def test_a_fifo_queue_locks_groups_and_drops_duplicates_as_moto_does(clock: Any, block: int) -> None:
    """The order among groups within one receive is each service's own; what is delivered, and in which order of a group, not."""
    delivered = dropped = 0
    for seed in range(2000 + block * 10, 2010 + block * 10):
        ours, oracle = Ours(True, visibility="12h"), Oracle(clock, str(seed), True, VisibilityTimeout=43_200)
        delivered += compare(ours, oracle, seed, (1, 60, 299), ordered=False, again=True)
        dropped += ours.q.queue.repeated
    assert delivered > 60
    assert dropped > 3
