"""What can be set of a Kafka topic on MSK, of the producers that write to it, and of the groups that read it."""

from __future__ import annotations

from typing import Any, Final

from topology.kafka.assignors import ASSIGNORS, RANGE
from topology.parameters import choice, count, duration, flag, node, number, size
from topology.problems import Refused
from topology.runs import BATCH

MSK: Final = "Amazon MSK Developer Guide, Default Amazon MSK configuration"
PATCHING: Final = "Amazon MSK Developer Guide, Patching on MSK Provisioned clusters, unverified"
PRODUCER: Final = "Apache Kafka documentation, Producer Configs, unverified"
BROKERS: Final = "Apache Kafka documentation, Broker Configs, unverified"
CONSUMERS: Final = "Apache Kafka documentation, Consumer Configs"
MOST_BROKERS: Final = 30
MOST_ZONES: Final = 3
KEYS: Final = ("none", "key", "tenant", "message")

PARAMS: dict[str, Any] = {
    "brokers": count(3, "How many brokers there are; broker i is in zone i mod `azs`.", ge=1, le=MOST_BROKERS),
    "azs": count(3, "How many availability zones the brokers are in.", ge=1, le=MOST_ZONES, source=MSK),
    "partitions": count(1, "How many partitions the topic has (num.partitions).", ge=1, le=4_000, source=MSK),
    "replication": count(
        None,
        "How many brokers have a copy (default.replication.factor); left out: 3 in three zones, 2 in two.",
        ge=1,
        le=MOST_BROKERS,
        source=MSK,
    ),
    "min_insync": count(
        None,
        "So many replicas must be in sync to take what is written with `acks: all` (min.insync.replicas); left out: 2 in "
        "three zones, 1 in two.",
        ge=1,
        le=MOST_BROKERS,
        source=MSK,
    ),
    "unclean": flag(
        True,
        "Whether a replica that is not in sync may lead when no other is there (unclean.leader.election.enable).",
        source=MSK,
    ),
    "lag_max": duration(
        "30s",
        "A follower that has not caught up for so long is not in sync any more (replica.lag.time.max.ms).",
        ge="1s",
        le="1h",
        source=MSK,
    ),
    "retention": duration("168h", "How long a record is kept (log.retention.hours).", ge="1s", le="30d", source=BROKERS),
    "rebalance_leaders": flag(
        True, "Whether leadership goes back to the first replica (auto.leader.rebalance.enable).", source=MSK
    ),
    "broker_session": duration(
        "9s",
        "The controller gives up a broker that it has not heard for so long (broker.session.timeout.ms).",
        ge="1s",
        le="10m",
        source=BROKERS,
    ),
    "patch": duration(
        "10m", "How long a broker is away while it is patched: 5 to 15 minutes.", ge="1s", le="1h", source=PATCHING
    ),
    "request": duration("2ms", "How long a batch takes from its producer into the leader's log.", ge="0s", le="10s"),
    "replicate": duration("3ms", "How long after that a follower has it.", ge="0s", le="10s"),
    "acks": choice(
        "all",
        "What a producer waits for: nothing (0), the leader (1), or all replicas that are in sync (all).",
        options=("0", "1", "all"),
        source=PRODUCER,
    ),
    "idempotent": flag(
        True, "Whether what a producer sends again is not appended twice (enable.idempotence).", source=PRODUCER
    ),
    "linger": duration(
        "5ms", "How long a producer waits for more to send together (linger.ms).", ge="0s", le="10s", source=PRODUCER
    ),
    "batch": size(
        "16KiB", "A batch of so many bytes does not wait (batch.size).", ge="1B", le="100MiB", source=PRODUCER
    ),
    "delivery_timeout": duration(
        "120s",
        "For so long a producer tries again what was refused (delivery.timeout.ms); 0s: not once.",
        ge="0s",
        le="1h",
        source=PRODUCER,
    ),
    "key": choice(
        "none",
        "The key that producers give: none, what a message is about (key), whose it is (tenant), or each its own "
        "(message). Without a key, records stick to a partition until a batch is full.",
        options=KEYS,
    ),
    "size": size("1KiB", "The size of a record whose producer says none.", ge="1B", le="100MiB"),
    "max_size": size(
        "1MiB", "Larger records are refused, as often as they are sent (message.max.bytes).", ge="1KiB", le="100MiB",
        source=BROKERS,
    ),
    "catch_up": number(
        10, "How many times as fast as it is written a follower that has fallen behind fetches.", ge=2, le=1000
    ),
}

GROUP_PARAMS: dict[str, Any] = {
    "batch": count(
        1,
        "So many records a service takes with one receive, at most (max.poll.records): each of another partition, or with a "
        "batch listener many of one.",
        ge=1,
        le=10_000,
    ),
    "assignor": choice(
        RANGE, "How partitions are shared among the members (partition.assignment.strategy).", options=ASSIGNORS, source=CONSUMERS
    ),
    "session": duration(
        "45s", "A member that is not heard for so long is out (session.timeout.ms).", ge="1s", le="30m", source=CONSUMERS
    ),
    "heartbeat": duration("3s", "How often a member is heard (heartbeat.interval.ms).", ge="100ms", le="1m", source=CONSUMERS),
    "poll_interval": duration(
        "5m",
        "A member that asks for nothing for so long leaves; and so long a rebalance waits (max.poll.interval.ms).",
        ge="1s",
        le="1d",
        source=CONSUMERS,
    ),
    "static": flag(
        False, "Whether each replica has a name of its own, under which it comes back (group.instance.id).", source=CONSUMERS
    ),
    "commit": choice(
        "auto",
        "When the position is committed: every so often (enable.auto.commit), or after each record (manual).",
        options=("auto", "manual"),
        source=CONSUMERS,
    ),
    "commit_every": duration(
        "5s", "How often, where it is automatic (auto.commit.interval.ms).", ge="10ms", le="1h", source=CONSUMERS
    ),
    "reset": choice(
        "latest",
        "Where a group goes on whose position is no longer in the log (auto.offset.reset).",
        options=("earliest", "latest"),
        source=CONSUMERS,
    ),
    "on_failure": choice(
        "retry",
        "What a consumer does with a record that it fails on: read it again, while its partition waits; or skip it.",
        options=("retry", "skip"),
    ),
    "attempts": count(None, "So many times it tries, then the record is skipped; left out: for ever.", ge=1, le=1_000_000),
    "backoff": duration("1s", "How long it waits before it tries again.", ge="1ms", le="1h"),
    "dead_letter": node(None, "The queue that takes what is skipped.", options=("queue",)),
    "transactional": flag(
        False,
        "Whether a service works in transactions, one for each record: what it sends to Kafka topics meanwhile and the new "
        "position are committed together, or not at all. The topics are taken to be in one cluster.",
    ),
    "transaction_timeout": duration(
        "60s",
        "A transaction that is open for so long is aborted (transaction.timeout.ms).",
        ge="1s",
        le="15m",
        source=PRODUCER,
    ),
    "isolation": choice(
        "read_uncommitted",
        "Whether the group reads what belongs to no committed transaction, too (isolation.level).",
        options=("read_uncommitted", "read_committed"),
        source=CONSUMERS,
    ),
}


def check_brokers(values: dict[str, Any]) -> dict[str, Any]:
    """See that there are brokers enough for the replicas; Refused names the setting of which there are not. The values stay."""
    brokers = values["brokers"]
    copies = values["replication"] or default_copies(values["azs"], brokers)
    if values["azs"] > brokers:
        raise Refused(("azs",), f"{values['azs']} zones and {brokers} brokers; each zone needs one at least")
    if copies > brokers:
        raise Refused(("replication",), f"{copies} replicas need as many brokers, and there are {brokers}")
    least = values["min_insync"]
    if least is not None and least > copies:
        raise Refused(("min_insync",), f"at most {copies}: so many replicas there are; with more, nothing could be written")
    return values


def check_groups(links: list[tuple[str, str, dict[str, Any]]]) -> None:
    """See that only services work in transactions; Refused says who cannot."""
    for name, kind, link in links:
        if link["transactional"] and link["role"] != "service":
            raise Refused((), f"{name}, a {kind}, cannot work in transactions; leave them out, or let a service consume")
        if link["transactional"] and link.get("listener") == BATCH:
            raise Refused((), f"{name} works in transactions, one for each record; leave 'listener: batch' out")


def default_copies(azs: int, brokers: int) -> int:
    """The replication factor that MSK gives a topic: one for each zone."""
    return min(azs, brokers)
