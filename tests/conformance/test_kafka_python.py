"""Kafka's partitioner and assignors against those of kafka-python, on generated keys and groups."""

from __future__ import annotations

import logging
import random
from types import SimpleNamespace
from typing import Any

import pytest

from topology.kafka.assignors import ASSIGNORS, COOPERATIVE, ROUNDROBIN, STICKY, Claim, Spot, assign
from topology.kafka.partitioner import murmur2, partition_of

pytest.importorskip("kafka", reason="kafka-python is not installed: nothing to compare with")

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.partitioner.default import murmur2 as theirs
from kafka.protocol.consumer.metadata import ConsumerProtocolSubscription
from kafka.structs import TopicPartition

GROUPS = 2_000
"""How many groups are compared, by each assignor."""

OTHERS: dict[str, Any] = {
    "range": RangePartitionAssignor,
    "roundrobin": RoundRobinPartitionAssignor,
    "sticky": StickyPartitionAssignor,
    "cooperative-sticky": CooperativeStickyAssignor,
}


def test_2000_keys_hash_as_there() -> None:
    rng = random.Random(1)
    for n in range(2_000):
        key = rng.randbytes(n % 40)
        assert murmur2(key) == theirs(key) & 0xFFFFFFFF
        partitions = rng.randrange(1, 200)
        assert partition_of(key, partitions) == (theirs(key) & 0x7FFFFFFF) % partitions


class Cluster:
    """What an assignor asks of a cluster."""

    def __init__(self, counts: dict[str, int]) -> None:
        self.counts = counts

    def topics(self) -> set[str]:
        return set(self.counts)

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return set(range(self.counts[topic])) if topic in self.counts else None


def joined(claim: Claim, assignor: str) -> Any:
    """A member as kafka-python's leader sees it."""
    by_topic: dict[str, list[int]] = {}
    for topic, partition in claim.owned:
        by_topic.setdefault(topic, []).append(partition)
    if assignor == STICKY and claim.owned:
        spots = [TopicPartition(topic, partition) for topic, partition in claim.owned]
        metadata = StickyPartitionAssignor._metadata(claim.topics, spots, claim.generation)
    elif assignor == COOPERATIVE:
        make = ConsumerProtocolSubscription.TopicPartition
        owned = [make(topic=topic, partitions=partitions) for topic, partitions in by_topic.items()]
        metadata = ConsumerProtocolSubscription(
            version=2, topics=claim.topics, user_data=b"", owned_partitions=owned, generation_id=claim.generation
        )
    else:
        metadata = ConsumerProtocolSubscription(0, claim.topics, b"")
    return SimpleNamespace(member_id=claim.name, group_instance_id=claim.instance, metadata=metadata)


def theirs_of(assignor: str, counts: dict[str, int], members: list[Claim]) -> dict[str, list[Spot]]:
    found = OTHERS[assignor]().assign(Cluster(counts), [joined(member, assignor) for member in members])
    return {
        name: sorted((topic, p) for topic, partitions in given.assigned_partitions for p in partitions)
        for name, given in found.items()
    }


def a_group(rng: random.Random, assignor: str) -> tuple[dict[str, int], list[Claim]]:
    """Some topics and members. Where subscriptions differ, kafka-python's roundrobin fails, and is spared that."""
    counts = {f"t{i}": rng.randrange(1, 16) for i in range(rng.choice((1, 1, 2, 3)))}
    alike = assignor == ROUNDROBIN or rng.random() < 0.5
    static = rng.randrange(0, 3)
    members = []
    for i in range(rng.randrange(1, 9)):
        topics = list(counts) if alike else rng.sample(list(counts), rng.randrange(1, len(counts) + 1))
        members.append(Claim(f"m{rng.randrange(10**6)}-{i}", topics, f"s{rng.randrange(10**6)}" if i < static else None))
    return counts, members


def churned(rng: random.Random, counts: dict[str, int], members: list[Claim], given: dict[str, list[Spot]]) -> list[Claim]:
    """The group at its next rebalance: who stays claims what it got; some leave, some join."""
    stay = [member for member in members if rng.random() < 0.75]
    for member in stay:
        member.owned = list(given[member.name])
        member.generation += 1
    new = [Claim(f"n{rng.randrange(10**6)}-{i}", list(counts)) for i in range(rng.randrange(0, 4))]
    return [*stay, *new] or members


@pytest.mark.slow
@pytest.mark.parametrize("assignor", ASSIGNORS)
def test_2000_groups_are_given_the_same_as_there(assignor: str) -> None:
    """Each through several rebalances, in which members come, go, and claim what they had."""
    logging.disable(logging.CRITICAL)
    rng = random.Random(assignor)
    rounds = 0
    for _ in range(GROUPS):
        counts, members = a_group(rng, assignor)
        for _ in range(4):
            mine = assign(assignor, counts, members)
            assert {name: sorted(spots) for name, spots in mine.items()} == theirs_of(assignor, counts, members)
            members = churned(rng, counts, members, mine)
            rounds += 1
    logging.disable(logging.NOTSET)
    print(f"{assignor}: {rounds:,} rebalances of {GROUPS:,} groups are equal")
